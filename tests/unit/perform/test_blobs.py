"""The blob store: content by its digest, whole or not at all."""

import errno
import hashlib
import tracemalloc

import pytest

from recipe_engine.plugin import FileValue, Retryable, Terminal
from recipe_engine.runtime.blobs import FolderBlobs, MemoryBlobs


@pytest.fixture(params=["folder", "memory"])
def blobs(request, tmp_path):
    return FolderBlobs(tmp_path / "blobs") if request.param == "folder" else MemoryBlobs()


async def _chunks(*parts):
    for part in parts:
        yield part


async def test_content_comes_back(blobs):
    file = await blobs.save(_chunks(b"hel", b"", b"lo"), "a.txt", "text/plain")
    assert file == FileValue(
        digest=f"sha256:{hashlib.sha256(b'hello').hexdigest()}", name="a.txt", media_type="text/plain", size=5
    )
    assert await blobs.read(file) == b"hello"
    assert [part async for part in blobs.open(file, chunk=2)] == [b"he", b"ll", b"o"]
    assert blobs.has(file)


async def test_an_empty_file_is_a_file(blobs):
    file = await blobs.save_bytes(b"", "empty", "text/plain")
    assert file.size == 0
    assert await blobs.read(file) == b""


async def test_a_file_that_is_not_there_says_which(blobs):
    file = FileValue(digest=f"sha256:{'0' * 64}", name="lost.pdf", media_type="application/pdf", size=1)
    assert not blobs.has(file)
    with pytest.raises(Terminal, match=r"lost\.pdf") as caught:
        await blobs.read(file)
    assert caught.value.failure.code == "file_missing"


async def test_reading_is_bounded(blobs):
    file = await blobs.save_bytes(b"x" * 100, "x", "text/plain")
    with pytest.raises(Terminal) as caught:
        await blobs.read(file, limit=99)
    assert caught.value.failure.code == "file_too_large"


async def test_the_same_content_is_kept_once(tmp_path):
    blobs = FolderBlobs(tmp_path)
    one = await blobs.save_bytes(b"same", "a", "text/plain")
    two = await blobs.save_bytes(b"same", "b", "text/plain")
    assert one.digest == two.digest
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


async def test_a_digest_is_no_path(tmp_path):
    file = FileValue(digest="sha256:../../etc/passwd", name="x", media_type="x", size=1)
    with pytest.raises(Terminal) as caught:
        await FolderBlobs(tmp_path).read(file)
    assert caught.value.failure.code == "file_missing"


async def test_what_breaks_off_leaves_nothing(tmp_path):
    async def breaking():
        yield b"x" * 2_000_000
        raise Retryable("lost", code="connection")

    blobs = FolderBlobs(tmp_path)
    with pytest.raises(Retryable):
        await blobs.save(breaking(), "x", "x")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (errno.ENOSPC, "disk_full", "is full"),
        (errno.EDQUOT, "disk_full", "is full"),
        (errno.EACCES, "storage", "cannot be kept"),
    ],
)
async def test_a_disk_that_refuses_is_named(tmp_path, monkeypatch, number, code, words):
    def refuse(*arguments, **options):
        raise OSError(number, "refused")

    monkeypatch.setattr("recipe_engine.runtime.blobs.tempfile.mkstemp", refuse)
    with pytest.raises(Terminal, match=words) as caught:
        await FolderBlobs(tmp_path).save_bytes(b"x", "x", "x")
    assert caught.value.failure.code == code
    assert str(tmp_path) in caught.value.failure.title


async def test_a_disk_that_fills_up_on_the_way_leaves_nothing(tmp_path, monkeypatch):
    import recipe_engine.runtime.blobs as module

    write = module._write
    written = []

    def filling(handle, digest, chunks):
        if written:
            raise OSError(errno.ENOSPC, "full")
        written.append(True)
        write(handle, digest, chunks)

    monkeypatch.setattr(module, "_write", filling)
    with pytest.raises(Terminal) as caught:
        await FolderBlobs(tmp_path).save(_chunks(b"x" * 1_048_576, b"y" * 1_048_576), "x", "x")
    assert caught.value.failure.code == "disk_full"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_memory_stays_flat_for_a_large_file(tmp_path):
    block = bytes(1_048_576)

    async def large():
        for _ in range(100):
            yield block

    blobs = FolderBlobs(tmp_path)
    tracemalloc.start()
    file = await blobs.save(large(), "big", "x")
    size = sum([len(part) async for part in blobs.open(file)])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == file.size == 100 * len(block)
    assert most < 10_000_000
