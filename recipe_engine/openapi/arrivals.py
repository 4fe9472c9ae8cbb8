"""A request read back into the parameters that made it, as a server that follows the document reads it.

The one rule: a text becomes the value that the schema accepts, and stays a text where none does, so that the validator
says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email import message_from_bytes
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
import orjson

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.document import mapping
from recipe_engine.openapi.operations import Media, Operation, Parameter
from recipe_engine.plugin import SandboxRequest

Pairs = list[tuple[str, str]]
_SEPARATORS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


class Misread(Exception):
    """A request that cannot be read: the status and the words of the refusal."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Arrival:
    """Reads requests of one operation; `schema` is that of its parameters."""

    def __init__(self, operation: Operation, schema: JSONObject) -> None:
        self.operation = operation
        self.schema = schema
        self._defs = mapping(schema.get("$defs"))

    def params(self, request: SandboxRequest, variables: Mapping[str, str], known: Iterable[str]) -> JSONObject:
        """The parameters of a request. `known` are query parameters that carry credentials.

        Raises Misread for what the document does not describe at all.
        """
        pairs = [
            pair for pair in parse_qsl(urlsplit(request.url).query, keep_blank_values=True) if pair[0] not in known
        ]
        literal = parse_qsl(self.operation.path.partition("?")[2], keep_blank_values=True)
        pairs = [pair for pair in pairs if pair not in literal]
        found: JSONObject = {}
        for parameter in self.operation.parameters:
            value = self._parameter(parameter, request, variables, pairs)
            if value is not None:
                found[parameter.name] = value
        if pairs:
            raise Misread(400, f"unknown query parameter {pairs[0][0]}")
        # A form without fields has no bytes; its type alone says that it was sent.
        if request.size or (self.operation.bodies and "form" in request.headers.get("content-type", "")):
            media = self._media(request)
            if len(self.operation.bodies) > 1:
                found[self.operation.type_name] = media.type
            found[self.operation.body_name] = self._body(media, request)
        return found

    # --- parameters

    def _parameter(
        self, parameter: Parameter, request: SandboxRequest, variables: Mapping[str, str], pairs: Pairs
    ) -> JSON:
        """The value of a parameter, None when it is not there. What it takes of the query leaves `pairs`."""
        schema = mapping(self.schema["properties"]).get(parameter.name, {})
        match parameter.place:
            case "query":
                return self._from_pairs(parameter, schema, pairs)
            case "cookie":
                return self._from_pairs(parameter, schema, _cookies(request))
            case "header":
                text = request.headers.get(parameter.wire.lower())
            case "path":
                text = _bare(parameter, variables.get(parameter.wire, ""))
        if text is None:
            return None
        if parameter.content:
            return _json(text, parameter.wire)
        return self._simple(parameter, schema, text)

    def _simple(self, parameter: Parameter, schema: JSON, text: str) -> JSON:
        separator = "." if parameter.style == "label" and parameter.explode else ","
        decode = unquote if parameter.place == "path" else str
        parts = [decode(part) for part in text.split(separator)]
        kinds = self._kinds(schema)
        if "array" in kinds:
            return self._coerced_list(schema, parts)
        if "object" in kinds:
            pairs = [part.partition("=")[::2] for part in parts] if parameter.explode else list(_twos(parts))
            return self._coerced_object(schema, pairs)
        return self._coerced(schema, decode(text))

    def _from_pairs(self, parameter: Parameter, schema: JSON, pairs: Pairs) -> JSON:
        if parameter.content:
            taken = _take(pairs, parameter.wire)
            return _json(taken[0], parameter.wire) if taken else None
        return self.styled(schema, parameter.wire, parameter.style, parameter.explode, pairs)

    def styled(self, schema: JSON, name: str, style: str, explode: bool, pairs: Pairs) -> JSON:
        """The value that some of the pairs make up, by style; None when none does."""
        kinds = self._kinds(schema)
        if style == "deepObject":
            nested = _nested(name, pairs)
            if nested:
                return self._typed(schema, nested)
        if "object" in kinds and explode and "string" not in kinds and style == "form":
            properties = self._properties(schema)
            own = [pair for pair in pairs if pair[0] in properties or not properties]
            pairs[:] = [pair for pair in pairs if pair not in own]
            return self._coerced_object(schema, own) if own else None
        values = _take(pairs, name)
        if not values:
            return None
        if "array" in kinds:
            parts = values if explode else values[0].split(_SEPARATORS.get(style, ","))
            return self._coerced_list(schema, parts)
        if "object" in kinds and not explode:
            return self._coerced_object(schema, list(_twos(values[0].split(_SEPARATORS.get(style, ",")))))
        return self._coerced(schema, values[0]) if len(values) == 1 else list(values)

    # --- bodies

    def _media(self, request: SandboxRequest) -> Media:
        if not self.operation.bodies:
            raise Misread(400, f"{self.operation.name} takes no body")
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        for media in self.operation.bodies:
            if media.type == given or re.fullmatch(re.escape(media.type).replace(r"\*", "[^/]*"), given):
                return media
        types = ", ".join(media.type for media in self.operation.bodies)
        raise Misread(415, f"content type {given or 'missing'}; expected {types}")

    def _body(self, media: Media, request: SandboxRequest) -> JSON:
        schema = mapping(self.schema["properties"])[self.operation.body_name]
        match media.kind:
            case "json":
                if request.size > len(request.body):
                    raise Misread(413, "the sandbox reads bodies of JSON up to 1 MB")
                return _json(request.body.decode("utf-8", "replace"), "the body")
            case "form":
                pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
                return self._fields(media, schema, pairs)
            case "multipart":
                return self._parts(schema, request)
            case _:
                return f"<{request.size} bytes>"

    def _fields(self, media: Media, schema: JSON, pairs: Pairs) -> JSONObject:
        found: JSONObject = {}
        for name, inner in self._properties(schema).items():
            encoding = mapping(media.encoding.get(name))
            style = encoding.get("style")
            plain = style is None and "explode" not in encoding and "object" in self._kinds(inner)
            if plain and (texts := [value for key, value in pairs if key == name]):
                pairs[:] = [pair for pair in pairs if pair[0] != name]
                value: JSON = self._typed(inner, texts[0] if len(texts) == 1 else list(texts))
            else:
                style = style or "form"
                explode = encoding.get("explode", style in ("form", "deepObject"))
                value = None if plain else self.styled(inner, name, style, explode, pairs)
            if value is not None:
                found[name] = value
        for name, value in pairs:
            found[name] = [*found[name], value] if isinstance(found.get(name), list) else value
        return found

    def _parts(self, schema: JSON, request: SandboxRequest) -> JSONObject:
        head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
        found: dict[str, list[JSON]] = {}
        for part in message_from_bytes(head + request.body).walk():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if part.is_multipart() or not isinstance(name, str) or not isinstance(content, bytes):
                continue
            file_name = part.get_filename()
            if file_name is not None:
                value: JSON = {
                    "digest": "sha256:sandbox",
                    "name": file_name,
                    "media_type": part.get_content_type(),
                    "size": len(content),
                }
            else:
                value = content.decode("utf-8", "replace")
            found.setdefault(name, []).append(value)
        properties = self._properties(schema)
        return {name: self._part(properties.get(name, {}), values) for name, values in found.items()}

    def _part(self, schema: JSON, values: list[JSON]) -> JSON:
        if "array" in self._kinds(schema):
            items = self._items(schema)
            return [self._typed(items, value) for value in values]
        return self._typed(schema, values[0]) if len(values) == 1 else values

    # --- values by schema

    def _coerced(self, schema: JSON, text: str) -> JSON:
        """The text, or the number, truth value or null that the schema prefers to it."""
        validator = self._validator(schema)
        options: list[JSON] = [text]
        if re.fullmatch(r"-?\d{1,18}", text):
            options.append(int(text))
        if re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text):
            options.append(float(text))
        words: dict[str, JSON] = {"true": True, "false": False, "": None, "null": None}
        options += [words[text]] if text in words else []
        return next((option for option in options if validator.is_valid(option)), text)

    def _coerced_list(self, schema: JSON, texts: Iterable[str]) -> JSON:
        items = self._items(schema)
        return [self._coerced(items, text) for text in texts]

    def _coerced_object(self, schema: JSON, pairs: Iterable[tuple[str, str]]) -> JSON:
        properties = self._properties(schema)
        return {name: self._coerced(properties.get(name, {}), text) for name, text in pairs}

    def _typed(self, schema: JSON, value: Any) -> JSON:
        """A value whose leaves are texts, read as the schema types them; a text that holds JSON where that fits."""
        if isinstance(value, list):
            items = self._items(schema)
            return [self._typed(items, item) for item in value]
        if isinstance(value, dict):
            properties = self._properties(schema)
            return {name: self._typed(properties.get(name, {}), item) for name, item in value.items()}
        if not isinstance(value, str):
            return value
        found = self._coerced(schema, value)
        if isinstance(found, str) and found[:1] in ("{", "[") and {"object", "array"} & self._kinds(schema):
            try:
                return orjson.loads(found)
            except orjson.JSONDecodeError:
                return found
        return found

    def _validator(self, schema: JSON) -> Any:
        return jsonschema_rs.validator_for({**mapping(schema), "$defs": self._defs})

    def _resolved(self, schema: JSON) -> list[JSONObject]:
        """The schema and its alternatives, references followed."""
        found, pending, seen = [], [schema], set()
        while pending:
            each = pending.pop(0)
            if not isinstance(each, dict):
                continue
            reference = each.get("$ref")
            if isinstance(reference, str):
                if reference not in seen:
                    seen.add(reference)
                    pending.append(self._defs.get(reference.removeprefix("#/$defs/")))
                continue
            found.append(each)
            pending += [*each.get("anyOf", ()), *each.get("allOf", ())]
        return found

    def _kinds(self, schema: JSON) -> set[str]:
        kinds: set[str] = set()
        for each in self._resolved(schema):
            given = each.get("type", ())
            kinds.update([given] if isinstance(given, str) else given)
        return kinds

    def _properties(self, schema: JSON) -> JSONObject:
        return {name: item for each in self._resolved(schema) for name, item in mapping(each.get("properties")).items()}

    def _items(self, schema: JSON) -> JSON:
        return next((each["items"] for each in self._resolved(schema) if "items" in each), {})


