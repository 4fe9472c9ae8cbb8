"""The reference of the language: every example checks, and no field is missing."""

import re
from pathlib import Path

import pytest

from recipe_engine import source
from recipe_engine.compile import check
from recipe_engine.editor_schema import shipped_catalog
from recipe_engine.model import COMMON_FIELDS, CONTROL_STEPS, TRIGGERS, Recipe, RunLimits
from recipe_engine.source import Document

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "language.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml (recipe|steps|triggers)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
EXAMPLES = [(found[1], found[2], TEXT.count("\n", 0, found.start()) + 1) for found in BLOCK.finditer(TEXT)]
RECIPE = EXAMPLES[0][1]
POLITE = """\
slug: polite-answer
name: Polite answer
description: Answers politely.
category: support
input_schema: {type: object, required: [message], properties: {message: {type: string}}}
steps: [{id: text, type: set, values: {answer: "Bonjour, {{ message }}"}}]
"""


def whole(kind: str, body: str) -> str:
    """The recipe of the first section with the example in its place."""
    if kind == "recipe":
        return body
    head, _, rest = RECIPE.partition("steps:\n")
    if kind == "triggers":
        before, _, after = head.partition("triggers:\n")
        return f"{before}triggers:\n{body}{after.partition(chr(10))[2]}steps:\n{rest}"
    before, _, after = head.partition("output_schema:\n")
    return f"{before}config:\n{after.partition('config:' + chr(10))[2]}steps:\n{body}"


def resolve(slug: str) -> Document | None:
    assert slug == "polite-answer"
    return source.load(POLITE, "polite-answer.yml")[0]


@pytest.mark.parametrize(("kind", "body", "line"), EXAMPLES, ids=[f"line{line}" for _, _, line in EXAMPLES])
def test_the_examples_are_recipes_without_problems(kind, body, line):
    document, diagnostics = source.load(whole(kind, body), f"language.md:{line}")
    assert document is not None, diagnostics
    found = [*diagnostics, *check(document, shipped_catalog(), resolve_recipe=resolve).diagnostics]
    assert [f"{item.span.line}: {item.code} {item.message}" for item in found] == []


def sections() -> dict[str, str]:
    heads = list(SECTION.finditer(TEXT))
    ends = [head.start() for head in heads[1:]] + [len(TEXT)]
    return {head[1]: TEXT[head.end() : end] for head, end in zip(heads, ends, strict=True)}


def rows(section: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", sections()[section], re.MULTILINE))


def names(model) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_every_field_of_the_recipe_is_described():
    assert rows("The recipe") == names(Recipe)
    assert rows("limits") == names(RunLimits)


def test_every_field_of_every_step_is_described():
    assert rows("Fields of every step") == set(COMMON_FIELDS)
    for name, model in CONTROL_STEPS.items():
        assert rows(name) == names(model) - set(COMMON_FIELDS), name


def test_every_step_type_has_an_example():
    used = set(re.findall(r"type: (\w+)", "".join(body for _, body, _ in EXAMPLES)))
    assert set(CONTROL_STEPS) <= used


def test_every_trigger_and_its_fields_are_described():
    text = sections()["Triggers"]
    for name, model in TRIGGERS.items():
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        for field in names(model) - {"type", "if", "key", "input"}:
            assert f"`{field}`" in row, (name, field)
