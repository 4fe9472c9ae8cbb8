"""Where logins are kept: an index that hides nothing, vaults that show nothing, and one user of the tokens at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.errors import KeyringLocked

from recipe_engine.plugin.login import Tokens
from recipe_engine.runtime.login_index import LoginFailed, LoginIndex, LoginRecord
from recipe_engine.runtime.login_store import LoginStore
from recipe_engine.runtime.login_vaults import FileVault

KEY = "a-key-that-is-long-enough"
TOKENS = Tokens("canary-refresh-1", "canary-access-1", 1_800_000_000.0)
RECORD = LoginRecord("shop", "", 1_700_000_000.0, "file", "ada@example.org", ("read",), {"SHOP_PLACE": "eu"})


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that is there."""

    priority = 5  # type: ignore[assignment]  # keyring declares a property of the class

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("the collection is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked("the collection is locked")
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class PlainKeyring(MemoryKeyring):
    """One that keeps texts in the clear, as those of keyrings.alt say of themselves."""

    priority = 0.5  # type: ignore[assignment]  # as above


@pytest.fixture(autouse=True)
def system() -> Iterator[MemoryKeyring]:
    before, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def store(folder: Path, key: str | None = None) -> LoginStore:
    return LoginStore(LoginIndex(folder / "logins"), key)


async def test_tokens_come_back_from_the_keyring(tmp_path: Path, system: MemoryKeyring) -> None:
    kept = await store(tmp_path).add(RECORD, TOKENS)
    assert kept.kept_in == "keyring"
    [(service, user)] = system.kept
    assert (service, user.partition("@")[0]) == ("recipe_engine", "shop")
    other = store(tmp_path)
    assert other.index["shop"] == kept
    assert await other.read(kept) == TOKENS


async def test_two_projects_share_a_keyring_and_no_login(tmp_path: Path, system: MemoryKeyring) -> None:
    for name, token in (("a", "refresh-of-a"), ("b", "refresh-of-b")):
        await store(tmp_path / name).add(RECORD, Tokens(token))
    first = store(tmp_path / "a")
    assert (await first.read(first.index["shop"])).refresh_token == "refresh-of-a"
    assert len(system.kept) == 2


async def test_a_key_that_is_set_means_an_encrypted_file(tmp_path: Path, system: MemoryKeyring) -> None:
    kept = await store(tmp_path, KEY).add(RECORD, TOKENS)
    assert (kept.kept_in, system.kept) == ("file", {})
    file = tmp_path / "logins" / "shop.login"
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "logins").stat().st_mode & 0o777 == 0o700
    everything = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert b"canary" not in everything
    assert KEY.encode() not in everything
    assert await store(tmp_path, KEY).read(kept) == TOKENS


@pytest.mark.parametrize(("key", "says"), [("another-key-of-the-same-kind", "does not open"), (None, "is not set")])
async def test_without_its_key_a_file_stays_closed(tmp_path: Path, key: str | None, says: str) -> None:
    kept = await store(tmp_path, KEY).add(RECORD, TOKENS)
    with pytest.raises(LoginFailed, match=f"RECIPE_LOGIN_KEY {says}"):
        await store(tmp_path, key).read(kept)


async def test_a_file_cannot_stand_in_for_another(tmp_path: Path) -> None:
    here = store(tmp_path, KEY)
    kept = await here.add(RECORD, TOKENS)
    await here.add(LoginRecord("other", "", 0.0, "file"), Tokens("of-another"))
    (tmp_path / "logins" / "other.login").rename(tmp_path / "logins" / "shop.login")
    with pytest.raises(LoginFailed, match="does not open"):
        await here.read(kept)


async def test_a_file_that_is_damaged_or_gone_says_what_to_do(tmp_path: Path) -> None:
    here = store(tmp_path, KEY)
    kept = await here.add(RECORD, TOKENS)
    file = tmp_path / "logins" / "shop.login"
    file.write_text("{")
    with pytest.raises(LoginFailed, match="cannot be read"):
        await here.read(kept)
    file.unlink()
    with pytest.raises(LoginFailed, match="is gone") as caught:
        await here.read(kept)
    assert caught.value.hint == "`recipe connectors login shop`"


