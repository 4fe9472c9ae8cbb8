"""The performer: what comes out whatever an action does, and what it says about what happened."""

import asyncio
import logging
from typing import Any

import pytest
from pydantic import Field

from recipe_engine.core.events import ActionFailed, ActionSucceeded, Usage
from recipe_engine.core.json import JSON
from recipe_engine.core.plan import Retry
from recipe_engine.plugin import (
    Action,
    Connector,
    Context,
    Params,
    RateLimit,
    Result,
    Retryable,
    Setting,
    Terminal,
    bearer,
)
from recipe_engine.runtime.secrets import marker
from tests.unit.perform.kit import SEED, FakeTransport, Rig, answer, drive


class Order(Params):
    item: str
    count: int = Field(1, ge=1)


class Ordered(Result):
    id: str


def shop(**options: Any) -> Connector:
    return Connector(name="shop", title="Shop", base_url="https://shop.example/api", **options)


def with_action(function, connector: Connector | None = None, **options: Any) -> Connector:
    connector = connector or shop()
    connector.action(**{"effect": "once", "name": "act", **options})(function)
    return connector


async def test_a_result_is_json():
    async def act(ctx: Context, params: Order) -> Ordered:
        """Order."""
        return Ordered(id=f"{params.item} x{params.count}", extra={"kept": True})

    rig = Rig(with_action(act))
    done = await rig.perform("shop.act", {"item": "tea", "count": 2})
    assert done == ActionSucceeded("step", 1, {"id": "tea x2", "extra": {"kept": True}}, None)


async def test_all_problems_of_parameters_are_listed():
    async def act(ctx: Context, params: Order) -> Ordered:
        raise AssertionError

    failure = await Rig(with_action(act)).failure("shop.act", {"count": 0, "colour": "red"})
    assert failure.code == "validation"
    assert not failure.retryable
    for part in ("item: Field required", "count: Input should be greater than or equal to 1", "colour: Extra inputs"):
        assert part in failure.detail


async def test_parameters_of_actions_made_from_documents_are_checked_by_schema():
    async def function(ctx: Any, params: Any) -> JSON:
        return {"echo": params["a"]}

    connector = shop()
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}
    result = {"type": "object", "properties": {"echo": {"type": "integer"}}}
    connector.actions["shop.doc"] = Action(
        "shop.doc", function, "read", schema, result, None, "", "", connector, retry=Retry()
    )
    rig = Rig(connector)
    assert await rig.output("shop.doc", {"a": 1}) == {"echo": 1}
    failure = await rig.failure("shop.doc", {"b": 2})
    assert failure.code == "validation"
    assert '"a" is a required property' in failure.detail
    assert "b: " in failure.detail


async def test_a_result_that_is_not_what_was_declared_is_a_failure():
    async def act(ctx: Context, params: Order) -> dict[str, int]:
        return {"n": "many"}  # type: ignore[dict-item]

    assert (await Rig(with_action(act)).failure("shop.act", {"item": "x"})).code == "invalid_result"


async def test_a_result_too_large_says_to_use_files():
    async def act(ctx: Context, params: Order) -> dict[str, str]:
        return {"text": "x" * 1_000_001}

    failure = await Rig(with_action(act)).failure("shop.act", {"item": "x"})
    assert failure.code == "value_too_large"
    assert "save: file" in failure.detail


async def test_a_number_that_json_cannot_hold_is_a_failure():
    async def act(ctx: Context, params: Order) -> dict[str, int]:
        return {"n": 2**70}

    assert (await Rig(with_action(act)).failure("shop.act", {"item": "x"})).code == "invalid_result"


async def test_an_action_error_is_the_failure():
    async def act(ctx: Context, params: Order) -> Ordered:
        raise Retryable("come back", code="busy", detail="queue full", retry_after=3.0, data={"queue": 7})

    failure = await Rig(with_action(act)).failure("shop.act", {"item": "x"})
    assert (failure.code, failure.title, failure.detail) == ("busy", "come back", "queue full")
    assert (failure.retryable, failure.retry_after, failure.happened) == (True, 3.0, "no")
    assert failure.data == {"queue": 7}


