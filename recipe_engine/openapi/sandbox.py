"""The sandbox of a connector made from a document: it answers from schemas and examples, and keeps what was created.

The one rule: it refuses what the document refuses (unknown paths, missing credentials, required, types, choices, formats)
and what is not there (any more); what an operation answers, and what is there at first, can be set by a test.

    answers:
      - {operation: get_contact, json: {id: "7", name: Jeanne}}
      - {operation: create_contact, status: 409, json: {message: exists}, times: 1}
    records:
      /contacts: [{id: "7", name: Jeanne}]
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import jsonschema_rs
from pydantic import BaseModel, ConfigDict, Field

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.addresses import path_of, server_url
from recipe_engine.openapi.arrivals import Arrival, Misread
from recipe_engine.openapi.auth import SANDBOX_TOKEN
from recipe_engine.openapi.document import listing, mapping
from recipe_engine.openapi.examples import sample_of
from recipe_engine.openapi.operations import VARIABLE, Media, Operation
from recipe_engine.openapi.records import Records, Role, roles
from recipe_engine.openapi.schemas import Schemas
from recipe_engine.openapi.shapes import params_schema, result_schema, sound
from recipe_engine.plugin import Effect, Sandbox, SandboxRequest, SandboxResponse
from recipe_engine.plugin.http import SAFE_METHODS

if TYPE_CHECKING:
    from recipe_engine.openapi.connector import OpenApiConnector
    from recipe_engine.openapi.index import Entry


class ScriptedAnswer(BaseModel):
    """What an operation answers, `times` times (without it for ever)."""

    model_config = ConfigDict(extra="forbid")
    operation: str
    status: int = Field(200, ge=100, le=599)
    json_body: JSON = Field(None, alias="json")
    times: int | None = Field(None, ge=1)


class _Route:
    """An operation with what the sandbox needs of it, worked out when it is first asked for."""

    def __init__(self, connector: OpenApiConnector, entry: Entry) -> None:
        self.entry = entry
        self.operation: Operation = connector.operation(entry)
        self.schema = params_schema(connector.document, self.operation)
        self.validator = jsonschema_rs.validator_for(self.schema, validate_formats=True)
        self.arrival = Arrival(self.operation, self.schema)
        self._connector = connector

    @cached_property
    def described(self) -> SandboxResponse:
        """The success that the document describes."""
        return _described(self._connector, self.operation)

    @cached_property
    def _answers(self) -> Any:
        whole = result_schema(self._connector.document, self.operation)
        return jsonschema_rs.validator_for(whole, validate_formats=True)

    def fits(self, answer: JSON) -> bool:
        """Whether the document accepts an answer."""
        return bool(self._answers.is_valid(answer))


def sandbox_of(connector: OpenApiConnector) -> type[Sandbox]:
    """The class of the connector's sandbox."""

    @cache
    def route(entry: Entry) -> _Route:
        return _Route(connector, entry)

    patterns = sorted(
        ((_pattern(entry.path), entry) for entry in connector.index.entries),
        key=lambda found: -len(VARIABLE.sub("", found[1].path)),
    )
    bases = cache(lambda: _bases(connector))
    attributes: dict[str, Any] = {
        "of": connector,
        "patterns": patterns,
        "route": staticmethod(route),
        "bases": staticmethod(bases),
    }
    attributes["roles"] = roles((entry.method, entry.path) for entry in connector.index.entries)
    return type(f"{connector.name.title()}Sandbox", (OpenApiSandbox,), attributes)


