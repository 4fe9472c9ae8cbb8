"""The parser's errors in the words of an author: what was found, what was expected, what to write instead.

The one rule: a fault names the place where the author made the slip, not the one where the parser noticed it.
"""

from __future__ import annotations

import re
from typing import Any

from yaml import MarkedYAMLError, YAMLError

from recipe_engine.diagnostics import Diagnostic, Span, report
from recipe_engine.source.builder import Patch, Unreadable, unquoted_template
from recipe_engine.source.document import Lines, Place
from recipe_engine.source.wording import in_quotes, line_end, line_of, line_start, shortened, value_end

# What YAML 1.2 calls non-printable, plus the three line separators that YAML 1.1 parsers split lines at.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_VALUE = re.compile(r"(?P<before>[ ]*(?:-[ ]+)*)(?P<key>[^\s#:'\"\[{][^#:'\"\[{]*?)?(?(key):[ ]+)(?P<value>\S.*)?")
_OUT_OF_PLACE = ("did not find expected", "expected <block end>", "expected '<document start>'", "expected <document")
_RESERVED = frozenset("@`%*&!,]}")
_SEPARATOR = re.compile(r"[ ]*[,\]}]")
_LOST = re.compile(r"(?<=[ \t])#\w")


class _Fault:
    """An error of the parser, with what is needed to explain it."""

    def __init__(self, error: MarkedYAMLError, text: str, file: str, lines: Lines, last_quoted: Place | None) -> None:
        self.problem = error.problem or ""
        self.context = error.context or ""
        self.text, self.file, self.lines = text, file, lines
        mark: Any = error.problem_mark or error.context_mark
        self.at = min(mark.index, len(text)) if mark else len(text)
        self.began = min(error.context_mark.index, len(text)) if error.context_mark else self.at
        self.last_quoted = last_quoted
        self.line = line_of(text, self.at)
        self.column = self.at - line_start(text, self.at)

    def unreadable(
        self, code: str, message: str, start: int, end: int, hint: str | None = None, patch: Patch | None = None
    ) -> Unreadable:
        return Unreadable(report(code, message, self.file, self.lines.span(start, end), hint), patch)

    def has(self, *phrases: str) -> bool:
        """Whether the parser's problem contains one of these phrases."""
        return any(phrase in self.problem for phrase in phrases)


def explained(
    error: YAMLError | UnicodeEncodeError, text: str, file: str, lines: Lines, last_quoted: Place | None
) -> Unreadable:
    """The diagnostic for an error of the parser."""
    if isinstance(error, MarkedYAMLError):
        fault = _Fault(error, text, file, lines, last_quoted)
        for explain in _EXPLANATIONS:
            if (found := explain(fault)) is not None:
                return found
        return _anything(fault)
    forbidden = forbidden_character(text, file, lines)
    if forbidden is None:
        forbidden = report("R130", f"this is not valid YAML: {error}", file, Span(1, 1, 1, 1))
    return Unreadable(forbidden)


def forbidden_character(text: str, file: str, lines: Lines) -> Diagnostic | None:
    """The first character that a recipe may not hold, if any."""
    found = _FORBIDDEN.search(text)
    if found is None:
        return None
    name = f"U+{ord(found[0]):04X}"
    hint = f'delete it; in a text in double quotes it can be written "\\u{ord(found[0]):04x}"'
    message = f"the invisible character {name} is not allowed here"
    return report("R120", message, file, lines.span(found.start(), found.end()), hint)


def not_utf8(raw: bytes, problem: UnicodeDecodeError, file: str) -> Diagnostic:
    """A file that is no UTF-8, at its first bad byte."""
    before = raw[: problem.start].decode("utf-8")
    lines = Lines(before)
    line, column = lines.position(len(before))
    message = f"the byte 0x{raw[problem.start]:02X} is not UTF-8"
    hint = "save the file as UTF-8 (editors call it the encoding)"
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        message = "the file is UTF-16; expected UTF-8"
    return report("R102", message, file, Span(line, column, line, column + 1), hint)