def _take(pairs: Pairs, name: str) -> list[str]:
    values = [value for key, value in pairs if key == name]
    pairs[:] = [pair for pair in pairs if pair[0] != name]
    return values


def _nested(name: str, pairs: Pairs) -> JSONObject:
    """The object that `name[a][b]=1` and its like make up."""
    found: JSONObject = {}
    for key, value in [pair for pair in pairs if pair[0].startswith(f"{name}[")]:
        pairs.remove((key, value))
        parts = re.findall(r"\[([^\]]*)\]", key)
        target: Any = found
        for at, part in enumerate(parts[:-1]):
            if parts[at + 1] == "":
                break
            target = target.setdefault(part, {}) if isinstance(target, dict) else {}
        if len(parts) > 1 and parts[-1] == "" and isinstance(target, dict):
            target.setdefault(parts[-2], []).append(value)
        elif parts and isinstance(target, dict):
            target[parts[-1]] = value
    listed: JSONObject = _lists(found)
    return listed


def _lists(value: Any) -> Any:
    """Objects whose names are 0, 1, 2 as lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(item) for name, item in value.items()}
    return list(inner.values()) if inner and list(inner) == [str(at) for at in range(len(inner))] else inner


def _bare(parameter: Parameter, text: str) -> str:
    """A path variable without what its style puts around it."""
    if parameter.style == "label":
        return text.removeprefix(".")
    if parameter.style == "matrix":
        prefix = f";{parameter.wire}="
        return text.removeprefix(prefix).replace(prefix, ",") if text.startswith(prefix) else text[1:].replace(";", ",")
    return text


def _twos(parts: list[str]) -> Iterable[tuple[str, str]]:
    return zip(parts[::2], parts[1::2], strict=False)


def _cookies(request: SandboxRequest) -> Pairs:
    try:
        return [
            (name, unquote(morsel.value)) for name, morsel in SimpleCookie(request.headers.get("cookie", "")).items()
        ]
    except CookieError:
        return []


def _json(text: str, where: str) -> JSON:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Misread(400, f"{where} is not JSON: {error}") from error
