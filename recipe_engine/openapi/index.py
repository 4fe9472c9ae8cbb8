"""The index beside a document: what its operations are called, without reading the document.

The one rule: an index counts only for the very document that it was made from; otherwise it is made anew. A folder that
cannot be written is no error, only slower.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from recipe_engine.core.json import JSONObject
from recipe_engine.openapi.addresses import host_of, server_url
from recipe_engine.openapi.document import Document, listing, mapping, read_document
from recipe_engine.openapi.names import Names
from recipe_engine.openapi.operations import Unusable, read_operation

INDEX = "index.json"
_FORM = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation: the name of its action, where it is in the document, a line about it, and the header in which the
    vendor takes an idempotency key."""

    name: str
    method: str
    path: str
    summary: str
    key_header: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """The operations of a document, those left out (`GET /x`, why), and what a connector shows before any of them is used.
    `elsewhere` are the addresses of operations that have servers of their own."""

    title: str
    description: str
    servers: list[JSONObject]
    entries: tuple[Entry, ...]
    left_out: tuple[tuple[str, str], ...]
    elsewhere: tuple[str, ...] = ()


def index_of(document: Document) -> Index:
    """The index of a document."""
    names, entries, left_out = Names(), [], []
    elsewhere: dict[str, None] = {}
    for path, method, raw, _ in document.operations():
        name = names.name(str(raw.get("operationId") or ""), method, path)
        try:
            operation = read_operation(document, name, path, method, {})
        except Unusable as error:
            left_out.append((f"{method.upper()} {path}", str(error)))
        else:
            entries.append(Entry(name, method, path, operation.summary, operation.key_header))
            if host_of(server_url(operation.server)):
                elsewhere[server_url(operation.server)] = None
    info = mapping(document.data.get("info"))
    servers = [each for each in listing(document.data.get("servers")) if isinstance(each, dict)]
    description = " ".join(str(info.get("description") or "").split())[:500]
    return Index(str(info.get("title") or ""), description, servers, tuple(entries), tuple(left_out), tuple(elsewhere))


def load_index(document: Path) -> Index:
    """The index of a document's file, from the file beside it when that is up to date.

    Raises OSError, and DocumentError when the document cannot be used.
    """
    content = document.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    kept = document.with_name(INDEX)
    try:
        data = orjson.loads(kept.read_bytes())
        if (data["form"], data["digest"]) == (_FORM, digest):
            return _from_json(data)
    except (OSError, ValueError, LookupError, TypeError):
        pass  # none, or damaged, or of another version: the document itself says it all
    index = index_of(read_document(content, str(document)))
    write_index(kept, index, digest)
    return index


def write_index(kept: Path, index: Index, digest: str) -> None:
    """Keep an index. What cannot be written is made again the next time."""
    data = {
        "form": _FORM,
        "digest": digest,
        "title": index.title,
        "description": index.description,
        "servers": index.servers,
        "operations": [[each.name, each.method, each.path, each.summary, each.key_header] for each in index.entries],
        "left_out": index.left_out,
        "elsewhere": index.elsewhere,
    }
    new = kept.with_name(f".{kept.name}.{os.getpid()}")
    try:
        new.write_bytes(orjson.dumps(data))
        new.replace(kept)
    except OSError:
        return


def _from_json(data: Any) -> Index:
    return Index(
        data["title"],
        data["description"],
        data["servers"],
        tuple(Entry(*each) for each in data["operations"]),
        tuple((where, why) for where, why in data["left_out"]),
        tuple(data["elsewhere"]),
    )
