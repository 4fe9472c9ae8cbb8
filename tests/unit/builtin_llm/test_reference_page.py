"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recipe_engine.builtin.llm.action import LlmCall, llm
from recipe_engine.builtin.llm.routing import shipped_table

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/llm-call.md").read_text(encoding="utf-8")
SOURCES = [path.read_text(encoding="utf-8") for path in (ROOT / "recipe_engine/builtin/llm").rglob("*.py")]


@pytest.mark.parametrize("complexity", shipped_table().routes)
def test_routes_are_those_of_the_table(complexity):
    route = shipped_table().routes[complexity]
    assert f"| {complexity} | {route.model} | {route.effort} | {route.max_tokens:,} |" in PAGE


def test_every_field_and_setting_is_described():
    for name in LlmCall.model_json_schema()["properties"]:
        assert f"`{name}`" in PAGE, name
    for setting in llm.settings:
        assert f"`{setting.name}`" in PAGE, setting.name


def test_every_failure_code_is_listed():
    codes = {code for source in SOURCES for code in re.findall(r'code="(\w+)"', source)}
    table = (ROOT / "recipe_engine/builtin/llm/anthropic/errors.py").read_text(encoding="utf-8")
    codes |= set(re.findall(r'\("(\w+)", (?:True|False), ', table))
    # What a host's service answers, not a failure of the step.
    codes.discard("not_available")
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()
