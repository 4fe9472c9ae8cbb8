"""Operations of a document, in the form in which they are called: parameters with their places, bodies, answers.

The one rule: an operation is read whole or not at all, and a reason for the latter is one clear sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Effect
from recipe_engine.openapi.document import Document, listing, mapping

Place = Literal["path", "query", "header", "cookie"]
Secured = Literal["no", "may", "must"]
Kind = Literal["json", "form", "multipart", "text", "file"]

VARIABLE = re.compile(r"\{([^{}/]+)\}")
# What the document's own words may not decide: the body's type, the answer's, and who asks.
_OURS = frozenset({"accept", "content-type", "authorization"})
_KEY_HEADERS = frozenset({"idempotency-key", "x-idempotency-key"})
_PREFERENCE: tuple[Kind, ...] = ("json", "form", "multipart", "text", "file")
_STYLES: dict[str, frozenset[str]] = {
    "path": frozenset({"simple", "label", "matrix"}),
    "query": frozenset({"form", "spaceDelimited", "pipeDelimited", "deepObject"}),
    "header": frozenset({"simple"}),
    "cookie": frozenset({"form"}),
}


class Unusable(Exception):
    """An operation that cannot be an action; the message says why."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: `name` is what recipes write, `wire` the vendor's. `content` says that its value travels as JSON.
    `fixed` is sent when a recipe says nothing."""

    name: str
    wire: str
    place: Place
    required: bool
    schema: JSON
    style: str
    explode: bool
    reserved: bool = False
    content: bool = False
    description: str = ""
    fixed: JSON = None


@dataclass(frozen=True, slots=True)
class Media:
    """One form of a body or answer. `type` is without parameters, `sent` as the document writes it. `encoding` is the
    document's, by property."""

    type: str
    sent: str
    kind: Kind
    schema: JSON
    encoding: JSONObject
    examples: tuple[JSON, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers with a status (`200`, `2XX`, `default`)."""

    status: str
    media: tuple[Media, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `bodies` are in the order of preference; `secured` says whether credentials are sent, and whether
    they must be; `server` is its own server, where the document gives it one. `said` are the values of headers that no recipe
    has a say in (Accept, Content-Type), where the document asks for them as parameters."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    bodies: tuple[Media, ...]
    body_name: str
    body_required: bool
    type_name: str
    answers: tuple[Answer, ...]
    secured: Secured
    server: JSONObject | None = None
    said: tuple[tuple[str, str], ...] = ()

    @property
    def pages_name(self) -> str:
        """The parameter that recipes write to read all pages."""
        return "paginate" if all(each.name != "paginate" for each in self.parameters) else "paginate_pages"

    @property
    def key_header(self) -> str:
        """The header in which the vendor takes an idempotency key; empty when it describes none."""
        named = (each.wire for each in self.parameters if each.place == "header" and each.wire.lower() in _KEY_HEADERS)
        return next(named, "")

    @property
    def successes(self) -> tuple[Answer, ...]:
        """The answers of success: those of 2xx, else the default one."""
        good = tuple(answer for answer in self.answers if answer.status.startswith("2"))
        return good or tuple(answer for answer in self.answers if answer.status == "default")


def effect_of(method: str) -> Effect:
    """What a repeat of the method does."""
    if method in ("get", "head", "options"):
        return "read"
    return "keyed" if method in ("put", "delete") else "once"


def read_operation(document: Document, name: str, path: str, method: str, fixed: JSONObject) -> Operation:
    """The operation of a path and method. `fixed` are values by parameter name that recipes need not give.

    Raises Unusable.
    """
    if method == "trace":
        raise Unusable("TRACE changes nothing and answers nothing that a recipe could use")
    item = mapping(document.found(mapping(document.data.get("paths")).get(path)))
    raw = mapping(item.get(method)) or mapping(item.get(method.upper()))
    given = [*listing(item.get("parameters")), *listing(raw.get("parameters"))]
    parameters = _parameters(document, path, given, fixed)
    names = {each.name for each in parameters}
    body = document.found(raw.get("requestBody")) if "requestBody" in raw else None
    if "requestBody" in raw and body is None:
        raise Unusable(f"the description of its body is not in the document: {raw['requestBody'].get('$ref')}")
    bodies = _media(document, mapping(body))
    security = raw.get("security", document.data.get("security"))
    return Operation(
        name,
        method,
        path,
        _line(raw.get("summary") or raw.get("description") or item.get("summary") or f"{method.upper()} {path}"),
        str(raw.get("description") or item.get("description") or ""),
        parameters,
        bodies,
        next(each for each in ("body", "request_body", "body_") if each not in names),
        bool(mapping(body).get("required")) and bool(bodies),
        next(each for each in ("content_type", "body_content_type", "content_type_") if each not in names),
        _answers(document, raw),
        _secured(security),
        next((each for each in (*listing(raw.get("servers")), *listing(item.get("servers"))) if mapping(each)), None),
        tuple(_said(document, given, has_body=bool(bodies))),
    )


def _said(document: Document, given: Iterable[Any], *, has_body: bool) -> Iterator[tuple[str, str]]:
    """The headers that say what is sent and taken, as the document asks for them: by their only value, or an example. Of a
    body its own type is said."""
    for parameter in map(mapping, map(document.found, given)):
        name = str(parameter.get("name")).lower()
        wanted = name == "accept" or (name == "content-type" and not has_body and parameter.get("required") is True)
        if parameter.get("in") == "header" and wanted:
            schema = mapping(document.found(parameter.get("schema")))
            value = _only_value(schema) or parameter.get("example", schema.get("example"))
            if isinstance(value, str):
                yield name, value


def _secured(security: Any) -> Secured:
    """A document that says nothing of security leaves it to the connector: credentials are sent."""
    if not isinstance(security, list):
        return "must"
    return "no" if not security else "may" if {} in security else "must"


def _parameters(document: Document, path: str, given: Iterable[Any], fixed: JSONObject) -> tuple[Parameter, ...]:
    """The parameters, the operation's own in place of those of its path, each with a name of its own."""
    found: dict[tuple[str, str], JSONObject] = {}
    for each in given:
        parameter = document.found(each)
        if not isinstance(parameter, dict) or not isinstance(parameter.get("name"), str):
            raise Unusable(f"a parameter is not in the document: {mapping(each).get('$ref', each)}")
        place, name = str(parameter.get("in")), parameter["name"]
        if place not in _STYLES:
            raise Unusable(f"the parameter {name} stands in {place!r}; path, query, header or cookie is expected")
        if place != "header" or name.lower() not in _OURS:
            found[place, name.lower() if place == "header" else name] = parameter
    for variable in VARIABLE.findall(path):
        # Documents forget to declare what their paths show.
        found.setdefault(("path", variable), {"name": variable, "in": "path", "schema": {"type": "string"}})
    listed = [each for key, each in found.items() if key[0] != "path" or f"{{{key[1]}}}" in path]
    taken: set[str] = set()
    return tuple(_parameter(document, each, taken, fixed) for each in listed)


def _parameter(document: Document, raw: JSONObject, taken: set[str], fixed: JSONObject) -> Parameter:
    wire, place = raw["name"], raw["in"]
    name = wire if wire not in taken else f"{place}_{wire}"
    while name in taken:
        name += "_"
    taken.add(name)
    content = mapping(raw.get("content"))
    media = mapping(next(iter(content.values()), {}))
    schema = media.get("schema", {}) if content else raw.get("schema", {})
    usual = "simple" if place in ("path", "header") else "form"
    style = str(raw.get("style") or usual)
    if style not in _STYLES[place]:
        style = usual
    explode = raw["explode"] if isinstance(raw.get("explode"), bool) else style in ("form", "deepObject")
    required = place == "path" or raw.get("required") is True
    value = fixed.get(wire, _only_value(mapping(document.found(schema))) if required else None)
    return Parameter(
        name,
        wire,
        place,
        required and value is None,
        _with_example(schema, raw, document),
        style,
        explode,
        raw.get("allowReserved") is True,
        bool(content) and "json" in next(iter(content)),
        _line(raw.get("description") or ""),
        value,
    )


def _only_value(schema: JSONObject) -> JSON:
    """What a required parameter says when there is no choice, or a default."""
    choices = listing(schema.get("enum"))
    return schema.get("const", schema.get("default", choices[0] if len(choices) == 1 else None))


def _with_example(schema: JSON, raw: JSONObject, document: Document) -> JSON:
    """The schema of a parameter, with the example that stands beside it."""
    examples = [mapping(document.found(each)).get("value") for each in mapping(raw.get("examples")).values()]
    example = raw.get("example", next((each for each in examples if each is not None), None))
    if example is None or not isinstance(schema, dict) or "$ref" in schema:
        return schema
    return {**schema, "example": example}


def _media(document: Document, holder: JSONObject) -> tuple[Media, ...]:
    """The forms of a body, the easiest to write first."""
    found = []
    for type_, raw in mapping(holder.get("content")).items():
        media = mapping(raw)
        examples = [mapping(document.found(each)).get("value") for each in mapping(media.get("examples")).values()]
        known = [each for each in (media.get("example"), *examples) if each is not None]
        name = type_.partition(";")[0].strip().lower()
        found.append(
            Media(
                name,
                type_.strip(),
                kind_of(name),
                media.get("schema", {}),
                mapping(media.get("encoding")),
                tuple(known),
            )
        )
    return tuple(sorted(found, key=lambda each: _PREFERENCE.index(each.kind)))


def kind_of(media_type: str) -> Kind:
    """How a body of the media type is written and read."""
    if media_type in ("application/json", "*/*") or media_type.endswith("+json") or media_type == "text/json":
        return "json"
    if media_type == "application/x-www-form-urlencoded":
        return "form"
    if media_type == "multipart/form-data":
        return "multipart"
    texts = ("xml", "json", "yaml", "csv", "javascript", "graphql")
    return "text" if media_type.startswith("text/") or any(word in media_type for word in texts) else "file"


def _answers(document: Document, raw: JSONObject) -> tuple[Answer, ...]:
    responses = mapping(raw.get("responses"))
    return tuple(
        Answer(str(status).upper() if str(status) != "default" else "default", _media(document, mapping(found)))
        for status, each in responses.items()
        if not status.startswith("x-") and (found := document.found(each)) is not None
    )


def _line(text: Any) -> str:
    """The first sentence or so of a text, in one line."""
    words = " ".join(re.sub(r"<[^>]+>", " ", str(text)).split())
    return words if len(words) <= 300 else f"{words[:297].rpartition(' ')[0]}..."
