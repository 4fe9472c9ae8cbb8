"""Tools of an llm_call in whole runs: over the Messages API, chat completions, and a script."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recipe_engine import Engine
from recipe_engine.builtin.llm.action import llm
from recipe_engine.builtin.store import store
from recipe_engine.expr import compile_expression, compile_value
from recipe_engine.plugin import Catalog, Connector, Context, Params, Result, Terminal
from recipe_engine.runtime.traces import Traces
from tests.support.anthropic_server import Reply, fails, message, says
from tests.support.openai_server import OpenAIServer

HEAD = "slug: essai\nname: Essai\ndescription: Essai\ncategory: test\nlimits: {cost: 1 USD}\n"
THINKING = {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"}
STEPS = """
input_schema: {type: object, required: [message], properties: {message: {type: string}}}
steps:
  - id: answer
    type: llm_call
    name: Répondre
    complexity: write
    user_prompt: "{{ message }}"
    tools: [TOOLS]
    output_schema: {type: object, required: [text], properties: {text: {type: string}}}
"""


class Find(Params):
    name: str
    shelf: str = "any"


class Found(Result):
    stock: int


class Order(Params):
    name: str
    number: int = 1


class Ordered(Result):
    id: str


class Shop:
    """A connector that counts what is asked of it."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.ordered: list[dict[str, Any]] = []
        self.connector = Connector(name="shop", title="Shop")

        @self.connector.action(effect="read")
        async def find(ctx: Context, params: Find) -> Found:
            """How many are there.

            Two lines
            of description.
            """
            self.found.append(params.model_dump())
            if params.name == "licorne":
                raise Terminal("there are no unicorns", code="unknown_article")
            return Found(stock=3)

        @self.connector.action(effect="once")
        async def order(ctx: Context, params: Order) -> Ordered:
            """Order something."""
            self.ordered.append(params.model_dump())
            return Ordered(id=f"o{len(self.ordered)}")


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def recipe(tmp_path):
    def written(tools: str, **replaced: str):
        path = tmp_path / "essai.yml"
        text = HEAD + STEPS.replace("TOOLS", tools)
        for old, new in replaced.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def engine_for(shop: Shop, server: Any = None, **env: str) -> Engine:
    if server is not None:
        env = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url, **env}
    return Engine(":memory:", env=env, catalog=Catalog.of([llm, store, shop.connector]))


