"""The catalog: plugins wait until one of their actions is asked for."""

from __future__ import annotations

import logging

import pytest

from recipe_engine.plugin.api import Connector
from recipe_engine.plugin.catalog import Catalog, Known, Shelf


class Loader:
    """Brings connectors by the name of their module, and remembers which were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, known: Known) -> list[Connector]:
        module = known.module
        self.asked.append(module)
        if module == "broken":
            raise ImportError("no module named gone")
        return [Connector(module, module)]


def shelf(loader: Loader) -> Shelf:
    waiting = [Known("a", ("a",), ("bare",)), Known("broken", ("broken",)), Known("b", ("b",))]
    return Shelf([Connector("there", "there")], waiting, loader)


def test_asking_for_one_connector_loads_only_its_plugin():
    loader = Loader()
    catalog = Catalog.on(shelf(loader))
    assert catalog.connectors["b"].name == "b"
    assert "x.y" not in catalog.actions
    assert loader.asked == ["b"]
    assert set(catalog.loaded) == {"there", "b"}


def test_a_bare_action_finds_its_plugin():
    loader = Loader()
    assert "bare" not in Catalog.on(shelf(loader)).actions
    assert loader.asked == ["a"]


def test_looking_at_all_loads_all_and_leaves_a_broken_one_out(caplog):
    loader = Loader()
    with caplog.at_level(logging.ERROR):
        assert set(Catalog.on(shelf(loader)).connectors) == {"there", "a", "b"}
    assert "broken is left out" in caplog.text
    assert loader.asked == ["a", "broken", "b"]


def test_asking_for_a_broken_one_says_why():
    with pytest.raises(ImportError, match="gone"):
        Catalog.on(shelf(Loader())).connectors["broken"]


def test_two_connectors_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two connectors are named"):
        Catalog.of([Connector("a", "a"), Connector("a", "a")])
