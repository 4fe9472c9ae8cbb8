"""Declaring actions: what is read from a function, and when."""

from dataclasses import replace
from typing import Any

import pytest

from recipe_engine.plugin import Action, Connector, Context, Params, Result


class Place(Params):
    city: str


class Weather(Result):
    sky: str


def weather() -> Connector:
    made = Connector(name="weather", title="Weather")

    @made.action(effect="read", timeout=5)
    async def today(ctx: Context, params: Place) -> Weather:
        """The weather of today.

        Measured at noon.
        """
        return Weather(sky="blue")

    return made


def test_an_action_is_read_from_its_function():
    action = weather().actions["weather.today"]
    assert isinstance(action, Action)
    assert (action.summary, action.description) == ("The weather of today.", "Measured at noon.")
    assert action.params_schema["required"] == ["city"]
    assert action.result_schema["properties"]["sky"]["type"] == "string"
    assert (action.effect, action.timeout, action.retry_for(action.effect).attempts) == ("read", 5, 3)


def test_schemas_are_made_when_somebody_asks(monkeypatch):
    made = []
    original = Place.model_json_schema
    monkeypatch.setattr(Place, "model_json_schema", lambda *a, **o: made.append(True) or original(*a, **o))
    action = weather().actions["weather.today"]
    assert made == []
    assert action.params_schema is action.params_schema
    assert made == [True]


def test_an_action_can_be_replaced_in_part():
    action = replace(weather().actions["weather.today"], result_schema={"type": "string"})
    assert action.result_schema == {"type": "string"}
    assert action.params_schema["required"] == ["city"]


def test_a_result_of_any_type_has_a_schema():
    made = Connector(name="x", title="X")

    @made.action(effect="read")
    async def rows(ctx: Context, params: Place) -> list[dict[str, int]]:
        """Rows."""
        return []

    assert made.actions["x.rows"].result_schema["items"]["additionalProperties"] == {"type": "integer"}


def test_an_action_whose_step_bears_its_fields_has_its_bare_name():
    made = Connector(name="x", title="X")

    @made.action(effect="read", name="look", fields_at_step=True)
    async def rows(ctx: Context, params: Place) -> dict[str, Any]:
        """Look."""
        return {}

    assert list(made.actions) == ["look"]


def test_parameters_need_a_model():
    made = Connector(name="x", title="X")

    async def untyped(ctx: Context, params: dict[str, Any]) -> dict[str, Any]:
        """No model."""
        return {}

    async def without_result(ctx: Context, params: Place):
        """No result."""

    for function in (untyped, without_result):
        with pytest.raises(TypeError, match="parameters need a Params class"):
            made.action(effect="read")(function)
