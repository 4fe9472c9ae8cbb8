"""Which actions of the catalog a need calls for.

The one rule: what is not called for is left out, whatever the size of the catalog. Of a connector that the need names,
the actions that fit best are described; of any other one, those whose things (a ticket, a feed, a csv file) the need
speaks of. What is only sent through it is left to `notify`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from recipe_engine.generate.search import Index
from recipe_engine.generate.words import is_ordinary, telling_words, words
from recipe_engine.plugin import Action, Catalog, Connector

# What recipes are made of, whatever they are about.
ALWAYS = ("llm_call", "http", "notify", "emit", "log", "store.claim", "store.get", "store.put", "store.list")
MOST_ACTIONS = 14
_MOST_NAMED, _LEAST_NAMED = 12, 4
# Actions of connectors that are not named: for each thing that the need speaks of, and of small connectors all.
_MOST_OF_A_THING, _FEW = 4, 2
_NAME, _SUMMARY, _REST = 3.0, 2.0, 0.6
_ADDRESS = re.compile(r"\S+@\S+")
_DIGIT = re.compile(r"\d")
_CLAUSE = re.compile(r"[.:(]")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The actions to describe, the best first, the connectors that only send for `notify`, and further names of the
    same connectors."""

    actions: tuple[Action, ...]
    senders: tuple[Connector, ...]
    others: tuple[str, ...]


def choose(catalog: Catalog, need: str, *, named: str = "") -> Chosen:
    """The actions that a need calls for.

    `named` is a text whose actions are taken as they stand in it (a recipe to be changed).
    """
    searched = {name: action for name, action in catalog.actions.items() if name not in ALWAYS}
    need = _ADDRESS.sub(" ", need)
    ranked = _ranked(searched, need)
    wanted = [name for name in searched if re.search(rf"\b{re.escape(name)}\b", f"{named}\n{need}")]
    vendors = _named_vendors(catalog, need)
    for vendor in vendors:
        own = [name for name in ranked if searched[name].connector.name == vendor]
        wanted += own[: max(_MOST_NAMED // len(vendors), _LEAST_NAMED)]
    said = set(telling_words(need))
    senders = [name for name, each in catalog.connectors.items() if name in vendors or said & _channels(each)]
    for thing, having in _things(searched, need).items():
        if any(searched[name].connector.name in vendors for name in having):
            continue
        own = [name for name in having if thing not in _channels(searched[name].connector)]
        wanted += _best_of(ranked, own, searched)
    names = list(dict.fromkeys(wanted))[:MOST_ACTIONS]
    always = [catalog.actions[name] for name in ALWAYS if name in catalog.actions]
    chosen = (*always, *(searched[name] for name in names))
    told = tuple(catalog.connectors[name] for name in senders if catalog.connectors[name].channels)
    return Chosen(chosen, told, tuple(_others(chosen)))


def _ranked(searched: dict[str, Action], need: str) -> list[str]:
    """All actions, those first that fit the need best."""
    index = Index({name: list(_parts(action)) for name, action in searched.items()})
    hits = [hit.name for hit in index.search(need, len(searched))]
    return list(dict.fromkeys([*hits, *searched]))


def _parts(action: Action) -> Iterator[tuple[str, float]]:
    yield f"{_spoken(action.name)} {action.connector.title}", _NAME
    yield action.summary, _SUMMARY
    yield action.description, _REST
    for name, field in action.params_schema.get("properties", {}).items():
        yield f"{_spoken(name)} {field.get('description', '')}", _REST


def _things(searched: dict[str, Action], need: str) -> dict[str, list[str]]:
    """The things that the need speaks of, each with the actions that are about it."""
    said = dict.fromkeys(telling_words(need))
    about = {name: _about(action) for name, action in searched.items()}
    found = {thing: [name for name, things in about.items() if thing in things] for thing in said}
    return {thing: names for thing, names in found.items() if names}


def _about(action: Action) -> set[str]:
    """What an action is about: its name without the verb. With a small connector also the connector's name, and the
    beginning of the summary where no account is needed: such a one is called for by what it does."""
    own = action.name.rpartition(".")[2]
    text = own.partition("_")[2]
    text = text if telling_words(_spoken(text)) else own
    if _is_small(action.connector):
        needs_account = any(setting.required for setting in action.connector.settings)
        does = "" if needs_account else _CLAUSE.split(action.summary, maxsplit=1)[0]
        text += f" {action.connector.name} {does}"
    return set(telling_words(_spoken(text)))


def _spoken(name: str) -> str:
    return name.replace(".", " ").replace("_", " ")


def _best_of(ranked: list[str], having: list[str], searched: dict[str, Action]) -> list[str]:
    """Of the actions that are about a thing, the few that fit the need best. Small connectors are there for what they are
    about, all of them: reading and writing of a file go together. When there is only one connector for the thing, more of
    its actions go with it."""
    small = [name for name in having if _is_small(searched[name].connector)]
    if small:
        return [each for name in small for each in searched[name].connector.actions]
    best = [name for name in ranked if name in having][:_MOST_OF_A_THING]
    connectors = {searched[name].connector.name for name in best}
    of_the_same = [name for name in ranked if searched[name].connector.name in connectors and name not in having]
    return best + (of_the_same[:_FEW] if len(connectors) == 1 else [])


def _channels(connector: Connector) -> set[str]:
    """The words for the ways to send that a connector adds to `notify`."""
    return set(words(" ".join(connector.channels)))


def _is_small(connector: Connector) -> bool:
    return len(connector.actions) <= _FEW


def _named_vendors(catalog: Catalog, need: str) -> list[str]:
    """The connectors that the need names. A vendor with several products is meant whole when no product is named; one
    whose name is a word of the language counts when it stands there letter for letter, and no other vendor does."""
    said = set(words(need))
    channels = {word for each in catalog.connectors.values() for word in _channels(each)}
    spelt = {name: words(_spoken(name)) for name in catalog.connectors}
    named = {
        name: parts
        for name, parts in spelt.items()
        if any(
            part in said and not is_ordinary(part) and (i == 0 or _DIGIT.search(part)) for i, part in enumerate(parts)
        )
        and (said.issuperset(parts) or parts[0] not in channels)
    }
    whole = {parts[0] for parts in named.values() if said.issuperset(parts)}
    vendors = [name for name, parts in named.items() if said.issuperset(parts) or parts[0] not in whole]
    literally = set(re.findall(r"\w+", need.lower()))
    return vendors or [name for name, each in catalog.connectors.items() if name in literally - said and each.actions]


def _others(chosen: tuple[Action, ...]) -> Iterator[str]:
    """Names of actions that are not described, of the connectors that the need calls for."""
    told = {action.name for action in chosen}
    called_for = {action.connector.name: action.connector for action in chosen if action.name not in ALWAYS}
    for connector in called_for.values():
        yield from (name for name in connector.actions if name not in told)
