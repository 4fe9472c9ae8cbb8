"""Images in a size that models take: their pixels are read from their first bytes, and what is too large is made smaller.

The one rule: an image that fits is sent as it is, byte for byte. Making one smaller needs Pillow (the extra `images`).
"""

from __future__ import annotations

import asyncio
import base64
import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from recipe_engine.builtin.llm.provider import Media, Text
from recipe_engine.plugin import Context, Terminal

if TYPE_CHECKING:
    from PIL.Image import Image

# Limits of the Messages API: 5 MB of base64 an image, 8,000 pixels a side, 2,000 when there are more than 20 of them.
MAX_BASE64 = 5 * 1024 * 1024
MAX_SIDE = 8_000
MAX_SIDE_OF_MANY = 2_000
MANY = 20
# What is opened in memory at most (pixels): a small file can claim to be enormous.
_MOST_PIXELS = 150_000_000
_SMALLER = 0.75
_SMALLEST = 200
_QUALITY = 85
_BEFORE_SIZE = 4 + 2 + 1
_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))


def pixels(data: bytes) -> tuple[int, int] | None:
    """Width and height that an image's first bytes tell, None when they tell nothing."""
    try:
        if data.startswith(b"\x89PNG"):
            return struct.unpack(">II", data[16:24])
        if data.startswith(b"GIF8"):
            return struct.unpack("<HH", data[6:10])
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data.startswith(b"\xff\xd8"):
            return next(_jpeg(data), None)
    except struct.error:
        return None
    return None


async def fitted(ctx: Context, parts: list[Text | Media]) -> list[Text | Media]:
    """The parts, with every image in a size that is taken.

    Raises Terminal `media_too_large` when an image is too large and Pillow is not installed, `invalid_media` when it
    cannot be read.
    """
    images = sum(isinstance(part, Media) and part.kind == "image" for part in parts)
    side = MAX_SIDE_OF_MANY if images > MANY else MAX_SIDE
    out: list[Text | Media] = []
    for part in parts:
        if isinstance(part, Media) and part.kind == "image" and part.source == "base64" and not _fits(part, side):
            smaller = await asyncio.to_thread(_smaller, part, side)
            ctx.log(f"the image {part.name or 'of the prompt'} was too large and was made smaller")
            out.append(smaller)
        else:
            out.append(part)
    return out


def _fits(part: Media, side: int) -> bool:
    # Where the size stands in a JPEG depends on what the camera wrote before it.
    size = pixels(base64.b64decode(part.data[:400_000]))
    return len(part.data) <= MAX_BASE64 and (size is None or max(size) <= side)


def _smaller(part: Media, side: int) -> Media:
    label = f"the image {part.name!r}" if part.name else "the image of the prompt"
    data = base64.b64decode(part.data)
    size = pixels(data)
    told = f"{size[0]:,} by {size[1]:,} pixels, " if size else ""
    if size is not None and size[0] * size[1] > _MOST_PIXELS:
        raise Terminal(
            f"{label} is too large to be made smaller: {told}at most {_MOST_PIXELS:,} together", code="media_too_large"
        )
    try:
        from PIL import Image
    except ImportError as error:
        raise Terminal(
            f"{label} is too large for a model: {told}{len(part.data):,} bytes as base64; at most {side:,} pixels a side "
            f"and {MAX_BASE64:,} bytes are taken",
            code="media_too_large",
            detail="install Pillow (pip install 'recipe-engine[images]') to have such images made smaller, or send less",
        ) from error
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            return _reduced(part, opened, side)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise Terminal(f"{label} cannot be read: {error}", code="invalid_media") from error


def _reduced(part: Media, image: Image, side: int) -> Media:
    """The image in the largest size that fits: PNG when parts of it are transparent, else JPEG."""
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    current = upright.convert("RGBA" if clear else "RGB")
    longest = min(side, max(current.size))
    while True:
        current.thumbnail((longest, longest))
        out = io.BytesIO()
        if clear:
            current.save(out, "PNG", optimize=True)
        else:
            current.save(out, "JPEG", quality=_QUALITY)
        text = base64.b64encode(out.getvalue()).decode()
        if len(text) <= MAX_BASE64 or longest < _SMALLEST:
            return replace(part, media_type="image/png" if clear else "image/jpeg", data=text)
        longest = int(longest * _SMALLER)


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = struct.unpack("<I", data[21:25])[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(data: bytes) -> Iterator[tuple[int, int]]:
    """The size in the first frame header, after any number of other segments."""
    at = 2
    while at + _BEFORE_SIZE + 2 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            yield width, height
            return
        at += 2 + length
