"""Texts in files of their own: checked as if they stood in the recipe, pinned in the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from recipe_engine.compile.includes import LARGEST
from recipe_engine.engine import Engine
from recipe_engine.errors import InvalidRecipe

RECIPE = """\
slug: told
name: Told
description: A message that stands in a file.
category: test
input_schema: {type: object, required: [name], properties: {name: {type: string}}}
steps:
  - {id: tell, type: log, message: {from_file: %s}}
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(":memory:", env={"RECIPE_CACHE": str(tmp_path / "cache")})


def put(folder: Path, text: str | bytes, named: str = "texts/a.txt", file: str = "texts/a.txt") -> Path:
    path = folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    recipe = folder / "told.yml"
    recipe.write_text(RECIPE % named, encoding="utf-8")
    return recipe


def message(engine: Engine, recipe: Path) -> str:
    text: str = engine.compile(recipe).steps[0].do.params["message"]
    return text


def test_the_plan_holds_the_text_without_its_last_line_end(engine: Engine, tmp_path: Path) -> None:
    recipe = put(tmp_path, "\ufeffBonjour {{ name }},\n\nà bientôt.\n")
    assert message(engine, recipe) == "Bonjour {{ name }},\n\nà bientôt."


def test_a_change_of_the_file_is_a_change_of_the_recipe(engine: Engine, tmp_path: Path) -> None:
    recipe = put(tmp_path, "Bonjour")
    before = engine.compile(recipe).digest
    put(tmp_path, "Bonsoir")
    assert message(engine, recipe) == "Bonsoir"
    assert engine.compile(recipe).digest != before
    (tmp_path / "texts/a.txt").unlink()
    assert [problem.code for problem in engine.check(recipe)] == ["R322"]
    put(tmp_path, "Bonjour")
    assert engine.compile(recipe).digest == before


def test_a_mistake_is_reported_where_it_stands_in_the_file(engine: Engine, tmp_path: Path) -> None:
    recipe = put(tmp_path, "Bonjour,\n\nà bientôt {{ nme }}")
    with pytest.raises(InvalidRecipe) as raised:
        engine.compile(recipe)
    [problem] = raised.value.diagnostics
    assert (problem.code, problem.file) == ("R201", str(tmp_path / "texts/a.txt"))
    assert (problem.span.line, problem.span.column, problem.span.end_column) == (3, 14, 17)
    assert "à bientôt {{ nme }}" in engine.texts[problem.file]


def test_an_empty_text_and_its_place(engine: Engine, tmp_path: Path) -> None:
    assert message(engine, put(tmp_path, "\n")) == ""


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("texts/b.txt", "does not exist"),
        ("texts", "does not exist"),
        ("../a.txt", "is outside of the recipe's folder"),
        ("/etc/hostname", "is outside of the recipe's folder"),
        ("out/secret.txt", "is outside of the recipe's folder"),
        ('"{{ name }}.txt"', "names no file"),
        ("[texts/a.txt]", "names no file"),
        ('""', "names no file"),
    ],
)
def test_what_is_no_text_of_the_recipe_is_refused(engine: Engine, tmp_path: Path, named: str, said: str) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("geheim")
    (folder / "out").symlink_to(tmp_path)
    problems = engine.check(put(folder, "Bonjour", named))
    assert [problem.code for problem in problems] == ["R322"]
    assert said in problems[0].message


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xe9t\xe9", "is not a text in UTF-8"), (b"a" * (LARGEST + 1), "more than 200,000 characters")],
)
def test_what_cannot_be_a_text_is_refused(engine: Engine, tmp_path: Path, content: bytes, said: str) -> None:
    [problem] = engine.check(put(tmp_path, content))
    assert said in problem.message


async def test_a_run_keeps_to_the_text_that_it_began_with(tmp_path: Path) -> None:
    lines: list[str] = []
    recipe = put(tmp_path, "Bonjour {{ name }}")
    async with Engine(":memory:", env={}, log=lambda _run, _path, text, _fields: lines.append(text)) as engine:
        plan = engine.compile(recipe)
        put(tmp_path, "Bonsoir {{ name }}")
        assert (await engine.run(plan, {"name": "Ada"})).status == "succeeded"
    assert lines == ["Bonjour Ada"]


def test_only_values_of_steps_are_included(engine: Engine, tmp_path: Path) -> None:
    recipe = put(tmp_path, "Bonjour")
    text = recipe.read_text().replace("{name: {type: string}}", "{name: {type: string}, from_file: {type: string}}")
    recipe.write_text(text)
    assert set(engine.compile(recipe).input_schema["properties"]) == {"name", "from_file"}
