"""A need, right and wrong answers to it, and what scoring makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recipe_engine.engine import Engine
from recipe_engine.evaluate import Need, NeedsFile, Verdict, read_needs, score
from recipe_engine.generate import Generated, Refusal
from recipe_engine.generate.proving import Draft, Proof
from recipe_engine.source import load

HEAD = "slug: sample\nname: Sample\ndescription: Shows something.\ncategory: examples\n"
# One for all tests: what is installed does not change.
ENGINE = Engine(":memory:", env={})
SANDBOXED = [name for name, connector in ENGINE.catalog.connectors.items() if connector.sandbox is not None]


def read(text: str) -> tuple[NeedsFile | None, list[str]]:
    """The needs of a text, and what is wrong with it: code, line, message."""
    document, problems = load(text, "needs.yml")
    assert document is not None, problems
    found, problems = read_needs(document, SANDBOXED)
    return found, [f"{it.code} {it.span.line} {it.message}" for it in problems]


def need_of(text: str) -> Need:
    """The one need of a text: `text` is what follows its id and language."""
    indented = "\n".join(f"    {line}" for line in text.strip().splitlines())
    found, problems = read(f"needs:\n  - id: sample\n    language: en\n    need: Do it.\n{indented}\n")
    assert found is not None, problems
    return found.needs[0]


def made(recipe: str) -> Generated:
    """What generating would hand over."""
    document, problems = load(HEAD + recipe, "sample.yml")
    assert document is not None, problems
    plan = ENGINE.compile(document)
    return Generated("passed", recipe=HEAD + recipe, rounds=1, proof=Proof(Draft(HEAD + recipe, ""), plan=plan))


async def scored(need: str, recipe: str | Refusal) -> Verdict:
    """What a recipe, or a refusal, comes to."""
    result = made(recipe) if isinstance(recipe, str) else Generated("refused", refusal=recipe, rounds=1)
    return await score(need_of(need), result, ENGINE)


def missed(verdict: Verdict) -> list[str]:
    """Every miss: its scenario, where, what was expected, what was found."""
    own = [f"{it.path}: {it.expected} / {it.found}" for it in verdict.misses]
    for scenario in verdict.scenarios:
        own += [f"{scenario.report.name}: {it.path}: {it.expected} / {it.found}" for it in scenario.report.misses]
    return own


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """A folder for answers."""
    folder = tmp_path / "answers"
    folder.mkdir()
    return folder


__all__ = ["ENGINE", "answers", "made", "missed", "need_of", "read", "replace", "scored"]
