"""Texts that stand in files of their own: `message: {from_file: templates/quote.sms.txt}`.

The one rule: a recipe with included texts is checked and lowered as if they stood in it. Their templates are checked like any
other, problems are reported where they stand in the file, and the plan holds the text: a run never reads the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from recipe_engine.diagnostics import Diagnostic, report
from recipe_engine.source import Document, Included

# Gives the text of a file, None when there is none or it is not UTF-8.
ReadFile = Callable[[Path], str | None]
WORD = "from_file"
LARGEST = 200_000  # characters
_HINT = f"`{WORD}` takes the path of a text beside the recipe: templates/quote.sms.txt"
_PARTS = ("steps", "on_error")
_DataPath = tuple[str | int, ...]


def read_file(path: Path) -> str | None:
    """The text of a file."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def with_included(document: Document, read: ReadFile) -> tuple[Document, list[Diagnostic]]:
    """The document with the texts in their places, and what keeps one from being included.

    What cannot be included becomes an empty text, so that the checks after this one can go on.
    """
    including = _Including(document, read)
    data = {name: including.walk(value, (name,)) if name in _PARTS else value for name, value in document.data.items()}
    if not including.found:
        return document, []
    return replace(document, data=data, included=including.found), including.problems


class _Including:
    def __init__(self, document: Document, read: ReadFile) -> None:
        self.document = document
        self.read = read
        self.folder = Path(document.file).parent
        self.found: dict[_DataPath, Included] = {}
        self.problems: list[Diagnostic] = []

    def walk(self, value: Any, path: _DataPath) -> Any:
        """A value with every `{from_file: ...}` in it replaced by the text."""
        if isinstance(value, list):
            return [self.walk(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if value.keys() == {WORD}:
            self.found[path] = self.include(value[WORD], path)
            return self.found[path].text
        return {name: self.walk(item, (*path, name)) for name, item in value.items()}

    def include(self, name: Any, path: _DataPath) -> Included:
        """The file that is named; an empty one when it cannot be included."""
        if not isinstance(name, str) or not name.strip() or "{{" in name or "{%" in name:
            return self.refuse(f"`{WORD}` names no file", path)
        file = self.folder / name
        if not self.is_below(file):
            return self.refuse(f"{name} is outside of the recipe's folder", path)
        text = self.read(file)
        if text is None:
            reason = "is not a text in UTF-8" if file.is_file() else "does not exist"
            return self.refuse(f"the file {name} {reason}", path)
        if len(text) > LARGEST:
            return self.refuse(f"the file {name} has more than {LARGEST:,} characters", path)
        # The line end that editors put after the last line is no part of the text.
        return Included(str(file), text.removeprefix("\ufeff").rstrip("\r\n"))

    def is_below(self, file: Path) -> bool:
        """Whether a file is in the recipe's folder or below it, links followed."""
        return file.resolve().is_relative_to(self.folder.resolve())

    def refuse(self, message: str, path: _DataPath) -> Included:
        span = self.document.span((*path, WORD))
        self.problems.append(report("R322", message, self.document, span, _HINT))
        return Included(self.document.file, "")
