"""Connectors made from OpenAPI documents, without code.

The one rule: a document decides what its actions are called, take and give; what it leaves open stands in the
`connector.yml` beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from recipe_engine.plugin.api import Connector


def register_connectors(folder: str) -> Iterable[Connector]:
    """The connector of a folder.

    Raises RecipeError when it cannot be used.
    """
    from recipe_engine.openapi.connector import connector_in

    return [connector_in(Path(folder))]
