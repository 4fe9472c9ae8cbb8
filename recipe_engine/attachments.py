"""Files that a run is given, as paths or inside its input, turned into what the recipe's schema asks for.

The one rule: only values that are `pathlib.Path` are read from disk; text never is, whatever it looks like.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.errors import RecipeError
from recipe_engine.inputs import at
from recipe_engine.plugin.api import Blobs

_CHUNK = 1_048_576
_LARGEST_TEXT = 20_000_000
_AS_FILE = "give the field `format: file` in the recipe's input_schema, so that it is kept as a file"
FILE_FORMATS = frozenset({"file", "document", "image", "audio"})
_INLINE = frozenset({"name", "media_type", "base64", "text"})
_MEDIA_TYPES = {".glb": "model/gltf-binary", ".usdz": "model/vnd.usdz+zip", ".obj": "model/obj", ".stl": "model/stl"}


async def attached(schema: JSON, value: Any, blobs: Blobs) -> JSON:
    """`value` with every Path in it replaced.

    By the schema of its place: `format: file`, `document`, `image` or `audio` puts it into the blob store and gives
    the file value; `base64_image` (or `contentEncoding: base64`) gives base64 text; an object or a list is read as
    JSON; anything else gives the file's text. Where a file is asked for, `{name, media_type, base64}` is one as well, or
    with `text` in place of `base64`: the way in which a JSON text carries a small file. Raises RecipeError for a file that cannot be read so.
    """
    return await _attached(schema, value, schema, blobs)


async def _attached(schema: JSON, value: Any, root: JSON, blobs: Blobs) -> JSON:
    field = at(schema, root)
    if isinstance(value, Path):
        return await _read(field, value, blobs)
    if isinstance(value, dict):
        if field.get("format") in FILE_FORMATS and ("base64" in value or "text" in value):
            return await _inline(value, blobs)
        properties = field.get("properties", {})
        return {name: await _attached(properties.get(name), item, root, blobs) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [await _attached(field.get("items"), item, root, blobs) for item in value]
    return value


async def _read(field: JSONObject, path: Path, blobs: Blobs) -> JSON:
    try:
        if field.get("format") in FILE_FORMATS:
            file = await blobs.save(_chunks(path), path.name, media_type(path))
            return file.model_dump()
        return _content(field, path)
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path} is not text", _AS_FILE) from error


async def _inline(value: JSONObject, blobs: Blobs) -> JSON:
    """A file that stands in the input itself; its media type may be left to its name."""
    name, content = value.get("name"), value.get("base64", value.get("text"))
    known = _INLINE.issuperset(value) and not {"base64", "text"} <= value.keys()
    if not (known and isinstance(name, str) and name and isinstance(content, str)):
        raise RecipeError(
            "a file inside the input is an object {name, media_type, base64}, or one {name, media_type, text}",
            "`media_type` may be left out",
        )
    try:
        data = base64.b64decode("".join(content.split()), validate=True) if "base64" in value else content.encode()
    except binascii.Error as error:
        raise RecipeError(f"the file {name} is not base64: {error}") from error
    file = await blobs.save_bytes(data, name, value.get("media_type") or media_type(Path(name)))
    return file.model_dump()


def _content(field: JSONObject, path: Path) -> JSON:
    """The file's content inside the input: base64, JSON or text."""
    size = path.stat().st_size
    if size > _LARGEST_TEXT:
        raise RecipeError(f"{path} is too large for a value: {size} bytes, at most {_LARGEST_TEXT}", _AS_FILE)
    if field.get("format") == "base64_image" or field.get("contentEncoding") == "base64":
        return base64.b64encode(path.read_bytes()).decode()
    text = path.read_text(encoding="utf-8")
    return _json(path, text) if field.get("type") in ("object", "array") else text


def _json(path: Path, text: str) -> JSON:
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RecipeError(f"{path} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error


def media_type(path: Path) -> str:
    """The media type that a file's name tells, `application/octet-stream` when it tells none."""
    return _MEDIA_TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
