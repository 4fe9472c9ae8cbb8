"""OpenAPI documents: read from JSON or YAML, looked into by reference.

The one rule: what no part of this package can use is refused here, in one sentence that says what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from recipe_engine.core.json import JSONObject
from recipe_engine.errors import RecipeError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MOST_NODES = 5_000_000
_MOST_DEPTH = 400
# Numbers as YAML 1.2 has them: 12:30 and 1_000 are texts, 010 is ten.
_WHOLE = re.compile(r"\A[-+]?[0-9]+\Z")
_NUMBER = re.compile(r"\A[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z")
_KINDS = {list: "a list", str: "text", int: "a number", float: "a number", bool: "true or false", type(None): "nothing"}
# What else describes interfaces, by the field that shows it.
_OTHERS = {
    "asyncapi": "an AsyncAPI document", "item": "a Postman collection", "__schema": "a GraphQL schema",
    "discoveryVersion": "a Google discovery document", "raml": "a RAML document", "$schema": "a JSON Schema",
    "openrpc": "an OpenRPC document",
}  # fmt: skip
_VERSION = re.compile(r"3\.[012](\.|\Z)")


class DocumentError(RecipeError):
    """A text that is no OpenAPI document of a version that is understood."""


class Document:
    """A document. `found` follows references; one that leads nowhere (or to another file) gives None."""

    def __init__(self, data: JSONObject) -> None:
        self.data = data
        self.is_30 = str(data.get("openapi", "")).startswith("3.0")
        self._targets: dict[str, Any] = {}

    def target(self, reference: str) -> Any:
        """What a local reference (`#/components/schemas/Pet`, `#anchor`) names; None when there is nothing."""
        if reference not in self._targets:
            self._targets[reference] = self._target(reference)
        return self._targets[reference]

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#"):
            return self._anchors.get(reference)
        if reference[1:] and not reference.startswith("#/"):
            return self._anchors.get(reference[1:])
        found: Any = self.data
        for part in reference[1:].split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            else:
                return None
        return found

    @cached_property
    def _anchors(self) -> dict[str, Any]:
        """Schemas by their `$anchor` and their `$id`, as OpenAPI 3.1 lets them be named."""
        found: dict[str, Any] = {}
        pending: list[Any] = [mapping(self.data.get("components")).get("schemas"), self.data.get("paths")]
        while pending:
            value = pending.pop()
            if isinstance(value, dict):
                for word in ("$anchor", "$id", "$dynamicAnchor"):
                    if isinstance(value.get(word), str):
                        found.setdefault(value[word], value)
                pending += value.values()
            elif isinstance(value, list):
                pending += value
        return found

    def made_of(self, reference: str) -> list[str]:
        """References to the schemas of the components that have this one in their allOf."""
        return self._made_of.get(reference, [])

    @cached_property
    def _made_of(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, schema in mapping(mapping(self.data.get("components")).get("schemas")).items():
            for part in listing(mapping(schema).get("allOf")):
                reference = mapping(part).get("$ref")
                if isinstance(reference, str):
                    found.setdefault(reference, []).append(f"#/components/schemas/{name}")
        return found

    def found(self, item: Any) -> Any:
        """The item, or what its `$ref` leads to in the end; None when that is nothing or leads back to itself."""
        seen: set[str] = set()
        while isinstance(item, dict) and isinstance(item.get("$ref"), str):
            if item["$ref"] in seen:
                return None
            seen.add(item["$ref"])
            item = self.target(item["$ref"])
        return item

    def operations(self) -> Iterator[tuple[str, str, JSONObject, JSONObject]]:
        """Path, method, operation and path item, in the document's order."""
        for path, entry in mapping(self.data.get("paths")).items():
            item = mapping(self.found(entry))
            for method in item:
                operation = item[method]
                if method.lower() in METHODS and isinstance(operation, dict):
                    yield path, method.lower(), operation, item


def read_document(content: bytes, name: str) -> Document:
    """The document of a file's content; `name` stands in messages.

    Raises DocumentError when it is no OpenAPI 3.0 or 3.1 document.
    """
    data = parsed_file(content, name)
    if not isinstance(data, dict):
        raise DocumentError(
            f"{name} is not an OpenAPI document: it holds {_KINDS.get(type(data), 'a value')}, not an object"
        )
    if "swagger" in data:
        raise DocumentError(
            f"{name} is Swagger {data['swagger']}; OpenAPI 3.0 or 3.1 is expected",
            "converters exist, such as swagger2openapi; vendors often offer the newer form beside the old one",
        )
    version = data.get("openapi")
    for word, title in _OTHERS.items():
        if version is None and word in data:
            raise DocumentError(f"{name} is {title}, not an OpenAPI document")
    if version is None:
        raise DocumentError(f"{name} is not an OpenAPI document: it has no field `openapi`")
    if not isinstance(version, str | float) or not _VERSION.match(str(version)):
        raise DocumentError(f"{name} is OpenAPI {version}; 3.0 or 3.1 is expected")
    _refuse_too_large(data, name)
    return Document(data)


def parsed_file(content: bytes, name: str) -> Any:
    """What a file holds, JSON or YAML.

    Raises DocumentError when it is neither.
    """
    text = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        begins, suffix = text.lstrip()[:1], Path(name).suffix
        if not begins:
            raise DocumentError(f"{name} is empty") from error
        if begins == b"<":
            raise DocumentError(
                f"{name} is a web page or XML, not an OpenAPI document",
                "give the address of the document itself (JSON or YAML), which a page about it often links to",
            ) from error
        if suffix == ".json" or (begins in (b"{", b"[") and suffix not in (".yaml", ".yml")):
            reason = str(error)
        else:
            return _from_yaml(text, name)
    raise DocumentError(f"{name} is not JSON: {reason}")


def _from_yaml(text: bytes, name: str) -> Any:
    """YAML as documents mean it: dates and times are texts, `no` and `on` are texts, keys such as 200 are texts."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C parser where it is built
        """The safe loader without the types that JSON has not."""

    Loader.yaml_implicit_resolvers = {
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag.rpartition(":")[2] not in ("timestamp", "bool", "value", "int", "float")
        ]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:bool", re.compile(r"\A(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
    )
    Loader.add_implicit_resolver("tag:yaml.org,2002:int", _WHOLE, list("-+0123456789"))
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+.0123456789"))
    Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))
    Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node)))
    try:
        data = yaml.load(text, Loader)  # noqa: S506  # a safe loader, made narrower
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError(f"{name} is not YAML: {' '.join(str(error).split())[:300]}") from error
    _refuse_too_large(data, name)
    return _text_keys(data)


def _text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_text_keys(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else "null" if key is None else str(key)


def _refuse_too_large(data: Any, name: str) -> None:
    """Refuse what would not end: a tree that holds itself, or aliases that multiply."""
    nodes, pending = 0, [(data, 0)]
    while pending:
        value, depth = pending.pop()
        nodes += 1
        if nodes > _MOST_NODES or depth > _MOST_DEPTH:
            what = f"more than {_MOST_NODES} values" if nodes > _MOST_NODES else f"more than {_MOST_DEPTH} levels"
            raise DocumentError(f"{name} is too large to be worked on: {what}")
        if isinstance(value, dict):
            pending += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, list):
            pending += [(item, depth + 1) for item in value]


def mapping(value: Any) -> JSONObject:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
