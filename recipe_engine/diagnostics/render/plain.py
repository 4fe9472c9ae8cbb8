"""Diagnostics for people, the way good compilers print them.

    recipe.yml:12:18: error R204: unknown field `emial` of `contact`
      12 |     to: "{{ contact.emial }}"
         |                     ^^^^^
         hint: did you mean `email`?

The one rule: what comes from an author's file never reaches the terminal as a control sequence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from recipe_engine.diagnostics.diagnostic import Diagnostic, Severity, Span
from recipe_engine.diagnostics.render.order import count, in_order

_LINES = re.compile("\r\n|\n|\r")
_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLOUR: dict[Severity, str] = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "advice": "\x1b[1;36m"}
_WIDEST = 160  # columns of a source line that are shown; longer ones are cut around the caret
_BEFORE = 60  # columns kept before the caret when a line is cut


def text(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], color: bool = False) -> str:
    """All diagnostics in order, then a line that counts them; the empty string when there are none.

    `sources` maps a file's name to its text; a diagnostic of another file is shown without its line.
    """
    ordered = in_order(diagnostics)
    if not ordered:
        return ""
    lines = {file: _LINES.split(source) for file, source in sources.items()}
    blocks = [_block(item, lines.get(item.file, []), color) for item in ordered]
    return "\n\n".join([*blocks, summary(ordered)]) + "\n"


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """ "2 errors, 1 warning": what was found, without what was not."""
    counts = count(diagnostics)
    plural = {"error": "errors", "warning": "warnings", "advice": "pieces of advice"}
    single = {"error": "error", "warning": "warning", "advice": "piece of advice"}
    found = [f"{number} {(single if number == 1 else plural)[kind]}" for kind, number in counts.items() if number]
    return ", ".join(found) or "no problems"


def _block(item: Diagnostic, lines: list[str], color: bool) -> str:
    place = f"{item.file}:{item.span.line}:{item.span.column}"
    kind = f"{item.severity} {item.code}"
    if color:
        place, kind = f"{_BOLD}{_clean(place)}{_RESET}", f"{_COLOUR[item.severity]}{kind}{_RESET}"
    else:
        place = _clean(place)
    block = [f"{place}: {kind}: {_clean_lines(item.message, '    ')}"]
    margin = " " * (len(str(item.span.line)) + 2)
    if 1 <= item.span.line <= len(lines):
        block += _excerpt(lines[item.span.line - 1], item.span, item.severity, margin, color)
    if item.hint:
        label = f"{_BOLD}hint:{_RESET}" if color else "hint:"
        block.append(f"{margin} {label} {_clean_lines(item.hint, margin + '       ')}")
    return "\n".join(block)


def _excerpt(line: str, span: Span, severity: Severity, margin: str, color: bool) -> list[str]:
    """The source line, and under it carets of the span's length (to the line's end for a span of several lines)."""
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line.rstrip())
    shown, start, end = _cut(line, start, max(end, start))
    indent, width = _width(shown[:start]), max(1, _width(shown[start:end]))
    bar, carets = "|", "^" * width
    if color:
        bar, carets = f"{_DIM}|{_RESET}", f"{_COLOUR[severity]}{carets}{_RESET}"
    return [f"  {span.line} {bar} {_clean(shown)}".rstrip(), f"{margin} {bar} {' ' * indent}{carets}"]


def _cut(line: str, start: int, end: int) -> tuple[str, int, int]:
    """A line and a stretch of it, cut around the stretch when the line is long."""
    line = line.rstrip()
    if len(line) <= _WIDEST:
        return line, start, end
    first = max(0, min(start - _BEFORE, len(line) - _WIDEST))
    last = first + _WIDEST
    head, tail = "…" if first else "", "…" if last < len(line) else ""
    move = len(head) - first
    return head + line[first:last] + tail, start + move, min(end, last) + move


def _width(shown: str) -> int:
    """How many columns a terminal gives to a text: two for wide characters, none for combining ones."""
    if shown.isascii():
        return len(shown)
    return sum(_columns(character) for character in shown)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _clean(shown: str) -> str:
    """A tab as one space, so that carets stay below what they mean; other control characters made visible."""
    shown = shown.replace("\t", " ")
    if shown.isprintable():
        return shown
    return "".join("�" if unicodedata.category(character) in {"Cc", "Cs"} else character for character in shown)


def _clean_lines(message: str, indent: str) -> str:
    return f"\n{indent}".join(_clean(line) for line in message.splitlines())
