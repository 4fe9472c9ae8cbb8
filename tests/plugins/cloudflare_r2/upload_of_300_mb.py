"""Uploads a file of 300 MB in a process of its own and prints how far its memory rose, in MB.

    python upload_of_300_mb.py FOLDER [sandbox]

It goes to a server on loopback that counts and forgets, or to the sandbox.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from recipe_engine.runtime.blobs import FolderBlobs
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import sandbox_context
from recipe_plugins.cloudflare_r2 import register_connectors

MEGABYTE = 1_000_000
SIZE = 300 * MEGABYTE


async def chunks() -> AsyncIterator[bytes]:
    for n in range(SIZE // MEGABYTE):
        yield bytes([n % 256]) * MEGABYTE


def peak() -> float:
    """The most memory this process ever had (MB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE


async def main(folder: str, where: str) -> None:
    seen = {"bytes": 0}

    async def put(request: web.Request) -> web.Response:
        digest = hashlib.sha256()
        async for part in request.content.iter_chunked(MEGABYTE):
            seen["bytes"] += len(part)
            digest.update(part)
        assert digest.hexdigest() == request.headers["x-amz-content-sha256"]
        return web.Response(headers={"ETag": '"e"'})

    app = web.Application()
    app.router.add_put("/{path:.*}", put)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]

    settings = {
        "R2_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "R2_ACCESS_KEY_ID": "id",
        "R2_SECRET_ACCESS_KEY": "secret",
        "R2_BUCKET_NAME": "bucket",
        "R2_PUBLIC_URL": "https://files.example.org",
    }
    transport = AiohttpTransport()
    real = {"transport": transport} if where == "server" else {}
    [connector] = register_connectors()
    bench = sandbox_context(connector, settings, blobs=FolderBlobs(Path(folder)), clock=SystemClock(), **real)

    small = await bench.blobs.save_bytes(b"warm up", "small.bin", "application/octet-stream")
    await bench.call("put_file", file=small.model_dump(), key="small.bin")
    before = peak()
    file = await bench.blobs.save(chunks(), "big.obj", "model/obj")
    stored = await bench.call("put_file", file=file.model_dump(), key="big.obj")
    sys.stdout.write(json.dumps({"rose": peak() - before, "size": stored["size"], "arrived": seen["bytes"]}))
    await transport.close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
