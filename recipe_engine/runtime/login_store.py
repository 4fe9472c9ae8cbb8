"""Logins as auths use them and as the command makes and ends them: the index, the tokens, and one user at a time.

The one rule: tokens are kept before anybody uses them, and while one process replaces a refresh token no other reads it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from recipe_engine.plugin.errors import Retryable, Terminal
from recipe_engine.plugin.login import Tokens
from recipe_engine.runtime.login_index import LoginFailed, LoginIndex, LoginRecord, make_private
from recipe_engine.runtime.login_vaults import Vault, new_vault, vault_of

logger = logging.getLogger("recipe_engine")

T = TypeVar("T")

# Longer than any answer of a token endpoint is waited for (seconds).
_LONGEST_TURN = 60.0
_LOOK_AGAIN = 0.05


class LoginStore:
    """The logins of one index. `key` is RECIPE_LOGIN_KEY, None when it is not set."""

    def __init__(self, index: LoginIndex, key: str | None) -> None:
        self.index = index
        self.key = key
        self._vaults: dict[str, Vault] = {}
        self._turns: set[asyncio.Task[Any]] = set()

    def kept(self, name: str) -> Kept | None:
        """The login of a name, None when nobody is logged in."""
        record = self.index.get(name)
        return None if record is None else Kept(self, record)

    def ready(self) -> Vault:
        """Where a new login will be kept. Raises LoginFailed when there is no such place."""
        try:
            return new_vault(self.index.folder, self.key, self.index.begin())
        except OSError as error:
            raise _unwritable(self.index, error) from error

    async def add(self, record: LoginRecord, tokens: Tokens) -> LoginRecord:
        """Keep a login in place of the one of its name, if there is one; gives it as it is kept. Raises LoginFailed."""
        vault = await _in_thread(self.ready)
        before = self.index.get(record.name)
        async with self.alone(record.name):
            await _in_thread(lambda: vault.write(record.name, _text(tokens)))
            kept = replace(record, id=secrets.token_hex(8), kept_in=vault.kind)
            try:
                self.index.put(kept)
            except OSError as error:
                raise _unwritable(self.index, error) from error
            if before is not None and before.kept_in != kept.kept_in:
                await self._forget_elsewhere(before)
        return kept

    async def forget(self, record: LoginRecord) -> None:
        """Delete the tokens of a login and what is known of it. Raises LoginFailed."""
        async with self.alone(record.name):
            await _in_thread(lambda: self.vault(record).delete(record.name))
            try:
                self.index.remove(record.name)
            except OSError as error:
                raise _unwritable(self.index, error) from error

    async def read(self, record: LoginRecord) -> Tokens:
        """The tokens of a login. Raises LoginFailed."""
        text = await _in_thread(lambda: self.vault(record).read(record.name))
        if text is None:
            raise LoginFailed(
                f"what was kept of the login {record.name} is gone from {self.vault(record).place(record.name)}",
                f"`recipe connectors login {record.name}`",
            )
        try:
            return Tokens(**orjson.loads(text))
        except (ValueError, TypeError) as error:
            hint = f"`recipe connectors login {record.name}`"
            raise LoginFailed(f"what was kept of the login {record.name} cannot be read", hint) from error

    async def write(self, record: LoginRecord, tokens: Tokens) -> None:
        """Replace the tokens of a login. Raises LoginFailed."""
        await _in_thread(lambda: self.vault(record).write(record.name, _text(tokens)))

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Keep everybody else away from the tokens of a login. Raises LoginFailed."""
        from filelock import FileLock, Timeout

        loop = asyncio.get_running_loop()
        lock = FileLock(self.index.folder / f"{name}.lock", blocking=False, thread_local=False)
        ends = loop.time() + _LONGEST_TURN
        while True:
            try:
                make_private(self.index.folder)
                lock.acquire()
                break
            except Timeout as error:
                if loop.time() > ends:
                    raise LoginFailed(f"another process does not let go of the login {name}") from error
                await asyncio.sleep(_LOOK_AGAIN)
            except OSError as error:
                raise _unwritable(self.index, error) from error
        turn = asyncio.current_task()
        assert turn is not None
        self._turns.add(turn)
        try:
            yield
        finally:
            self._turns.discard(turn)
            lock.release()

    async def close(self) -> None:
        """Let whoever has the tokens now come to the end: the vendor may just have changed a refresh token."""
        if self._turns:
            await asyncio.wait(self._turns)

    def vault(self, record: LoginRecord) -> Vault:
        """Where a login is kept. Raises LoginFailed when that cannot be used here."""
        place = f"{record.kept_in}/{self.index.store}"
        if place not in self._vaults:
            self._vaults[place] = vault_of(record.kept_in, self.index.folder, self.key, self.index.store)
        return self._vaults[place]

    async def _forget_elsewhere(self, record: LoginRecord) -> None:
        """Delete the tokens of a login that was replaced by one in another place."""
        try:
            await _in_thread(lambda: self.vault(record).delete(record.name))
        except LoginFailed as error:
            logger.warning("the login %s that was there before could not be deleted: %s", record.name, error.message)


class Kept:
    """Implements `KeptLogin`."""

    def __init__(self, store: LoginStore, record: LoginRecord) -> None:
        self.id = record.id
        self._store = store
        self._record = record

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as turn:
            try:
                await turn.enter_async_context(self._store.alone(self._record.name))
            except LoginFailed as error:
                raise Retryable(error.message, code="unavailable", detail=error.hint or "") from error
            # Somebody may have logged in anew meanwhile, into another place.
            self._record = self._store.index.get(self._record.name) or self._record
            yield

    async def read(self) -> Tokens:
        try:
            return await self._store.read(self._record)
        except LoginFailed as error:
            raise Terminal(error.message, code="not_configured", detail=error.hint or "") from error

    async def keep(self, tokens: Tokens) -> None:
        try:
            await self._store.write(self._record, tokens)
        except LoginFailed as error:
            title = f"the new tokens of {self._record.name} could not be kept: {error.message}"
            raise Retryable(title, code="unavailable", detail=error.hint or "") from error


async def _in_thread(work: Callable[[], T]) -> T:
    """Do what may block (a keyring that asks for its password, the derivation of a key) beside the event loop."""
    return await asyncio.to_thread(work)


def _text(tokens: Tokens) -> str:
    return orjson.dumps(
        {"refresh_token": tokens.refresh_token, "access_token": tokens.access_token, "renew_at": tokens.renew_at}
    ).decode()


def _unwritable(index: LoginIndex, error: OSError) -> LoginFailed:
    return LoginFailed(
        f"{index.folder} cannot be written: {error.strerror or error}",
        "give this user the right, or let RECIPE_LOGINS name another folder",
    )
