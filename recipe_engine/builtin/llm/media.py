"""Media values of a prompt (base64 text, data URLs, https addresses, files of the blob store) as parts of a request.

The one rule: what a thing is, its bytes say. Names and declared types are believed only where bytes cannot tell, and
sizes are checked before anything is sent.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from pydantic import ValidationError

from recipe_engine.builtin.llm.provider import Media, Text
from recipe_engine.builtin.llm.words import Kind
from recipe_engine.expr.library.prompts import delimited
from recipe_engine.plugin import JSON, Blobs, Context, FileValue, Terminal

IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
PDF = "application/pdf"
# The Messages API takes 32 MB a request, of which a little is left for the text; an image's own limit is in images.py.
MAX_DOCUMENT_BASE64 = 31_000_000
# What transcription servers take in one request.
MAX_RECORDING = 25_000_000

_AUDIO_HINT = "set TRANSCRIPTION_BASE_URL to an OpenAI-compatible transcription server: recordings become text there"
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(;base64)?,", re.ASCII)
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", PDF),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "audio/webm"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"PK\x03\x04", "application/zip"),
)

_EXTENSIONS = {
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "audio/webm": "webm",
    "video/webm": "webm",
}


def sniff(data: bytes) -> str | None:
    """The media type that the first bytes (16 are enough) show, None when they show none of those known here."""
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:11] == b"M4A" else "video/mp4"
    return next((media_type for magic, media_type in _MAGIC if data.startswith(magic)), None)


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound, with the media type that its bytes show."""

    data: bytes
    media_type: str
    name: str = ""

    @property
    def extension(self) -> str:
        """How a file of this type is called: servers tell formats by it."""
        return _EXTENSIONS.get(self.media_type, "bin")


async def read_media(ctx: Context, value: JSON, kind: Kind, name: str) -> Media | Text:
    """The part for one media value; a recording is its text.

    Raises Terminal `unsupported_media` for what no model here takes, `media_too_large`, and `invalid_media` for text that
    is neither base64 nor an https address.
    """
    if isinstance(value, str) and value.strip().startswith(("https://", "http://")):
        return _from_address(value.strip(), kind, name)
    found = await _bytes_of(value, kind, name, ctx.blobs)
    heard = kind == "file" and (sniff(found.data) or found.declared).startswith("audio/")
    if kind == "audio" or heard:
        return await _transcribed(ctx, _recording(found, kind), kind)
    return _from_bytes(found, kind)


async def read_recording(value: JSON, name: str, blobs: Blobs) -> Recording:
    """The recording that a value holds.

    Raises Terminal `unsupported_media`, `media_too_large` and `invalid_media`.
    """
    return _recording(await _bytes_of(value, "audio", name, blobs), "audio")


@dataclass(frozen=True, slots=True)
class _Bytes:
    """A media value's bytes, and what is said of them."""

    data: bytes
    declared: str
    name: str


async def _transcribed(ctx: Context, recording: Recording, kind: Kind) -> Text:
    from recipe_engine.builtin.llm.recording import Asked, can_transcribe, heard

    if not can_transcribe(ctx):
        raise Terminal(
            f"{_label(recording.name, kind)} is {recording.media_type}, which llm_call takes as text only",
            code="unsupported_media",
            detail=_AUDIO_HINT,
        )
    text = str((await heard(ctx, recording, Asked()))["text"])
    ctx.log(f"{_label(recording.name, kind)} was transcribed", characters=len(text))
    return Text(f"{delimited(text, recording.name, 'transcription')}\n")


def _recording(found: _Bytes, kind: Kind) -> Recording:
    seen = sniff(found.data) or found.declared or "of an unknown kind"
    # A film is taken for its sound: M4A and WebM recordings look like one.
    if not seen.startswith(("audio/", "video/")):
        raise Terminal(
            f"{_label(found.name, kind)} is {seen}; expected a recording", code="unsupported_media",
            detail="MP3, M4A, WAV, OGG, FLAC and WebM are taken",
        )  # fmt: skip
    if len(found.data) > MAX_RECORDING:
        raise Terminal(
            f"{_label(found.name, kind)} is too large: {len(found.data):,} bytes; at most {MAX_RECORDING:,} are taken",
            code="media_too_large",
            detail="cut or compress it before this step",
        )
    return Recording(found.data, seen, found.name)