def values_lost_to_comments(text: str, file: str, lines: Lines, root: Place) -> list[Diagnostic]:
    """Keys without a value, because what follows begins with `#`: `channel: #general`."""
    candidates = {len(text[: match.start()].rstrip(" \t")): match.start() for match in _LOST.finditer(text)}
    found = []
    waiting = [root] if candidates else []
    while waiting:
        place = waiting.pop()
        waiting += place.items or ()
        for _, end, value in (place.fields or {}).values():
            waiting.append(value)
            comment = candidates.get(end + 1)
            if comment is not None and value.start == value.end:
                stop = line_end(text, comment)
                hint = f"if it is the value, write {in_quotes(text[comment:stop].rstrip())}"
                message = "`#` begins a comment here, so that nothing is left as the value"
                found.append(report("R127", message, file, lines.span(comment, stop), hint))
    return found


def _template(fault: _Fault) -> Unreadable | None:
    """An unquoted `{{` on the line of the error or of what the parser was reading."""
    for offset in dict.fromkeys((fault.at, fault.began)):
        start = line_start(fault.text, offset)
        found = _VALUE.match(fault.text, start, line_end(fault.text, start))
        if found and found["value"] and found["value"].startswith("{{"):
            return unquoted_template(fault.text, fault.file, fault.lines, found.start("value"), in_flow=False)
    return None


def _tab(fault: _Fault) -> Unreadable | None:
    """A tab where indentation stands, on the line of the error."""
    start = line_start(fault.text, fault.at)
    blank = fault.line[: len(fault.line) - len(fault.line.lstrip())]
    if "\t" not in blank and not fault.has("tab character"):
        return None
    at = start + (blank.index("\t") if "\t" in blank else fault.column)
    end = start + len(blank) if "\t" in blank else at + 1
    return fault.unreadable(
        "R107", "a tab stands in the indentation; YAML takes only spaces", at, end, "indent with two spaces"
    )


def _unclosed_quote(fault: _Fault) -> Unreadable | None:
    """A quote that nothing closes, or that only a later line's quote closes."""
    if "quoted scalar" in fault.context and fault.has("end of stream", "document indicator"):
        return _quote_opened_at(fault, fault.began)
    quoted = fault.last_quoted
    if quoted is None or not quoted.end <= fault.at or fault.text[quoted.end : fault.at].strip(" \t"):
        return None
    if "\n" in fault.text[quoted.start : quoted.end]:
        return _quote_opened_at(fault, quoted.start)
    if fault.at == quoted.end and fault.text[fault.at : fault.at + 1] in {"", "\n"}:
        return None
    if "flow" in fault.context and fault.at > quoted.end:
        return None  # a comma is missing
    return _text_after_quote(fault, quoted)


def _quote_opened_at(fault: _Fault, start: int) -> Unreadable:
    end = line_end(fault.text, start)
    quote = fault.text[start : start + 1]
    message = f"the quote {quote} that opens here is not closed on this line"
    return fault.unreadable("R111", message, start, end, f"close it with {quote}")


def _text_after_quote(fault: _Fault, quoted: Place) -> Unreadable:
    """`'l'atelier'`, `"a" b`: the quotes close before the text ends."""
    end = value_end(fault.text, quoted.start)
    if "flow" in fault.context:
        closing = _SEPARATOR.search(fault.text, fault.at, end)
        end = closing.start() if closing else end
    whole = fault.text[quoted.start : end]
    quote = whole[0]
    inner = whole[1:-1] if whole.endswith(quote) and len(whole) > 1 else whole
    hint = f"write {in_quotes(inner)}"
    message = f"text follows the quote {quote} that closes the value; expected the end of the line"
    return fault.unreadable("R124", message, fault.at, end, hint, Patch(quoted.start, end))


