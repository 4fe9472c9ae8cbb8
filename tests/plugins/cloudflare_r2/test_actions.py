"""R2's actions over its sandbox, which checks signatures, dates and payload hashes as S3 does."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from recipe_engine.plugin import Fault, FileValue
from recipe_engine.testing import START, SandboxContext, sandbox_context
from recipe_plugins.cloudflare_r2 import register_connectors
from recipe_plugins.cloudflare_r2.multipart import LARGEST

[CONNECTOR] = register_connectors()
SETTINGS = {
    "R2_BUCKET_NAME": "demandes",
    "R2_PUBLIC_URL": "https://files.example.org/",
    "R2_ENDPOINT_URL": "https://0123.r2.cloudflarestorage.com",
}


@pytest.fixture
def bench() -> SandboxContext:
    return sandbox_context(CONNECTOR, SETTINGS)


async def saved(
    bench: SandboxContext, content: bytes, name: str = "plan n° 1.glb", kind: str = "model/gltf-binary"
) -> Any:
    return (await bench.blobs.save_bytes(content, name, kind)).model_dump()


async def test_a_file_is_put_under_a_key_and_has_a_public_address(bench: SandboxContext) -> None:
    stored = await bench.call("put_file", file=await saved(bench, b"glTF..."), key="/demandes/42/plan n° 1 & é+.glb")
    assert stored == {
        "key": "demandes/42/plan n° 1 & é+.glb",
        "url": "https://files.example.org/demandes/42/plan%20n%C2%B0%201%20%26%20%C3%A9%2B.glb",
        "size": 7,
        "etag": hashlib.md5(b"glTF...").hexdigest(),
    }
    [request] = bench.sandbox.requests
    assert request.path == "/demandes/demandes/42/plan%20n%C2%B0%201%20%26%20%C3%A9%2B.glb"
    assert request.headers["x-amz-content-sha256"] == request.digest
    assert request.headers["content-length"] == "7"
    [effect] = bench.effects
    assert (effect.action, effect.data["key"], effect.data["content_type"]) == (
        "put object",
        "demandes/42/plan n° 1 & é+.glb",
        "model/gltf-binary",
    )


async def test_without_a_key_each_content_gets_a_name_of_its_own(bench: SandboxContext) -> None:
    one, other = await saved(bench, b"one", "photo.jpg"), await saved(bench, b"other", "photo.jpg")
    keys = [(await bench.call("put_file", file=file, folder="photos/2026"))["key"] for file in (one, other, one)]
    assert keys[0] == keys[2] == f"photos/2026/{hashlib.sha256(b'one').hexdigest()[:16]}-photo.jpg"
    assert keys[1] != keys[0]


async def test_a_files_own_name_makes_no_folders_and_has_an_end(bench: SandboxContext) -> None:
    name = "../../etc/" + "é" * 3000 + "/pass\nwd.obj"
    key = (await bench.call("put_file", file=await saved(bench, b"x", name), folder="demandes"))["key"]
    folder, _, own = key.rpartition("/")
    assert (folder, own.endswith("é-pass-wd.obj"), len(own)) == ("demandes", True, 16 + 1 + 100)


async def test_the_bucket_may_stand_in_the_endpoint_as_cloudflare_shows_it() -> None:
    bench = sandbox_context(
        CONNECTOR, {**SETTINGS, "R2_ENDPOINT_URL": "https://0123.r2.cloudflarestorage.com/demandes"}
    )
    await bench.call("put_file", file=await saved(bench, b"x"), key="a/b.txt")
    assert bench.sandbox.requests[0].path == "/demandes/a/b.txt"
    assert (await bench.call("list_files"))["files"][0]["key"] == "a/b.txt"


async def test_a_file_comes_back_as_it_went(bench: SandboxContext) -> None:
    content = bytes(range(256)) * 100
    await bench.call("put_file", file=await saved(bench, content), key="a/b.glb", content_type="model/x")
    got = FileValue.model_validate((await bench.call("get_file", key="a/b.glb"))["file"])
    assert (got.name, got.media_type, got.size) == ("b.glb", "model/x", len(content))
    assert await bench.blobs.read(got) == content


async def test_listing_goes_through_all_pages_and_keys_of_any_letters(bench: SandboxContext) -> None:
    bench.sandbox.seed({"objects": {f"n/{n:04}.txt": "x" for n in range(2300)} | {"é & <b>.txt": "y"}})
    whole = await bench.call("list_files", prefix="n/", limit=5000)
    some = await bench.call("list_files", prefix="n/", limit=1500)
    odd = await bench.call("list_files", prefix="é & <")
    assert [each["key"] for each in whole["files"]] == [f"n/{n:04}.txt" for n in range(2300)]
    assert (len(some["files"]), len(bench.sandbox.requests)) == (1500, 3 + 2 + 1)
    assert odd["files"] == [
        {
            "key": "é & <b>.txt",
            "url": "https://files.example.org/%C3%A9%20%26%20%3Cb%3E.txt",
            "size": 1,
            "etag": hashlib.md5(b"y").hexdigest(),
            "modified": "2026-11-20T09:00:00.000Z",
        }
    ]


async def test_deleting_twice_is_one_effect_and_no_error(bench: SandboxContext) -> None:
    bench.sandbox.seed({"objects": {"a.txt": "x"}})
    for _ in range(2):
        assert await bench.call("delete_file", key="a.txt") == {"key": "a.txt"}
    assert [effect.action for effect in bench.effects] == ["delete object"]


async def test_a_link_works_without_a_key_until_it_expires(bench: SandboxContext) -> None:
    bench.sandbox.seed({"objects": {"plan é.txt": "content"}})
    link = await bench.call("presigned_url", key="plan é.txt", expires_in=600)
    assert link["expires_at"] == "2026-11-20T09:10:00+00:00"
    assert (await _fetch(bench, link["url"])).status == 200
    assert (await _fetch(bench, link["url"].replace("Expires=600", "Expires=6000"))).status == 403
    assert (await _fetch(bench, link["url"], "PUT")).status == 403
    bench.clock.advance_to(START + 601)
    late = await _fetch(bench, link["url"])
    assert (late.status, "RequestTimeTooSkewed" in await late.text()) == (403, True)


async def _fetch(bench: SandboxContext, url: str, method: str = "GET") -> Any:
    from recipe_engine.plugin import Request

    return await bench.host.send(Request(method, url, connector="cloudflare_r2"))


async def test_a_missing_object_is_http_404_in_the_vendors_words(bench: SandboxContext) -> None:
    failure = await bench.failure("get_file", key="nope.txt")
    assert (failure.code, failure.title, failure.detail) == (
        "http_404",
        "R2: The specified key does not exist.",
        "NoSuchKey",
    )


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("R2_SECRET_ACCESS_KEY", "another", "SignatureDoesNotMatch"),
        ("R2_ACCESS_KEY_ID", "another", "InvalidAccessKeyId"),
        ("R2_BUCKET_NAME", "another", "NoSuchBucket"),
        ("R2_REGION", "eu-west-1", "InvalidRegionName"),
    ],
)
async def test_what_s3_refuses_is_refused(bench: SandboxContext, setting: str, value: str, says: str) -> None:
    bench.sandbox.settings[setting] = value
    failure = await bench.failure("put_file", file=await saved(bench, b"x"), key="a.txt")
    assert failure.detail == says
    assert not failure.retryable
    assert bench.effects == []


async def test_a_clock_that_is_wrong_is_said_to_be(bench: SandboxContext) -> None:
    bench.sandbox.now = lambda: START + 1000
    failure = await bench.failure("list_files")
    assert "is the clock of this machine right?" in failure.detail


async def test_a_body_that_is_not_what_was_signed_is_refused(bench: SandboxContext) -> None:
    file = await saved(bench, b"content")
    bench.blobs._contents[file["digest"]] = b"CONTENT"
    failure = await bench.failure("put_file", file=file, key="a.txt")
    assert failure.detail == "XAmzContentSHA256Mismatch"


@pytest.mark.parametrize("key", ["", "/", "a/../b", "./a", "a\nb", "é" * 513])
async def test_a_key_that_cannot_be_is_refused_before_anything_is_sent(bench: SandboxContext, key: str) -> None:
    for action, params in (("put_file", {"file": await saved(bench, b"x")}), ("get_file", {}), ("delete_file", {})):
        assert (await bench.failure(action, key=key, **params)).code == "validation"
    assert bench.sandbox.requests == []


async def test_a_file_that_is_too_large_for_the_store_is_refused_before_anything_is_sent(bench: SandboxContext) -> None:
    file = {"digest": f"sha256:{'0' * 64}", "name": "huge.obj", "media_type": "model/obj", "size": LARGEST + 1}
    failure = await bench.failure("put_file", file=file, key="a")
    assert (failure.code, "huge.obj" in failure.title, bench.sandbox.requests) == ("file_too_large", True, [])


async def test_a_large_object_keeps_its_size_in_the_sandbox_and_says_that_its_content_is_not_there(
    bench: SandboxContext,
) -> None:
    content = b"x" * 3_000_000
    stored = await bench.call("put_file", file=await saved(bench, content), key="big.bin")
    assert (stored["size"], bench.effects[0].data["size"]) == (3_000_000, 3_000_000)
    failure = await bench.failure("get_file", key="big.bin")
    assert "keeps the size of big.bin, not its content" in failure.title + failure.detail


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limit"), (503, "unavailable"), (500, "server_error")])
async def test_what_can_be_tried_again(bench: SandboxContext, status: int, code: str) -> None:
    bench.host.inject("cloudflare_r2", Fault(status=status))
    failure = await bench.failure("put_file", file=await saved(bench, b"x"), key="a")
    assert (failure.code, failure.retryable) == (code, True)