async def test_a_mistake_of_an_action_is_a_failure_of_its_step_and_logged_whole(caplog):
    async def act(ctx: Context, params: Order) -> Ordered:
        raise KeyError("total")

    rig = Rig(with_action(act))
    with caplog.at_level(logging.ERROR, "recipe_engine"):
        failure = await rig.failure("shop.act", {"item": "x"})
    assert failure.code == "internal"
    assert failure.title == "shop.act failed by a mistake of its own: KeyError: 'total'"
    assert not failure.retryable
    assert "Traceback" in caplog.text
    assert "raise KeyError" in caplog.text


async def test_an_answer_of_another_shape_is_told_apart_from_a_mistake():
    async def act(ctx: Context, params: Order) -> Ordered:
        return Ordered.model_validate({"identifier": 7})

    failure = await Rig(with_action(act)).failure("shop.act", {"item": "x"})
    assert failure.code == "invalid_answer"
    assert "id: Field required" in failure.detail


async def test_an_unknown_action_is_a_failure():
    failure = await Rig(shop()).failure("shop.gone")
    assert failure.code == "unknown_action"
    assert "shop.gone" in failure.title


async def test_cancellation_passes():
    started = asyncio.Event()

    async def act(ctx: Context, params: Order) -> Ordered:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(Rig(with_action(act)).perform("shop.act", {"item": "x"}))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_usage_is_reported_on_success_and_on_failure():
    async def act(ctx: Context, params: Order) -> Ordered:
        ctx.report_usage(input_tokens=10, cost=0.25)
        ctx.report_usage(input_tokens=5, output_tokens=1, cost=0.25)
        if params.item == "bad":
            raise Terminal("no")
        return Ordered(id="1")

    rig = Rig(with_action(act))
    spent = Usage(input_tokens=15, output_tokens=1, cost=0.5)
    for item in ("good", "bad"):
        assert (await rig.perform("shop.act", {"item": item})).usage == spent


async def test_usage_of_an_unknown_kind_is_a_mistake(caplog):
    async def act(ctx: Context, params: Order) -> Ordered:
        ctx.report_usage(tokns=1)
        return Ordered(id="1")

    failure = await Rig(with_action(act)).failure("shop.act", {"item": "x"})
    assert failure.code == "internal"
    assert "tokns" in failure.title


async def test_the_context_tells_what_the_action_works_for():
    seen: dict[str, Any] = {}

    async def act(ctx: Context, params: Order) -> Ordered:
        names = "key run_id path attempt sandbox dry_run cost_left tokens_left now"
        seen.update({name: getattr(ctx, name) for name in names.split()})
        seen["region"] = ctx.settings.get("SHOP_REGION")
        seen["service"] = ctx.service("clock"), ctx.service("nothing")
        await ctx.emit("ordered", {"a": 1})
        return Ordered(id="1")

    connector = shop(settings=[Setting("SHOP_REGION", default="eu")])
    rig = Rig(with_action(act, connector), services={"clock": "tick"})
    await rig.output("shop.act", {"item": "x"}, cost_left=0.5, tokens_left=7)
    assert seen == {
        "key": "run-1/step",
        "run_id": "run-1",
        "path": "step",
        "attempt": 1,
        "sandbox": False,
        "dry_run": False,
        "cost_left": 0.5,
        "tokens_left": 7,
        "now": 1_800_000_000.0,
        "region": "eu",
        "service": ("tick", None),
    }
    assert rig.emitted == [("ordered", {"a": 1}, "run-1/step:ordered")]


# --- what happened ------------------------------------------------------------------------------------------------------


async def _post(ctx: Context, params: Order) -> Ordered:
    reply = await ctx.http.post("/orders", json={"item": params.item})
    return Ordered.model_validate(await reply.json())


LOST = Retryable("lost", code="connection", happened="maybe")


@pytest.mark.parametrize(("effect", "happened"), [("once", "maybe"), ("keyed", "maybe"), ("read", "no")])
async def test_a_lost_answer_leaves_open_what_is_not_a_read(effect, happened):
    rig = Rig(with_action(_post, effect=effect), transport=FakeTransport(LOST))
    assert (await rig.failure("shop.act", {"item": "x"})).happened == happened


