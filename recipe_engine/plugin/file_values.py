"""Telling files from other values: a file is a JSON object with exactly the fields of `FileValue`."""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin.api import FileValue

_KEYS = frozenset(FileValue.model_fields)


def as_file(value: Any) -> FileValue | None:
    """The value as a file of the blob store, None when it is something else."""
    if isinstance(value, FileValue):
        return value
    if isinstance(value, dict) and value.keys() == _KEYS:
        return FileValue.model_validate(value)
    return None
