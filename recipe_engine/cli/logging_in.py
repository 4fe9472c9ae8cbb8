"""One login at the terminal: the link, the wait for its answer, and what came of it.

The one rule: the answer comes by whatever way is open, the browser's return to this machine or a pasted address, and the
first one counts.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import webbrowser
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import click

from recipe_engine.cli.show.logins import overriding
from recipe_engine.plugin import ActionError, Connector, Login
from recipe_engine.plugin.http import Transport
from recipe_engine.plugin.login import redirect_uri
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.runtime.login_flow import Answer, Grant, Question, ask, revoke
from recipe_engine.runtime.login_index import LoginFailed, LoginRecord
from recipe_engine.runtime.login_page import LoginPage
from recipe_engine.runtime.login_store import LoginStore
from recipe_engine.runtime.login_vaults import KEY_SETTING
from recipe_engine.runtime.private_addresses import Allowed
from recipe_engine.runtime.settings import Settings
from recipe_engine.wiring import ALLOW_SETTING

# The port in the address when nobody listens on it, for vendors that take any.
_ANY_PORT = 8717


@dataclass(frozen=True, slots=True)
class Way:
    """How to get at the answer: open a browser, listen for its return, read a pasted address; and for how many seconds."""

    port: int | None
    browser: bool
    listen: bool
    paste: bool
    seconds: float


async def log_in(
    login: Login, sharing: Sequence[Connector], settings: Settings, way: Way, scopes: Sequence[str]
) -> bool:
    """Make a login and keep it; True when that is done. Raises LoginFailed."""
    store = _store(settings)
    store.ready()  # before anybody is asked for anything
    asked = scopes or _scopes(sharing)
    if way.browser and not _has_browser():
        way = replace(way, browser=False, paste=True)
    try:
        async with asyncio.timeout(way.seconds), _transport(settings) as transport:
            grant = await _granted(login, settings, way, asked, transport)
            kept = await store.add(grant.record(login.name), grant.tokens)
    except TimeoutError as error:
        hint = "log in again; --timeout gives more time, --no-browser prints the link to open where you like"
        raise LoginFailed(f"no answer came from {login.title} within {way.seconds:g} seconds", hint) from error
    except ActionError as error:
        raise LoginFailed(error.failure.title, error.failure.detail or None) from error
    _tell(login, kept, grant, store, sharing, settings)
    return True


async def log_out(login: Login, settings: Settings, *, tell: bool) -> bool:
    """Forget a login; False when the vendor was to revoke it and did not. Raises LoginFailed."""
    store = _store(settings)
    record = store.index.get(login.name)
    if record is None:
        click.echo(f"nobody is logged in to {login.title}")
        return True
    revoked = await _revoked(login, settings, store, record) if tell and login.revoke_url else None
    await store.forget(record)
    click.echo(f"logged out of {login.title}: the token is forgotten here{' and revoked there' if revoked else ''}")
    if revoked is None:
        click.echo(f"  {login.title} was not told; the access can be withdrawn there")
    return revoked is not False


async def _revoked(login: Login, settings: Settings, store: LoginStore, record: LoginRecord) -> bool:
    try:
        async with _transport(settings) as transport:
            await revoke(login, settings, await store.read(record), transport)
    except (LoginFailed, ActionError) as error:
        message = error.message if isinstance(error, LoginFailed) else error.failure.title
        click.secho(f"{message}; withdraw the access at {login.title} itself", fg="yellow", err=True)
        return False
    return True


async def _granted(login: Login, settings: Settings, way: Way, scopes: Sequence[str], transport: Transport) -> Grant:
    if not way.listen:
        question = ask(login, settings, scopes, redirect_uri(login, way.port or login.port or _ANY_PORT))
        _show(question, way)
        return await question.exchange(await _pasted(question), transport)
    async with LoginPage(login, way.port) as page:
        question = ask(login, settings, scopes, page.redirect_uri)
        _show(question, way)
        if way.browser:
            _open(question.url)
        try:
            grant = await question.exchange(await _first(question, page, way), transport)
        except LoginFailed as error:
            page.tell(done=False, text=f"{error.message}.")
            raise
        page.tell(done=True, text="The token is kept by the recipe command.")
        return grant


async def _first(question: Question, page: LoginPage, way: Way) -> Answer:
    """The answer that comes first: the browser's, or a pasted one."""
    if not way.paste:
        return question.answered(await page.answer())
    back = asyncio.ensure_future(page.answer())
    pasted = asyncio.ensure_future(_line())
    await asyncio.wait({back, pasted}, return_when=asyncio.FIRST_COMPLETED)
    if back.done():
        pasted.cancel()
        return question.answered(back.result())
    text = pasted.result()
    if not text.strip():  # the end of the input: nobody will paste anything
        return question.answered(await back)
    back.cancel()
    return question.pasted(text)


