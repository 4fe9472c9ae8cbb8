"""Adding a document to a project: what is copied, what `connector.yml` says, and what has to be told about it.

The one rule: nothing is left out silently. Each thing of the document that no action can do is one line, with its reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import orjson

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.errors import RecipeError
from recipe_engine.openapi.addresses import host_of, server_url
from recipe_engine.openapi.auth import Credentials
from recipe_engine.openapi.auth_schemes import suggested_auth
from recipe_engine.openapi.bounds import Weights
from recipe_engine.openapi.bundling import FILES, bundled, is_elsewhere
from recipe_engine.openapi.connector import Config
from recipe_engine.openapi.document import Document, mapping, read_document
from recipe_engine.openapi.folders import CONFIG, counted, some
from recipe_engine.openapi.index import INDEX, Index, index_of, write_index
from recipe_engine.openapi.operations import VARIABLE, Operation, read_operation

DOCUMENT = "openapi.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be added: the document's text, where it is from, and how the connector is called and authorized.
    Without `auth` the document's own security schemes decide; without `server` its first server does."""

    content: bytes
    source: str
    name: str
    auth: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """A connector that was written: its folder, what it says, its operations, and remarks for the person."""

    folder: Path
    config: Config
    index: Index
    remarks: tuple[str, ...]


def add(wanted: Wanted, folder: Path) -> Added:
    """Write the connector of a document into `folder`.

    Raises RecipeError when the document makes none, or the folder holds a connector of another kind already.
    """
    document = read_document(wanted.content, wanted.source)
    if not _is_address(wanted.source):
        document = Document(bundled(document.data, Path(wanted.source)))
    index = index_of(document)
    if not index.entries:
        raise RecipeError(f"{wanted.source} describes no operation that could be an action", _first(index))
    auth = wanted.auth or suggested_auth(document, wanted.name)
    server, variables = _server(wanted, index)
    config = Config(name=wanted.name, title=index.title, auth=auth, server=server, variables=variables)
    credentials = Credentials.parse(auth)
    remarks = tuple(_remarks(document, index, config, credentials, wanted))
    content = orjson.dumps(document.data, option=orjson.OPT_INDENT_2)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DOCUMENT).write_bytes(content)
    (folder / CONFIG).write_text(_config_text(config, wanted), encoding="utf-8")
    write_index(folder / INDEX, index, hashlib.sha256(content).hexdigest())
    return Added(folder, config, index, remarks)


def _server(wanted: Wanted, index: Index) -> tuple[str, dict[str, str]]:
    """The base URL as `connector.yml` keeps it, and what its variables are when no setting says otherwise. An address
    without a host is below the address that the document is from."""
    if wanted.server:
        return wanted.server.rstrip("/"), {}
    for each in index.servers or [{"url": "/"}]:
        url = str(each.get("url", ""))
        variables = mapping(each.get("variables"))
        if _is_address(wanted.source) and not host_of(server_url(each)):
            url = urljoin(wanted.source, url)
        if host_of(server_url({**each, "url": url})):
            defaults = {name: mapping(variables.get(name)).get("default") for name in VARIABLE.findall(url)}
            return url.rstrip("/"), {name: str(value) for name, value in defaults.items() if value not in (None, "")}
    return "", {}


def _is_address(source: str) -> bool:
    return source.startswith(("https://", "http://"))


def _remarks(
    document: Document, index: Index, config: Config, credentials: Credentials, wanted: Wanted
) -> Iterator[str]:
    for where, why in index.left_out:
        yield f"left out {where}: {why}"
    yield from _about_servers(index, config, wanted)
    operations = [read_operation(document, each.name, each.path, each.method, {}) for each in index.entries]
    yield from _about_auth(operations, credentials)
    yield from _about_shapes(document, operations)
    unnamed = [
        each.name for each, raw in zip(index.entries, _raw(document, index), strict=True) if not raw.get("operationId")
    ]
    if unnamed:
        yield f"{counted(unnamed, 'operation')} without an operationId: named by method and path ({some(unnamed)})"
    moved = [name for name, id_ in _renamed(document, index)]
    if moved:
        yield f"{counted(moved, 'operation')} with an operationId that another one has: named by method and path ({some(moved)})"
    for word in ("webhooks", "x-webhooks"):
        if mapping(document.data.get(word)):
            yield f"{counted(list(document.data[word]), 'webhook')} left out: what the vendor sends is a trigger of a recipe, not an action"


def _about_servers(index: Index, config: Config, wanted: Wanted) -> Iterator[str]:
    setting = f"{config.name.upper()}_BASE_URL"
    if not config.server:
        found = index.servers[0].get("url") if index.servers else None
        told = f"its server {found!r} is no whole address" if found else "the document names no server"
        yield f"{told}: add it again with --server https://..., or set {setting}"
    elif len(index.servers) > 1 and not wanted.server:
        others = [str(each.get("url")) for each in index.servers[1:]]
        yield f"of {len(index.servers)} servers {config.server} is used; {setting} or --server takes another ({some(others)})"


def _about_auth(operations: list[Operation], credentials: Credentials) -> Iterator[str]:
    if credentials.kind == "none" and any(each.secured == "must" for each in operations):
        yield "requests are sent without credentials; --auth says which to send"


def _about_shapes(document: Document, operations: list[Operation]) -> Iterator[str]:
    """What is told of parameters and results only down to a depth, or not at all."""
    weights = Weights(document.target)
    cut = [each.name for each in operations if not all(map(weights.fits, _schemas_of(each)))]
    if cut:
        yield f"{counted(cut, 'operation')} whose types are too entangled to be written out: known down to a depth, anything is accepted below ({some(cut)})"
    broken = sorted(set(_broken_references(document)))
    away = [each for each in broken if is_elsewhere(each)]
    if away:
        yield f"{counted(away, 'reference')} to other addresses not followed, which count as any value: add the document bundled into one file ({some(away)})"
    gone = [each for each in broken if each not in away]
    if gone:
        yield f"{counted(gone, 'reference')} that lead nowhere in this document count as any value ({some(gone)})"


def _schemas_of(operation: Operation) -> Iterator[JSON]:
    yield from (media.schema for media in operation.bodies)
    yield from (media.schema for answer in operation.successes for media in answer.media[:1])


def _broken_references(document: Document) -> Iterator[str]:
    pending: list[Any] = [document.data.get("paths"), document.data.get("components"), document.data.get(FILES)]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str) and document.target(reference) is None:
                yield reference
            pending += value.values()


def _raw(document: Document, index: Index) -> Iterator[JSONObject]:
    raws = {(path, method): raw for path, method, raw, _ in document.operations()}
    return (raws[each.path, each.method] for each in index.entries)


def _renamed(document: Document, index: Index) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for entry, raw in zip(index.entries, _raw(document, index), strict=True):
        id_ = str(raw.get("operationId") or "")
        if id_ and id_ in seen:
            yield entry.name, id_
        seen.add(id_)


def _config_text(config: Config, wanted: Wanted) -> str:
    import yaml

    said = config.model_dump(exclude_defaults=True)
    head = f"# The connector {config.name}, made from {Path(wanted.source).name}. `effects` says by operation what a repeat does (read, keyed, once),\n# `defaults` gives parameters that recipes need not write, `idempotency_header` names a header for the step's key.\n"
    return head + yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1000)


def _first(index: Index) -> str | None:
    return f"{index.left_out[0][0]}: {index.left_out[0][1]}" if index.left_out else "it has no paths"
