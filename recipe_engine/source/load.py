"""Reading a recipe's text: `load` for a text, `load_file` for a file.

The one rule: a bad text never raises. It is answered with diagnostics, and with a document as well when the rest of the
text could still be read, so that the checks after this one can report everything at once. Whoever wants to run
a document asks the diagnostics for errors first.
"""

from __future__ import annotations

import re
from pathlib import Path

from yaml import YAMLError

from recipe_engine.diagnostics import Diagnostic, Span, report
from recipe_engine.source import faults
from recipe_engine.source.builder import Builder, Patch, Unreadable
from recipe_engine.source.document import JSON, Document, Lines, Place

LARGEST = 5_000_000  # bytes
_MOST_PATCHES = 20
_SQUEEZED = re.compile(r"\w[\w-]*:\S+")
_START = Span(1, 1, 1, 1)


def load(text: str, file: str) -> tuple[Document | None, list[Diagnostic]]:
    """The document that a text holds, and everything that is wrong with the text as YAML.

    The document is None when the text cannot be read to its end or is no mapping. A leading byte order mark is dropped.
    """
    text = text.removeprefix("\ufeff")
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > LARGEST:
        return None, [_too_large(file)]
    lines = Lines(text)
    if not text.isascii() and (forbidden := faults.forbidden_character(text, file, lines)):
        return None, [forbidden]
    problems: list[Diagnostic] = []
    patches: list[Patch] = []
    while True:
        builder = Builder(text, file, lines, patches)
        try:
            found = builder.read()
        except Unreadable as problem:
            stop = problem
        except (YAMLError, UnicodeEncodeError) as problem:
            stop = faults.explained(problem, text, file, lines, builder.last_quoted)
        else:
            problems += builder.problems
            return _document(found, text, file, lines, problems)
        problems.append(stop.diagnostic)
        if stop.patch is None or stop.patch in patches or len(patches) >= _MOST_PATCHES:
            return None, problems + builder.problems
        patches.append(stop.patch)


def load_file(path: str | Path) -> tuple[Document | None, list[Diagnostic]]:
    """The document of a file, and everything that keeps it from being read. The file is named as `path` is written."""
    file = str(path)
    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except FileNotFoundError:
        return None, [report("R101", "there is no such file", file, _START)]
    except IsADirectoryError:
        return None, [report("R101", "this is a folder; expected a file", file, _START)]
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        return None, [report("R101", f"the file cannot be read: {reason}", file, _START)]
    if len(raw) > LARGEST:
        return None, [_too_large(file)]
    try:
        return load(raw.decode("utf-8"), file)
    except UnicodeDecodeError as problem:
        return None, [faults.not_utf8(raw, problem, file)]


def _document(
    found: tuple[JSON, Place] | None, text: str, file: str, lines: Lines, problems: list[Diagnostic]
) -> tuple[Document | None, list[Diagnostic]]:
    """The document of what was found, when that is a mapping."""
    if found is None or (found[0] is None and found[1].start == found[1].end):
        return None, [*problems, report("R104", "the file is empty; expected a recipe", file, _START)]
    data, root = found
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "a single value"
        message = f"the file holds {kind}; expected a mapping such as `slug: my-recipe`"
        hint = "write a space after the colon" if isinstance(data, str) and _SQUEEZED.fullmatch(data) else None
        return None, [*problems, report("R105", message, file, lines.span(root.start, root.end), hint)]
    problems += faults.values_lost_to_comments(text, file, lines, root)
    return Document(file, text, data, root), problems


def _too_large(file: str) -> Diagnostic:
    return report("R103", f"the file has more than {LARGEST:,} bytes; expected a recipe", file, _START)
