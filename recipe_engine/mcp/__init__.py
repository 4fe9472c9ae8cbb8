"""Connectors made from Model Context Protocol servers, without code.

The one rule: a server is asked what it offers when it is added, and that is written down. Everything that is done without
running a recipe (checking, describing, completing, testing) goes by what is written; only a run talks to the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from recipe_engine.plugin.api import Connector


def register_connectors(folder: str) -> Iterable[Connector]:
    """The connector of a folder.

    Raises RecipeError when it cannot be used.
    """
    from recipe_engine.mcp.connector import connector_in

    return [connector_in(Path(folder))]
