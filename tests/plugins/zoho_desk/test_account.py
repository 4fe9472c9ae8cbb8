"""Zoho's account: one token for all products and all runs, data centres, and limits kept by everybody together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from recipe_engine.engine import Engine
from recipe_engine.plugin import SandboxRequest, SandboxResponse, Terminal
from recipe_engine.runtime.settings import Settings
from recipe_engine.source import load
from recipe_engine.testing import START, SandboxContext, sandbox_context
from recipe_engine.testing.model import Case
from recipe_engine.testing.world import World
from recipe_plugins.zoho_common import DATA_CENTRES, data_centre
from recipe_plugins.zoho_common.sandbox import MOST_TOKENS, TOKEN_PATH
from recipe_plugins.zoho_crm import register_connectors as register_crm
from recipe_plugins.zoho_desk import register_connectors as register_desk
from tests.support.vendor_specs import hold_to_spec
from tests.unit.perform.kit import FakeTransport, Rig, answer, drive

[DESK], [CRM] = register_desk(), register_crm()
SETTINGS = {
    "ZOHO_CLIENT_ID": "1000.CLIENT",
    "ZOHO_CLIENT_SECRET": "secret-of-client",
    "ZOHO_REFRESH_TOKEN": "1000.refresh-token",
    "ZOHO_DESK_ORG_ID": "60001234567",
}
TICKETS = [{"id": str(1000 + n), "subject": f"n° {n}"} for n in range(200)]


@pytest.fixture
def bench() -> SandboxContext:
    bench = sandbox_context(DESK)
    hold_to_spec(bench.sandbox, "zoho-desk")
    bench.sandbox.seed({"tickets": TICKETS})
    return bench


def asked(bench: SandboxContext, path: str) -> int:
    return sum(request.path.startswith(path) for request in bench.sandbox.requests)


async def two_hundred(bench: SandboxContext) -> None:
    each = (bench.call("update_ticket", id=ticket["id"], priority="High") for ticket in TICKETS)
    await drive(bench.clock, asyncio.gather(*each))


async def test_two_hundred_actions_on_an_expired_token_make_one_refresh(bench: SandboxContext) -> None:
    await bench.call("get_ticket", id="1000")
    bench.clock.advance_to(START + 3601)
    await two_hundred(bench)
    assert len(bench.sandbox.issued) == 1
    assert (asked(bench, TOKEN_PATH), asked(bench, "/api")) == (2, 201)
    assert len(bench.effects) == 200


async def test_two_hundred_actions_on_a_revoked_token_make_one_refresh(bench: SandboxContext) -> None:
    await bench.call("get_ticket", id="1000")
    sent = bench.sandbox.requests[-1].headers["authorization"]
    bench.sandbox.revoked.add(sent.split()[1])
    await two_hundred(bench)
    assert asked(bench, TOKEN_PATH) == 2
    assert [effect.data["id"] for effect in bench.effects].count("1000") == 1
    assert len(bench.effects) == 200


async def test_desk_and_crm_share_one_token() -> None:
    rig = Rig(DESK, CRM)
    rig.host.sandbox("zoho_desk").seed({"tickets": TICKETS[:1]})
    rig.host.sandbox("zoho_crm").seed({"Deals": [{"id": "1", "Deal_Name": "Un"}]})
    await rig.output("zoho_desk.get_ticket", {"id": "1000"}, sandbox=True)
    assert (await rig.output("zoho_crm.get_deal", {"id": "1"}, sandbox=True))["Deal_Name"] == "Un"
    requests = [request for name in ("zoho_desk", "zoho_crm") for request in rig.host.sandbox(name).requests]
    assert [request.path for request in requests].count(TOKEN_PATH) == 1


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("ZOHO_REFRESH_TOKEN", "invalid_code"),
        ("ZOHO_CLIENT_ID", "invalid_client"),
        ("ZOHO_CLIENT_SECRET", "invalid_client_secret"),
    ],
)
async def test_a_credential_that_is_wrong_is_named_with_what_to_do(
    bench: SandboxContext, setting: str, says: str
) -> None:
    bench.sandbox.settings[setting] = "another"
    failure = await bench.failure("get_ticket", id="1000")
    assert (failure.code, failure.retryable) == ("unauthorized", False)
    assert failure.title == f"Zoho gives no access token: {says}"
    assert setting in failure.detail


async def test_when_zoho_gives_no_more_tokens_the_step_waits(bench: SandboxContext) -> None:
    bench.sandbox.issued = [START] * MOST_TOKENS
    failure = await bench.failure("get_ticket", id="1000")
    assert (failure.code, failure.retryable, failure.retry_after) == ("rate_limit", True, 600)
    bench.clock.advance_to(START + 601)
    assert (await bench.call("get_ticket", id="1000"))["id"] == "1000"


@pytest.mark.parametrize(
    ("given", "accounts", "desk", "crm"),
    [
        ("com", "accounts.zoho.com", "desk.zoho.com", "www.zohoapis.com"),
        ("EU", "accounts.zoho.eu", "desk.zoho.eu", "www.zohoapis.eu"),
        ("in", "accounts.zoho.in", "desk.zoho.in", "www.zohoapis.in"),
        (".com.au", "accounts.zoho.com.au", "desk.zoho.com.au", "www.zohoapis.com.au"),
        ("au", "accounts.zoho.com.au", "desk.zoho.com.au", "www.zohoapis.com.au"),
        ("jp", "accounts.zoho.jp", "desk.zoho.jp", "www.zohoapis.jp"),
        ("ca", "accounts.zohocloud.ca", "desk.zohocloud.ca", "www.zohoapis.ca"),
        ("sa", "accounts.zoho.sa", "desk.zoho.sa", "www.zohoapis.sa"),
        ("cn", "accounts.zoho.com.cn", "desk.zoho.com.cn", "www.zohoapis.com.cn"),
        ("uk", "accounts.zoho.uk", "desk.zoho.uk", "www.zohoapis.uk"),
        ("zoho.eu", "accounts.zoho.eu", "desk.zoho.eu", "www.zohoapis.eu"),
    ],
)
async def test_every_request_goes_to_the_data_centre(given: str, accounts: str, desk: str, crm: str) -> None:
    settings = {**SETTINGS, "ZOHO_DATACENTER": given}
    token = answer(200, {"access_token": "1000.token", "expires_in": 3600})
    transport = FakeTransport(token, answer(200, {"id": "1"}), answer(200, {"data": [{"id": "2"}]}))
    rig = Rig(DESK, CRM, transport=transport, settings=settings)
    await rig.output("zoho_desk.get_ticket", {"id": "1"})
    await rig.output("zoho_crm.get_deal", {"id": "2"})
    assert [request.url.partition("?")[0] for request in transport.requests] == [
        f"https://{accounts}/oauth/v2/token",
        f"https://{desk}/api/v1/tickets/1",
        f"https://{crm}/crm/v8/Deals/2",
    ]
    assert not any(request.trusted for request in transport.requests)
    assert transport.requests[2].headers == {"Authorization": "Zoho-oauthtoken 1000.token"}


async def test_every_address_can_be_replaced() -> None:
    settings = {
        **SETTINGS,
        "ZOHO_ACCOUNTS_BASE_URL": "http://127.0.0.1:1/",
        "ZOHO_DESK_BASE_URL": "http://127.0.0.1:2",
        "ZOHO_CRM_BASE_URL": "http://127.0.0.1:3",
    }
    token = answer(200, {"access_token": "1000.token", "expires_in": 3600})
    transport = FakeTransport(token, answer(200, {"id": "1"}), answer(200, {"data": [{"id": "2"}]}))
    rig = Rig(DESK, CRM, transport=transport, settings=settings)
    await rig.output("zoho_desk.get_ticket", {"id": "1"})
    await rig.output("zoho_crm.get_deal", {"id": "2"})
    assert [request.url[:18] for request in transport.requests] == [f"http://127.0.0.1:{n}" for n in (1, 2, 3)]
    assert all(request.trusted for request in transport.requests)


def test_a_data_centre_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(Terminal) as caught:
        data_centre(Settings({"ZOHO_DATACENTER": "fr"}))
    assert caught.value.failure.code == "not_configured"
    assert all(name in caught.value.failure.detail for name in DATA_CENTRES)


RECIPE = """
slug: busy
name: Busy
description: Comments on every ticket, all at once.
category: tests
steps:
  - {id: open, type: zoho_desk.list_tickets, with: {limit: 60, oldest_first: true}}
  - id: each
    type: for_each
    items: open.data
    as: ticket
    concurrency: 60
    steps:
      - {id: note, type: zoho_desk.add_comment, with: {ticket_id: "{{ ticket.id }}", content: "n° {{ ticket.id }}"}}
