"""The other side of the reference flow: an HTTP server of its own process that answers at once.

python -m bench.stub_server     prints its port and serves until its input ends
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

ANSWERS = {
    "/model": {"category": "modelling", "confidence": 0.93},
    "/contacts": {"id": "c-1"},
    "/tickets": {"id": "t-1"},
    "/notify": {"sent": True},
}


async def answer(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response(ANSWERS[request.path])


async def serve() -> None:
    app = web.Application()
    app.router.add_post("/{path}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
