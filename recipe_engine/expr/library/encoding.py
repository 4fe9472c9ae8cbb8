"""Functions between text and its encodings: JSON, base64, hashes, URLs, HTML, CSV."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import html
import io
import json
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode, urlsplit

from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.library.function import Function, function
from recipe_engine.expr.limits import MAX_BITS, check_items, check_text
from recipe_engine.expr.scope import Frame
from recipe_engine.expr.types import IntT, NullT, ObjectT, StringT, Type, union
from recipe_engine.expr.values import json_text, kind, to_text

TITLE: Final = "Encodings"

_HASHES: Final = ("sha1", "sha256", "sha512")
_MOST_FIELDS: Final = 1_000


def _refuse_constant(name: str) -> NoReturn:
    raise EvaluationError("argument", f"from_json: {name} is no JSON")


def _whole(digits: str) -> int:
    number = int(digits)
    if number.bit_length() > MAX_BITS:
        raise EvaluationError("limit", "from_json: a number is too large")
    return number


def _real(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise EvaluationError("limit", "from_json: a number is too large")
    return number


def _from_json(value: str) -> Any:
    try:
        return json.loads(value, parse_constant=_refuse_constant, parse_int=_whole, parse_float=_real)
    except json.JSONDecodeError as error:
        raise EvaluationError(
            "argument", f"from_json: the text is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        ) from error


def _to_json(frame: Frame, value: Any, indent: int | None) -> str:
    frame.spend_on(value)
    if indent is not None and not 0 <= indent <= 16:
        raise EvaluationError("argument", "to_json: `indent` is between 0 and 16")
    return json_text(value, indent)


def _base64_encode(value: str, url_safe: bool) -> str:
    data = value.encode()
    if url_safe:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")
    return base64.b64encode(data).decode()


def _base64_decode(value: str) -> str:
    text = "".join(value.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except UnicodeDecodeError as error:
        raise EvaluationError("argument", "base64_decode: what it holds is not text") from error
    except (binascii.Error, ValueError) as error:
        raise EvaluationError("argument", f"base64_decode: {error}") from error


def _hmac(value: str, key: str, algorithm: str, encoding: str) -> str:
    if algorithm not in _HASHES:
        raise EvaluationError("argument", f"hmac: `algorithm` is one of {', '.join(_HASHES)}")
    digest = hmac.new(key.encode(), value.encode(), algorithm).digest()
    match encoding:
        case "hex":
            return digest.hex()
        case "base64":
            return base64.b64encode(digest).decode()
        case _:
            raise EvaluationError("argument", "hmac: `encoding` is hex or base64")


def _url_encode(value: Any, plus: bool) -> str:
    return quote(to_text(value), safe="").replace("%20", "+" if plus else "%20")


def _url_parts(value: str) -> dict[str, Any]:
    parts = urlsplit(value)
    try:
        port = parts.port
    except ValueError as error:
        raise EvaluationError("argument", f"url_parts: {error}") from error
    return {
        "scheme": parts.scheme,
        "host": parts.hostname or "",
        "port": port,
        "path": parts.path,
        "query": _parse_query(parts.query),
        "fragment": parts.fragment,
    }


_URL_FIELDS: Final[dict[str, Type]] = {
    "scheme": StringT(),
    "host": StringT(),
    "port": union(IntT(), NullT()),
    "path": StringT(),
    "query": ObjectT(open=True, rest=StringT()),
    "fragment": StringT(),
}
_URL_PARTS: Final = ObjectT(_URL_FIELDS, frozenset(_URL_FIELDS))


def _query_string(value: dict[str, Any]) -> str:
    pairs: list[tuple[str, str]] = []
    for name, item in value.items():
        values = item if isinstance(item, list) else [item]
        pairs += [(name, to_text(each)) for each in values if each is not None]
    return urlencode(pairs)


def _parse_query(value: str) -> dict[str, str]:
    return dict(parse_qsl(value.removeprefix("?"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))


def _from_csv(frame: Frame, value: str, separator: str, header: bool) -> list[Any]:
    import csv

    if len(separator) != 1:
        raise EvaluationError("argument", "from_csv: `separator` is one character")
    frame.spend(len(value) >> 4)
    try:
        rows = [row for row in csv.reader(io.StringIO(value, newline=""), delimiter=separator, strict=True) if row]
    except csv.Error as error:
        raise EvaluationError("argument", f"from_csv: {error}") from error
    check_items(len(rows))
    if not header or not rows:
        return rows
    names = [name.strip().removeprefix("\ufeff") for name in rows[0]]
    return [dict(zip(names, [*row, *[""] * (len(names) - len(row))], strict=False)) for row in rows[1:]]


def _to_csv(frame: Frame, rows: list[Any], separator: str) -> str:
    import csv

    if len(separator) != 1:
        raise EvaluationError("argument", "to_csv: `separator` is one character")
    frame.spend_on(rows)
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    lines = [names] if names else []
    for row in rows:
        if isinstance(row, dict):
            lines.append([to_text(row.get(name)) for name in names])
        elif isinstance(row, list) and not names:
            lines.append([to_text(item) for item in row])
        else:
            raise EvaluationError("type", f"to_csv: each row is an object, or each a list, and {kind(row)} was found")
    check_text(sum(len(cell) + 3 for line in lines for cell in line))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(lines)
    return out.getvalue()


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "to_json(value: any, indent: int | null = null) -> text",
        "The value as JSON text.",
        ("{'a': [1, true, null]} | to_json", '{"a": [1, true, null]}'),
        _to_json,
        contextual=True,
    ),
    function(
        "from_json(value: text) -> any",
        "The value that a JSON text writes.",
        ("'{\"a\": [1, 2]}' | from_json", {"a": [1, 2]}),
        _from_json,
    ),
    function(
        "base64_encode(value: text, url_safe: bool = false) -> text",
        "The text in base64 (of its UTF-8 bytes); `url_safe` for addresses, without padding.",
        ("'été' | base64_encode", "w6l0w6k="),
        _base64_encode,
    ),
    function(
        "base64_decode(value: text) -> text",
        "The text that base64 holds, either alphabet, with or without padding.",
        ("'w6l0w6k=' | base64_decode", "été"),
        _base64_decode,
    ),
    function(
        "sha256(value: text) -> text",
        "The SHA-256 of the text, in hex.",
        ("'a' | sha256 | truncate(8, '')", "ca978112"),
        lambda value: hashlib.sha256(value.encode()).hexdigest(),
    ),
    function(
        "md5(value: text) -> text",
        "The MD5 of the text, in hex: for interfaces that ask for it, never for safety.",
        ("'a' | md5", "0cc175b9c0f1b6a831c399e269772661"),
        lambda value: hashlib.md5(value.encode(), usedforsecurity=False).hexdigest(),
    ),
    function(
        "hmac(value: text, key: text, algorithm: text = 'sha256', encoding: text = 'hex') -> text",
        "The keyed hash of the text: sha1, sha256 or sha512, in hex or base64.",
        ("'a' | hmac('key') | truncate(8, '')", "780c3db4"),
        _hmac,
    ),
    function(
        "url_encode(value: any, plus: bool = false) -> text",
        "The value as a part of an address; spaces as %20, or as + .",
        ("'é & b' | url_encode", "%C3%A9%20%26%20b"),
        _url_encode,
    ),
    function(
        "url_decode(value: text) -> text",
        "The text that a part of an address stands for.",
        ("'%C3%A9+%26' | url_decode", "é &"),
        unquote_plus,
    ),
    function(
        "url_parts(value: text) -> object",
        "The parts of an address: scheme, host, port, path, query (an object) and fragment.",
        ("('https://example.org/a?b=1' | url_parts).query.b", "1"),
        _url_parts,
        returns=_URL_PARTS,
    ),
    function(
        "query_string(value: object) -> text",
        "An object as the query of an address. Null fields are left out, lists repeat the name.",
        ("{'q': 'à b', 'page': 2} | query_string", "q=%C3%A0+b&page=2"),
        _query_string,
    ),
    function(
        "parse_query(value: text) -> object[text]",
        "The object that the query of an address writes.",
        ("'q=%C3%A0+b&page=2' | parse_query", {"q": "à b", "page": "2"}),
        _parse_query,
    ),
    function(
        "escape(value: any) -> text",
        "For putting into HTML: < > & and quotes written as entities. Nothing is escaped by itself.",
        ("'<b>' | escape", "&lt;b&gt;"),
        lambda value: html.escape(to_text(value)),
    ),
    function(
        "unescape(value: text) -> text",
        "The text with HTML's entities read.",
        ("'&eacute; &lt;' | unescape", "é <"),
        html.unescape,
    ),
    function(
        "from_csv(value: text, separator: text = ',', header: bool = true) -> list",
        "The rows of a small CSV text: objects by the names in the first row, or lists without `header`.",
        ("'nom;ville\nAda;Lyon' | from_csv(';')", [{"nom": "Ada", "ville": "Lyon"}]),
        _from_csv,
        contextual=True,
    ),
    function(
        "to_csv(rows: list, separator: text = ',') -> text",
        "Rows as CSV text: objects with their names first, or lists.",
        ("[{'nom': 'Ada', 'ville': 'Lyon'}] | to_csv(';')", "nom;ville\nAda;Lyon\n"),
        _to_csv,
        contextual=True,
    ),
)
