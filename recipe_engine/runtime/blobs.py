"""Files by what is in them: a folder in which each file is named by the SHA-256 of its content.

The one rule: a name in the store is a promise that the content is whole. Bytes are written beside, counted and hashed
as they come, and renamed into place at the end; saving the same content twice keeps one file.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from recipe_engine.plugin.api import FileValue
from recipe_engine.plugin.errors import Terminal

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})\Z")
# Chunks are gathered to this size (bytes) before a thread writes them.
_BUFFER = 1_048_576


class FolderBlobs:
    """The blob store on disk (default `.recipe/blobs`). The folder is made when the first file is saved."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    async def save(self, chunks: AsyncIterator[bytes], name: str, media_type: str) -> FileValue:
        """Keep what `chunks` gives. Memory stays flat whatever the size.

        Raises Terminal `disk_full`, or `storage` when the folder cannot be written.
        """
        digest = hashlib.sha256()
        size = 0
        pending: list[bytes] = []
        gathered = 0
        try:
            handle, partial = await asyncio.to_thread(self._begin)
            try:
                async for chunk in chunks:
                    pending.append(chunk)
                    gathered += len(chunk)
                    size += len(chunk)
                    if gathered >= _BUFFER:
                        await asyncio.to_thread(_write, handle, digest, pending)
                        pending, gathered = [], 0
                await asyncio.to_thread(self._finish, handle, digest, pending, partial)
            except BaseException:
                handle.close()
                partial.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _storage_failure(error, self.folder) from error
        return FileValue(digest=f"sha256:{digest.hexdigest()}", name=name, media_type=media_type, size=size)

    async def save_bytes(self, data: bytes, name: str, media_type: str) -> FileValue:
        """Keep `data`."""
        return await self.save(_once(data), name, media_type)

    async def open(self, file: FileValue, chunk: int = 1_048_576) -> AsyncIterator[bytes]:
        """The content piece by piece. Raises Terminal `file_missing` when the store does not have it."""
        path = self._path(file)
        try:
            handle = await asyncio.to_thread(path.open, "rb")
        except FileNotFoundError as error:
            raise _missing(file) from error
        except OSError as error:
            raise _storage_failure(error, self.folder) from error
        with handle:
            while part := await asyncio.to_thread(handle.read, chunk):
                yield part

    async def read(self, file: FileValue, limit: int = 50_000_000) -> bytes:
        """The whole content; Terminal `file_too_large` above `limit` bytes."""
        return await _whole(self.open(file), file, limit)

    def has(self, file: FileValue) -> bool:
        """Whether the content is there."""
        return self._path(file).exists()

    def forget(self, digest: str) -> bool:
        """Delete a content; whether it was there."""
        path = self._path(FileValue(digest=digest, name="", media_type="", size=0))
        found = path.exists()
        path.unlink(missing_ok=True)
        return found

    def _path(self, file: FileValue) -> Path:
        found = _DIGEST.match(file.digest)
        if found is None:
            raise Terminal(f"{file.digest[:100]!r} is not a file's digest", code="file_missing")
        return self.folder / found[1][:2] / found[1]

    def _begin(self) -> tuple[IO[bytes], Path]:
        self.folder.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix="partial-", dir=self.folder)
        return os.fdopen(number, "wb"), Path(name)

    def _finish(self, handle: IO[bytes], digest: hashlib._Hash, pending: list[bytes], partial: Path) -> None:
        _write(handle, digest, pending)
        handle.flush()
        os.fsync(handle.fileno())
        handle.close()
        name = digest.hexdigest()
        place = self.folder / name[:2] / name
        place.parent.mkdir(exist_ok=True)
        partial.replace(place)
        _sync_folder(place.parent)


class MemoryBlobs:
    """The blob store of tests."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    async def save(self, chunks: AsyncIterator[bytes], name: str, media_type: str) -> FileValue:
        return await self.save_bytes(b"".join([chunk async for chunk in chunks]), name, media_type)

    async def save_bytes(self, data: bytes, name: str, media_type: str) -> FileValue:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._contents[digest] = data
        return FileValue(digest=digest, name=name, media_type=media_type, size=len(data))

    async def open(self, file: FileValue, chunk: int = 1_048_576) -> AsyncIterator[bytes]:
        data = self._contents.get(file.digest)
        if data is None:
            raise _missing(file)
        for start in range(0, len(data), chunk):
            yield data[start : start + chunk]

    async def read(self, file: FileValue, limit: int = 50_000_000) -> bytes:
        return await _whole(self.open(file), file, limit)

    def has(self, file: FileValue) -> bool:
        return file.digest in self._contents


def _write(handle: IO[bytes], digest: hashlib._Hash, chunks: list[bytes]) -> None:
    for chunk in chunks:
        digest.update(chunk)
        handle.write(chunk)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power failure, where folders can be synchronised."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _whole(chunks: AsyncIterator[bytes], file: FileValue, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in chunks:
        size += len(part)
        if size > limit:
            raise Terminal(f"the file {file.name} is larger than {limit} bytes", code="file_too_large")
        parts.append(part)
    return b"".join(parts)


def _missing(file: FileValue) -> Terminal:
    return Terminal(
        f"the file {file.name} ({file.digest}) is not in the blob store",
        code="file_missing",
        detail="it was removed, or the run was started with another folder",
    )


def _storage_failure(error: OSError, folder: Path) -> Terminal:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Terminal(
            f"the disk that holds {folder} is full", code="disk_full", detail="free some space and retry the run"
        )
    return Terminal(f"files cannot be kept in {folder}: {error.strerror}", code="storage", detail=str(error))