def _colon_in_text(fault: _Fault) -> Unreadable | None:
    """`name: Devis: urgent`, and keys indented below a value that is already complete."""
    if not fault.has("mapping values are not allowed"):
        return None
    start = line_start(fault.text, fault.at)
    found = _VALUE.match(fault.text, start, line_end(fault.text, start))
    if found and found["key"] and found["value"] and found.start("value") < fault.at:
        a, b = found.start("value"), value_end(fault.text, found.start("value"))
        hint = f"write {in_quotes(fault.text[a:b])}"
        message = "a colon followed by a space begins a mapping, in the middle of this text"
        return fault.unreadable("R113", message, fault.at, fault.at + 1, hint, Patch(a, b))
    a = start + len(fault.line) - len(fault.line.lstrip())
    above = line_start(fault.text, len(fault.text[:start].rstrip()))
    if above < start and fault.text[above:start].startswith(" " * (a - start)) and fault.text[above + a - start] != " ":
        return _no_key(fault, above + a - start)
    message = f"`{shortened(fault.text[a : fault.at])}` is indented below a value that is already complete"
    hint = "indent it like the keys it belongs to, or quote the text that it is part of"
    return fault.unreadable("R110", message, a, fault.at, hint)


def _cannot_begin_text(fault: _Fault) -> Unreadable | None:
    """Values that begin with a character that YAML keeps for itself: @ ` % * & ! , ] }."""
    at = fault.began if re.search("anchor|alias|tag", fault.context) else fault.at
    character = fault.text[at : at + 1]
    begins = fault.has("cannot start any token", "node content") or "scanning a" in fault.context
    if character in {",", "]", "}"}:  # out of place after a complete value too, and that is another mistake
        begins = fault.text[line_start(fault.text, at) : at].rstrip().endswith((":", "-"))
    if not begins or character not in _RESERVED:
        return None
    end = value_end(fault.text, at)
    hint = f"write {in_quotes(fault.text[at:end])}"
    message = f"a text without quotes cannot begin with `{character}`"
    return fault.unreadable("R114", message, at, at + 1, hint, Patch(at, end))


def _unclosed_bracket(fault: _Fault) -> Unreadable | None:
    """A list or mapping in brackets that is not closed, or whose parts are not separated by commas."""
    opening = fault.text[fault.began : fault.began + 1]
    if "flow" not in fault.context or opening not in {"[", "{"}:
        return None
    closing = "]" if opening == "[" else "}"
    hint = f"close it with `{closing}`, or quote the texts in it that hold `,`, `[`, `{{`, `]` or `}}`"
    line = fault.lines.position(fault.at)[0]
    if line != fault.lines.position(fault.began)[0]:
        before = "the file ends" if fault.at >= len(fault.text.rstrip()) else f"line {line}"
        message = f"the `{opening}` that opens here is not closed before {before}"
        return fault.unreadable("R115", message, fault.began, fault.began + 1, hint)
    found = shortened(fault.text[fault.at : line_end(fault.text, fault.at)].strip()) or "the end of the line"
    message = f"found `{found}`; expected `,` or `{closing}`"
    return fault.unreadable("R115", message, fault.at, fault.at + 1, hint)


def _text_after_bracket(fault: _Fault) -> Unreadable | None:
    """`[URGENT] call us`: a text that begins with a bracket."""
    before = fault.text[line_start(fault.text, fault.at) : fault.at].rstrip()
    if before[-1:] not in {"]", "}"} or not fault.has(*_OUT_OF_PLACE):
        return None
    end = value_end(fault.text, fault.at)
    rest = fault.text[fault.at : end]
    if not rest.strip("]} "):
        return fault.unreadable("R124", f"`{rest}` closes nothing", fault.at, end, "delete it")
    message = "text follows the bracket that closes the value; expected the end of the line"
    found = _VALUE.match(fault.text, line_start(fault.text, fault.at), line_end(fault.text, fault.at))
    if not found or not found["value"] or found["value"][0] not in "[{":
        return fault.unreadable("R124", message, fault.at, end, "delete it, or put the whole value in quotes")
    hint = f"write {in_quotes(fault.text[found.start('value') : end])}"
    return fault.unreadable("R124", message, fault.at, end, hint, Patch(found.start("value"), end))


