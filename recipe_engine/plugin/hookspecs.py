"""The table of contents of the plugin system: every hook a distribution may implement.

A plugin is a module (or object) registered under the entry-point group `recipe_engine`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recipe_engine.diagnostics.diagnostic import Diagnostic
    from recipe_engine.plugin.api import Connector

hookspec = pluggy.HookspecMarker("recipe_engine")
hookimpl = pluggy.HookimplMarker("recipe_engine")


@hookspec
def register_connectors() -> Iterable[Connector]:  # type: ignore[empty-body]  # a specification has no body
    """Connectors to add to the catalog."""


@hookspec
def register_expr_functions() -> Iterable[Any]:  # type: ignore[empty-body]  # a specification has no body
    """Typed, pure functions (`recipe_engine.expr.Function`) to add to the expression language."""


@hookspec
def check_recipe(recipe: Any, document: Any) -> Iterable[Diagnostic]:  # type: ignore[empty-body]  # a specification has no body
    """Further diagnostics for a recipe (codes P001 to P999)."""


@hookspec(firstresult=True)
def resolve_secret(name: str) -> str | None:
    """The value of a secret that neither the environment nor .env holds, or None."""


@hookspec(firstresult=True)
def open_runtime(url: str, engine: Any) -> Any:
    """A runtime for a URL of a scheme that this plugin knows, or None."""


@hookspec
def observe(run_id: str, event: Any, at: float) -> None:
    """Told of every committed event of every run; must return at once and never raise."""


@hookspec
def register_commands(group: Any) -> None:
    """Add click commands to the `recipe` command."""
