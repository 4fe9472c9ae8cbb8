"""How tests of the bundled recipes speak of a vendor: what they put there and what they expect of it.

The one rule: examples of what is known to pass, cut short; a vendor that no bundled recipe uses has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.plugin import Connector
from recipe_engine.resources import bundled_recipes
from recipe_engine.source import load_file

_MOST_EFFECTS, _LONGEST = 5, 420
_EXPECTED = ("effects", "effects_exactly", "no_effects")


def seen_in_tests(connector: Connector) -> list[str]:
    """Lines of YAML that tests have about a connector: its settings, a state of its sandbox, an effect of each kind."""
    name, own = connector.name, {setting.name for setting in connector.settings}
    told: list[str] = []
    settings: JSONObject = {}
    effects: dict[str, JSONObject] = {}
    for case in (case for path in bundled_recipes().values() for case in _cases(path)):
        vendors = case.get("vendors")
        state = vendors.get(name) if isinstance(vendors, dict) else None
        if state and not told and len(_flow(state)) <= _LONGEST:
            told.append(f"for example vendors: {_flow({name: state})}")
        settings = {
            key: value for key, value in (case.get("settings") or {}).items() if key in own and value
        } | settings
        for effect in _effects(case, name):
            action = effect["action"]
            if action not in effects or _size(effect) > _size(effects[action]):
                effects[action] = effect
    if settings:
        told.append(f"for example settings: {_flow(settings)}")
    shown = [_flow(effect) for effect in list(effects.values())[:_MOST_EFFECTS]]
    return told + [f"for example effects: - {text}" for text in shown if len(text) <= _LONGEST]


def _effects(case: JSONObject, connector: str) -> Iterator[JSONObject]:
    expect: JSONObject = case.get("expect") or {}
    for kind in _EXPECTED:
        for effect in expect.get(kind) or ():
            if (
                isinstance(effect, dict)
                and effect.get("connector") == connector
                and isinstance(effect.get("action"), str)
            ):
                yield effect


def _size(effect: JSONObject) -> int:
    return len(effect.get("data") or ())


@cache
def _cases(recipe: Path) -> tuple[JSONObject, ...]:
    """The cases of a bundled recipe's tests, its defaults among them."""
    tests = recipe.with_name(f"{recipe.stem}.test.yml")
    document = load_file(tests)[0] if tests.is_file() else None
    if document is None:
        return ()
    return tuple(
        case for case in (document.data.get("defaults"), *document.data.get("cases", ())) if isinstance(case, dict)
    )


def _flow(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)
