"""Request bodies: forms, and multipart with files streamed out of the blob store.

The one rule: a file is never whole in memory, and the length of every body is known before it is sent.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from recipe_engine.plugin.api import Blobs, FileValue
from recipe_engine.plugin.errors import Terminal
from recipe_engine.plugin.file_values import as_file

Part = tuple[bytes, bytes | FileValue]


def query_string(query: Mapping[str, Any]) -> str:
    """`a=1&b=2`: lists repeat their name, null is left out."""
    return urlencode(list(_pairs(query, "query")), quote_via=quote)


def form_body(form: Mapping[str, Any]) -> bytes:
    """A URL-encoded form by the same rules."""
    return urlencode(list(_pairs(form, "form"))).encode()


def _pairs(values: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if item is not None:
                yield name, _text(item, f"{where}.{name}")


def _text(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise Terminal(f"{where}: a text, a number or a boolean is expected, not {type(value).__name__}", code="validation")


class Multipart:
    """A multipart/form-data body: texts, files of the blob store, and (name, content, media type) triples of bytes."""

    def __init__(self, values: Mapping[str, Any], blobs: Blobs) -> None:
        self._blobs = blobs
        self._boundary = os.urandom(16).hex()
        self._parts: list[Part] = []
        for name, value in values.items():
            for item in value if isinstance(value, list) else [value]:
                if item is not None:
                    self._parts.append(self._part(name, item))
        self._end = f"--{self._boundary}--\r\n".encode()
        sizes = (len(head) + 2 + (len(body) if isinstance(body, bytes) else body.size) for head, body in self._parts)
        self.length = sum(sizes) + len(self._end)
        self.content_type = f"multipart/form-data; boundary={self._boundary}"

    def _part(self, name: str, value: Any) -> Part:
        file = as_file(value)
        if file is not None:
            return self._head(name, file.name, file.media_type), file
        if isinstance(value, tuple):
            file_name, content, media_type = value
            return self._head(name, file_name, media_type), content
        return self._head(name), _text(value, f"form.{name}").encode()

    def _head(self, name: str, file_name: str | None = None, media_type: str | None = None) -> bytes:
        lines = [f"--{self._boundary}", f'Content-Disposition: form-data; name="{_quoted(name)}"']
        if file_name is not None:
            lines[1] += f'; filename="{_quoted(file_name)}"'
        if media_type is not None:
            lines.append(f"Content-Type: {''.join(media_type.split())}")
        return "\r\n".join([*lines, "", ""]).encode()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece."""
        for head, body in self._parts:
            yield head
            if isinstance(body, bytes):
                yield body
            else:
                async for chunk in self._blobs.open(body):
                    yield chunk
            yield b"\r\n"
        yield self._end


def _quoted(text: str) -> str:
    """A name inside quotes, as browsers write it: nothing in it can end the quotes or the line."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
