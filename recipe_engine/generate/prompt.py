"""The prompts: their texts (prompts/*.md) put together with what a need calls for.

The one rule: the first part is the same for every need, so that a vendor may keep it in its cache; what people wrote is
delimited and never taken for a rule. Comments of a prompt file (its version, what it was written against) are not sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from recipe_engine.generate.choosing import Chosen, choose
from recipe_engine.generate.entries import (
    channels_in_short,
    connector_facts,
    effects_in_short,
    entry,
    functions_in_short,
    worst_costs,
)
from recipe_engine.plugin import Catalog

LEAST_COVERAGE = 80
# Characters of the catalog's part, whatever the size of the catalog.
LONGEST_CATALOG = 24_000
_LONGEST_EXAMPLE = 6_000
_MOST_NAMES, _MOST_SENDERS = 30, 6
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_OUR_TAGS = re.compile(r"<(/?)(need|change|recipe|tests|example|assumptions|refusal)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Example:
    """A file that shows what the need is about: its name and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked: `system` stays the same over the rounds, `need` is the first question."""

    system: str
    need: str


def prompt_for_new(
    catalog: Catalog,
    need: str,
    *,
    domain: str = "",
    examples: tuple[Example, ...] = (),
    functions: tuple[Any, ...] = (),
) -> Prompt:
    """The prompt of a recipe to be written."""
    told = [f"It is about: {_theirs(domain)}"] if domain else []
    told += [_example(example) for example in examples]
    chosen = choose(catalog, f"{need}\n{domain}", named="\n".join(example.text for example in examples))
    asked = _filled("new", need=_theirs(need), more="\n\n".join(told))
    return Prompt(_system(catalog, chosen, functions), asked)


def prompt_for_change(
    catalog: Catalog, recipe: str, tests: str, request: str, *, functions: tuple[Any, ...] = ()
) -> Prompt:
    """The prompt of a recipe to be changed."""
    chosen = choose(catalog, request, named=recipe)
    asked = _filled("change", recipe=recipe, tests=tests, need=_theirs(request), more="")
    return Prompt(_system(catalog, chosen, functions), asked)


def prompt_for_repair(recipe: str, tests: str, findings: str) -> str:
    """What follows the first question when its answer did not pass."""
    return _filled("repair", recipe=recipe, tests=tests, findings=findings)


def text_of(name: str) -> str:
    """The text of a prompt file as it is sent, its places still open."""
    return _COMMENT.sub("", files(__package__).joinpath(f"prompts/{name}.md").read_text(encoding="utf-8"))


def _system(catalog: Catalog, chosen: Chosen, functions: tuple[Any, ...]) -> str:
    language = _filled("language", functions=functions_in_short(functions), costs=worst_costs())
    tests = _filled("tests", coverage=str(LEAST_COVERAGE))
    return "\n".join(
        [text_of("role"), language, tests, text_of("answer"), _catalog(chosen), "", *_of_channels(catalog, chosen)]
    )


@cache
def _template(name: str) -> Template:
    return Template(text_of(name))


def _filled(name: str, **values: str) -> str:
    filled: Mapping[str, str] = values
    return _template(name).substitute(filled)


def _catalog(chosen: Chosen) -> str:
    """The chosen actions, as many as there is room for, and what tests can do with their vendors."""
    told, size, seen = ["# The catalog", ""], 0, set[str]()
    left = []
    for action in chosen.actions:
        facts = "" if action.connector.name in seen else connector_facts(action.connector)
        described = "\n".join(part for part in (entry(action), facts) if part)
        if size + len(described) > LONGEST_CATALOG:
            left.append(action.name)
            continue
        seen.add(action.connector.name)
        size += len(described)
        told += [described, ""]
    others = [*left, *chosen.others]
    if others:
        told.append(
            f"There are further actions, not described here and therefore not to be used: {', '.join(others[:_MOST_NAMES])}."
        )
    return "\n".join(told)


def _of_channels(catalog: Catalog, chosen: Chosen) -> list[str]:
    """The ways to send, with all that is known of those that the need speaks of, and the effects of the others."""
    told = {action.connector.name for action in chosen.actions}
    others = [each for each in catalog.connectors.values() if each.channels and each.name not in told]
    lines = [
        connector_facts(each) if each in chosen.senders else effects_in_short(each)
        for each in others
        if set(each.channels) != {"email"}
    ]
    return [channels_in_short(catalog), *lines[:_MOST_SENDERS]]


def _example(example: Example) -> str:
    text = example.text[:_LONGEST_EXAMPLE]
    cut = "\n(cut here)" if len(example.text) > _LONGEST_EXAMPLE else ""
    return f"An example of what it is about, the file {example.name}:\n<example>\n{_theirs(text)}{cut}\n</example>"


def _theirs(text: str) -> str:
    """Text of other people, in which none of our own marks can stand."""
    return _OUR_TAGS.sub(r"<\1_\2", text.strip())
