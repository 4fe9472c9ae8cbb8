"""recipe_engine: business automations written as YAML recipes, proved before they run, run durably.

    from recipe_engine import Engine

    async with Engine(":memory:", sandbox=True) as engine:
        run = await engine.run("recipe.yml", {"email": "ada@example.org"})
        print(run.status, run.output)

The one rule: importing the package imports nothing else; a name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from recipe_engine.version import VERSION as __version__  # noqa: N811  # the name that packages have for it

if TYPE_CHECKING:
    from recipe_engine.diagnostics.diagnostic import Diagnostic
    from recipe_engine.engine import Engine
    from recipe_engine.errors import InvalidInput, InvalidRecipe, RecipeError, RecipeNotFound
    from recipe_engine.runtime.protocol import RunView as Run

_HOMES = {
    "Diagnostic": ("recipe_engine.diagnostics.diagnostic", "Diagnostic"),
    "Engine": ("recipe_engine.engine", "Engine"),
    "InvalidInput": ("recipe_engine.errors", "InvalidInput"),
    "InvalidRecipe": ("recipe_engine.errors", "InvalidRecipe"),
    "RecipeError": ("recipe_engine.errors", "RecipeError"),
    "RecipeNotFound": ("recipe_engine.errors", "RecipeNotFound"),
    "Run": ("recipe_engine.runtime.protocol", "RunView"),
}

__all__ = [
    "Diagnostic",
    "Engine",
    "InvalidInput",
    "InvalidRecipe",
    "RecipeError",
    "RecipeNotFound",
    "Run",
    "__version__",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = home
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
