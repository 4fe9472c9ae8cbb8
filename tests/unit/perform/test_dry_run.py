"""A dry run reads, shows what it would write, and goes on with an example of the result."""

from dataclasses import replace
from typing import Any

import pytest

from recipe_engine.plugin import Connector, Context, Params, Result, Setting, bearer
from tests.unit.perform.kit import FakeTransport, Rig, answer

KEY = "key-canary-12345"


class Ticket(Params):
    subject: str = "help"


class Created(Result):
    id: str
    open: bool


def desk(**options: Any) -> Connector:
    made = Connector(
        **{
            "name": "desk",
            "title": "Desk",
            "base_url": "https://desk.example",
            "settings": [Setting("DESK_KEY", secret=True)],
            "auth": bearer("DESK_KEY"),
            **options,
        }
    )

    @made.action(effect="keyed")
    async def create(ctx: Context, params: Ticket) -> Created:
        """Open a ticket unless there is one."""
        found = await (await ctx.http.get("/tickets", query={"subject": params.subject})).json()
        if found:
            return Created.model_validate(found)
        file = await ctx.blobs.save_bytes(b"abc", "a.txt", "text/plain")
        body = {"subject": params.subject, "key": ctx.settings.require("DESK_KEY"), "file": file}
        reply = await ctx.http.post("/tickets", multipart=body)
        return Created.model_validate(await reply.json())

    @made.action(effect="read")
    async def search(ctx: Context, params: Ticket) -> dict[str, Any]:
        """Look, by POST."""
        reply: dict[str, Any] = await (await ctx.http.post("/search", json={})).json()
        return reply

    return made


async def test_a_write_is_shown_and_its_result_is_an_example():
    transport = FakeTransport(answer(200))
    rig = Rig(desk(), transport=transport, settings={"DESK_KEY": KEY})
    output = await rig.output("desk.create", {"subject": "help"}, dry_run=True)
    assert output == {"id": "sample id", "open": True}
    assert [request.method for request in transport.requests] == ["GET"]
    (message, fields), (note, marked) = rig.logged
    assert message == "dry run: would send POST https://desk.example/tickets"
    assert fields == {
        "method": "POST",
        "url": "https://desk.example/tickets",
        "body": {"subject": "help", "key": "[secret DESK_KEY]", "file": "<a.txt, text/plain, 3 bytes>"},
    }
    assert marked == {"sample": True}
    assert "example" in note


async def test_what_needs_no_write_is_real():
    transport = FakeTransport(answer(200, {"id": "7", "open": False}))
    rig = Rig(desk(), transport=transport, settings={"DESK_KEY": KEY})
    assert await rig.output("desk.create", dry_run=True) == {"id": "7", "open": False}


async def test_reads_are_done_whatever_their_method():
    rig = Rig(desk(), transport=FakeTransport(answer(200, {"n": 1})), settings={"DESK_KEY": KEY})
    assert await rig.output("desk.search", dry_run=True) == {"n": 1}


async def test_an_action_whose_effects_cannot_be_seen_is_not_started():
    made = Connector(name="db", title="Database")

    @made.action(effect="once")
    async def insert(ctx: Context, params: Ticket) -> Created:
        """Insert."""
        raise AssertionError

    rig = Rig(made)
    assert await rig.output("db.insert", {"subject": "s"}, dry_run=True) == {"id": "sample id", "open": True}
    assert rig.logged == [("dry run: would perform db.insert", {"params": {"subject": "s"}})]


async def test_what_no_example_fits_is_refused():
    made = Connector(name="db", title="Database")

    @made.action(effect="once")
    async def insert(ctx: Context, params: Ticket) -> Created:
        """Insert."""
        raise AssertionError

    schema = {"type": "string", "pattern": "^[0-9]{8}$"}
    made.actions["db.insert"] = replace(made.actions["db.insert"], result_schema=schema)
    failure = await Rig(made).failure("db.insert", dry_run=True)
    assert failure.code == "dry_run"
    assert "--sandbox" in failure.detail


async def test_a_dry_run_of_a_recovered_step_is_still_dry():
    rig = Rig(desk(), transport=FakeTransport(answer(200)), settings={"DESK_KEY": KEY})
    done = await rig.output("desk.create", dry_run=True, recovered=True, effect="once")
    assert done == {"id": "sample id", "open": True}


@pytest.mark.parametrize("dry_run", [True, False])
async def test_the_context_knows(dry_run):
    made = Connector(name="x", title="X", over_http=True)

    @made.action(effect="once")
    async def tell(ctx: Context, params: Ticket) -> dict[str, bool]:
        """Tell."""
        return {"dry": ctx.dry_run}

    assert await Rig(made).output("x.tell", dry_run=dry_run) == {"dry": dry_run}
