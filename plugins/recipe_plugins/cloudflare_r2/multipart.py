"""Files too large for one request: sent in parts, and put together by the store.

The one rule: all parts but the last have the same size, which R2 asks for, and what fails is cleared away, since parts
that nobody puts together are kept and charged for.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree as ET

from recipe_engine.plugin import ActionError, Context, FileValue, Response, Retryable, Settings, Terminal

MEBIBYTE = 2**20
MOST_IN_ONE_PUT = 5 * 2**30 - 5 * MEBIBYTE
LEAST_IN_A_PART = 5 * MEBIBYTE
MOST_PARTS = 10_000
LARGEST = 5 * 2**40 - 5 * 2**30
SECONDS_TO_CLEAR_AWAY = 30.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """From how many bytes on a file is sent in parts, and how many bytes a part has."""

    above: int
    part: int

    def part_of(self, size: int) -> int:
        """The size of the parts of a file: larger than the setting says where there would be too many."""
        needed = math.ceil(size / MOST_PARTS / MEBIBYTE) * MEBIBYTE
        return max(self.part, needed)


def sizes(settings: Settings) -> Sizes:
    """The sizes of the settings R2_MULTIPART_ABOVE and R2_PART_SIZE; Terminal `not_configured` for what no store takes."""
    return Sizes(
        _bytes(settings, "R2_MULTIPART_ABOVE", LEAST_IN_A_PART, MOST_IN_ONE_PUT),
        _bytes(settings, "R2_PART_SIZE", LEAST_IN_A_PART, MOST_IN_ONE_PUT),
    )


async def upload(ctx: Context, path: str, file: FileValue, part: int, headers: Mapping[str, str]) -> str:
    """Send a file to `path` in parts of `part` bytes; the etag of the whole."""
    answer = await ctx.http.post(f"{path}?uploads=", headers=dict(headers))
    upload_id = document(await answer.text(), "InitiateMultipartUploadResult").findtext("{*}UploadId", "")
    whole = f"{path}?uploadId={quote(upload_id, safe='')}"
    try:
        etags = await _parts(ctx, whole, file, part)
        return await _put_together(ctx, whole, etags)
    except BaseException:
        await _clear_away(ctx, whole)
        raise


def document(text: str, *names: str) -> ET.Element:
    """An answer of the store as XML, its outermost element one of `names`; Terminal `invalid_answer` when it is none."""
    try:
        # Expat bounds what entities expand to, and the answer comes from the configured store.
        found = ET.fromstring(text)  # noqa: S314
    except ET.ParseError as error:
        raise Terminal("R2: the answer is not XML", code="invalid_answer", detail=text[:300]) from error
    if name_of(found) not in names:
        raise Terminal(f"R2: the answer is no {' or '.join(names)}", code="invalid_answer", detail=text[:300])
    return found


def name_of(element: ET.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def etag_of(answer: Response) -> str:
    """The checksum of what was taken; Terminal `invalid_answer` without it, as every store answers it."""
    etag = answer.headers.get("etag", "").strip('"')
    if not etag:
        raise Terminal("R2: the answer has no ETag", code="invalid_answer")
    return etag


async def _parts(ctx: Context, whole: str, file: FileValue, part: int) -> list[str]:
    etags: list[str] = []
    pieces = Pieces(ctx.blobs.open(file))
    for begin in range(0, file.size, part):
        length = min(part, file.size - begin)
        url = f"{whole}&partNumber={len(etags) + 1}"
        answer = await ctx.http.put(url, content=pieces.next(length), length=length)
        etags.append(f'"{etag_of(answer)}"')
    return etags


async def _put_together(ctx: Context, whole: str, etags: list[str]) -> str:
    body = ET.Element("CompleteMultipartUpload", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    for number, etag in enumerate(etags, 1):
        part = ET.SubElement(body, "Part")
        ET.SubElement(part, "PartNumber").text = str(number)
        ET.SubElement(part, "ETag").text = etag
    content = ET.tostring(body, encoding="utf-8", xml_declaration=True)
    answer = await ctx.http.post(whole, content=content, headers={"Content-Type": "application/xml"})
    result = document(await answer.text(), "CompleteMultipartUploadResult", "Error")
    if name_of(result) == "Error":
        # S3 begins to answer before it is done: a failure then comes with status 200.
        code, message = (result.findtext(f"{{*}}{name}", "") for name in ("Code", "Message"))
        raise Retryable(f"R2: {message or code}", code="unavailable", detail=code)
    return result.findtext("{*}ETag", "").strip('"')


async def _clear_away(ctx: Context, whole: str) -> None:
    try:
        await ctx.http.delete(whole, timeout=SECONDS_TO_CLEAR_AWAY)
    except ActionError as error:
        # The failure that led here is the one to report.
        ctx.log(f"an unfinished upload stays in the bucket: {error}")


class Pieces:
    """A stream cut into pieces of given lengths, each a stream itself, whatever chunks it comes in."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    async def next(self, length: int) -> AsyncIterator[bytes]:
        """The next `length` bytes, to be read before the piece after them is asked for."""
        while length > 0:
            chunk = self._rest or await anext(self._chunks)
            given, self._rest = chunk[:length], chunk[length:]
            length -= len(given)
            yield given


def _bytes(settings: Settings, name: str, least: int, most: int) -> int:
    text = settings.require(name)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise Terminal(f"{name} is {text!r}; {least} to {most} bytes are possible", code="not_configured")
    return int(text)
