"""The connector against a real S3 server, which checks its signatures with a signer of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from recipe_engine.plugin import FileValue, Request
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import SandboxContext, sandbox_context
from recipe_plugins.cloudflare_r2 import register_connectors

[CONNECTOR] = register_connectors()
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, str]]:
    """The settings of a bucket on a server that asks every request for a valid signature."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    root = {
        "endpoint_url": url,
        "region_name": "us-east-1",
        "aws_access_key_id": "root",
        "aws_secret_access_key": "root",
    }
    boto3.client("s3", **root).create_bucket(Bucket="demandes")
    iam = boto3.client("iam", **root)
    iam.create_user(UserName="recipes")
    iam.put_user_policy(UserName="recipes", PolicyName="files", PolicyDocument=POLICY)
    key = iam.create_access_key(UserName="recipes")["AccessKey"]
    check_signatures(url)
    yield {
        "R2_ENDPOINT_URL": url,
        "R2_ACCESS_KEY_ID": key["AccessKeyId"],
        "R2_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "R2_BUCKET_NAME": "demandes",
        "R2_PUBLIC_URL": f"{url}/demandes",
        "R2_REGION": "us-east-1",
    }
    server.stop()


def check_signatures(url: str, after: int = 0) -> None:
    """Let the server check every request after this many."""
    requests.post(f"{url}/moto-api/reset-auth", data=str(after), timeout=10).raise_for_status()


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport()
    yield transport
    await transport.close()


@pytest.fixture
def bench(settings: dict[str, str], transport: AiohttpTransport) -> SandboxContext:
    return sandbox_context(CONNECTOR, settings, transport=transport, clock=SystemClock())


async def saved(bench: SandboxContext, content: bytes, name: str = "plan.glb") -> Any:
    return (await bench.blobs.save_bytes(content, name, "model/gltf-binary")).model_dump()


@pytest.mark.parametrize("key", ["plan.glb", "dossier/é à ç/plan n° 1 (v2) & co+=%20~'!*.glb"])
async def test_put_get_list_and_delete(bench: SandboxContext, key: str) -> None:
    content = bytes(range(256)) * 20_000
    stored = await bench.call("put_file", file=await saved(bench, content), key=key, cache_control="max-age=60")
    assert (stored["key"], stored["size"]) == (key, len(content))

    got = FileValue.model_validate((await bench.call("get_file", key=key))["file"])
    assert (got.media_type, await bench.blobs.read(got)) == ("model/gltf-binary", content)

    [listed] = (await bench.call("list_files", prefix=key[:8]))["files"]
    assert (listed["key"], listed["size"], listed["etag"]) == (key, len(content), stored["etag"])

    await bench.call("delete_file", key=key)
    assert (await bench.failure("get_file", key=key)).code == "http_404"


async def test_listing_goes_through_pages(bench: SandboxContext) -> None:
    file = await saved(bench, b"x")
    for n in range(5):
        await bench.call("put_file", file=file, key=f"pages/{n} é.txt")
    listed = await bench.call("list_files", prefix="pages/", limit=3)
    assert [each["key"] for each in listed["files"]] == [f"pages/{n} é.txt" for n in range(3)]


async def test_a_link_is_followed(bench: SandboxContext, settings: dict[str, str], transport: AiohttpTransport) -> None:
    """The server cannot check links, so it lets this one pass; test_signing.py holds them against botocore's."""
    await bench.call("put_file", file=await saved(bench, b"content"), key="lien/é.txt")
    link = await bench.call("presigned_url", key="lien/é.txt")
    check_signatures(settings["R2_ENDPOINT_URL"], after=1)
    fetched = await transport.send(Request("GET", link["url"], trusted=True))
    assert (fetched.status, await fetched.read()) == (200, b"content")


async def test_the_server_does_check_signatures(settings: dict[str, str], transport: AiohttpTransport) -> None:
    wrong = sandbox_context(
        CONNECTOR, {**settings, "R2_SECRET_ACCESS_KEY": "wrong"}, transport=transport, clock=SystemClock()
    )
    failure = await wrong.failure("put_file", file=await saved(wrong, b"x"), key="a.txt")
    assert (failure.code, failure.detail) == ("http_403", "SignatureDoesNotMatch")


async def test_a_large_file_goes_in_parts_of_one_size(settings: dict[str, str], transport: AiohttpTransport) -> None:
    mebibyte = 2**20
    sizes = {"R2_MULTIPART_ABOVE": str(6 * mebibyte), "R2_PART_SIZE": str(5 * mebibyte)}
    bench = sandbox_context(CONNECTOR, settings | sizes, transport=transport, clock=SystemClock())
    content = bytes(range(256)) * (12 * mebibyte // 256) + b"end"
    stored = await bench.call("put_file", file=await saved(bench, content), key="gros/é n° 1.glb")
    assert (stored["size"], stored["etag"].rpartition("-")[2]) == (len(content), "3")
    got = FileValue.model_validate((await bench.call("get_file", key="gros/é n° 1.glb"))["file"])
    assert got.media_type == "model/gltf-binary"
    assert await bench.blobs.read(got) == content
