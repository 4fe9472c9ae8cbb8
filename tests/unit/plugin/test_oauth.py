"""OAuth 2.0 by refresh token: one refresh in flight, one renewal of what a 401 refused, and nothing leaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from recipe_engine.plugin import (
    Connector,
    Context,
    Params,
    Request,
    Response,
    Retryable,
    Setting,
    Settings,
    oauth2_refresh,
)
from tests.unit.perform.kit import Rig, answer, settle

TOKENS = "https://accounts.example/token"
SETTINGS = {"SHOP_ID": "client-1", "SHOP_SECRET": "secret-&-1", "SHOP_REFRESH": "refresh-1"}


class Vendor:
    """A vendor with a token endpoint: it takes the last token that it gave. `gate` holds its token answers back."""

    def __init__(self, *token_answers: Response | Exception) -> None:
        self.token_answers = list(token_answers)
        self.refreshes: list[Request] = []
        self.calls: list[Request] = []
        self.current = "token-1"
        self.gate = asyncio.Event()
        self.gate.set()
        self.refuse: Callable[[Request], bool] = lambda _request: False

    async def send(self, request: Request) -> Response:
        if request.url.startswith("https://accounts."):
            return await self._token(request)
        self.calls.append(request)
        request.sent = True
        await asyncio.sleep(0)
        if self.refuse(request) or request.headers["Authorization"] != f"Bearer {self.current}":
            return answer(401, {"error": "expired"})
        return answer(200, {"ok": True})

    async def close(self) -> None: ...

    async def _token(self, request: Request) -> Response:
        self.refreshes.append(request)
        await self.gate.wait()
        if self.token_answers:
            given = self.token_answers.pop(0)
            if isinstance(given, Exception):
                raise given
            return given
        self.current = f"token-{len(self.refreshes)}"
        return answer(200, {"access_token": self.current, "expires_in": 3600})


class Call(Params):
    options: dict[str, Any] = {}  # noqa: RUF012  # pydantic copies it
    stream: bool = False


async def pieces() -> Any:
    yield b"a"


def shop(**options: Any) -> Connector:
    """A connector whose action sends one request."""
    auth = oauth2_refresh(
        "Shop",
        options.pop("token_url", TOKENS),
        client_id="SHOP_ID",
        client_secret="SHOP_SECRET",
        refresh_token="SHOP_REFRESH",
        **options,
    )
    secrets = [Setting(name, secret=True) for name in SETTINGS]
    made = Connector("shop", "Shop", "https://shop.example", secrets, auth=auth, renew=auth.renew)

    @made.action(effect="once")
    async def call(ctx: Context, params: Call) -> dict[str, Any]:
        """Call."""
        content = {"content": pieces()} if params.stream else {}
        response = await ctx.http.post("/things", **params.options, **content)
        return {"status": response.status}

    return made


def rig(vendor: Vendor, settings: dict[str, str] | None = None, **options: Any) -> Rig:
    return Rig(shop(**options), transport=vendor, settings=SETTINGS if settings is None else settings)


async def test_a_refresh_token_gives_the_token_that_requests_carry() -> None:
    vendor = Vendor()
    await rig(vendor).output("shop.call")
    [refresh], [call] = vendor.refreshes, vendor.calls
    assert (refresh.method, refresh.url, refresh.trusted, refresh.connector) == ("POST", TOKENS, False, "shop")
    assert refresh.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert isinstance(refresh.body, bytes)
    assert parse_qs(refresh.body.decode()) == {
        "grant_type": ["refresh_token"],
        "client_id": ["client-1"],
        "client_secret": ["secret-&-1"],
        "refresh_token": ["refresh-1"],
    }
    assert call.headers["Authorization"] == "Bearer token-1"


async def test_the_scheme_and_the_endpoint_may_be_the_vendors_own() -> None:
    def url(settings: Settings) -> tuple[str, bool]:
        return f"https://accounts.{settings.require('SHOP_ID')}/t", True

    vendor = Vendor()
    vendor.refuse = lambda request: not request.headers["Authorization"].startswith("Shop-token ")
    await rig(vendor, token_url=url, scheme="Shop-token").failure("shop.call")
    assert (vendor.refreshes[0].url, vendor.refreshes[0].trusted) == ("https://accounts.client-1/t", True)


async def test_a_token_is_kept_until_shortly_before_it_expires() -> None:
    vendor = Vendor()
    bench = rig(vendor)
    for seconds, refreshes in ((0, 1), (3539, 1), (3540, 2), (3600, 2)):
        bench.clock.advance_to(1_800_000_000 + seconds)
        await bench.output("shop.call")
        assert len(vendor.refreshes) == refreshes, seconds


@pytest.mark.parametrize(("expires_in", "good"), [(30, 26), ("120", 107), (None, 3539), ("soon", 3539), (0, 0.8)])
async def test_a_short_life_is_used_to_nine_tenths(expires_in: Any, good: float) -> None:
    vendor = Vendor(answer(200, {"access_token": "token-1", "expires_in": expires_in}))
    bench = rig(vendor)
    await bench.output("shop.call")
    bench.clock.advance_to(1_800_000_000 + good)
    await bench.output("shop.call")
    assert len(vendor.refreshes) == 1
    bench.clock.advance_to(1_800_000_000 + good + 2)
    await bench.output("shop.call")
    assert len(vendor.refreshes) == 2


async def test_two_hundred_actions_without_a_token_make_one_refresh() -> None:
    vendor = Vendor()
    bench = rig(vendor)
    await asyncio.gather(*(bench.output("shop.call") for _ in range(200)))
    assert (len(vendor.refreshes), len(vendor.calls)) == (1, 200)
    bench.clock.advance_to(1_800_000_000 + 3600)
    await asyncio.gather(*(bench.output("shop.call") for _ in range(200)))
    assert (len(vendor.refreshes), len(vendor.calls)) == (2, 400)


async def test_two_hundred_actions_with_a_token_that_is_refused_make_one_refresh() -> None:
    vendor = Vendor()
    bench = rig(vendor)
    await bench.output("shop.call")
    vendor.current = "token-revoked"
    await asyncio.gather(*(bench.output("shop.call") for _ in range(200)))
    assert len(vendor.refreshes) == 2
    assert {call.headers["Authorization"] for call in vendor.calls[-200:]} == {"Bearer token-2"}


async def test_a_late_401_for_the_old_token_costs_no_other_refresh() -> None:
    vendor = Vendor()
    bench = rig(vendor)
    await bench.output("shop.call")
    vendor.current = "token-revoked"
    await bench.output("shop.call")
    late = [True]
    vendor.refuse = lambda request: request is vendor.calls[-1] and bool(late) and late.pop() and _aged(request)

    def _aged(request: Request) -> bool:
        request.headers["Authorization"] = "Bearer token-1"  # what it would have been sent with before
        return True

    await bench.output("shop.call")
    assert len(vendor.refreshes) == 2


async def test_what_is_refused_again_is_not_renewed_again() -> None:
    vendor = Vendor()
    vendor.refuse = lambda _request: True
    failure = await rig(vendor).failure("shop.call")
    assert (failure.code, failure.retryable, failure.happened) == ("http_401", False, "no")
    assert (len(vendor.refreshes), len(vendor.calls)) == (2, 2)


async def test_the_same_body_is_sent_again_and_a_stream_is_not() -> None:
    vendor = Vendor()
    bench = rig(vendor)
    await bench.output("shop.call")
    vendor.current = "token-revoked"
    await bench.output("shop.call", {"options": {"json": {"a": 1}}})
    assert [call.body for call in vendor.calls[1:]] == [b'{"a":1}', b'{"a":1}']
    vendor.current = "token-revoked"
    failure = await bench.failure("shop.call", {"stream": True})
    assert (failure.code, len(vendor.calls), len(vendor.refreshes)) == ("http_401", 4, 2)


async def test_a_401_about_something_else_is_not_renewed() -> None:
    vendor = Vendor()
    vendor.refuse = lambda _request: True
    bench = rig(vendor, stale=lambda said: said != {"error": "expired"})
    assert (await bench.failure("shop.call")).code == "http_401"
    assert (len(vendor.refreshes), len(vendor.calls)) == (1, 1)


async def test_requests_without_auth_or_to_others_are_not_renewed() -> None:
    vendor = Vendor()
    made = shop()

    @made.action(effect="read")
    async def plain(ctx: Context, _params: Params) -> dict[str, Any]:
        """Call without auth."""
        headers = {"Authorization": "Bearer of somebody"}
        return {"status": (await ctx.http.get("/things", headers=headers, auth=False, raw=True)).status}

    assert (await Rig(made, transport=vendor, settings=SETTINGS).output("shop.plain"))["status"] == 401
    assert (len(vendor.refreshes), len(vendor.calls)) == (0, 1)


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_a_refusal_is_final_and_says_what_to_do_whatever_its_status(status: int) -> None:
    said = {"error": "invalid_code", "error_description": "no such code"}
    vendor = Vendor(answer(status, said))
    failure = await rig(vendor, advice={"invalid_code": "make a new one"}).failure("shop.call")
    assert (failure.code, failure.retryable, failure.happened) == ("unauthorized", False, "no")
    assert failure.title == "Shop gives no access token: invalid_code"
    assert failure.detail == "no such code; make a new one"
    assert vendor.calls == []


async def test_the_usual_codes_have_advice_that_names_the_settings() -> None:
    vendor = Vendor(answer(400, {"error": "invalid_grant"}), answer(400, {"error": "invalid_client"}))
    bench = rig(vendor)
    assert "SHOP_REFRESH" in (await bench.failure("shop.call")).detail
    assert "SHOP_SECRET" in (await bench.failure("shop.call")).detail


@pytest.mark.parametrize(
    ("given", "code", "retryable"),
    [
        (answer(503, body=b"<html>down</html>"), "unavailable", True),
        (answer(500, {"error": "server_error"}), "unavailable", True),
        (answer(200, {"access_token": ""}), "unauthorized", False),
        (answer(200, body=b"<html>hello</html>"), "unauthorized", False),
        (answer(200, [1]), "unauthorized", False),
        (answer(404), "unauthorized", False),
        (Retryable("lost", code="connection", happened="maybe"), "connection", True),
    ],
)
async def test_an_endpoint_that_is_not_well_is_told_apart(
    given: Response | Exception, code: str, retryable: bool
) -> None:
    failure = await rig(Vendor(given)).failure("shop.call")
    assert (failure.code, failure.retryable, failure.happened) == (code, retryable, "no")


async def test_settings_that_are_missing_are_named() -> None:
    failure = await rig(Vendor(), {**SETTINGS, "SHOP_SECRET": ""}).failure("shop.call")
    assert (failure.code, "SHOP_SECRET" in failure.title) == ("not_configured", True)


async def test_all_who_wait_share_a_failure_and_the_next_asks_anew() -> None:
    vendor = Vendor(answer(200, {"error": "invalid_code"}))
    vendor.gate.clear()
    bench = rig(vendor)
    asked = asyncio.gather(*(bench.failure("shop.call") for _ in range(50)))
    await settle()
    vendor.gate.set()
    failures = await asked
    assert {failure.code for failure in failures} == {"unauthorized"}
    assert len(vendor.refreshes) == 1
    await bench.output("shop.call")


async def test_too_many_tokens_are_waited_for_and_nobody_asks_meanwhile() -> None:
    vendor = Vendor(answer(400, {"error": "Access Denied"}), answer(429, headers={"Retry-After": "90"}), answer(429))
    bench = rig(vendor, limited=lambda said: 600 if said == {"error": "Access Denied"} else None)
    first = await bench.failure("shop.call")
    assert (first.code, first.retryable, first.retry_after) == ("rate_limit", True, 600)
    bench.clock.advance_to(1_800_000_000 + 200)
    assert (await bench.failure("shop.call")).retry_after == 400
    assert len(vendor.refreshes) == 1
    for at, wait in ((600, 90), (690, 60)):
        bench.clock.advance_to(1_800_000_000 + at)
        assert (await bench.failure("shop.call")).retry_after == wait
    bench.clock.advance_to(1_800_000_000 + 750)
    await bench.output("shop.call")


async def test_when_who_refreshes_is_cut_off_another_takes_over() -> None:
    vendor = Vendor()
    vendor.gate.clear()
    bench = rig(vendor)
    first = asyncio.ensure_future(bench.output("shop.call"))
    await settle()
    others = [asyncio.ensure_future(bench.output("shop.call")) for _ in range(5)]
    await settle()
    others[0].cancel()
    first.cancel()
    await settle()
    vendor.gate.set()
    assert await asyncio.gather(*others[1:]) == [{"status": 200}] * 4
    assert len(vendor.refreshes) == 2
    assert first.cancelled()


async def test_connectors_of_one_credential_share_its_token_and_others_do_not() -> None:
    vendor = Vendor()
    made = shop()
    desk = Connector("desk", "Desk", "https://desk.example", auth=made.auth, renew=made.renew)
    elsewhere = shop(token_url="https://accounts.example/other")
    other = Connector("other", "Other", "https://other.example", auth=elsewhere.auth)
    for each in (desk, other):

        @each.action(effect="read")
        async def look(ctx: Context, _params: Params) -> dict[str, Any]:
            """Look."""
            return {"status": (await ctx.http.get("/", raw=True)).status}

    bench = Rig(made, desk, other, transport=vendor, settings=SETTINGS)
    await bench.output("shop.call")
    await bench.output("desk.look")
    assert len(vendor.refreshes) == 1
    await bench.output("other.look")
    assert [each.url for each in vendor.refreshes] == [TOKENS, "https://accounts.example/other"]
    assert "token-1" not in repr(bench.performer._real.tokens)


async def test_no_part_of_a_credential_stands_in_a_failure() -> None:
    words = "token-1 of refresh-1 and secret-&-1 (secret-%26-1)"
    vendor = Vendor()
    bench = rig(vendor)
    await bench.output("shop.call")
    send = vendor.send

    async def tells(request: Request) -> Response:
        await send(request)
        return answer(403, {"message": words})

    vendor.send = tells  # type: ignore[method-assign]  # this very vendor is under test
    failure = await bench.failure("shop.call")
    text = f"{failure.title} {failure.detail} {failure.data}"
    assert all(secret not in text for secret in ("token-1", "refresh-1", "secret-&-1", "secret-%26-1"))
    assert "[secret access token of Shop]" in text


async def test_an_old_token_stays_secret() -> None:
    vendor = Vendor()
    bench = rig(vendor)
    await bench.output("shop.call")
    vendor.current = "gone"
    await bench.output("shop.call")
    hidden = "[secret access token of Shop]"
    assert bench.performer._scrubber.text("token-1 token-2") == f"{hidden} {hidden}"


async def test_a_connector_without_renew_leaves_a_401_as_it_is() -> None:
    vendor = Vendor()
    vendor.refuse = lambda _request: True
    made = shop()
    made.renew = None
    failure = await Rig(made, transport=vendor, settings=SETTINGS).failure("shop.call")
    assert (failure.code, len(vendor.calls)) == ("http_401", 1)


async def test_no_more_requests_at_once_than_the_connector_says() -> None:
    under_way, most = 0, 0
    waiting: list[asyncio.Future[None]] = []

    class Counting(Vendor):
        async def send(self, request: Request) -> Response:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            waiting.append(asyncio.get_running_loop().create_future())
            await waiting[-1]
            under_way -= 1
            return answer(200)

    made = Connector("shop", "Shop", "https://shop.example", at_once=3)

    @made.action(effect="read", timeout=5)
    async def call(ctx: Context, _params: Params) -> dict[str, Any]:
        """Call."""
        return {"status": (await ctx.http.get("/")).status}

    bench = Rig(made, transport=Counting())
    tasks = [asyncio.ensure_future(bench.output("shop.call")) for _ in range(10)]
    for _ in range(4):
        await settle()
        bench.clock.advance_to(bench.clock.now() + 4)  # who waits for a place does not use up the own time
        for each in waiting:
            if not each.done():
                each.set_result(None)
    assert await asyncio.gather(*tasks) == [{"status": 200}] * 10
    assert (most, under_way) == (3, 0)


async def test_an_address_may_depend_on_settings() -> None:
    made = Connector("shop", "Shop", lambda settings: f"https://{settings.require('PLACE')}.example")

    @made.action(effect="read")
    async def call(ctx: Context, _params: Params) -> dict[str, Any]:
        """Call."""
        return {"url": (await ctx.http.get("/x")).url}

    sent: list[str] = []

    class Noting(Vendor):
        async def send(self, request: Request) -> Response:
            sent.append(request.url)
            return answer(200)

    for settings in ({"PLACE": "eu"}, {"PLACE": "eu", "SHOP_BASE_URL": "http://127.0.0.1:9"}):
        await Rig(made, transport=Noting(), settings=settings).output("shop.call")
    assert sent == ["https://eu.example/x", "http://127.0.0.1:9/x"]
