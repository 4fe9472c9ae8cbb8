"""Making diagnostics. The one rule: every code that is reported stands in the table of codes."""

from __future__ import annotations

from typing import Protocol

from recipe_engine.diagnostics.codes import CODES
from recipe_engine.diagnostics.diagnostic import Diagnostic, Severity, Span


class InFile(Protocol):
    """What knows its file's name: a source document."""

    @property
    def file(self) -> str: ...


def report(
    code: str,
    message: str,
    where: InFile | str,
    span: Span,
    hint: str | None = None,
    severity: Severity | None = None,
) -> Diagnostic:
    """A diagnostic with the severity that its code has, unless `severity` says otherwise.

    `where` is the document, or the file's name. Raises KeyError for a code that no table has.
    """
    file = where if isinstance(where, str) else where.file
    return Diagnostic(code, severity or CODES[code].severity, message, file, span, hint)
