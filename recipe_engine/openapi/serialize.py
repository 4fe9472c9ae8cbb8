"""Values of parameters as text, by the styles of OpenAPI.

The one rule: what is written here can be read back by a server that follows the document, `explode` included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson

from recipe_engine.core.json import JSON
from recipe_engine.openapi.operations import Parameter

_RESERVED = ":/?#[]@!$&'()*+,;="
_SEPARATORS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "|"}

Pair = tuple[str, str]


def query_pairs(parameter: Parameter, value: JSON) -> Iterator[Pair]:
    """The name and the value of each part of a query, percent-encoded."""
    if parameter.content:
        yield _quoted(parameter.wire), _quoted(json_text(value))
        return
    yield from styled_pairs(
        parameter.wire, value, parameter.style, parameter.explode, _RESERVED if parameter.reserved else ""
    )


def styled_pairs(name: str, value: JSON, style: str, explode: bool, safe: str = "") -> Iterator[Pair]:
    """The pairs of a form or query by style, percent-encoded but for `safe`."""
    word = quote(name, safe="[]")
    if style == "deepObject" and isinstance(value, dict | list):
        yield from _deep(word, value, safe)
    elif isinstance(value, list):
        if explode or not value:
            yield from ((word, _quoted(text(item), safe)) for item in value)
        else:
            yield word, _SEPARATORS.get(style, ",").join(_quoted(text(item), safe) for item in value)
    elif isinstance(value, dict):
        if explode:
            yield from ((_quoted(key), _quoted(text(item), safe)) for key, item in value.items())
        elif value:
            parts = (each for key, item in value.items() for each in (key, text(item)))
            yield word, _SEPARATORS.get(style, ",").join(_quoted(each, safe) for each in parts)
    else:
        yield word, _quoted(text(value), safe)


def _deep(name: str, value: Any, safe: str) -> Iterator[Pair]:
    """`filter[status]=open`, objects in objects likewise; items of lists as `name[]`, objects in lists by number."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _deep(f"{name}[{_quoted(key)}]", item, safe)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _deep(f"{name}[{index if isinstance(item, dict) else ''}]", item, safe)
    else:
        yield name, _quoted(text(value), safe)


def path_text(parameter: Parameter, value: JSON) -> str:
    """What stands in the path in the place of the parameter."""
    if parameter.content:
        return _quoted(json_text(value))
    name = _quoted(parameter.wire)
    if parameter.style == "matrix":
        return _matrix(name, value, parameter.explode)
    prefix, separator = (".", "." if parameter.explode else ",") if parameter.style == "label" else ("", ",")
    return prefix + _joined(value, parameter.explode, separator, _quoted)


def _matrix(name: str, value: JSON, explode: bool) -> str:
    if explode and isinstance(value, list):
        return "".join(f";{name}={_quoted(text(item))}" for item in value)
    if explode and isinstance(value, dict):
        return "".join(f";{_quoted(key)}={_quoted(text(item))}" for key, item in value.items())
    return f";{name}={_joined(value, False, ',', _quoted)}"


def header_text(parameter: Parameter, value: JSON) -> str:
    """The value of a header."""
    if parameter.content:
        return json_text(value)
    return _joined(value, parameter.explode, ",", lambda each: each).replace("\r", " ").replace("\n", " ")


def cookie_pairs(parameter: Parameter, value: JSON) -> Iterator[Pair]:
    """The cookies of a parameter."""
    yield from query_pairs(parameter, value)


def _joined(value: JSON, explode: bool, separator: str, encode: Any) -> str:
    if isinstance(value, list):
        return separator.join(encode(text(item)) for item in value)
    if isinstance(value, dict):
        if explode:
            return separator.join(f"{encode(key)}={encode(text(item))}" for key, item in value.items())
        return separator.join(encode(each) for key, item in value.items() for each in (key, text(item)))
    encoded: str = encode(text(value))
    return encoded


def text(value: JSON) -> str:
    """A value as a text; what is no scalar as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) else json_text(value)


def json_text(value: JSON) -> str:
    """A value as JSON."""
    return orjson.dumps(value).decode()


def _quoted(value: str, safe: str = "") -> str:
    return quote(value, safe=safe)
