"""Every action of every connector, found in the catalog: what it sends to a server is what its vendor describes.

An action, or a parameter, that is added without a call in `tests/support/action_cases.py` fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from recipe_engine.plugin import Params
from tests.support.action_cases import CASES
from tests.support.every_action import CATALOG, VENDORS, served
from tests.support.vendor_specs import folder
from tests.support.vendors import DESCRIBED, NOT_DESCRIBED

CALLS = [pytest.param(name, number, id=f"{name}-{number}") for name in CASES for number in range(len(CASES[name]))]


def test_every_connector_and_action_is_tried() -> None:
    assert set(VENDORS) == DESCRIBED.keys() | NOT_DESCRIBED
    assert CASES.keys() == {action for each in VENDORS.values() for action in each.actions}


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_is_used(name: str) -> None:
    params_type = CATALOG.actions[name].params_type
    assert params_type is not None
    unused = set(parameters(params_type)) - {path for case in CASES[name] for path in used(case)}
    assert not unused


@pytest.mark.parametrize(("name", "number"), CALLS)
async def test_what_it_sends_is_what_the_vendor_describes(name: str, number: int) -> None:
    connector = name.partition(".")[0]
    if connector in DESCRIBED and not (folder() / DESCRIBED[connector].vendor).is_dir():
        pytest.skip(f"no description of {connector} in {folder()}")
    async with served(connector) as bench:
        result = await bench.perform(name, CASES[name][number])
        assert isinstance(result, dict)


def parameters(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """The parameters of an action, those of the objects in them too."""
    for name, field in model.model_fields.items():
        yield above + name
        for inner in models_in(field.annotation):
            yield from parameters(inner, f"{above}{name}.")


def models_in(annotation: Any) -> Iterator[type[Params]]:
    if isinstance(annotation, type) and issubclass(annotation, Params):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def used(given: Any, above: str = "") -> Iterator[str]:
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, list):
            yield from used(each, above)
        elif isinstance(each, dict):
            for name, value in each.items():
                yield above + name
                yield from used(value, f"{above}{name}.")