def _escape(fault: _Fault) -> Unreadable | None:
    """A backslash in double quotes before what is no escape, as in Windows paths."""
    if not fault.has("escape", "hex", "Unicode"):
        return None
    at = fault.text.rfind("\\", 0, fault.at + 1)
    at = at if at >= 0 else fault.at
    message = f"`{fault.text[at : at + 2]}` is no escape that texts in double quotes know"
    if fault.has("hex"):
        digits = {"x": 2, "u": 4, "U": 8}.get(fault.text[at + 1 : at + 2], 4)
        message = f"`{fault.text[at : at + 2]}` is followed by {digits} hexadecimal digits; found something else"
    if fault.has("Unicode"):
        message = f"`{fault.text[at : at + 6]}` is no character"
        return fault.unreadable("R123", message, at, at + 6, "write the character itself")
    hint = "write `\\\\` for a backslash, or put the text in single quotes"
    return fault.unreadable("R123", message, at, at + 2, hint)


def _missing_colon(fault: _Fault) -> Unreadable | None:
    """A line that is neither `key: value` nor an item of a list."""
    if not fault.has("could not find expected ':'"):
        return None
    return _no_key(fault, fault.began)


def _no_key(fault: _Fault, start: int) -> Unreadable:
    end = value_end(fault.text, start)
    message = f"expected `key: value`; found `{shortened(fault.text[start:end])}`, without a colon and a space"
    hint = "write a colon and a space after the key, or indent the line below the text that it continues"
    return fault.unreadable("R125", message, start, end, hint)


def _block_header(fault: _Fault) -> Unreadable | None:
    """Text on the line of a `|` or `>`."""
    if "block scalar" not in fault.context:
        return None
    hint = "write the text on the next lines, indented"
    message = "nothing may follow `|` or `>` on its line (but `-`, `+` or a digit, right after it)"
    return fault.unreadable("R126", message, fault.at, max(value_end(fault.text, fault.at), fault.at + 1), hint)


def _list_beside_key(fault: _Fault) -> Unreadable | None:
    """`key: - item` on one line."""
    if not fault.has("block sequence entries are not allowed", "sequence entries are not allowed"):
        return None
    hint = "begin the list on the next line, or write it in brackets; a text that begins with `- ` needs quotes"
    message = "a list cannot begin on the line of its key"
    return fault.unreadable("R110", message, fault.at, fault.at + 1, hint)


def _indentation(fault: _Fault) -> Unreadable | None:
    """A line that stands at the indentation of nothing above it, or mixes items and keys."""
    if not fault.has(*_OUT_OF_PLACE):
        return None
    at = fault.at
    end = max(value_end(fault.text, at), at + 1)
    found = shortened(fault.text[at:end])
    if found.startswith("- "):
        message = f"the item `{found}` stands where a key was expected"
    elif fault.has("'-' indicator") or "block collection" in fault.context or "block sequence" in fault.context:
        message = f"`{found}` stands where another item of the list (`- `) was expected"
    else:
        message = f"the indentation of `{found}` is that of nothing above it"
    return fault.unreadable("R110", message, at, end, "align it with its neighbours, in steps of two spaces")


def _anything(fault: _Fault) -> Unreadable:
    """What none of the explanations knows, in the parser's words."""
    message = f"this is not valid YAML: {fault.problem or fault.context}"
    return fault.unreadable("R130", message, fault.at, min(fault.at + 1, len(fault.text)))


_EXPLANATIONS = (
    _template,
    _tab,
    _unclosed_quote,
    _colon_in_text,
    _cannot_begin_text,
    _escape,
    _unclosed_bracket,
    _text_after_bracket,
    _missing_colon,
    _block_header,
    _list_beside_key,
    _indentation,
)