def calls(*asked: tuple[str, Any], before: tuple[Any, ...] = ()) -> Reply:
    blocks = [
        {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": given} for n, (name, given) in enumerate(asked)
    ]
    return Reply(body=message([*before, *blocks], stop="tool_use"))


async def test_the_model_calls_actions_and_answers_with_what_they_gave(server, shop, recipe):
    server.will(
        calls(("shop_find", {"name": "vélo"}), ("shop_find", {"name": "licorne"}), before=(THINKING,)),
        says(value={"text": "Il en reste 3."}),
    )
    async with engine_for(shop, server) as engine:
        run = await engine.run(recipe("shop.find"), {"message": "Combien de vélos ?"})
    assert (run.status, run.output) == ("succeeded", {"text": "Il en reste 3."})
    assert [each["name"] for each in shop.found] == ["vélo", "licorne"]
    first, second = server.bodies
    assert [tool["name"] for tool in first["tools"]] == ["shop_find"]
    assert first["tools"][0]["description"].startswith("How many are there. ")
    assert first["tools"][0]["input_schema"]["required"] == ["name"]
    question, asked, answered = second["messages"]
    assert question == first["messages"][0]
    assert asked["content"][0] == THINKING
    assert [block["type"] for block in asked["content"]] == ["thinking", "tool_use", "tool_use"]
    good, bad = answered["content"]
    assert json.loads(good["content"]) == {"stock": 3}
    assert (bad["tool_use_id"], bad["is_error"], "unicorns" in bad["content"]) == ("toolu_1", True, True)
    steps = {step["path"]: step["type"] for step in run.steps}
    assert steps["answer/round[0]/calls[0]/shop_find"] == "shop.find"
    assert steps["answer/round[1]/model"] == "llm_call"
    assert "between" not in steps.values()
    assert run.usage["tokens"] == 240


async def test_chat_completions_call_tools_too(shop, recipe):
    asked = {"id": "c1", "type": "function", "function": {"name": "shop_find", "arguments": '{"name": "vélo"}'}}
    broken = {"id": "c2", "type": "function", "function": {"name": "shop_find", "arguments": "{name"}}
    turn = {"role": "assistant", "content": None, "tool_calls": [asked, broken]}
    async with OpenAIServer() as openai:
        openai.will(
            (200, {"choices": [{"index": 0, "finish_reason": "tool_calls", "message": turn}], "usage": {}}),
            (200, {"choices": [{"finish_reason": "stop", "message": {"content": '{"text": "3"}'}}], "usage": {}}),
        )
        env = {"RECIPE_LLM": "openai_compatible", "OPENAI_BASE_URL": openai.url, "AGENT_MODEL": "local"}
        async with engine_for(shop, **env, RECIPE_HTTP_ALLOW="127.0.0.1") as engine:
            run = await engine.run(recipe("shop.find", cost="tokens", **{"1 USD": "9000"}), {"message": "Combien ?"})
    assert (run.status, run.output) == ("succeeded", {"text": "3"}), run.error
    first, second = openai.bodies
    assert first["tools"][0]["function"]["name"] == "shop_find"
    roles = [turn["role"] for turn in second["messages"]]
    assert roles == ["user", "assistant", "tool", "tool"]
    assert second["messages"][1]["tool_calls"][0]["function"]["name"] == "shop_find"
    assert second["messages"][2] == {"role": "tool", "tool_call_id": "c1", "content": '{"stock": 3}'}
    assert "does not fit" in second["messages"][3]["content"]
    assert [each["name"] for each in shop.found] == ["vélo"]


async def test_after_the_last_round_the_model_must_answer(server, shop, recipe):
    server.will(*[calls(("shop_find", {"name": "x"}))] * 2, says(value={"text": "Je ne sais pas."}))
    async with engine_for(shop, server) as engine:
        run = await engine.run(recipe("shop.find", complexity="tool_rounds: 2\n    complexity"), {"message": "?"})
    assert run.output == {"text": "Je ne sais pas."}
    assert [body.get("tool_choice") for body in server.bodies] == [None, None, {"type": "none"}]


async def test_what_no_tool_is_or_does_not_fit_is_told_and_not_done(server, shop, recipe):
    server.will(calls(("shop_sell", {}), ("shop_find", {"nom": 1})), says(value={"text": "ok"}))
    async with engine_for(shop, server) as engine:
        run = await engine.run(recipe("shop.find"), {"message": "?"})
    assert run.output == {"text": "ok"}
    assert shop.found == []
    unknown, unfit = (block["content"] for block in server.bodies[1]["messages"][-1]["content"])
    assert unknown.startswith("there is no tool shop_sell")
    assert "at the top" in unfit


async def test_a_script_calls_tools_in_the_sandbox(tmp_path):
    path = tmp_path / "essai.yml"
    path.write_text(HEAD + STEPS.replace("TOOLS", "{action: store.get, name: stock, with: {table: stock}}"))
    script = [
        {"step": "answer", "calls": [{"tool": "stock", "input": {"key": 17}}]},
        {"step": "answer", "answer": {"text": "0"}},
    ]
    async with Engine(":memory:", env={}, sandbox=True, answers=script) as engine:
        run = await engine.run(path, {"message": "Combien ?"})
    assert (run.status, run.output) == ("succeeded", {"text": "0"})
    assert "answer/round[0]/calls[0]/stock" in [step["path"] for step in run.steps]


async def test_a_person_in_the_place_of_the_model_calls_tools(shop, recipe, tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    (answers / "answer-1.answer.txt").write_text('{"calls": [{"tool": "shop_find", "input": {"name": "x"}}]}')
    async with engine_for(shop, RECIPE_LLM="manual", RECIPE_LLM_ANSWERS=str(answers)) as engine:
        run = await engine.run(recipe("shop.find", complexity="tool_rounds: 1\n    complexity"), {"message": "?"})
    assert len(shop.found) == 1
    assert run.error["code"] == "no_answer"
    first, second = ((answers / f"answer-{n}.prompt.md").read_text() for n in (1, 2))
    assert "To call tools instead of answering" in first
    assert "may not be called any more" in second
    assert '{"stock": 3}' in second


async def test_parameters_that_the_recipe_gives_are_neither_shown_nor_changed(server, shop, recipe):
    server.will(calls(("stock", {"name": "vélo"})), says(value={"text": "3"}))
    tool = '{action: shop.find, name: stock, description: Le stock., with: {shelf: "{{ message }}"}}'
    async with engine_for(shop, server) as engine:
        await engine.run(recipe(tool), {"message": "B7"})
    assert shop.found == [{"name": "vélo", "shelf": "B7"}]
    offered = server.bodies[0]["tools"][0]
    assert (offered["name"], offered["description"]) == ("stock", "Le stock.")
    assert list(offered["input_schema"]["properties"]) == ["name"]


CONFIRMED = "{action: shop.order, confirm: approval, to: lea@example.org}"


@pytest.mark.parametrize("approved", [True, False])
async def test_writing_waits_for_a_person(server, shop, recipe, approved):
    server.will(calls(("shop_order", {"name": "vélo", "number": 2})), says(value={"text": "fait"}))
    async with engine_for(shop, server) as engine:
        run = await engine.run(recipe(CONFIRMED), {"message": "Commande 2 vélos"})
        assert (run.status, shop.ordered) == ("waiting", [])
        await engine.runtime.approve(run.run_id, None, approved, "lea", {"number": 1} if approved else None)
        await engine.runtime.wait(run.run_id, ("succeeded", "failed"))
    told = server.bodies[1]["messages"][-1]["content"][0]
    assert shop.ordered == ([{"name": "vélo", "number": 1}] if approved else [])
    expected = (None, '{"id": "o1"}') if approved else (True, "refused by lea")
    assert (told.get("is_error"), told["content"]) == expected


async def test_a_run_that_is_retried_repeats_no_call(server, shop, recipe):
    server.will(calls(("shop_find", {"name": "vélo"})), fails(400), says(value={"text": "3"}))
    async with engine_for(shop, server) as engine:
        run = await engine.run(recipe("shop.find"), {"message": "?"})
        assert (run.status, run.error["step"]) == ("failed", "answer/round[1]/model")
        again, _ = await engine.retry(run.run_id)
        view = await engine.runtime.wait(again, ("succeeded", "failed"))
    assert view.output == {"text": "3"}
    assert len(shop.found) == 1
    assert len(server.bodies) == 3


async def test_what_a_person_approved_is_not_done_again_when_the_run_is_retried(server, shop, recipe):
    asked = calls(("shop_order", {"name": "vélo", "number": 2}), ("shop_find", {"name": "vélo"}))
    server.will(asked, fails(400), says(value={"text": "fait"}))
    async with engine_for(shop, server) as engine:
        run = await engine.run(recipe(f"shop.find, {CONFIRMED}"), {"message": "Commande 2 vélos"})
        await engine.runtime.approve(run.run_id, "answer/round[0]/calls[0]/approval", True, "lea", None)
        await engine.runtime.wait(run.run_id, ("failed",))
        again, found = await engine.retry(run.run_id)
        view = await engine.runtime.wait(again, ("succeeded", "failed"))
    assert view.output == {"text": "fait"}
    assert (len(shop.ordered), len(shop.found), found.again) == (1, 1, ())


async def test_what_customers_write_is_never_evaluated(server, shop, recipe):
    server.will(calls(("shop_find", {"name": "{{ 7 * 7 }}"})), says(value={"text": "{{ message }}"}))
    async with engine_for(shop, server) as engine:
        run = await engine.run(recipe("shop.find"), {"message": "{{ secrets.KEY }}"})
    assert shop.found[0]["name"] == "{{ 7 * 7 }}"
    assert run.output == {"text": "{{ message }}"}


async def test_a_conversation_goes_on_from_run_to_run_and_is_forgotten_with_the_person(server, shop, recipe):
    path = recipe("", **{"tools: []": 'conversation: "{{ mail }}"', "{message: {type": "{mail: {}, message: {type"})
    server.will(says(value={"text": "Bonjour Ada."}), *[says(value={"text": "ok"})] * 3)
    async with engine_for(shop, server) as engine:
        ada = {"mail": "ada@example.org", "message": "Je suis Ada."}
        for given in (ada, {**ada, "message": "Qui suis-je ?"}, {**ada, "mail": "bob@example.org"}):
            assert (await engine.run(path, given)).status == "succeeded"
        await engine.runtime.redact(Traces(("ada@example.org",), (), ()).to_json())
        await engine.run(path, ada)
    first, second, other, after = (body["messages"] for body in server.bodies)
    assert [turn["content"] for turn in second] == ["Je suis Ada.", '{"text": "Bonjour Ada."}', "Qui suis-je ?"]
    assert (len(first), len(other), len(after)) == (1, 1, 1)


async def test_conversations_show_the_last_exchanges_only(server, shop, recipe):
    path = recipe("", **{"tools: []": "conversation: 17"})
    async with engine_for(shop, server) as engine:
        for number in range(23):
            await engine.run(path, {"message": f"Question {number}."})
    turns = server.bodies[-1]["messages"]
    assert (len(turns), turns[0]["content"], turns[-1]["content"]) == (41, "Question 2.", "Question 22.")


async def test_everything_that_the_engine_adds_compiles(shop, recipe):
    path = recipe(f"shop.find, {CONFIRMED}", complexity='conversation: "{{ message }}"\n    complexity')
    async with engine_for(shop) as engine:
        plan = engine.compile(path)
    (inner,) = plan.recipes.values()
    for step in inner.steps:
        do = step.do
        for name in ("items", "until"):
            if hasattr(do, name) and isinstance(getattr(do, name), str):
                compile_expression(getattr(do, name))
        for case in getattr(do, "cases", ()):
            compile_expression(case.when)
        for name in ("params", "values", "approval"):
            compile_value(getattr(do, name, None))
    assert inner.slug == "essai~answer"
