"""Text to tokens: Jinja's tokens, each carrying its offset in characters where Jinja keeps a line number.

The one rule: inside the braces this is Jinja's lexer, token for token. Around them it differs on purpose: text is kept
as written (no newline is dropped at the end), and a line that holds nothing but statement tags or comments leaves
nothing behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from jinja2.lexer import Token

from recipe_engine.expr.errors import SyntaxProblem

_OPERATORS: Final = {
    "+": "add",
    "-": "sub",
    "/": "div",
    "//": "floordiv",
    "*": "mul",
    "%": "mod",
    "**": "pow",
    "~": "tilde",
    "[": "lbracket",
    "]": "rbracket",
    "(": "lparen",
    ")": "rparen",
    "{": "lbrace",
    "}": "rbrace",
    "==": "eq",
    "!=": "ne",
    ">": "gt",
    ">=": "gteq",
    "<": "lt",
    "<=": "lteq",
    "=": "assign",
    ".": "dot",
    ":": "colon",
    "|": "pipe",
    ",": "comma",
    ";": "semicolon",
}
_CLOSES: Final = {"(": ")", "[": "]", "{": "}"}

_EXPRESSION = r"""
  (?P<space>\s+)
| (?P<name>[^\W\d]\w*)
| (?P<float>(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+\-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+))
| (?P<integer>0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*)
| (?P<string>'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")
| (?P<operator>//|\*\*|==|!=|>=|<=|[-+/*%~\[\](){}<>=.:|,;])
"""
_FLAGS = re.VERBOSE | re.DOTALL
_BARE = re.compile(_EXPRESSION, _FLAGS)
_VARIABLE = re.compile(r"(?P<end>-?\}\})|" + _EXPRESSION, _FLAGS)
_BLOCK = re.compile(r"(?P<end>[-+]?%\})|" + _EXPRESSION, _FLAGS)

_OPEN = re.compile(r"\{([{%#])([-+]?)")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*(-?)%\}")
_END_RAW = re.compile(r"\{%([-+]?)\s*endraw\s*([-+]?)%\}")

_ESCAPE = re.compile(r"\\(?:(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2})|(.))", re.DOTALL)
_SIMPLE_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "\n": ""}

_LONGEST_NUMBER = 300
_DEEPEST = 60
_FOREIGN: Final = {
    "&": "write `and`",
    "!": "write `not`, or `!=` between two values",
    "?": "write `a if condition else b`",
    "$": "names stand alone, without $",
    "`": "texts stand between ' or \"",
    "«": "texts stand between ' or \"",
    "“": "texts stand between ' or \"",
    "”": "texts stand between ' or \"",
    "‘": "texts stand between ' or \"",
    "’": "texts stand between ' or \"",
    "€": "a number stands without its currency",
}


@dataclass(slots=True)
class Tokens:
    """The tokens of a text. `ends` gives the end of the token that begins at an offset; for an opening bracket, the
    end of the bracket that closes it."""

    tokens: list[Token] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Piece:
    """A stretch of a template: text, or a tag with its tokens. The marks are `-` or `+` beside its braces."""

    kind: Literal["text", "variable", "block", "comment"]
    start: int
    end: int
    tokens: list[Token] = field(default_factory=list)
    mark_before: str = ""
    mark_after: str = ""


def expression_tokens(text: str, start: int, stop: int) -> Tokens:
    """The tokens of the bare expression in `text[start:stop]`. Raises SyntaxProblem."""
    found = Tokens()
    _scan(text, start, stop, _BARE, found)
    return found


def template_tokens(text: str) -> Tokens:
    """The tokens of a template. Raises SyntaxProblem."""
    found = Tokens()
    pieces = _pieces(text, found)
    alone = _alone(text, pieces)
    for index, piece in enumerate(pieces):
        if piece.kind == "text":
            start, end = _trimmed(text, pieces, index, alone)
            if start < end:
                found.tokens.append(Token(start, "data", text[start:end]))
        elif piece.kind != "comment":
            found.tokens.append(Token(piece.start, f"{piece.kind}_begin", ""))
            found.tokens += piece.tokens
            found.tokens.append(Token(piece.end - 2, f"{piece.kind}_end", ""))
    return found


def _pieces(text: str, found: Tokens) -> list[_Piece]:
    """The template cut at its tags. The tokens of the tags go into the pieces, their ends into `found`."""
    pieces: list[_Piece] = []
    position = 0
    while (opening := _OPEN.search(text, position)) is not None:
        start = opening.start()
        pieces.append(_Piece("text", position, start))
        sort, mark = opening.groups()
        if sort == "#":
            piece = _comment(text, start, mark)
        elif sort == "%" and (raw := _RAW.match(text, start)) is not None:
            pieces += _raw(text, raw, mark)
            position = pieces[-1].end
            continue
        else:
            piece = _tag(text, opening, found)
        pieces.append(piece)
        position = piece.end
    pieces.append(_Piece("text", position, len(text)))
    return pieces


def _comment(text: str, start: int, mark: str) -> _Piece:
    close = text.find("#}", start + 2)
    if close < 0:
        raise SyntaxProblem("the comment that begins with {# is not closed", start, 2, "close it with #}")
    after = text[close - 1] if close - 1 > start + 1 + len(mark) and text[close - 1] in "-+" else ""
    return _Piece("comment", start, close + 2, [], mark, after)


def _raw(text: str, raw: re.Match[str], mark: str) -> list[_Piece]:
    """The pieces of `{% raw %}...{% endraw %}`: two comments around text that is not read."""
    close = _END_RAW.search(text, raw.end())
    if close is None:
        raise SyntaxProblem("{% raw %} is not closed", raw.start(), raw.end() - raw.start(), "add {% endraw %}")
    return [
        _Piece("comment", raw.start(), raw.end(), [], mark, raw[1]),
        _Piece("text", raw.end(), close.start()),
        _Piece("comment", close.start(), close.end(), [], close[1], close[2]),
    ]


def _tag(text: str, opening: re.Match[str], found: Tokens) -> _Piece:
    """The tag that begins at `opening`: {{ ... }} or {% ... %}."""
    is_variable = opening[1] == "{"
    inside = Tokens([], found.ends)
    end = _scan(text, opening.end(), len(text), _VARIABLE if is_variable else _BLOCK, inside)
    if end < 0:
        opened, closed = ("{{", "}}") if is_variable else ("{%", "%}")
        raise SyntaxProblem(f"{opened} is not closed", opening.start(), 2, f"add {closed} where the expression ends")
    after = text[end - 3] if text[end - 3] in "-+" and end - 3 >= opening.end() else ""
    if is_variable and after == "+":
        after = ""
    return _Piece("variable" if is_variable else "block", opening.start(), end, inside.tokens, opening[2], after)


def _trimmed(text: str, pieces: list[_Piece], index: int, alone: set[int]) -> tuple[int, int]:
    """Where the text of a piece begins and ends once the tags beside it have taken their white space."""
    start, end = pieces[index].start, pieces[index].end
    if index > 0:
        if pieces[index - 1].mark_after == "-":
            start = end - len(text[start:end].lstrip())
        elif index - 1 in alone:
            line_end = text.find("\n", start, end)
            start = end if line_end < 0 else line_end + 1
    if index + 1 < len(pieces):
        if pieces[index + 1].mark_before == "-":
            end = start + len(text[start:end].rstrip())
        elif index + 1 in alone:
            end = start + len(text[start:end].rstrip(" \t"))
    return start, end


def _alone(text: str, pieces: list[_Piece]) -> set[int]:
    """The tags that stand on lines which hold nothing but tags that print nothing. Texts and tags alternate, so tags
    have the odd indexes."""
    alone: set[int] = set()
    first = 1
    while first < len(pieces):
        last = first
        while last + 2 < len(pieces) and _quiet(pieces[last]) and _is_blank(text, pieces[last + 1]):
            last += 2
        group = range(first, last + 1, 2)
        if all(_quiet(pieces[tag]) for tag in group) and _on_own_lines(text, pieces, first, last):
            alone.update(group)
        first = last + 2
    return alone


def _quiet(piece: _Piece) -> bool:
    return piece.kind in ("block", "comment") and "+" not in (piece.mark_before, piece.mark_after)


def _is_blank(text: str, piece: _Piece) -> bool:
    return not text[piece.start : piece.end].strip(" \t")


def _on_own_lines(text: str, pieces: list[_Piece], first: int, last: int) -> bool:
    """Whether nothing else stands before the tag `first` on its line, and nothing after `last` on its own."""
    before, after = pieces[first - 1], pieces[last + 1]
    line_start = text.rfind("\n", before.start, before.end) + 1
    line_end = text.find("\n", after.start, after.end)
    begins = line_start > 0 or first == 1
    ends = line_end >= 0 or last + 2 == len(pieces)
    head = text[max(line_start, before.start) : before.end]
    tail = text[after.start : line_end if line_end >= 0 else after.end]
    return begins and ends and not head.strip(" \t") and not tail.strip(" \t\r")


def _scan(text: str, start: int, stop: int, pattern: re.Pattern[str], found: Tokens) -> int:
    """Append the tokens from `start` to the end mark of `pattern`, and give the position after it; to `stop` and give
    -1 when there is none."""
    tokens, ends = found.tokens, found.ends
    brackets: list[tuple[str, int]] = []
    position = start
    while position < stop:
        match = pattern.match(text, position, stop)
        if match is not None and match.lastgroup == "end" and brackets:
            match = _BARE.match(text, position, stop)
        if match is None:
            raise _unexpected(text, position)
        kind, position, offset = match.lastgroup, match.end(), position
        if kind == "space":
            continue
        if kind == "end":
            if brackets:
                break
            return position
        value: Any = match.group()
        ends[offset] = position
        if kind == "operator":
            if value in _CLOSES:
                brackets.append((value, offset))
                if len(brackets) > _DEEPEST:
                    raise SyntaxProblem("the brackets are nested too deeply", offset, 1)
            elif value in ")]}":
                _close(brackets, value, offset, ends)
            tokens.append(Token(offset, _OPERATORS[value], value))
        elif kind == "name":
            tokens.append(Token(offset, "name", value))
        else:
            tokens.append(Token(offset, kind or "", _constant(kind, value, offset)))
    if brackets:
        opened, at = brackets[-1]
        raise SyntaxProblem(f"`{opened}` is not closed", at, 1, f"add `{_CLOSES[opened]}`")
    return -1


def _close(brackets: list[tuple[str, int]], value: str, offset: int, ends: dict[int, int]) -> None:
    if not brackets:
        hint = "an expression stands without braces here" if value == "}" else None
        raise SyntaxProblem(f"`{value}` closes nothing", offset, 1, hint)
    opened, at = brackets.pop()
    if _CLOSES[opened] != value:
        raise SyntaxProblem(f"`{value}` was found where `{_CLOSES[opened]}` is expected", offset, 1)
    ends[at] = offset + 1


def _constant(kind: str | None, source: str, offset: int) -> Any:
    """The value of a text or a number as written."""
    if kind == "string":
        return _unescaped(source[1:-1], offset)
    digits = source.replace("_", "")
    if len(digits) > _LONGEST_NUMBER:
        raise SyntaxProblem("the number is too long", offset, len(source))
    if kind == "integer":
        return int(digits, 0)
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise SyntaxProblem("the number is too large", offset, len(source))
    return number


def _unescaped(source: str, offset: int) -> str:
    """The text between quotes. A backslash before a character that is no escape stays, as patterns need it."""
    if "\\" not in source:
        return source

    def replace(match: re.Match[str]) -> str:
        code, character = match.groups()
        if code is None:
            return _SIMPLE_ESCAPES.get(character, "\\" + character)
        number = int(code[1:], 16)
        if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF:
            raise SyntaxProblem(f"\\{code} is no character", offset, len(source) + 2)
        return chr(number)

    return _ESCAPE.sub(replace, source)


def _unexpected(text: str, position: int) -> SyntaxProblem:
    character = text[position]
    if character in "'\"":
        return SyntaxProblem(f"the text that begins with {character} is not closed", position, 1, f"add {character}")
    if text.startswith("||", position):
        return SyntaxProblem("unexpected `||`", position, 2, "write `or`")
    return SyntaxProblem(f"unexpected character `{character}`", position, 1, _FOREIGN.get(character))
