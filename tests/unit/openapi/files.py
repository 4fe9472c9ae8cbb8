"""Files in sample parameters: saved, so that they can be sent."""

from __future__ import annotations

from typing import Any


async def with_files(bench: Any, value: Any) -> Any:
    """The value with every file in it saved in the bench's store."""
    if isinstance(value, list):
        return [await with_files(bench, item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"digest", "name", "media_type", "size"}:
        return (await bench.blobs.save_bytes(b"solid cube", "cube.stl", "model/stl")).model_dump()
    return {name: await with_files(bench, item) for name, item in value.items()}