@pytest.mark.parametrize(("effect", "happened"), [("once", "maybe"), ("read", "no")])
async def test_time_runs_out_while_a_write_is_under_way(effect, happened):
    rig = Rig(with_action(_post, effect=effect))

    class Silent:
        async def send(self, request):
            request.sent = True
            await rig.clock.sleep_until(rig.clock.now() + 1000)

    rig.transport.send = Silent().send
    failure = await drive(rig.clock, rig.failure("shop.act", {"item": "x"}, timeout=30))
    assert (failure.code, failure.retryable, failure.happened) == ("timeout", True, happened)
    assert rig.clock.now() == 1_800_000_030.0


async def test_time_runs_out_before_a_write_was_sent():
    rig = Rig(with_action(_post))

    async def connecting(request):
        await rig.clock.sleep_until(rig.clock.now() + 1000)

    rig.transport.send = connecting
    failure = await drive(rig.clock, rig.failure("shop.act", {"item": "x"}, timeout=30))
    assert (failure.code, failure.happened) == ("timeout", "no")


async def test_time_runs_out_in_an_action_whose_effects_cannot_be_seen():
    rig = Rig()

    async def act(ctx: Context, params: Order) -> Ordered:
        await rig.clock.sleep_until(rig.clock.now() + 1000)
        raise AssertionError

    blind = with_action(act, Connector(name="shop", title="Shop"))
    rig = Rig(blind, clock=rig.clock)
    assert (await drive(rig.clock, rig.failure("shop.act", {"item": "x"}))).happened == "maybe"


async def test_a_passing_failure_after_a_write_is_in_doubt_for_once():
    async def act(ctx: Context, params: Order) -> Ordered:
        await ctx.http.post("/orders", json={})
        await ctx.http.post("/orders/1/confirm")
        raise AssertionError

    for effect, happened in (("once", "maybe"), ("keyed", "no")):
        rig = Rig(with_action(act, effect=effect), transport=FakeTransport(answer(201), answer(503)))
        failure = await rig.failure("shop.act", {"item": "x"})
        assert (failure.code, failure.retryable, failure.happened) == ("unavailable", True, happened)


async def test_a_refusal_after_a_write_stays_a_refusal():
    async def act(ctx: Context, params: Order) -> Ordered:
        await ctx.http.post("/orders", json={})
        await ctx.http.post("/orders/1/confirm")
        raise AssertionError

    rig = Rig(with_action(act), transport=FakeTransport(answer(201), answer(422)))
    failure = await rig.failure("shop.act", {"item": "x"})
    assert (failure.code, failure.happened) == ("http_422", "no")


async def test_a_search_by_post_is_no_write():
    async def act(ctx: Context, params: Order) -> Ordered:
        await ctx.http.post("/search", json={}, reads=True)
        await ctx.http.post("/orders", json={})
        raise AssertionError

    rig = Rig(with_action(act), transport=FakeTransport(answer(200), answer(503)))
    assert (await rig.failure("shop.act", {"item": "x"})).happened == "no"
    rig = Rig(with_action(act, shop()), transport=FakeTransport(Retryable("lost", code="connection", happened="maybe")))
    assert (await rig.failure("shop.act", {"item": "x"})).happened == "no"


async def test_a_mistake_after_a_write_is_in_doubt():
    async def act(ctx: Context, params: Order) -> Ordered:
        reply = await ctx.http.post("/orders", json={})
        return Ordered.model_validate(await reply.json())

    rig = Rig(with_action(act), transport=FakeTransport(answer(201, {"unexpected": True})))
    failure = await rig.failure("shop.act", {"item": "x"})
    assert (failure.code, failure.happened) == ("invalid_answer", "maybe")


async def test_a_gateway_that_gave_up_leaves_a_write_open_and_a_complete_answer_does_not():
    for status, happened in ((502, "maybe"), (504, "maybe"), (500, "no"), (503, "no")):
        rig = Rig(with_action(_post), transport=FakeTransport(answer(status)))
        assert (await rig.failure("shop.act", {"item": "x"})).happened == happened


