"""A process that refreshes the tokens of a login again and again: `python -m tests.e2e.login_process FOLDER URL TIMES`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from recipe_engine.plugin import Login, Request, Response, login_token
from recipe_engine.runtime.auth import ConnectorAuth
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.runtime.login_index import LoginIndex
from recipe_engine.runtime.login_store import LoginStore
from recipe_engine.runtime.secrets import Scrubber
from recipe_engine.runtime.settings import Settings
from tests.support.authorization_server import CLIENT, SECRET

KEY = "canary-login-key-0123456789"
SETTINGS = {"SHOP_ID": CLIENT, "SHOP_SECRET": SECRET}


def shop(url: str) -> Login:
    """A vendor at `url`."""
    return Login("shop", "Shop", f"{url}/auth", lambda _: (f"{url}/token", True), "SHOP_ID", "SHOP_SECRET", ["read"])


async def work(folder: Path, url: str, times: int) -> None:
    transport = AiohttpTransport()
    logins = LoginStore(LoginIndex(folder), KEY)
    auth = ConnectorAuth("shop", Settings(SETTINGS), {}, transport, SystemClock(), Scrubber(), logins)
    token = login_token(shop(url))
    for _ in range(times):
        request = Request("GET", url)
        await token(request, auth)
        assert await token.renew(request, Response(401, {}, b""), auth)
    await transport.close()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
