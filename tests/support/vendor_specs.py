"""Holds requests and answers against the vendors' interface descriptions.

The one rule: requests strictly, so that nothing is sent that the vendor does not describe (unknown properties and query
parameters are problems); answers as strictly as the description deserves: `lenient` for one typed from examples.

The folder is named by RECIPE_VENDOR_SPECS, else ../shared/vendor-specs beside the repository. Where it is absent,
`spec` skips the test and says so, while `hold_to_spec` lets the test go on unheld: what it tests does not need the folder.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
import pytest

from recipe_engine.plugin import Sandbox, SandboxRequest, SandboxResponse

REPOSITORY = Path(__file__).parents[2]
# Headers that OpenAPI leaves to the rest of a description, whatever stands in its parameters.
OWN_HEADERS = {"accept", "authorization", "content-type", "user-agent"}
SCALARS = {"string", "integer", "number"}


def folder() -> Path:
    """Where the vendors' descriptions are kept."""
    return Path(os.environ.get("RECIPE_VENDOR_SPECS") or REPOSITORY.parent / "shared" / "vendor-specs")


def spec(vendor: str, *, lenient: bool = False) -> Spec:
    """The description of a vendor; skips the test, saying why, when it is not there."""
    found = _find(vendor, lenient)
    if found is None:
        pytest.skip(f"no description of {vendor} in {folder()} (RECIPE_VENDOR_SPECS names that folder)")
    return found


def _find(vendor: str, lenient: bool) -> Spec | None:
    path = folder() / vendor / "openapi.json"
    return _load(path, lenient) if path.exists() else None


@cache
def _load(path: Path, lenient: bool) -> Spec:
    return Spec(json.loads(path.read_text()), lenient)


@dataclass(frozen=True)
class Operation:
    """One operation: its parameters include those of its path."""

    name: str
    method: str
    path: re.Pattern[str]
    variables: list[str]
    parameters: list[dict[str, Any]]
    body: dict[str, Any] | None
    responses: dict[str, Any]
    # More literal characters win over a variable: /contacts/search over /contacts/{id}.
    literal: int


