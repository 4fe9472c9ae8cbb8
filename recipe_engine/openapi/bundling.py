"""Documents of several files, put into one.

The one rule: only files beside the document are taken in (by relative paths, as the references have them); whatever
cannot be taken in stays as it is, a reference that leads nowhere, and is told as such.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from recipe_engine.core.json import JSONObject
from recipe_engine.openapi.document import DocumentError, mapping, parsed_file

FILES = "x-files"
_MOST_FILES = 2_000
_MOST_BYTES = 100_000_000


def bundled(data: JSONObject, source: Path) -> JSONObject:
    """The document of the file `source` with the files that it refers to under `x-files`, every reference to them leading there.

    Raises DocumentError for a file that is neither JSON nor YAML, and when there are too many of them.
    """
    bundle = _Bundle(source)
    whole: JSONObject = bundle.rewritten(data, source.parent, "")
    return {**whole, FILES: bundle.files} if bundle.files else data


def is_elsewhere(reference: str) -> bool:
    """Whether a reference leads to another address, which is not asked."""
    return "://" in reference.partition("#")[0]


class _Bundle:
    """The files taken in so far: where each is kept, by its path."""

    def __init__(self, source: Path) -> None:
        self.files: JSONObject = {}
        self._keys: dict[Path, str | None] = {source.resolve(): ""}
        self._size = 0

    def rewritten(self, value: Any, folder: Path, key: str) -> Any:
        """A value of the file kept under `key` (the document itself: none), whose references are relative to `folder`."""
        if isinstance(value, list):
            return [self.rewritten(item, folder, key) for item in value]
        if not isinstance(value, dict):
            return value
        found = {name: self.rewritten(item, folder, key) for name, item in value.items()}
        if isinstance(value.get("$ref"), str):
            found["$ref"] = self._reference(value["$ref"], folder, key)
        targets = mapping(mapping(value.get("discriminator")).get("mapping"))
        if targets:
            named = {tag: self._target(target, folder, key) for tag, target in targets.items()}
            found["discriminator"] = {**found["discriminator"], "mapping": named}
        return found

    def _target(self, target: Any, folder: Path, key: str) -> Any:
        """What a discriminator maps to: a reference, or the bare name of a schema."""
        is_reference = isinstance(target, str) and ("/" in target or "#" in target or "." in target)
        return self._reference(target, folder, key) if is_reference else target

    def _reference(self, reference: str, folder: Path, key: str) -> str:
        place, _, inside = reference.partition("#")
        if is_elsewhere(reference):
            return reference
        if not place:
            return f"#/{FILES}/{key}{inside}" if key and (not inside or inside.startswith("/")) else reference
        kept = self._taken(unquote(place), folder)
        return reference if kept is None else f"#/{FILES}/{kept}{inside}" if kept else f"#{inside}"

    def _taken(self, place: str, folder: Path) -> str | None:
        """Where a file is kept, taken in now if it was not; None when there is none."""
        if PurePosixPath(place).is_absolute():
            return None
        path = (folder / place).resolve()
        if path not in self._keys:
            self._keys[path] = self._take(path)
        return self._keys[path]

    def _take(self, path: Path) -> str | None:
        if not path.is_file():
            return None
        content = path.read_bytes()
        self._size += len(content)
        if len(self._keys) > _MOST_FILES or self._size > _MOST_BYTES:
            raise DocumentError(f"the document refers to too many files ({path.name} is one too many)")
        key, count = path.stem.replace("/", "_"), 2
        while key in self.files:
            key, count = f"{path.stem}_{count}", count + 1
        # Files refer to each other in circles: where it is kept is known before its references are followed.
        self._keys[path] = key
        self.files[key] = {}
        self.files[key] = self.rewritten(parsed_file(content, str(path)), path.parent, key)
        return key
