"""The one type for a problem found in a text that an author wrote. Renderers live beside it, never here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "advice"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text: lines and columns count from 1, columns in characters, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem in an author's text.

    `code` is stable (R204) and has a page that `recipe explain` prints; `message` says what was found, then
    what was expected; `hint` says what to do; `file` is the path as the user gave it.
    """

    code: str
    severity: Severity
    message: str
    file: str
    span: Span
    hint: str | None = None
