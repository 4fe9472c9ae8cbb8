"""Values between runs: claimed once, kept as long as said, apart from the sandbox's."""

from __future__ import annotations

import pydantic
import pytest

from recipe_engine.builtin.store import register_connectors
from recipe_engine.plugin import Catalog, Terminal
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.memory import MemoryStore
from recipe_engine.runtime.value_store import ValueStore
from tests.support.action_context import ActionContext

ACTIONS = Catalog.of(register_connectors()).actions


@pytest.fixture
def ctx() -> ActionContext:
    return ActionContext("seen")


async def do(context, name, **params):
    action = ACTIONS[f"store.{name}"]
    result = await action.function(context, action.params_type.model_validate(params))
    return result.model_dump()


async def test_key_is_claimed_once(ctx):
    assert await do(ctx, "claim", table="seen", key="a1") == {"claimed": True}
    ctx.key = "run-2:seen"
    assert await do(ctx, "claim", table="seen", key="a1") == {"claimed": False}
    assert await do(ctx, "claim", table="seen", key="a2") == {"claimed": True}


async def test_repeated_step_finds_its_own_claim(ctx):
    await do(ctx, "claim", table="seen", key="a1")
    assert await do(ctx, "claim", table="seen", key="a1") == {"claimed": True}


async def test_claim_ends_with_its_time(ctx):
    await do(ctx, "claim", table="seen", key="a1", keep="90d")
    ctx.key = "run-2:seen"
    ctx.now += 90 * 86_400 - 1
    assert await do(ctx, "claim", table="seen", key="a1") == {"claimed": False}
    ctx.now += 1
    assert await do(ctx, "claim", table="seen", key="a1") == {"claimed": True}


async def test_value_comes_back_as_it_was_put(ctx):
    await do(ctx, "put", table="cursor", key="orders", value={"last": 17, "at": None})
    assert await do(ctx, "get", table="cursor", key="orders") == {"found": True, "value": {"last": 17, "at": None}}
    await do(ctx, "put", table="cursor", key="orders", value=0)
    assert await do(ctx, "get", table="cursor", key="orders", default=5) == {"found": True, "value": 0}


async def test_missing_value_is_the_default(ctx):
    assert await do(ctx, "get", table="cursor", key="orders") == {"found": False, "value": None}
    assert await do(ctx, "get", table="cursor", key="orders", default=0) == {"found": False, "value": 0}


async def test_number_and_its_text_are_the_same_key(ctx):
    await do(ctx, "put", table="t", key=17, value="x")
    assert (await do(ctx, "get", table="t", key="17"))["value"] == "x"


async def test_list_is_by_prefix_and_says_when_there_is_more(ctx):
    for number in range(3):
        await do(ctx, "put", table="carts", key=f"fr-{number}", value=number)
    await do(ctx, "put", table="carts", key="be-0", value=9)
    assert await do(ctx, "list", table="carts", prefix="fr-", limit=2) == {
        "entries": [{"key": "fr-0", "value": 0}, {"key": "fr-1", "value": 1}],
        "more": True,
    }
    assert (await do(ctx, "list", table="carts", prefix="fr-"))["more"] is False


async def test_delete_says_whether_there_was_something(ctx):
    await do(ctx, "put", table="t", key="k", value=1)
    assert await do(ctx, "delete", table="t", key="k") == {"deleted": True}
    assert await do(ctx, "delete", table="t", key="k") == {"deleted": False}


async def test_sandbox_has_its_own_tables(ctx):
    ctx.sandbox = True
    await do(ctx, "claim", table="seen", key="a1")
    ctx.sandbox, ctx.key = False, "run-2:seen"
    assert await do(ctx, "claim", table="seen", key="a1") == {"claimed": True}


async def test_what_is_not_kept(ctx):
    with pytest.raises(Terminal, match="null"):
        await do(ctx, "put", table="t", key="k", value=None)
    with pytest.raises(Terminal) as caught:
        await do(ctx, "put", table="t", key="k", value="x" * 100_000)
    assert caught.value.failure.code == "value_too_large"


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("claim", {"table": "a b", "key": "k"}),
        ("claim", {"table": "t", "key": ""}),
        ("claim", {"table": "t", "key": "k", "keep": "soon"}),
        ("get", {"table": "t", "key": None}),
        ("get", {"table": "t", "key": True}),
        ("list", {"table": "t", "limit": 0}),
        ("put", {"table": "t", "key": "k", "value": 1, "kepp": "1d"}),
    ],
)
async def test_parameters_that_are_wrong(ctx, name, params):
    with pytest.raises(pydantic.ValidationError):
        await do(ctx, name, **params)


async def test_real_store_answers_the_same(ctx):
    clock = VirtualClock(ctx.now)
    ctx.store = ValueStore(MemoryStore(), clock)
    assert await do(ctx, "claim", table="seen", key="a1", keep=60) == {"claimed": True}
    ctx.key = "run-2:seen"
    assert await do(ctx, "claim", table="seen", key="a1") == {"claimed": False}
    await do(ctx, "put", table="t", key="é", value=[1])
    assert await do(ctx, "get", table="t", key="é") == {"found": True, "value": [1]}
    assert (await do(ctx, "list", table="t"))["entries"] == [{"key": "é", "value": [1]}]
    assert await do(ctx, "list", table="seen") == {"entries": [{"key": "a1", "value": None}], "more": False}


def test_effects_say_what_a_repeat_does():
    effects = {name: action.effect for name, action in ACTIONS.items()}
    assert effects == {
        "store.claim": "keyed",
        "store.get": "read",
        "store.put": "keyed",
        "store.list": "read",
        "store.delete": "keyed",
    }
