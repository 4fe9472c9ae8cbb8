"""A person in the place of a model: at the terminal, and by files of a folder."""

from __future__ import annotations

import io
import sys

import pytest

from recipe_engine.plugin import Terminal

from .conftest import ask

SCHEMA = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["a", "b"]}}}


@pytest.fixture
def ctx(ctx):
    ctx.settings.values["RECIPE_LLM"] = "manual"
    return ctx


async def test_answer_is_typed_after_the_prompt(ctx, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"kind":\n "b"}\n.\nnot read'))
    assert await ask(ctx, system_prompt="Tu tries.", user_prompt="Q?", output_schema=SCHEMA) == {"kind": "b"}
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "## system\n\nTu tries." in shown.err
    assert '"kind"' in shown.err


async def test_input_that_ends_without_an_answer(ctx, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(" \n"))
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="Q?")
    assert caught.value.failure.code == "no_answer"


async def test_answers_of_a_folder_by_step_and_number(ctx, tmp_path):
    ctx.settings.values["RECIPE_LLM_ANSWERS"] = str(tmp_path)
    ctx.path = "each[2]/classify"
    (tmp_path / "each-2-classify-1.answer.txt").write_text('{"kind": "c"}')
    (tmp_path / "each-2-classify-2.answer.txt").write_text('```json\n{"kind": "a"}\n```')
    assert await ask(ctx, user_prompt="Q?", output_schema=SCHEMA) == {"kind": "a"}
    assert "does not fit" in (tmp_path / "each-2-classify-2.prompt.md").read_text()
    assert ctx.usage.get("cost", 0) == 0


async def test_missing_file_is_named_and_the_prompt_written(ctx, tmp_path):
    folder = tmp_path / "new"
    ctx.settings.values["RECIPE_LLM_ANSWERS"] = str(folder)
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="Que dire ?")
    failure = caught.value.failure
    assert (failure.code, failure.title) == (
        "no_answer",
        f"no answer yet: write it to {folder / 'classify-1.answer.txt'}",
    )
    assert "Que dire ?" in failure.detail
    assert "Que dire ?" in (folder / "classify-1.prompt.md").read_text()


async def test_folder_that_cannot_be_used(ctx, tmp_path):
    (tmp_path / "file").write_text("x")
    ctx.settings.values["RECIPE_LLM_ANSWERS"] = str(tmp_path / "file")
    with pytest.raises(Terminal, match="cannot be used"):
        await ask(ctx, user_prompt="Q?")


async def test_person_costs_nothing(ctx, tmp_path):
    ctx.settings.values["RECIPE_LLM_ANSWERS"] = str(tmp_path)
    (tmp_path / "classify-1.answer.txt").write_text("oui")
    ctx.cost_left = 0.0
    assert await ask(ctx, user_prompt="Q?") == "oui"


async def test_unknown_provider_is_named(ctx):
    ctx.settings.values["RECIPE_LLM"] = "gpt"
    with pytest.raises(Terminal, match="RECIPE_LLM is 'gpt'"):
        await ask(ctx, user_prompt="Q?")
