"""Sandboxes take the place of vendors: same requests, faults on the clock, effects in order, nothing real used."""

from typing import Any

import pytest

from recipe_engine.plugin import (
    Catalog,
    Connector,
    Context,
    Effect,
    Fault,
    Params,
    RateLimit,
    Request,
    Sandbox,
    SandboxRequest,
    SandboxResponse,
    Setting,
    bearer,
    route,
)
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.sandboxing import SandboxHost
from tests.unit.perform.kit import Rig, drive


class DeskSandbox(Sandbox):
    invented = {"DESK_TEAM": "team-1"}  # noqa: RUF012

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        if request.headers.get("authorization") != f"Bearer {self.settings['DESK_KEY']}":
            return SandboxResponse(401, {"message": "bad key"})
        return None

    @route("POST", "/v1/tickets")
    def create(self, request: SandboxRequest) -> SandboxResponse:
        self.record("create ticket", **request.json())
        return SandboxResponse(201, {"id": str(len(self.effects)), "at": self.now()})

    @route("PUT", "/v1/files/{name}")
    def put(self, request: SandboxRequest) -> SandboxResponse:
        self.record("put file", name=request.variables["name"], size=request.size, digest=request.digest)
        return SandboxResponse(200, body=b"stored", headers={"x-kept": str(len(request.body))})


class Ticket(Params):
    subject: str = "s"


def desk(name: str = "desk") -> Connector:
    made = Connector(
        name=name,
        title="Desk",
        base_url="https://desk.example/v1",
        settings=[
            Setting("DESK_KEY", secret=True),
            Setting("DESK_URL"),
            Setting("DESK_EMAIL"),
            Setting("DESK_REGION", default="eu"),
            Setting("DESK_TEAM", required=False),
            Setting("DESK_NOTE", required=False),
        ],
        auth=bearer("DESK_KEY"),
        limits=[RateLimit(100, per=1)],
        sandbox="tests.unit.perform.test_sandboxing:DeskSandbox",
    )

    @made.action(effect="once")
    async def create(ctx: Context, params: Ticket) -> dict[str, Any]:
        """Open a ticket."""
        answer: dict[str, Any] = await (await ctx.http.post("/tickets", json={"subject": params.subject})).json()
        return answer

    @made.action(effect="keyed")
    async def upload(ctx: Context, params: Ticket) -> dict[str, Any]:
        """Upload two megabytes and a bit."""

        async def chunks():
            for _ in range(3):
                yield b"x" * 700_000

        answer = await ctx.http.put("/files/a%20b", content=chunks(), length=2_100_000)
        return {"text": await answer.text(), "kept": answer.headers["x-kept"]}

    @made.action(effect="read")
    async def who(ctx: Context, params: Ticket) -> dict[str, Any]:
        """Say what the settings are."""
        names = ["DESK_KEY", "DESK_URL", "DESK_EMAIL", "DESK_REGION", "DESK_TEAM", "DESK_NOTE"]
        return {name: ctx.settings.get(name) for name in names} | {"sandbox": ctx.sandbox}

    return made


async def test_requests_reach_the_sandbox_with_invented_credentials():
    rig = Rig(desk(), settings={"DESK_KEY": "a-real-key"})
    assert await rig.output("desk.create", {"subject": "help"}, sandbox=True) == {"id": "1", "at": 1_800_000_000.0}
    assert rig.transport.requests == []
    assert rig.host.effects == [Effect("desk", "create ticket", {"subject": "help"})]
    assert rig.host.sandbox("desk").effects == rig.host.effects
    seen = rig.host.sandbox("desk").requests[0]
    assert (seen.path, seen.headers["authorization"]) == ("/v1/tickets", "Bearer sandbox-desk-key")


async def test_settings_are_invented_and_the_machines_own_have_no_say():
    rig = Rig(desk(), settings={"DESK_KEY": "a-real-key", "DESK_REGION": "us", "DESK_NOTE": "real"})
    assert await rig.output("desk.who", sandbox=True) == {
        "DESK_KEY": "[secret DESK_KEY]",
        "DESK_URL": "https://desk-url.sandbox.example",
        "DESK_EMAIL": "desk-email@sandbox.example",
        "DESK_REGION": "eu",
        "DESK_TEAM": "team-1",
        "DESK_NOTE": None,
        "sandbox": True,
    }


async def test_a_test_replaces_settings_and_can_unset_them():
    rig = Rig(desk(), sandbox_settings={"DESK_REGION": "jp", "DESK_KEY": "", "DESK_NOTE": "n"})
    settings = rig.host.settings
    assert settings.get("DESK_REGION") == "jp"
    assert settings.get("DESK_KEY") is None
    assert settings.get("DESK_NOTE") == "n"
    assert settings.get("UNKNOWN") is None
    failure = await rig.failure("desk.create", sandbox=True)
    assert (failure.code, failure.title.partition(":")[0]) == ("not_configured", "DESK_KEY is not set")


async def test_a_secret_that_only_a_recipe_names_is_invented():
    assert Rig(desk()).host.settings.require("MY_TOKEN") == "sandbox-my-token"


