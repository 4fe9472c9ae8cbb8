"""Which actions of the catalog a need calls for.

The one rule: a bounded number, whatever the size of the catalog. A connector that the need names is always among them;
what almost every recipe uses is always there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from recipe_engine.generate.search import Index
from recipe_engine.generate.words import is_ordinary, words
from recipe_engine.plugin import Action, Catalog

# What recipes are made of, whatever they are about.
ALWAYS = ("llm_call", "http", "notify", "emit", "log", "store.claim", "store.get", "store.put")
MOST_ACTIONS = 14
_MOST_NAMED = 10
_FEW = 2
# Shares of the best score: for any action, beside vendors that are named, for a single word.
_GOOD_ENOUGH, _GOOD_ENOUGH_BESIDE_NAMED, _GOOD_ENOUGH_ALONE = 0.35, 0.6, 0.2
_NAME, _SUMMARY, _REST = 3.0, 2.0, 0.6


@dataclass(frozen=True, slots=True)
class Chosen:
    """The actions to describe, the best first, and further names of the same connectors."""

    actions: tuple[Action, ...]
    others: tuple[str, ...]


def choose(catalog: Catalog, need: str, *, named: str = "") -> Chosen:
    """The actions that a need calls for.

    `named` is a text whose actions are taken as they stand in it (a recipe to be changed).
    """
    searched = {name: action for name, action in catalog.actions.items() if name not in ALWAYS}
    wanted = [name for name in searched if re.search(rf"\b{re.escape(name)}\b", f"{named}\n{need}")]
    index = Index({name: list(_parts(action)) for name, action in searched.items()})
    # The vendors that the need names come first, with what fits best of theirs.
    vendors = _named_vendors(catalog, need)
    hits = index.search(need, len(searched))
    for vendor in vendors:
        own = [hit.name for hit in hits if searched[hit.name].connector.name == vendor]
        wanted += own[: max(_MOST_NAMED // len(vendors), 2)]
    best = hits[0].score if hits else 0.0
    enough = best * (_GOOD_ENOUGH_BESIDE_NAMED if vendors else _GOOD_ENOUGH)
    wanted += [hit.name for hit in index.best_of_each(need) if hit.score >= best * _GOOD_ENOUGH_ALONE]
    wanted += [hit.name for hit in hits if hit.score >= enough]
    names = list(dict.fromkeys(name for each in wanted for name in _with_its_few(searched[each])))[:MOST_ACTIONS]
    always = [catalog.actions[name] for name in ALWAYS if name in catalog.actions]
    chosen = tuple(always + [searched[name] for name in names])
    return Chosen(chosen, tuple(_others(chosen)))


def _with_its_few(action: Action) -> list[str]:
    """An action, with the others of its connector where these are few: reading and writing of a file go together."""
    own = [name for name in action.connector.actions if name not in ALWAYS]
    return own if len(own) <= _FEW else [action.name]


def _parts(action: Action) -> Iterator[tuple[str, float]]:
    yield f"{action.name.replace('.', ' ').replace('_', ' ')} {action.connector.title}", _NAME
    yield action.summary, _SUMMARY
    yield action.description, _REST
    for name, field in action.params_schema.get("properties", {}).items():
        yield f"{name.replace('_', ' ')} {field.get('description', '')}", _REST


def _named_vendors(catalog: Catalog, need: str) -> list[str]:
    """The connectors that the need names. A vendor with several products is meant whole when no product is named."""
    said = set(words(need))
    spelt = {name: words(name.replace("_", " ")) for name in catalog.connectors}
    named = {name: parts for name, parts in spelt.items() if parts and parts[0] in said and not is_ordinary(parts[0])}
    whole = {parts[0] for parts in named.values() if said.issuperset(parts)}
    return [name for name, parts in named.items() if said.issuperset(parts) or parts[0] not in whole]


def _others(chosen: tuple[Action, ...]) -> Iterator[str]:
    """Names of actions of the chosen connectors that are not described."""
    told = {action.name for action in chosen}
    for connector in dict.fromkeys(action.connector.name for action in chosen):
        names = next(action.connector for action in chosen if action.connector.name == connector).actions
        yield from (name for name in names if name not in told)
