"""Uploads in parts over the sandbox, which asks of parts what R2 asks."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import SandboxContext, sandbox_context
from recipe_plugins.cloudflare_r2 import register_connectors
from recipe_plugins.cloudflare_r2.multipart import LARGEST, LEAST_IN_A_PART, MOST_PARTS, Pieces, Sizes

[CONNECTOR] = register_connectors()
SETTINGS = {
    "R2_BUCKET_NAME": "demandes",
    "R2_PUBLIC_URL": "https://files.example.org/",
    "R2_ENDPOINT_URL": "https://0123.r2.cloudflarestorage.com",
    "R2_MULTIPART_ABOVE": str(LEAST_IN_A_PART),
    "R2_PART_SIZE": str(LEAST_IN_A_PART),
}


@pytest.fixture
def bench() -> SandboxContext:
    return sandbox_context(CONNECTOR, SETTINGS)


async def saved(bench: SandboxContext, size: int) -> Any:
    return (await bench.blobs.save_bytes(b"x" * size, "gros.obj", "model/obj")).model_dump()


async def test_a_large_file_is_one_effect_of_several_parts(bench: SandboxContext) -> None:
    size = 2 * LEAST_IN_A_PART + 7
    stored = await bench.call("put_file", file=await saved(bench, size), key="a b.obj", cache_control="max-age=60")
    assert (stored["key"], stored["size"], stored["etag"][-2:]) == ("a b.obj", size, "-3")
    assert stored["url"] == "https://files.example.org/a%20b.obj"
    created, *parts, completed = bench.sandbox.requests
    assert (created.headers["content-type"], created.headers["cache-control"]) == ("model/obj", "max-age=60")
    assert [part.size for part in parts] == [LEAST_IN_A_PART, LEAST_IN_A_PART, 7]
    assert (completed.method, bench.sandbox.state()["unfinished"]) == ("POST", [])
    [effect] = bench.effects
    assert effect.data == {"key": "a b.obj", "size": size, "content_type": "model/obj", "parts": 3}


async def test_a_file_up_to_the_limit_goes_in_one_request(bench: SandboxContext) -> None:
    await bench.call("put_file", file=await saved(bench, LEAST_IN_A_PART), key="a.obj")
    assert [request.method for request in bench.sandbox.requests] == ["PUT"]


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_what_fails_is_cleared_away_and_succeeds_when_done_again(bench: SandboxContext, method: str) -> None:
    file = await saved(bench, LEAST_IN_A_PART + 1)
    answer = bench.sandbox.answer

    def failing(request):
        if request.method == method and "uploadId" in request.query:
            return bench.sandbox.fault_status(Fault(status=503))
        return answer(request)

    bench.sandbox.answer = failing
    failure = await bench.failure("put_file", file=file, key="a.obj")
    assert (failure.code, failure.retryable) == ("unavailable", True)
    assert bench.sandbox.state() == {"objects": {}, "unfinished": []}
    bench.sandbox.answer = answer
    assert (await bench.call("put_file", file=file, key="a.obj"))["size"] == LEAST_IN_A_PART + 1


async def test_a_failure_stays_the_one_reported_when_clearing_away_fails_too(bench: SandboxContext) -> None:
    bench.inject(Fault(method="PUT", status=503))
    bench.inject(Fault(method="DELETE", status=403))
    failure = await bench.failure("put_file", file=await saved(bench, LEAST_IN_A_PART + 1), key="a.obj")
    assert (failure.code, bench.sandbox.state()["unfinished"]) == ("unavailable", ["a.obj"])


async def test_a_failure_under_status_200_is_one(bench: SandboxContext) -> None:
    answer = bench.sandbox.answer

    def late(request):
        answered = answer(request)
        if request.method == "POST" and "uploadId" in request.query:
            answered.body = b"<Error><Code>InternalError</Code><Message>We failed.</Message></Error>"
        return answered

    bench.sandbox.answer = late
    failure = await bench.failure("put_file", file=await saved(bench, LEAST_IN_A_PART + 1), key="a.obj")
    assert (failure.title, failure.detail, failure.retryable) == ("R2: We failed.", "InternalError", True)


async def test_a_dry_run_begins_no_upload(bench: SandboxContext) -> None:
    await bench.call("put_file", dry_run=True, file=await saved(bench, LEAST_IN_A_PART + 1), key="a.obj")
    assert (bench.sandbox.requests, bench.effects) == ([], [])


@pytest.mark.parametrize(("name", "value"), [("R2_PART_SIZE", "1000"), ("R2_MULTIPART_ABOVE", "5 GB")])
async def test_a_size_that_no_store_takes_is_said_to_be_wrong(name: str, value: str) -> None:
    bench = sandbox_context(CONNECTOR, SETTINGS | {name: value})
    failure = await bench.failure("put_file", file=await saved(bench, 1), key="a.obj")
    assert (failure.code, name in failure.title, bench.sandbox.requests) == ("not_configured", True, [])


@pytest.mark.parametrize("size", [6 * 2**30, 999_999_999_999, LARGEST])
def test_there_are_never_too_many_parts(size: int) -> None:
    part = Sizes(above=0, part=100 * 2**20).part_of(size)
    assert part >= 100 * 2**20
    assert part % 2**20 == 0
    assert -(-size // part) <= MOST_PARTS


async def test_pieces_are_cut_whatever_chunks_they_come_in() -> None:
    async def chunks():
        for chunk in (b"abc", b"d", b"efghij", b"k"):
            yield chunk

    pieces = Pieces(chunks())
    cut = [b"".join([part async for part in pieces.next(length)]) for length in (4, 1, 6)]
    assert cut == [b"abcd", b"e", b"fghijk"]