output: {done: "{{ each.results | length }}"}
"""


class EveryThird:
    """Answers every third call with 429 and a Retry-After; notes who came before that time was over."""

    def __init__(self, world: World) -> None:
        self.sandbox = world.host.sandbox("zoho_desk")
        self.answer = self.sandbox.answer
        self.calls = 0
        self.refused = 0
        self.closed_until = 0.0
        self.early: list[str] = []
        self.sandbox.answer = self

    def __call__(self, request: SandboxRequest) -> SandboxResponse:
        if request.path == TOKEN_PATH:
            return self.answer(request)
        now = self.sandbox.now()
        if now < self.closed_until:
            self.early.append(f"{request.method} {request.path} at {now}")
        self.calls += 1
        if self.calls % 3:
            return self.answer(request)
        self.refused += 1
        self.closed_until = now + 7
        body = {"errorCode": "TOO_MANY_REQUESTS", "message": "slow down"}
        return SandboxResponse(429, body, headers={"Retry-After": "7"})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(Engine().catalog, Case.model_validate({"name": "busy"}))
    world.host.sandbox("zoho_desk").seed({"tickets": TICKETS})
    await world.runtime.open()
    yield world
    await world.runtime.close()


async def test_a_429_to_every_third_call_makes_everybody_wait_and_nothing_is_done_twice(world: World) -> None:
    vendor = EveryThird(world)
    document, problems = load(RECIPE, "busy.yml")
    assert document is not None, problems
    await world.runtime.start(Engine().compile(document), {}, run_id="busy", mode={"sandbox": True})
    await world.runtime.until_idle(None)
    view: Any = await world.runtime.get("busy")
    assert (view.status, view.output) == ("succeeded", {"done": 60})
    assert vendor.early == []
    assert vendor.refused >= 20
    commented = [effect.data["ticket"] for effect in world.effects]
    assert sorted(commented) == [ticket["id"] for ticket in TICKETS[:60]]
