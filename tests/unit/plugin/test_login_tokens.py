"""What requests carry after a login: one refresh for everybody, and no refresh token that is ever lost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from recipe_engine.plugin import Connector, Context, Login, Params, Request, Response, Setting, login_token
from recipe_engine.plugin.login import Tokens
from recipe_engine.runtime.login_index import LoginIndex, LoginRecord
from recipe_engine.runtime.login_store import LoginStore
from recipe_engine.runtime.perform import ActionPerformer
from recipe_engine.runtime.settings import Settings
from tests.unit.perform.kit import Rig, answer, settle

KEY = "canary-key-0123456789"
SETTINGS = {"SHOP_ID": "client-1", "SHOP_SECRET": "canary-secret-1", "RECIPE_LOGIN_KEY": KEY}
NOW = 1_800_000_000.0
LOGIN = Login(
    name="shop",
    title="Shop",
    authorize_url="https://shop.example/authorize",
    token_url="https://accounts.example/token",
    client_id="SHOP_ID",
    client_secret="SHOP_SECRET",
    scopes=["read"],
)


class Vendor:
    """Takes the access token that it gave last, and the refresh token that it gave last when it `rotates`."""

    def __init__(self, *, rotates: bool = True) -> None:
        self.rotates = rotates
        self.refresh_token = "canary-refresh-0"
        self.current = "canary-access-0"
        self.refreshes: list[str] = []
        self.refused: list[str] = []
        self.calls: list[Request] = []
        self.numbers = itertools.count(1)
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()
        self.watch: Callable[[], None] = lambda: None

    async def send(self, request: Request) -> Response:
        await asyncio.sleep(0)
        if request.url.startswith("https://accounts."):
            return await self._token(request)
        self.watch()
        self.calls.append(request)
        if request.headers["Authorization"] != f"Bearer {self.current}":
            return answer(401, {"error": "expired"})
        return answer(200, {"ok": True})

    async def close(self) -> None: ...

    async def _token(self, request: Request) -> Response:
        assert isinstance(request.body, bytes)
        given = parse_qs(request.body.decode())["refresh_token"][0]
        if given != self.refresh_token:
            self.refused.append(given)
            return answer(400, {"error": "invalid_grant", "error_description": f"bad token {given}"})
        number = next(self.numbers)
        self.refreshes.append(given)
        self.current = f"canary-access-{number}"
        told: dict[str, Any] = {"access_token": self.current, "expires_in": 3600}
        if self.rotates:
            self.refresh_token = told["refresh_token"] = f"canary-refresh-{number}"
        self.asked.set()
        await self.gate.wait()
        return answer(200, told)


def shop(refresh_token: str = "") -> Connector:
    auth = login_token(LOGIN, refresh_token=refresh_token)
    secrets = [Setting(name, secret=True) for name in ("SHOP_ID", "SHOP_SECRET")]
    made = Connector("shop", "Shop", "https://shop.example", secrets, auth=auth, renew=auth.renew, login=LOGIN)

    @made.action(effect="once")
    async def call(ctx: Context, _params: Params) -> dict[str, Any]:
        """Call."""
        return {"status": (await ctx.http.post("/things")).status}

    return made


class Process(Rig):
    """A process that works in a folder with logins."""

    def __init__(self, folder: Path, vendor: Vendor, connector: Connector | None = None, **settings: str) -> None:
        super().__init__(connector or shop(), transport=vendor)
        self.index = LoginIndex(folder)
        values = Settings({**SETTINGS, **settings}, logins=self.index)
        self.performer = ActionPerformer(
            self.catalog,
            values,
            vendor,
            self.blobs,
            None,  # type: ignore[arg-type]  # no test here keeps values
            self.clock,
        )


async def log_in(folder: Path, tokens: Tokens | None = None) -> LoginRecord:
    tokens = tokens or Tokens("canary-refresh-0")
    return await LoginStore(LoginIndex(folder), KEY).add(LoginRecord("shop", "", NOW, "file"), tokens)


async def kept(folder: Path) -> Tokens:
    there = LoginStore(LoginIndex(folder), KEY)
    return await there.read(there.index["shop"])


@pytest.mark.parametrize("rotates", [True, False])
async def test_two_hundred_actions_after_a_login_make_one_refresh(tmp_path: Path, rotates: bool) -> None:
    vendor = Vendor(rotates=rotates)
    await log_in(tmp_path)
    here = Process(tmp_path, vendor)
    await asyncio.gather(*(here.output("shop.call") for _ in range(200)))
    assert (vendor.refreshes, len(vendor.calls)) == (["canary-refresh-0"], 200)
    assert await kept(tmp_path) == Tokens(vendor.refresh_token, "canary-access-1", NOW + 3540)


async def test_the_access_token_of_the_login_itself_is_used_first(tmp_path: Path) -> None:
    vendor = Vendor()
    await log_in(tmp_path, Tokens("canary-refresh-0", "canary-access-0", NOW + 1000))
    here = Process(tmp_path, vendor)
    await here.output("shop.call")
    assert vendor.refreshes == []
    here.clock.advance_to(NOW + 1001)
    await here.output("shop.call")
    assert vendor.refreshes == ["canary-refresh-0"]


async def test_a_new_refresh_token_is_kept_before_what_came_with_it_is_used(tmp_path: Path) -> None:
    vendor = Vendor()
    await log_in(tmp_path)
    file, before = tmp_path / "shop.login", []
    first = file.read_bytes()
    vendor.watch = lambda: before.append(file.read_bytes() == first)
    await Process(tmp_path, vendor).output("shop.call")
    assert before == [False]


async def test_processes_share_what_one_of_them_got(tmp_path: Path) -> None:
    vendor = Vendor()
    await log_in(tmp_path)
    here, there = Process(tmp_path, vendor), Process(tmp_path, vendor)
    await asyncio.gather(*(each.output("shop.call") for each in (here, there) for _ in range(20)))
    assert len(vendor.refreshes) == 1
    vendor.current = "revoked"
    await here.output("shop.call")
    await there.output("shop.call")
    assert (len(vendor.refreshes), vendor.refused) == (2, [])


async def test_who_is_cut_off_leaves_the_refresh_to_its_end(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.gate.clear()
    await log_in(tmp_path)
    here = Process(tmp_path, vendor)
    first = asyncio.ensure_future(here.output("shop.call"))
    await vendor.asked.wait()
    first.cancel()
    await settle()
    assert first.cancelled()
    other = asyncio.ensure_future(here.output("shop.call"))
    vendor.gate.set()
    assert await other == {"status": 200}
    assert (vendor.refreshes, (await kept(tmp_path)).refresh_token) == (["canary-refresh-0"], "canary-refresh-1")


async def test_a_process_that_ends_lets_a_refresh_come_to_its_end(tmp_path: Path) -> None:
    vendor = Vendor()
    vendor.gate.clear()
    await log_in(tmp_path)
    here = Process(tmp_path, vendor)
    cut_off = asyncio.ensure_future(here.output("shop.call"))
    await vendor.asked.wait()
    cut_off.cancel()
    ending = asyncio.ensure_future(here.performer.close())
    await settle()
    assert not ending.done()
    vendor.gate.set()
    await ending
    assert (await kept(tmp_path)).refresh_token == "canary-refresh-1"


async def test_a_new_refresh_token_that_cannot_be_kept_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = Vendor()
    await log_in(tmp_path)
    here = Process(tmp_path, vendor)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        failure = await here.failure("shop.call")
    assert (failure.code, failure.retryable, failure.happened) == ("unavailable", True, "no")
    assert "could not be kept" in failure.title
    assert vendor.calls == []
    await here.output("shop.call")
    assert (vendor.refreshes, vendor.refused) == (["canary-refresh-0"], [])
    assert (await kept(tmp_path)).refresh_token == "canary-refresh-1"


async def test_an_access_token_that_cannot_be_kept_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    vendor = Vendor(rotates=False)
    await log_in(tmp_path)
    here = Process(tmp_path, vendor)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    await here.output("shop.call")
    assert "is not kept" in caplog.text
    assert "canary" not in caplog.text


async def test_who_is_logged_out_is_out_at_once_and_who_logs_in_anew_is_another(tmp_path: Path) -> None:
    vendor = Vendor()
    record = await log_in(tmp_path)
    here = Process(tmp_path, vendor)
    await here.output("shop.call")
    await LoginStore(LoginIndex(tmp_path), KEY).forget(LoginIndex(tmp_path)["shop"])
    failure = await here.failure("shop.call")
    assert (failure.code, failure.detail) == (
        "not_configured",
        "`recipe connectors login shop` opens the browser for it",
    )
    vendor.refresh_token = "canary-of-another"
    assert (await log_in(tmp_path, Tokens("canary-of-another"))).id != record.id
    await here.output("shop.call")
    assert vendor.refreshes == ["canary-refresh-0", "canary-of-another"]


async def test_a_refresh_token_in_the_settings_goes_first(tmp_path: Path) -> None:
    vendor = Vendor(rotates=False)
    vendor.refresh_token = "canary-of-settings"
    await log_in(tmp_path)
    here = Process(tmp_path, vendor, shop("SHOP_REFRESH"), SHOP_REFRESH="canary-of-settings")
    await here.output("shop.call")
    assert vendor.refreshes == ["canary-of-settings"]
    assert (await kept(tmp_path)).access_token == ""


async def test_without_a_setting_and_without_a_login_both_ways_are_named(tmp_path: Path) -> None:
    here = Process(tmp_path, Vendor(), shop("SHOP_REFRESH"))
    failure = await here.failure("shop.call")
    assert failure.title == "nobody is logged in to Shop, and SHOP_REFRESH is not set"
    assert "recipe connectors login shop" in failure.detail


async def test_a_withdrawn_login_says_how_to_log_in_again_and_shows_nothing(tmp_path: Path) -> None:
    vendor = Vendor()
    await log_in(tmp_path, Tokens("canary-withdrawn"))
    failure = await Process(tmp_path, vendor).failure("shop.call")
    assert (failure.code, failure.title) == ("unauthorized", "Shop gives no access token: invalid_grant")
    assert "recipe connectors login shop" in failure.detail
    assert "canary" not in f"{failure}"


async def test_a_login_that_cannot_be_opened_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    await log_in(tmp_path)
    here = Process(tmp_path, Vendor(), RECIPE_LOGIN_KEY="another-key-0123456789")
    failure = await here.failure("shop.call")
    assert (failure.code, failure.retryable) == ("not_configured", False)
    assert "RECIPE_LOGIN_KEY does not open" in failure.title
    assert "another-key" not in f"{failure}"


async def test_the_key_and_every_token_are_known_to_the_scrubber(tmp_path: Path) -> None:
    await log_in(tmp_path)
    here = Process(tmp_path, Vendor())
    await here.output("shop.call")
    known = f"{KEY} canary-refresh-0 canary-refresh-1 canary-access-1 canary-secret-1"
    assert "canary" not in here.performer._scrubber.text(known)


async def test_sandbox_runs_know_no_login(tmp_path: Path) -> None:
    await log_in(tmp_path)
    assert Rig(shop()).host.settings.logins is None
