"""The recipes that come with the package are what the documentation asks of a recipe."""

from __future__ import annotations

import pytest

from recipe_engine import Engine
from recipe_engine.fmt import format_text
from recipe_engine.resources import bundled_recipes

ENGINE = Engine(env={})


@pytest.mark.parametrize("slug", bundled_recipes())
def test_nothing_is_wrong_with_it(slug):
    found = [problem for problem in ENGINE.check(bundled_recipes()[slug]) if problem.severity != "advice"]
    assert found == []


@pytest.mark.parametrize("slug", bundled_recipes())
def test_it_is_formatted(slug):
    text = bundled_recipes()[slug].read_text(encoding="utf-8")
    assert format_text(text, slug)[0] == text


@pytest.mark.parametrize("slug", bundled_recipes())
def test_its_file_bears_its_slug(slug):
    assert ENGINE.compile(slug).slug == slug