@dataclass
class Spec:
    """An OpenAPI 3.0 or 3.1 document. `lenient` lets answers mix up texts, numbers and null, what lists hold,
    alternatives that overlap, and an answer without content where the description names the one with content alone."""

    document: dict[str, Any]
    lenient: bool = False
    operations: list[Operation] = field(init=False)

    def __post_init__(self) -> None:
        self.document = _plain(self.document)
        self.base = urlsplit(self.document["servers"][0]["url"]).path.rstrip("/")
        self.operations = sorted(
            (
                self._operation(path, method, operation, item.get("parameters", []))
                for path, item in self.document["paths"].items()
                for method, operation in item.items()
                if method in {"get", "put", "post", "patch", "delete", "head"}
            ),
            key=lambda operation: -operation.literal,
        )

    def find(self, request: SandboxRequest) -> Operation | None:
        """The operation that a request is of."""
        path = urlsplit(request.url).path.removeprefix(self.base)
        return next(
            (each for each in self.operations if each.method == request.method and each.path.fullmatch(path)), None
        )

    def request_problems(self, request: SandboxRequest) -> list[str]:
        """What the description forbids in a request."""
        operation = self.find(request)
        if operation is None:
            return [f"no operation {request.method} {request.path}"]
        return [*self._parameter_problems(operation, request), *self._body_problems(operation, request)]

    def answer_problems(self, request: SandboxRequest, answer: SandboxResponse) -> list[str]:
        """What the description forbids in an answer."""
        operation = self.find(request)
        if operation is None:
            return [f"no operation {request.method} {request.path}"]
        if isinstance(answer.json, dict) and answer.json.get("ok") is False:
            # Slack's errors have status 200; its description lists some of them, and calls them the default answer.
            return [] if isinstance(answer.json.get("error"), str) else ["an error is a word"]
        response = operation.responses.get(str(answer.status)) or operation.responses.get("default")
        if response is None:
            # Many descriptions name the success alone; the errors of these vendors are described in facts.md.
            left_out = answer.status >= 400 or (self.lenient and answer.status == 204)
            return [] if left_out else [f"{operation.name} never answers {answer.status}"]
        content = self._resolve(response).get("content", {})
        schema = next(
            (media["schema"] for kind, media in content.items() if "json" in kind and "schema" in media), None
        )
        if schema is None:
            return [] if answer.json is None else [f"{operation.name} answers {answer.status} without JSON"]
        return self._check(_lenient(schema) if self.lenient else schema, answer.json, self.lenient)

    def _operation(self, path: str, method: str, operation: dict[str, Any], shared: list[Any]) -> Operation:
        pattern = re.sub(r"\\\{[^}]+\\\}", "([^/]+)", re.escape(path))
        return Operation(
            name=operation.get("operationId") or f"{method} {path}",
            method=method.upper(),
            path=re.compile(pattern),
            variables=re.findall(r"\{([^}]+)\}", path),
            # An operation may say again what its path says of all: its own word counts.
            parameters=list(
                {
                    (each["in"], each["name"]): each
                    for each in map(self._resolve, [*shared, *operation.get("parameters", [])])
                }.values()
            ),
            body=self._resolve(operation["requestBody"]) if "requestBody" in operation else None,
            responses=operation["responses"],
            literal=len(re.sub(r"\{[^}]+\}", "", path)),
        )

    def _parameter_problems(self, operation: Operation, request: SandboxRequest) -> list[str]:
        parts = urlsplit(request.url)
        found = operation.path.fullmatch(parts.path.removeprefix(self.base))
        assert found is not None
        given: dict[tuple[str, str], list[str]] = {
            ("path", name): [unquote(value)] for name, value in zip(operation.variables, found.groups(), strict=True)
        }
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            given.setdefault(("query", name.removesuffix("[]")), []).append(value)
        problems = []
        for parameter in operation.parameters:
            place, name = parameter["in"], parameter["name"]
            values = given.pop((place, name), None)
            if place == "header" and name.lower() not in OWN_HEADERS and name.lower() in request.headers:
                values = [request.headers[name.lower()]]
            elif place not in {"path", "query"} and (place != "header" or name.lower() in OWN_HEADERS):
                continue
            if values is None:
                if parameter.get("required"):
                    problems.append(f"{place} parameter {name} is missing")
                continue
            schema = self._resolve(parameter.get("schema", {}))
            value = _read(values, schema)
            problems += [f"{place} parameter {name}: {each}" for each in self._check(schema, value, lenient=False)]
        return [*problems, *(f"unknown {place} parameter {name}" for place, name in given)]

    def _body_problems(self, operation: Operation, request: SandboxRequest) -> list[str]:
        if operation.body is None:
            return [f"{operation.name} takes no body"] if request.body else []
        if not request.body:
            return ["the body is missing"] if operation.body.get("required") else []
        kind = request.headers.get("content-type", "").partition(";")[0]
        media = operation.body["content"].get(kind)
        if media is None:
            return [f"content type {kind!r} is none of {', '.join(operation.body['content'])}"]
        schema = media.get("schema", {})
        body = request.json() if "json" in kind else self._form(request, schema)
        return [*self._check(schema, body, lenient=False), *self._undeclared(schema, body, "body")]

    def _form(self, request: SandboxRequest, schema: dict[str, Any]) -> dict[str, Any]:
        """The fields of a form, read as the schema types them; of files the content, as text."""
        given: dict[str, list[str]] = {}
        for name, value in _fields(request):
            given.setdefault(name, []).append(value)
        typed = self._resolve(schema).get("properties", {})
        return {name: _read(values, self._resolve(typed.get(name, {}))) for name, values in given.items()}

    def _check(self, schema: dict[str, Any], value: Any, lenient: bool) -> list[str]:
        components = _lenient(self.document.get("components", {})) if lenient else self.document.get("components", {})
        validator = jsonschema_rs.validator_for({**schema, "components": components}, validate_formats=True)
        return [
            f"{'/'.join(map(str, error.instance_path)) or '.'}: {error.message}"
            for error in validator.iter_errors(value)
        ]

    def _undeclared(self, schema: dict[str, Any], value: Any, where: str) -> list[str]:
        """Properties that no schema declares: a description leaves objects open, a vendor does not read them."""
        schema = self._resolve(schema)
        if isinstance(value, list):
            return [
                each
                for index, item in enumerate(value)
                for each in self._undeclared(schema.get("items", {}), item, f"{where}/{index}")
            ]
        if not isinstance(value, dict):
            return []
        variants = list(self._variants(schema))
        declared = {name: of for each in variants for name, of in each.get("properties", {}).items()}
        if not declared or any(each.get("additionalProperties") for each in variants):
            return []
        return [
            problem
            for name, item in value.items()
            for problem in (
                self._undeclared(declared[name], item, f"{where}/{name}")
                if name in declared
                else [f"{where}/{name} is not described"]
            )
        ]

    def _variants(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A schema and all that it is put together of."""
        schema = self._resolve(schema)
        yield schema
        for name in ("allOf", "anyOf", "oneOf"):
            for each in schema.get(name, ()):
                yield from self._variants(each)

    def _resolve(self, item: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in item:
            target: Any = self.document
            for part in item["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            item = target
        return item


def hold_to_spec(
    sandbox: Sandbox,
    vendor: str,
    *,
    lenient: bool = False,
    newer: tuple[str, ...] = (),
    mend: Callable[[dict[str, Any]], object] | None = None,
) -> None:
    """From now on every request to `sandbox`, and every answer of it, fails the test when the description forbids it.

    `newer` are problems that are none: words of what the vendor takes and its description is too old to say. `mend` takes a
    mistake out of the description, that of its schemas which nothing can satisfy."""
    answer, described = sandbox.answer, _find(vendor, lenient)
    if described is None:
        return
    if mend is not None:
        document = deepcopy(described.document)
        mend(document)
        described = Spec(document, lenient)

    def checked(request: SandboxRequest) -> SandboxResponse:
        problems = [
            problem for problem in described.request_problems(request) if not any(word in problem for word in newer)
        ]
        assert not problems, f"{request.method} {request.url} {request.body[:500]!r}: {problems}"
        answered = answer(request)
        problems = described.answer_problems(request, answered)
        assert not problems, f"{request.method} {request.url} answered {answered}: {problems}"
        return answered

    sandbox.answer = checked  # type: ignore[method-assign]  # this very object is under test


def _plain(document: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema has it."""
    if isinstance(document, list):
        return [_plain(each) for each in document]
    if not isinstance(document, dict):
        return document
    plain = {name: _plain(value) for name, value in document.items()}
    if plain.pop("nullable", None) is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    return plain


def _lenient(schema: Any) -> Any:
    """A schema in which texts, numbers and null stand for each other, lists of texts may hold anything, and what fits one
    of several schemas may fit more: alternatives that require nothing all fit everything."""
    if isinstance(schema, list):
        return [_lenient(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {"anyOf" if name == "oneOf" else name: _lenient(value) for name, value in schema.items()}
    types = loose.get("type")
    if isinstance(types, str | list):
        named = {types} if isinstance(types, str) else set(types)
        loose["type"] = sorted(named | {"null"} | (SCALARS if named & SCALARS else set()))
        loose.pop("format", None)
        if "array" in named and "string" in (loose.get("items") or {}).get("type", ()):
            del loose["items"]
    return loose


def _fields(request: SandboxRequest) -> list[tuple[str, str]]:
    """The names and values of a form, URL-encoded or multipart."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        return parse_qsl(request.body.decode(), keep_blank_values=True)
    whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    parts = [part for part in whole.walk() if not part.is_multipart()]
    return [
        (str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True).decode("latin-1"))  # type: ignore[union-attr]  # bytes, of a part that is no multipart
        for part in parts
    ]


def _read(values: list[str], schema: dict[str, Any]) -> Any:
    """The value that the texts of a path or query parameter stand for."""
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "array" in kinds:
        return [_read([value], schema.get("items", {})) for value in values]
    (value, *more) = values
    if more:
        return values
    if {"integer", "number"} & set(kinds) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value) if "." in value else int(value)
    return {"true": True, "false": False}.get(value, value) if "boolean" in kinds else value
