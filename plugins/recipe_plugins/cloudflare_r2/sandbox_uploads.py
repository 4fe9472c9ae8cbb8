"""Uploads in parts to the imitated bucket.

The one rule: what R2 asks of parts is asked: 5 MiB at least and one size for all but the last, put together in order.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

LEAST_IN_A_PART = 5 * 2**20


@dataclass(slots=True)
class Upload:
    """An upload under way; of each part, by its number, size and etag."""

    key: str
    content_type: str
    parts: dict[int, tuple[int, str]] = field(default_factory=dict)

    def problem(self, asked: bytes) -> tuple[str, str] | None:
        """What S3 says against putting together what `asked` lists, as code and message."""
        try:
            # A test's own request.
            listed = [
                (int(part.findtext("{*}PartNumber", "")), part.findtext("{*}ETag", "").strip('"'))
                for part in ET.fromstring(asked).iterfind("{*}Part")  # noqa: S314
            ]
        except (ET.ParseError, ValueError):
            return "MalformedXML", "The XML that you provided is not well formed."
        if not listed or any(self.parts.get(number, (0, ""))[1] != etag for number, etag in listed):
            return "InvalidPart", "One or more of the specified parts could not be found."
        if [number for number, _ in listed] != sorted({number for number, _ in listed}):
            return "InvalidPartOrder", "The list of parts was not in ascending order."
        before_last = [self.parts[number][0] for number, _ in listed[:-1]]
        if any(size < LEAST_IN_A_PART for size in before_last):
            return "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size."
        last = self.parts[listed[-1][0]][0]
        if len(set(before_last)) > 1 or any(last > size for size in before_last):
            return "InvalidPart", "All non-trailing parts must have the same length."
        return None

    @property
    def size(self) -> int:
        """How many bytes the parts have."""
        return sum(size for size, _ in self.parts.values())

    @property
    def etag(self) -> str:
        """The etag of the whole, by those of its parts."""
        together = b"".join(bytes.fromhex(etag) for _, etag in self.parts.values())
        return f"{hashlib.md5(together, usedforsecurity=False).hexdigest()}-{len(self.parts)}"