async def _bytes_of(value: JSON, kind: Kind, name: str, blobs: Blobs) -> _Bytes:
    if isinstance(value, dict):
        return await _from_file(value, kind, name, blobs)
    if isinstance(value, str):
        return _from_text(value.strip(), kind, name)
    raise Terminal(
        f"{_label(name, kind)} is {type(value).__name__}; expected base64 text, an https address or a file",
        code="invalid_media",
    )


async def _from_file(value: JSON, kind: Kind, name: str, blobs: Blobs) -> _Bytes:
    try:
        file = FileValue.model_validate(value)
    except ValidationError as error:
        raise Terminal(
            f"{_label(name, kind)} is an object that is no file", code="invalid_media", detail=str(error)
        ) from error
    if _base64_size(file.size) > MAX_DOCUMENT_BASE64:
        raise _too_large(file.name or name, kind, _base64_size(file.size), MAX_DOCUMENT_BASE64)
    return _Bytes(await blobs.read(file), file.media_type, file.name or name)


def _from_address(address: str, kind: Kind, name: str) -> Media:
    if kind == "audio":
        raise Terminal(
            f"{_label(name, kind)} is an address; expected the recording itself",
            code="invalid_media",
            detail="fetch it with an http step that saves a file (`save: file`)",
        )
    if address.startswith("https://"):
        media_type = PDF if kind == "document" else ""
        return Media("document" if kind == "document" else "image", "url", media_type, address, name)
    raise Terminal(
        f"{_label(name, kind)} is an http address; expected https, which the model's vendor can fetch",
        code="invalid_media",
    )


def _from_text(text: str, kind: Kind, name: str) -> _Bytes:
    declared = ""
    found = _DATA_URL.match(text)
    if found:
        if not found[3]:
            raise Terminal(f"{_label(name, kind)} is a data: address without ;base64", code="invalid_media")
        declared, text = found[1] or "", text[found.end() :]
    if len(text) > MAX_DOCUMENT_BASE64:
        raise _too_large(name, kind, len(text), MAX_DOCUMENT_BASE64)
    return _Bytes(_decode(text, kind, name), declared, name)


def _decode(text: str, kind: Kind, name: str) -> bytes:
    """The bytes of base64 text, in either alphabet, with or without padding and line breaks."""
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Terminal(
            f"{_label(name, kind)} is not base64", code="invalid_media", detail=f"it begins with {text[:40]!r}"
        ) from error
    if not data:
        raise Terminal(f"{_label(name, kind)} is empty", code="invalid_media")
    return data


def _from_bytes(given: _Bytes, kind: Kind) -> Media:
    data, name, declared = given.data, given.name, given.declared
    found = sniff(data)
    if found in IMAGE_TYPES:
        return Media("image", "base64", found, base64.b64encode(data).decode(), name)
    if kind != "image" and found == PDF:
        _check_size(data, kind, name, MAX_DOCUMENT_BASE64)
        return Media("document", "base64", PDF, base64.b64encode(data).decode(), name)
    if kind != "image" and found is None and (text := _as_text(data, declared)) is not None:
        return Media("document", "text", "text/plain", text, name)
    seen = found or declared or "of an unknown kind"
    expected = "a PNG, JPEG, GIF or WebP image" if kind == "image" else "an image, a PDF or text"
    raise Terminal(
        f"{_label(name, kind)} is {seen}; expected {expected}",
        code="unsupported_media",
        detail="convert it before this step",
    )


def _as_text(data: bytes, declared: str) -> str | None:
    """The text of a document that is text, None for binary data."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace") if declared.startswith("text/") else None


def _base64_size(size: int) -> int:
    return (size + 2) // 3 * 4


def _check_size(data: bytes, kind: Kind, name: str, limit: int) -> None:
    if _base64_size(len(data)) > limit:
        raise _too_large(name, kind, _base64_size(len(data)), limit)


def _too_large(name: str, kind: Kind, size: int, limit: int) -> Terminal:
    return Terminal(
        f"{_label(name, kind)} is too large for a model: {size:,} bytes as base64; at most {limit:,} are taken",
        code="media_too_large",
        detail="reduce it (fewer pixels, a stronger compression, fewer pages) before this step",
    )


def _label(name: str, kind: Kind) -> str:
    return f"the {kind} {name!r}" if name else f"the {kind} of the prompt"
