"""Files in and out: the actions `file.read` and `file.write`.

formats   which format a file has              cells     texts as numbers, dates, booleans
reading   bytes -> rows, data, text            writing   rows, data, text -> bytes        actions   what steps call
"""

from __future__ import annotations

from recipe_engine.builtin.files.actions import files
from recipe_engine.plugin import Connector, hookimpl


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of files."""
    return [files]