# --- after a crash --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["read", "keyed"])
async def test_reads_and_keyed_effects_are_performed_again_after_a_crash(effect):
    rig = Rig(with_action(_post, effect=effect), transport=FakeTransport(answer(201, {"id": "7"})))
    assert await rig.output("shop.act", {"item": "x"}, recovered=True) == {"id": "7"}


async def test_once_without_reconcile_is_in_doubt_after_a_crash():
    rig = Rig(with_action(_post))
    failure = await rig.failure("shop.act", {"item": "x"}, recovered=True)
    assert (failure.code, failure.happened, failure.retryable) == ("interrupted", "maybe", False)
    assert rig.transport.requests == []


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ({"id": "7"}, "succeeded"),
        (None, "performed"),
        (Retryable("search is down", detail="503"), "in doubt"),
        (ValueError("broken"), "in doubt"),
    ],
)
async def test_once_asks_reconcile_after_a_crash(found, outcome):
    async def reconcile(ctx: Context, params: Order) -> Ordered | None:
        assert params.item == "x"
        if isinstance(found, Exception):
            raise found
        return None if found is None else Ordered.model_validate(found)

    rig = Rig(with_action(_post, reconcile=reconcile), transport=FakeTransport(answer(201, {"id": "new"})))
    done = await rig.perform("shop.act", {"item": "x"}, recovered=True)
    if outcome == "succeeded":
        assert isinstance(done, ActionSucceeded)
        assert done.output == {"id": "7"}
        assert rig.transport.requests == []
    elif outcome == "performed":
        assert isinstance(done, ActionSucceeded)
        assert done.output == {"id": "new"}
    else:
        assert isinstance(done, ActionFailed)
        assert (done.failure.code, done.failure.happened) == ("interrupted", "maybe")
        assert rig.transport.requests == []
        if isinstance(found, Retryable):
            assert done.failure.detail == "search is down 503"


@pytest.mark.parametrize(("found", "succeeds"), [({"id": "7"}, True), (None, False)])
async def test_a_lost_answer_asks_reconcile_and_takes_only_a_yes(found, succeeds):
    async def reconcile(ctx: Context, params: Order) -> Ordered | None:
        return None if found is None else Ordered.model_validate(found)

    rig = Rig(with_action(_post, reconcile=reconcile), transport=FakeTransport(LOST))
    done = await rig.perform("shop.act", {"item": "x"})
    if succeeds:
        assert done == ActionSucceeded("step", 1, {"id": "7"})
    else:
        assert isinstance(done, ActionFailed)
        assert (done.failure.code, done.failure.happened) == ("connection", "maybe")


# --- limits ---------------------------------------------------------------------------------------------------------------


async def test_runs_share_a_connectors_limit_and_waiting_is_not_held_against_the_time_limit():
    connector = with_action(_post, shop(limits=[RateLimit(1, per=100)]), timeout=10)
    rig = Rig(connector, transport=FakeTransport(*(answer(201, {"id": "1"}) for _ in range(3))))
    start = rig.clock.now()
    work = asyncio.gather(*(rig.output("shop.act", {"item": "x"}) for _ in range(3)))
    await drive(rig.clock, work)
    assert rig.clock.now() == start + 200


async def test_a_429_holds_the_whole_queue():
    rig = Rig(
        with_action(_post),
        transport=FakeTransport(answer(429, headers={"Retry-After": "20"}), answer(201, {"id": "1"})),
    )
    start = rig.clock.now()
    failure = await rig.failure("shop.act", {"item": "x"})
    assert (failure.code, failure.retry_after, failure.retryable) == ("rate_limit", 20.0, True)
    await drive(rig.clock, rig.output("shop.act", {"item": "x"}))
    assert rig.clock.now() == start + 20


async def test_two_credentials_have_queues_of_their_own():
    first = with_action(_post, shop(settings=[Setting("SHOP_KEY", secret=True)], limits=[RateLimit(1, per=100)]))
    rig = Rig(first, settings={"SHOP_KEY": "real-key-1"}, transport=FakeTransport(answer(201, {"id": "1"})))
    start = rig.clock.now()
    await rig.output("shop.act", {"item": "x"})
    failure = await rig.failure("shop.act", {"item": "x"}, sandbox=True)  # no sandbox, but no waiting either
    assert failure.code == "no_sandbox"
    assert rig.clock.now() == start