async def _pasted(question: Question) -> Answer:
    text = await _line()
    if not text.strip():
        raise LoginFailed("nothing was pasted", "paste the whole address that the browser shows after you agreed")
    return question.pasted(text)


async def _line() -> str:
    """A line of the standard input. Read by a thread of its own that holds nothing: it may wait for ever."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def give(text: str) -> None:
        if not line.done():
            line.set_result(text)

    def read() -> None:
        text = _read_line()
        try:
            loop.call_soon_threadsafe(give, text)
        except RuntimeError:
            return  # the loop is closed: the answer came by another way

    threading.Thread(target=read, daemon=True).start()
    return await line


def _read_line() -> str:
    try:
        descriptor = sys.stdin.fileno()
    except (OSError, ValueError):
        return sys.stdin.readline()
    # Not through the buffer of sys.stdin: a thread that waits in it hinders the end of the process.
    text = b""
    while not text.endswith(b"\n"):
        more = os.read(descriptor, 65_536)
        if not more:
            break
        text += more
    return text.decode("utf-8", "replace")


def _show(question: Question, way: Way) -> None:
    login = question.login
    if login.port is not None:
        where = f" ({login.register})" if login.register else ""
        click.echo(f"The client has to have the redirect address {question.redirect_uri}{where}.")
    if way.browser:
        click.echo(f"Opening {login.title} in the browser. If it does not open, open this link:")
    else:
        click.echo("Open this link in a browser, and agree:")
    click.echo(f"\n{question.url}\n")
    if way.paste:
        also = " If it cannot, paste" if way.listen else " Then paste"
        back = (
            "The browser comes back here by itself." if way.listen else "The last page cannot be shown: that is right."
        )
        click.echo(f"{back}{also} the address of that page here and press Enter:")
    else:
        click.echo(f"Waiting for the answer, {way.seconds:g} seconds at most (Ctrl-C ends it) ...")


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _open(url: str) -> None:
    """Open the browser beside the event loop: some browsers keep whoever opened them waiting."""
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _tell(
    login: Login, kept: LoginRecord, grant: Grant, store: LoginStore, sharing: Sequence[Connector], settings: Settings
) -> None:
    whose = f" as {kept.account}" if kept.account else ""
    ends = time.strftime("until %Y-%m-%d %H:%M", time.localtime(kept.until)) if kept.until else "until it is withdrawn"
    click.secho(f"Logged in to {login.title}{whose}, {ends}", fg="green")
    click.echo(f"  may: {', '.join(kept.scopes)}")
    for name, value in kept.values.items():
        click.echo(f"  {name}: {value}")
    click.echo(f"  kept in {store.vault(kept).place(login.name)}")
    click.echo(f"  used by {', '.join(each.name for each in sharing)}")
    if grant.refused:
        click.secho(f"  not given, though asked for: {', '.join(grant.refused)}", fg="yellow")
    for setting in dict.fromkeys(name for each in sharing for name in overriding(each, settings)):
        click.secho(f"  {setting} is set and goes before the login: remove it to use the login", fg="yellow")


def _scopes(sharing: Sequence[Connector]) -> list[str]:
    """What the connectors that share a login need, together."""
    return list(dict.fromkeys(scope for each in sharing if each.login is not None for scope in each.login.scopes))


def _store(settings: Settings) -> LoginStore:
    assert settings.logins is not None
    return LoginStore(settings.logins, settings.get(KEY_SETTING))


@asynccontextmanager
async def _transport(settings: Settings) -> AsyncIterator[Transport]:
    try:
        transport = AiohttpTransport(Allowed.parse(settings.get(ALLOW_SETTING)))
    except ValueError as error:
        raise LoginFailed(f"{ALLOW_SETTING} is not a list of host or host:port: {error}") from error
    try:
        yield transport
    finally:
        await transport.close()