@pytest.mark.parametrize(
    "backend", [keyring.backends.fail.Keyring(), keyring.backends.null.Keyring(), PlainKeyring()], ids=type
)
async def test_without_keyring_and_key_nothing_is_kept_and_the_way_out_is_told(
    tmp_path: Path, backend: keyring.backend.KeyringBackend
) -> None:
    keyring.set_keyring(backend)
    with pytest.raises(LoginFailed, match="no place to keep a login") as caught:
        await store(tmp_path).add(RECORD, TOKENS)
    assert "token_urlsafe" in (caught.value.hint or "")
    assert "RECIPE_LOGIN_KEY" in (caught.value.hint or "")
    assert "shop" not in store(tmp_path).index


def test_a_short_key_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(LoginFailed, match="shorter than 16"):
        store(tmp_path, "short").ready()


async def test_a_keyring_that_is_locked_or_elsewhere_is_told(tmp_path: Path, system: MemoryKeyring) -> None:
    kept = await store(tmp_path).add(RECORD, TOKENS)
    system.locked = True
    with pytest.raises(LoginFailed, match="locked") as caught:
        await store(tmp_path).read(kept)
    assert "unlock it" in (caught.value.hint or "")
    keyring.set_keyring(keyring.backends.fail.Keyring())
    with pytest.raises(LoginFailed, match="is in the system's keyring"):
        await store(tmp_path).read(kept)


async def test_a_new_login_elsewhere_deletes_the_old_one(tmp_path: Path, system: MemoryKeyring) -> None:
    await store(tmp_path).add(RECORD, TOKENS)
    kept = await store(tmp_path, KEY).add(RECORD, Tokens("new"))
    assert (kept.kept_in, system.kept) == ("file", {})


async def test_what_cannot_be_deleted_elsewhere_costs_a_warning(
    tmp_path: Path, system: MemoryKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    await store(tmp_path).add(RECORD, TOKENS)
    system.locked = True
    here = store(tmp_path, KEY)
    kept = await here.add(RECORD, Tokens("new"))
    assert (await here.read(kept)).refresh_token == "new"
    assert "could not be deleted" in caplog.text


@pytest.mark.parametrize("key", [KEY, None])
async def test_what_is_forgotten_is_gone(tmp_path: Path, system: MemoryKeyring, key: str | None) -> None:
    here = store(tmp_path, key)
    await here.forget(await here.add(RECORD, TOKENS))
    assert (dict(store(tmp_path).index), system.kept) == ({}, {})
    assert not list((tmp_path / "logins").glob("*.login"))


async def test_the_index_is_read_anew_when_another_process_changed_it(tmp_path: Path) -> None:
    here, there = store(tmp_path, KEY), store(tmp_path, KEY)
    assert "shop" not in here.index
    first = await there.add(RECORD, TOKENS)
    assert here.index["shop"].values == {"SHOP_PLACE": "eu"}
    second = await there.add(RECORD, TOKENS)
    assert first.id != second.id == here.index["shop"].id
    await there.forget(second)
    assert here.kept("shop") is None


def test_a_damaged_index_is_a_warning_and_nobody_is_logged_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "index.json").write_text('{"logins": {"shop": 1}}')
    with caplog.at_level(logging.WARNING):
        assert dict(LoginIndex(tmp_path)) == {}
    assert "cannot be read" in caplog.text


async def test_one_at_a_time_has_the_tokens(tmp_path: Path) -> None:
    here, there = store(tmp_path, KEY), store(tmp_path, KEY)
    order: list[str] = []
    inside = asyncio.Event()

    async def second() -> None:
        await inside.wait()
        async with there.alone("shop"):
            order.append("second")

    waiting = asyncio.ensure_future(second())
    async with here.alone("shop"):
        inside.set()
        for _ in range(20):
            await asyncio.sleep(0)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "logins").write_text("a file")
    with pytest.raises(LoginFailed, match="cannot be written"):
        await store(tmp_path, KEY).add(RECORD, TOKENS)


def test_a_file_is_never_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = FileVault(tmp_path, KEY, "here")
    vault.write("shop", "before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(LoginFailed, match="No space left"):
        vault.write("shop", "after")
    assert vault.read("shop") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["shop.login"]
