"""Models that are none: the script of a test, and the sandbox's."""

from __future__ import annotations

import pydantic
import pytest

from recipe_engine.builtin.llm.scripted import ScriptedModel
from recipe_engine.plugin import Retryable, Terminal
from tests.support.action_context import ActionContext

from .conftest import ask

SCHEMA = {"type": "object", "required": ["category"], "properties": {"category": {"enum": ["support", "sales"]}}}


def scripted(*entries, path="each[3]/classify"):
    context = ActionContext(path)
    context.services["llm"] = ScriptedModel(entries)
    return context


async def test_entry_is_found_by_step_and_prompt():
    ctx = scripted(
        {"step": "other", "answer": {"category": "support"}},
        {"step": "classify", "match": "FACTURE", "answer": {"category": "support"}},
        {"step": "classify", "answer": {"category": "sales"}},
    )
    assert await ask(ctx, user_prompt="ma facture", output_schema=SCHEMA) == {"category": "support"}
    assert await ask(ctx, user_prompt="un devis", output_schema=SCHEMA) == {"category": "sales"}


async def test_system_prompt_is_matched_too():
    ctx = scripted({"match": "tu tries", "answer": "oui"})
    assert await ask(ctx, system_prompt="Tu tries.", user_prompt="Q") == "oui"


async def test_path_names_one_step_exactly():
    ctx = scripted({"step": "each[3]/classify", "answer": "trois"}, {"step": "classify", "answer": "autre"})
    assert await ask(ctx, user_prompt="Q") == "trois"
    ctx.path = "each[4]/classify"
    assert await ask(ctx, user_prompt="Q") == "autre"


async def test_answers_listed_one_after_another_are_given_in_turn():
    ctx = scripted({"answer": "un"}, {"answer": "deux"}, {"answer": "trois"})
    assert [await ask(ctx, user_prompt="Q") for _ in range(4)] == ["un", "deux", "trois", "trois"]


async def test_times_bounds_an_entry():
    ctx = scripted({"step": "classify", "answer": "un", "times": 2}, {"answer": "reste"})
    assert [await ask(ctx, user_prompt="Q") for _ in range(3)] == ["un", "un", "reste"]


async def test_invalid_answer_is_repaired_by_the_next_one():
    ctx = scripted({"answer": {"category": "?"}}, {"answer": {"category": "sales"}})
    assert await ask(ctx, user_prompt="Q", output_schema=SCHEMA) == {"category": "sales"}
    assert len(ctx.services["llm"].requests) == 2


async def test_word_of_a_closed_list_need_not_be_json():
    ctx = scripted({"answer": "support"})
    assert await ask(ctx, user_prompt="Q", output_schema={"enum": ["support", "sales"]}) == "support"


@pytest.mark.parametrize("code", ["rate_limit", "overloaded", "timeout", "connection"])
async def test_scripted_error_that_may_pass(code):
    with pytest.raises(Retryable) as caught:
        await ask(scripted({"error": code, "retry_after": 3}), user_prompt="Q")
    assert (caught.value.failure.code, caught.value.failure.retry_after) == (code, 3)


@pytest.mark.parametrize("code", ["refused", "truncated", "context_too_long", "authentication"])
async def test_scripted_error_that_stays(code):
    with pytest.raises(Terminal) as caught:
        await ask(scripted({"error": code}), user_prompt="Q")
    assert caught.value.failure.code == code


async def test_question_that_nothing_fits_names_step_and_prompt():
    with pytest.raises(Terminal, match="each\\[3\\]/classify") as caught:
        await ask(scripted({"step": "other", "answer": "x"}), user_prompt="Bonjour, ma facture")
    assert caught.value.failure.code == "no_scripted_answer"
    assert "Bonjour, ma facture" in caught.value.failure.detail
    assert "step: classify" in caught.value.failure.detail


async def test_scripted_usage_is_counted():
    ctx = scripted({"answer": "x", "usage": {"input_tokens": 1000, "output_tokens": 10}})
    await ask(ctx, model="claude-haiku-4-5", user_prompt="Q")
    assert ctx.usage["cost"] == pytest.approx((1000 * 1 + 10 * 5) / 1e6)


def test_mistyped_entry_is_refused():
    with pytest.raises(pydantic.ValidationError, match="anser"):
        ScriptedModel([{"anser": "x"}])


async def test_sandbox_answers_with_a_sample_and_says_so():
    ctx = ActionContext()
    ctx.sandbox = True
    assert await ask(ctx, user_prompt="Q", output_schema=SCHEMA) == {"category": "support"}
    assert ctx.lines == ["sandbox model: sample answer"]
    assert ctx.usage["input_tokens"] == 0
    assert "bac à sable" in await ask(ctx, user_prompt="Q")


async def test_script_wins_in_a_sandbox():
    ctx = scripted({"answer": "script"})
    ctx.sandbox = True
    assert await ask(ctx, user_prompt="Q") == "script"


async def test_setting_names_the_provider():
    assert await ask(ActionContext(RECIPE_LLM="sandbox"), user_prompt="Q", output_schema=SCHEMA)
    with pytest.raises(Terminal, match="RECIPE_LLM is 'gpt'"):
        await ask(ActionContext(RECIPE_LLM="gpt"), user_prompt="Q")
