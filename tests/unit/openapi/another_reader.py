"""Requests as they are on the wire, read by another implementation of OpenAPI (openapi-core).

The one rule: what arrives is judged by somebody else's reading of the document. What that reader itself cannot do is
listed here, each with the reason, and nothing else is let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import web
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

_KNOWN = (
    # By the letter of 3.0.3, `nullable` beside an allOf of a reference allows nothing. All who write it mean null.
    "None for not nullable",
    # It looks for path parameters of style `matrix` under names that it never gives them.
    "Missing required path parameter: matrix",
    # It reads parts of multipart bodies as bytes, and then wants them to be texts.
    r"<ValidationError: ['\"]b",
    # A form without fields has no bytes.
    "Missing required request body",
    # Texts are drawn as texts, whatever they are said to hold.
    "Failed to deserialize value with application/xml mimetype",
)


@dataclass
class Arrived:
    """A request as openapi-core takes it."""

    host_url: str
    method: str
    path: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None


class Wire:
    """A server on a port of its own that keeps each request and answers 204."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=50_000_000)
        app.router.add_route("*", "/{rest:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        parts = urlsplit(request.raw_path)
        cookies = [
            (name, unquote(value))
            for name, _, value in (
                pair.partition("=") for pair in request.headers.get("Cookie", "").split("; ") if pair
            )
        ]
        body = await request.read()
        self.arrived.append(
            Arrived(
                self.url,
                request.method.lower(),
                unquote(parts.path.replace("%2F", "%252F")),
                RequestParameters(
                    query=ImmutableMultiDict(parse_qsl(parts.query, keep_blank_values=True)),
                    header=Headers(list(request.headers.items())),
                    cookie=ImmutableMultiDict(cookies),
                ),
                request.headers.get("Content-Type", ""),
                body or None,
            )
        )
        return web.Response(status=204)


class Reader:
    """A document, with the wire's address in the place of its servers."""

    def __init__(self, document: dict[str, Any], url: str) -> None:
        # Whether the document itself is without fault is not asked: those of vendors are not.
        types = dict.fromkeys(_json_types(document), json.loads)
        config = Config(spec_validator_cls=None, extra_media_type_deserializers=types)
        self._api = OpenAPI.from_dict(_at(document, url), config=config)

    def problem(self, arrived: Arrived) -> str:
        """What is wrong with a request, empty when nothing is."""
        try:
            self._api.validate_request(arrived)  # type: ignore[arg-type]  # a protocol that dataclasses fulfil
        except OpenAPIError as error:
            causes = [error]
            while causes[-1].__cause__ is not None:
                causes.append(causes[-1].__cause__)  # type: ignore[arg-type]
            told = " <- ".join(
                f"{type(each).__name__}: {each}"[:400] + str(getattr(each, "schema_errors", ""))[:600]
                for each in causes
            )
            return "" if any(re.search(known, told) for known in _KNOWN) else told
        return ""


def _json_types(value: Any) -> Iterator[str]:
    """The media types of a document that hold JSON under another name."""
    if isinstance(value, dict):
        yield from (name for name in value if isinstance(name, str) and name.endswith("+json"))
        for item in value.values():
            yield from _json_types(item)
    elif isinstance(value, list):
        for item in value:
            yield from _json_types(item)


def _at(document: dict[str, Any], url: str) -> dict[str, Any]:
    """The document without its own addresses and without credentials, which are held against other tests."""

    def plain(value: Any, name: str = "") -> Any:
        if isinstance(value, dict) and name not in ("properties", "example", "examples", "default"):
            return {key: plain(item, key) for key, item in value.items() if key not in ("servers", "security")}
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(each) for each in value] if isinstance(value, list) else value

    return {**plain(document), "servers": [{"url": url}]}