class OpenApiSandbox(Sandbox):
    """A vendor as far as its document describes it."""

    of: ClassVar[OpenApiConnector]
    patterns: ClassVar[list[tuple[re.Pattern[str], Entry]]]
    route: ClassVar[Any]
    bases: ClassVar[Any]
    roles: ClassVar[dict[tuple[str, str], Role]]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._scripted: list[ScriptedAnswer] = []
        self._records = Records()

    def seed(self, data: JSONObject) -> None:
        """Take `answers`. Raises ValueError for what is no answer, and for operations that there are not."""
        answers = [ScriptedAnswer.model_validate(item) for item in data.pop("answers", [])]
        known = {entry.name for _, entry in self.patterns}
        for answer in answers:
            if answer.operation not in known:
                raise ValueError(f"{self.connector} has no operation {answer.operation}")
        self._scripted += answers
        self._seed_records(data.pop("records", {}))
        super().seed(data)

    def state(self) -> JSONObject:
        """What is there, by the path of the collection."""
        found = {path: list(kept.things.values()) for path, kept in self._records.collections.items() if kept.count}
        return {"records": found} if found else {}

    def _seed_records(self, given: JSON) -> None:
        for path, things in mapping(given).items():
            role = next(
                (role for (_, of), role in self.roles.items() if _pattern(_collection(of, role)).fullmatch(path)), None
            )
            if role is None or not isinstance(things, list):
                raise ValueError(f"{self.connector} has no collection {path} of which a list of things can be given")
            for thing in things:
                if not self._records.put(path, role, thing):
                    raise ValueError(f"a thing of {path} needs an id: `id` or `{role.variable}`")

    def answer(self, request: SandboxRequest) -> SandboxResponse:
        """What the document lets expect."""
        self.requests.append(request)
        credentials = self.of.credentials
        if credentials.kind == "oauth2" and self._asks_for_token(request):
            return SandboxResponse(200, {"access_token": SANDBOX_TOKEN, "token_type": "Bearer", "expires_in": 3600})
        found = self._find(request)
        if found is None:
            return self._nowhere(request)
        entry, variables = found
        route: _Route = self.route(entry)
        if route.operation.secured == "must" and credentials.missed_by(request, self.settings):
            return SandboxResponse(401, {"message": f"{entry.name} needs valid credentials: {self.of.config.auth}"})
        known = credentials.query_names
        try:
            params = route.arrival.params(request, variables, known)
        except Misread as refused:
            return SandboxResponse(refused.status, {"message": str(refused)})
        problems = [_words(error) for error in route.validator.iter_errors(params)]
        if problems:
            return SandboxResponse(self._refusal(route.operation), {"message": problems[0], "errors": problems[:20]})
        return self._accepted(route, request, params)

    def _accepted(self, route: _Route, request: SandboxRequest, params: JSONObject) -> SandboxResponse:
        scripted = next(
            (each for each in self._scripted if each.operation == route.entry.name and each.times != 0), None
        )
        if scripted is not None and scripted.times is not None:
            scripted.times -= 1
        if scripted is None:
            answer = self._kept(route, request, params)
        else:
            answer = SandboxResponse(scripted.status, scripted.json_body)
        if request.method not in SAFE_METHODS and answer.status < 400:
            self.effects.append(Effect(self.connector, route.entry.name, params))
        return answer

    def _kept(self, route: _Route, request: SandboxRequest, params: JSONObject) -> SandboxResponse:
        """The success that the document describes, with what is kept in it; its 404 for what is not there."""
        operation = route.operation
        described = route.described
        role = self.roles.get((route.entry.method, route.entry.path))
        if role is None:
            return described
        there, body = self._records.answer(
            role, self._below(request, route.entry), params.get(operation.body_name), described.json, route.fits
        )
        if there:
            return described if described.json is None else SandboxResponse(described.status, body)
        return _missing(self.of, operation, request)

    def _below(self, request: SandboxRequest, entry: Entry) -> str:
        """The path of a request below its server's."""
        pattern = next(pattern for pattern, each in self.patterns if each is entry)
        return next(path for path in self._paths(request) if pattern.fullmatch(path))

    def _find(self, request: SandboxRequest) -> tuple[Entry, dict[str, str]] | None:
        """The operation of a request, and the variables in its path as they were sent."""
        for path in self._paths(request):
            for pattern, entry in self.patterns:
                found = pattern.fullmatch(path) if entry.method == request.method.lower() else None
                if found is not None and self._is_literal(entry, request):
                    names = VARIABLE.findall(entry.path.partition("#")[0].partition("?")[0])
                    return entry, dict(zip(names, found.groups(), strict=True))
        return None

    def _asks_for_token(self, request: SandboxRequest) -> bool:
        """Whether a request is to the token address, or to the one at which `recipe sandbox` serves it."""
        return request.method == "POST" and (
            request.url.partition("?")[0] == self.of.credentials.where or request.path == "/oauth2/token"
        )

    def _is_literal(self, entry: Entry, request: SandboxRequest) -> bool:
        """Whether the query that is part of the operation's path was sent."""
        literal = entry.path.partition("#")[0].partition("?")[2]
        return all(part in urlsplit(request.url).query.split("&") for part in literal.split("&") if part)

    def _paths(self, request: SandboxRequest) -> list[str]:
        """The request's path below each address that it may have been sent to."""
        path = request.path
        below = [path[len(base) :] or "/" for base in self.bases() if path.startswith(f"{base}/")]
        return [*below, path]

    def _nowhere(self, request: SandboxRequest) -> SandboxResponse:
        paths = self._paths(request)
        methods = {
            entry.method.upper() for pattern, entry in self.patterns for path in paths if pattern.fullmatch(path)
        }
        if methods:
            allowed = ", ".join(sorted(methods))
            return SandboxResponse(405, {"message": f"{request.path} takes {allowed}"}, headers={"allow": allowed})
        return self.not_found(request)

    def _refusal(self, operation: Operation) -> int:
        statuses = {answer.status for answer in operation.answers}
        return 422 if "422" in statuses and "400" not in statuses else 400