# --- secrets --------------------------------------------------------------------------------------------------------------

CANARY = "canary-5f3a9c-secret"
TOKEN = "canary-access-token-77"


class Call(Params):
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None


async def test_canaries_never_come_out(caplog):
    sent: list[Any] = []

    async def act(ctx: Context, params: Call) -> dict[str, Any]:
        sent.append(params)
        ctx.tokens["shop"] = {"access": TOKEN}
        ctx.log(f"calling with {params.headers['key']} and {TOKEN}", headers=params.headers)
        match ctx.attempt, params.body:
            case _, "echo":
                return {"echo": {params.headers["key"]: [f"Bearer {params.headers['key']}"]}}
            case _, "error":
                data = {"request": params.headers, "token": TOKEN}
                raise Terminal(f"refused {params.headers['key']}", detail=f"token {TOKEN}", data=data)
            case _, _:
                raise RuntimeError(f"broken with {params.headers['key']}")

    connector = with_action(act, secret_params=("headers.*",))
    rig = Rig(connector, settings={"SHOP_SECRET": CANARY})
    seal = marker(SEED, "SHOP_SECRET")
    with caplog.at_level(logging.DEBUG):
        for body in ("echo", "error", "mistake"):
            done = await rig.perform("shop.act", {"headers": {"key": seal}, "body": body})
            assert CANARY not in repr(done)
            assert TOKEN not in repr(done)
    assert [params.headers["key"] for params in sent] == [CANARY] * 3
    assert CANARY not in repr(rig.logged)
    assert TOKEN not in repr(rig.logged)
    assert CANARY not in caplog.text
    assert "[secret SHOP_SECRET]" in caplog.text


async def test_markers_elsewhere_stay_sealed():
    seen: list[Any] = []

    async def act(ctx: Context, params: Call) -> dict[str, Any]:
        seen.append(params.body)
        return {}

    rig = Rig(with_action(act, secret_params=("headers.*",)), settings={"SHOP_SECRET": CANARY})
    seal = marker(SEED, "SHOP_SECRET")
    await rig.output("shop.act", {"body": seal})
    assert seen == [seal]


async def test_a_text_from_outside_cannot_name_a_secret():
    seen: list[Any] = []

    async def act(ctx: Context, params: Call) -> dict[str, Any]:
        seen.append(params.headers)
        return {}

    rig = Rig(with_action(act, secret_params=("headers.*",)), settings={"SHOP_SECRET": CANARY})
    forged = marker("guessed", "SHOP_SECRET")
    await rig.output("shop.act", {"headers": {"x": forged}})
    assert seen == [{"x": forged}]


async def test_a_connectors_own_key_is_scrubbed_from_what_the_vendor_says():
    connector = with_action(_post, shop(settings=[Setting("SHOP_KEY", secret=True)], auth=bearer("SHOP_KEY")))
    reply = answer(401, {"message": f"the key {CANARY} is not valid"})
    rig = Rig(connector, settings={"SHOP_KEY": CANARY}, transport=FakeTransport(reply))
    failure = await rig.failure("shop.act", {"item": "x"})
    assert rig.transport.requests[0].headers["Authorization"] == f"Bearer {CANARY}"
    assert failure.detail == "the key [secret SHOP_KEY] is not valid"
    assert CANARY not in repr(failure)


async def test_a_missing_secret_is_named():
    async def act(ctx: Context, params: Call) -> dict[str, Any]:
        return {}

    rig = Rig(with_action(act, secret_params=("headers.*",)))
    failure = await rig.failure("shop.act", {"headers": {"x": marker(SEED, "SHOP_SECRET")}})
    assert failure.code == "not_configured"
    assert "SHOP_SECRET is not set" in failure.title


async def test_large_failure_data_is_cut():
    async def act(ctx: Context, params: Order) -> Ordered:
        raise Terminal("t" * 5000, detail="d" * 5000, data={"body": "x" * 100_000, "when": object()})

    failure = await Rig(with_action(act)).failure("shop.act", {"item": "x"})
    assert len(failure.title) == 500
    assert len(failure.detail) == 2000
    assert len(failure.data) == 20_000
