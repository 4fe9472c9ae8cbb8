"""What the checker says of tools and conversations that a designer writes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from recipe_engine import Engine
from recipe_engine.compile.tools import plain

RECIPE = """slug: essai
name: Essai
description: Essai
category: test
limits: {cost: 1 USD}
input_schema: {type: object, required: [message], properties: {message: {type: string}}}
steps:
  - id: answer
    type: llm_call
    user_prompt: "{{ message }}"
    FIELDS
"""
STOCK = "{action: store.get, with: {table: stock}}"
SHOP = 'action: http, name: shop, with: {url: "https://shop.example/stock"}'


@pytest.fixture(scope="module")
def engine():
    return Engine(":memory:", env={})


@pytest.fixture
def told(engine, tmp_path):
    path = tmp_path / "essai.yml"

    def problems(fields: str) -> list[tuple[str, str, str | None]]:
        path.write_text(RECIPE.replace("FIELDS", fields), encoding="utf-8")
        return errors(engine, path)

    return problems


def errors(engine: Engine, path: Path) -> list[tuple[str, str, str | None]]:
    found = engine.check(path)
    return [(problem.code, problem.message, problem.hint) for problem in found if problem.severity == "error"]


@pytest.mark.parametrize(
    ("fields", "code", "message", "hint"),
    [
        ("tools: store.get", "R405", "found `store.get`, expected a list", "`tools: [store.get]`"),
        ("tools: {action: store.get}", "R405", "found an object, expected a list", "`tools: [{action: ...}]`"),
        ('tools: "{{ message }}"', "R405", "expected a list", "write a list"),
        ("tools: [search]", "R401", "unknown action `search`", "did you mean"),
        ("tools: [{name: stock}]", "R403", "needs the field `action` in `tools[0]`", "add `action:`"),
        ("tools: [{action: store.get, wiht: {key: a}, with: {table: a}}]", "R404", "no field `wiht`", "`with`?"),
        (f"tools: [{STOCK}]\n    tool_rounds: 0", "R405", "found `0`, expected at least 1", None),
        (
            f'tools: [{STOCK}]\n    tool_rounds: "{{{{ 3 }}}}"',
            "R405",
            "expected a whole number",
            "write the number out",
        ),
        ("tool_rounds: 3", "R620", "the step has none", "add `tools`"),
        ("tools: [{action: store.put, with: {table: a}, confirm: yes}]", "R405", "found `yes`", "`confirm: approval`"),
        ("tools: [{action: store.put, with: {table: a}, confirm: true}]", "R405", "found true", "`confirm: approval`"),
        ("tools: [{action: store.put, with: {table: a}}]", "R620", "changes something", "`confirm: approval`"),
        ("tools: [store.get]", "R620", "chooses the table", "give `table` under `with`"),
        ('tools: [{action: store.get, with: {table: a}, to: "a@example.org"}]', "R620", "nobody does", "confirm"),
        ("tools: [{action: store.get, with: {table: a}, inputs: [table, key]}]", "R620", "cannot give it too", "one"),
        ('tools: [{action: store.get, with: {table: a}, name: "{{ message }}"}]', "R405", "takes no template", "out"),
        (f"tools: [{{{SHOP}, inputs: [paginate]}}]", "R620", "chooses `paginate`", "`inputs: [query]`"),
        (f"tools: [{{{SHOP}, inputs: [query, headers]}}]", "R620", "chooses `headers`", "`inputs: [query]`"),
        ("tools: [llm.send_batch]", "R620", "a model cannot be a tool", "step of its own"),
        ("conversation: true", "R405", "found true, expected what", '"{{ email }}"'),
        ('conversation: ""', "R405", "expected what the exchange is kept under", '"{{ email }}"'),
    ],
)
def test_a_mistake_is_told_once_with_what_to_write(told, fields, code, message, hint):
    (found,) = told(fields)
    assert found[0] == code
    assert message in found[1]
    assert (hint or "") in (found[2] or "")


@pytest.mark.parametrize(
    "fields",
    [
        f"tools: [{STOCK}]\n    tool_rounds: 3",
        f"tools: [{{{SHOP}, inputs: [query]}}]",
        'tools: [{action: store.put, with: {table: a}, confirm: approval, to: "{{ message }}"}]',
        "tools: []",
        "conversation: null",
        "conversation: 17",
        'conversation: "{{ message }}"',
    ],
)
def test_what_may_be_written(told, fields):
    assert told(fields) == []


def test_a_model_is_told_of_parameters_whatever_they_are_called():
    schema = {"properties": {"title": {"type": "string", "title": "T", "default": "{{ x }}", "description": "{{ y }}"}}}
    assert plain(schema) == {"properties": {"title": {"type": "string", "description": "{ { y }}"}}}