def _bases(connector: OpenApiConnector) -> list[str]:
    """The paths of every server that the document names, the longest first."""
    urls = [connector.config.server, *map(server_url, connector.index.servers)]
    for _, _, operation, item in connector.document.operations():
        urls += map(server_url, [*listing(operation.get("servers")), *listing(item.get("servers"))])
    return sorted({path_of(url) for url in urls} - {""}, key=len, reverse=True)


def _pattern(path: str) -> re.Pattern[str]:
    plain = path.partition("#")[0].partition("?")[0]
    return re.compile(
        "".join("([^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(VARIABLE.split(plain)))
    )


def _collection(path: str, role: Role) -> str:
    plain = path.rstrip("/")
    return plain if role.part in ("create", "list") else plain.rpartition("/")[0]


def _missing(connector: OpenApiConnector, operation: Operation, request: SandboxRequest) -> SandboxResponse:
    """The document's own answer for what is not there, else a plain one."""
    answer = next((each for each in operation.answers if each.status in ("404", "4XX")), None)
    if answer is not None and answer.media and answer.media[0].kind == "json":
        return _body(connector, operation, 404, answer.media[0])
    return SandboxResponse(404, {"message": f"{request.path} is not there"})


def _words(error: Any) -> str:
    place = ".".join(map(str, error.instance_path))
    return f"{place}: {error.message[:300]}" if place else str(error.message[:300])


def _described(connector: OpenApiConnector, operation: Operation) -> SandboxResponse:
    """The success that the document describes, with its own example where that fits."""
    successes = sorted(operation.successes, key=lambda answer: (not answer.media, answer.status))
    if not successes:
        return SandboxResponse(200)
    answer = successes[0]
    status = int(answer.status.replace("XX", "00")) if answer.status != "default" else 200
    if not answer.media or operation.method == "head":
        return SandboxResponse(status)
    return _body(connector, operation, status, answer.media[0])


def _body(connector: OpenApiConnector, operation: Operation, status: int, media: Media) -> SandboxResponse:
    headers = {"content-type": media.type if "*" not in media.type else "application/octet-stream"}
    if media.kind == "json":
        schemas = Schemas(connector.document, "answer")
        schema = schemas.schema(media.schema)
        whole = sound(schemas.finish(schema if isinstance(schema, dict) else {}))
        value = next((each for each in media.examples if jsonschema_rs.is_valid(whole, each)), None)
        value = sample_of(whole, operation.name) if value is None else value
        if value is None:
            return SandboxResponse(status, body=b"null", headers={"content-type": "application/json"})
        return SandboxResponse(status, value)
    example = next((each for each in media.examples if isinstance(each, str)), f"sample {operation.name}")
    return SandboxResponse(status, body=example.encode(), headers=headers)