async def test_a_streamed_body_is_counted_whole_and_kept_in_part():
    rig = Rig(desk())
    assert await rig.output("desk.upload", sandbox=True) == {"text": "stored", "kept": "1048576"}
    (effect,) = rig.host.effects
    assert (effect.data["name"], effect.data["size"]) == ("a b", 2_100_000)


async def test_injected_statuses_are_counted_down():
    rig = Rig(desk())
    rig.host.inject("desk", Fault(status=503, times=2, headers={"Retry-After": "1"}))
    for _ in range(2):
        failure = await drive(rig.clock, rig.failure("desk.create", sandbox=True))
        assert (failure.code, failure.retry_after, failure.happened) == ("unavailable", 1.0, "no")
    await drive(rig.clock, rig.output("desk.create", sandbox=True))
    assert len(rig.host.effects) == 1


async def test_a_fault_that_says_nothing_else_is_a_500():
    rig = Rig(desk())
    rig.host.inject("desk", Fault())
    assert (await rig.failure("desk.create", sandbox=True)).code == "server_error"


@pytest.mark.parametrize(("drop", "happened", "effects"), [("before", "no", 0), ("after", "maybe", 1)])
async def test_dropped_connections(drop, happened, effects):
    rig = Rig(desk())
    rig.host.inject("desk", Fault(drop=drop, method="POST", path="/v1/tickets"))
    failure = await rig.failure("desk.create", sandbox=True)
    assert (failure.code, failure.happened) == ("connection", happened)
    assert len(rig.host.effects) == effects


async def test_a_delay_passes_on_the_clock():
    rig = Rig(desk())
    rig.host.inject("desk", Fault(delay=45))
    assert (await drive(rig.clock, rig.output("desk.create", sandbox=True)))["at"] == 1_800_000_045.0


async def test_a_delay_beyond_the_time_limit_is_a_timeout_before_anything_arrived():
    rig = Rig(desk())
    rig.host.inject("desk", Fault(delay=90))
    failure = await drive(rig.clock, rig.failure("desk.create", sandbox=True, timeout=60))
    assert (failure.code, failure.happened) == ("timeout", "no")
    assert rig.clock.now() == 1_800_000_060.0
    assert rig.host.effects == []


async def test_effects_of_several_sandboxes_are_in_order():
    rig = Rig(desk(), _other())
    for action in ("desk.create", "other.create", "desk.create"):
        await rig.output(action, sandbox=True)
    assert [effect.connector for effect in rig.host.effects] == ["desk", "other", "desk"]


def _other() -> Connector:
    made = Connector(
        name="other",
        title="Other",
        base_url="https://desk.example/v1",
        settings=[Setting("OTHER_KEY", secret=True)],
        sandbox="tests.unit.perform.test_sandboxing:OtherSandbox",
    )

    @made.action(effect="once")
    async def create(ctx: Context, params: Ticket) -> dict[str, Any]:
        """Open a ticket elsewhere."""
        answer: dict[str, Any] = await (await ctx.http.post("/tickets", json={})).json()
        return answer

    return made


class OtherSandbox(DeskSandbox):
    def authorize(self, request: SandboxRequest) -> None:
        return None


async def test_tokens_of_the_two_worlds_are_apart():
    made = Connector(name="shop", title="Shop")

    @made.action(effect="read")
    async def token(ctx: Context, params: Ticket) -> dict[str, Any]:
        """Keep a token."""
        before = dict(ctx.tokens)
        ctx.tokens["shop"] = "token-1234567" if ctx.sandbox else "real-token-123"
        return {"seen": len(before)}

    rig = Rig(made)
    assert await rig.output("shop.token", sandbox=True) == {"seen": 0}
    assert await rig.output("shop.token") == {"seen": 0}
    assert await rig.output("shop.token", sandbox=True) == {"seen": 1}


async def test_services_of_the_sandbox_come_first():
    made = Connector(name="shop", title="Shop")

    @made.action(effect="read")
    async def ask(ctx: Context, params: Ticket) -> dict[str, Any]:
        """Ask the host."""
        return {"llm": ctx.service("llm"), "mail": ctx.service("mail")}

    rig = Rig(made, services={"llm": "real", "mail": "both"}, sandbox_services={"llm": "scripted"})
    assert await rig.output("shop.ask", sandbox=True) == {"llm": "scripted", "mail": "both"}
    assert await rig.output("shop.ask") == {"llm": "real", "mail": "both"}


async def test_a_connector_without_sandbox_says_so():
    made = Connector(name="bare", title="Bare", base_url="https://bare.example")

    @made.action(effect="read")
    async def get(ctx: Context, params: Ticket) -> dict[str, Any]:
        """Read."""
        await ctx.http.get("/")
        return {}

    failure = await Rig(made).failure("bare.get", sandbox=True)
    assert (failure.code, failure.title) == ("no_sandbox", "the connector bare has no sandbox")


async def test_a_body_of_bytes_and_no_body():
    host = SandboxHost(Catalog.of([_other()]), VirtualClock())
    response = await host.send(Request("POST", "https://x.example/v1/tickets", {}, b"{}", connector="other"))
    assert response.status == 201
    response = await host.send(Request("GET", "https://x.example/v1/none", connector="other"))
    assert response.status == 404
