"""The client of an action: addresses, credentials, bodies, error answers."""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import orjson
import pytest
from aiohttp import web

from recipe_engine.plugin import Connector, Context, Params, Retryable, Setting, Terminal, bearer, header
from recipe_engine.runtime.http import AiohttpTransport
from tests.unit.perform.kit import FakeTransport, Rig, answer, serving


class Call(Params):
    method: str = "GET"
    url: str = "/things"
    options: dict[str, Any] = {}  # noqa: RUF012  # pydantic copies it


def connector(name: str = "shop", effect: str = "keyed", **options: Any) -> Connector:
    made = Connector(**{"name": name, "title": "Shop", "base_url": "https://shop.example/api/", **options})

    @made.action(effect=effect)  # type: ignore[arg-type]
    async def call(ctx: Context, params: Call) -> dict[str, Any]:
        """Call."""
        response = await ctx.http.request(params.method, params.url, **params.options)
        return {"status": response.status, "text": (await response.read()).decode()}

    return made


async def sent(params: dict[str, Any], **options: Any):
    transport = FakeTransport(answer(200))
    settings = options.pop("settings", None)
    rig = Rig(connector(**options), transport=transport, settings=settings)
    await rig.output("shop.call", params)
    return transport.requests[0]


@pytest.mark.parametrize(
    ("url", "query", "full"),
    [
        ("/things", None, "https://shop.example/api/things"),
        ("things", None, "https://shop.example/api/things"),
        ("/things?a=1", {"b": [1, 2], "c": None, "d": True}, "https://shop.example/api/things?a=1&b=1&b=2&d=true"),
        ("/things#part", {"q": "é & co"}, "https://shop.example/api/things?q=%C3%A9%20%26%20co"),
        ("https://other.example/x", {"a": 1.5}, "https://other.example/x?a=1.5"),
        ("/things", {"a": None}, "https://shop.example/api/things"),
    ],
)
async def test_addresses(url, query, full):
    request = await sent({"url": url, "options": {"query": query}})
    assert request.url == full
    assert request.connector == "shop"


async def test_a_query_that_is_no_text_is_refused():
    rig = Rig(connector())
    failure = await rig.failure("shop.call", {"options": {"query": {"a": {"b": 1}}}})
    assert failure.code == "validation"
    assert failure.title.startswith("query.a:")


async def test_a_relative_address_needs_a_base():
    failure = await Rig(connector(base_url="")).failure("shop.call")
    assert failure.code == "invalid_url"
    assert "SHOP_BASE_URL" in failure.detail


KEY = {"SHOP_KEY": "key-123456"}


@pytest.mark.parametrize(
    ("url", "authorized"),
    [
        ("/things", True),
        ("https://shop.example/other", True),
        ("https://shop.example", True),
        ("https://shop.example.evil.example/x", False),
        ("https://shop.example:8443/x", False),
        ("http://shop.example/x", False),
    ],
)
async def test_credentials_go_only_to_the_connectors_own_origin(url, authorized):
    made = connector(auth=bearer("SHOP_KEY"), settings=[Setting("SHOP_KEY", secret=True)])
    transport = FakeTransport(answer(200))
    await Rig(made, transport=transport, settings=KEY).output("shop.call", {"url": url})
    assert ("Authorization" in transport.requests[0].headers) is authorized


async def test_other_ways_to_say_who_asks():
    made = connector(auth=header("X-Key", "SHOP_KEY"), settings=[Setting("SHOP_KEY", secret=True)])
    transport = FakeTransport(answer(200), answer(200))
    rig = Rig(made, transport=transport, settings=KEY)
    await rig.output("shop.call")
    await rig.output("shop.call", {"options": {"auth": False}})
    assert transport.requests[0].headers == {"X-Key": "key-123456"}
    assert transport.requests[1].headers == {}


@pytest.mark.parametrize(("name", "replaced"), [("SHOP_BASE_URL", True), ("OTHER_BASE_URL", False)])
async def test_the_base_url_can_be_replaced_and_is_then_trusted(name, replaced):
    request = await sent({}, settings={name: "http://127.0.0.1:9/v2/"})
    assert request.trusted is replaced
    assert request.url == ("http://127.0.0.1:9/v2/things" if replaced else "https://shop.example/api/things")


async def test_only_the_replaced_origin_is_trusted():
    request = await sent({"url": "http://10.0.0.1/x"}, settings={"SHOP_BASE_URL": "http://127.0.0.1:9"})
    assert not request.trusted


async def test_a_setting_of_another_name_can_hold_the_base_url():
    request = await sent(
        {}, base_url="", base_url_setting="SHOP_ENDPOINT", settings={"SHOP_ENDPOINT": "https://e.example"}
    )
    assert request.url == "https://e.example/things"


async def test_a_base_url_that_is_none_is_named():
    failure = await Rig(connector(), settings={"SHOP_BASE_URL": "localhost:80"}).failure("shop.call")
    assert failure.code == "not_configured"


async def test_bodies():
    def options(**given: Any) -> dict[str, Any]:
        return {"method": "POST", "options": given}

    json = await sent(options(json={"a": "é"}))
    assert (json.body, json.headers) == ('{"a":"é"}'.encode(), {"Content-Type": "application/json"})
    form = await sent(options(form={"a": "é", "b": [1, True], "c": None}))
    assert form.body == b"a=%C3%A9&b=1&b=true"
    assert form.headers == {"Content-Type": "application/x-www-form-urlencoded"}
    own = await sent(options(json=[1], headers={"content-type": "application/vnd.api+json"}))
    assert own.headers == {"content-type": "application/vnd.api+json"}
    raw = await sent(options(content=b"raw", headers={"X": "1"}))
    assert (raw.body, raw.headers) == (b"raw", {"X": "1"})


async def test_multipart_streams_files_with_a_known_length():
    received: dict[str, Any] = {}

    async def handler(request):
        assert request.content_length is not None
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            received.setdefault(part.name, []).append(
                (part.filename, part.headers.get("Content-Type"), await part.text())
            )
        return web.Response()

    made = Connector(name="shop", title="Shop")

    @made.action(effect="keyed")
    async def upload(ctx: Context, params: Call) -> dict[str, Any]:
        """Upload."""
        file = await ctx.blobs.save_bytes("café".encode(), 'a "quoted"\r\n.txt', "text/plain")
        values = {
            "title": "é",
            "n": 3,
            "doc": file,
            "raw": ("x.bin", b"\x01", "application/x-thing"),
            "many": ["a", "b"],
        }
        await ctx.http.post("/upload", multipart=values)
        return {}

    transport = AiohttpTransport()
    async with serving(handler) as url:
        rig = Rig(made, transport=transport, settings={"SHOP_BASE_URL": url})
        await rig.output("shop.upload")
    await transport.close()
    assert received == {
        "title": [(None, None, "é")],
        "n": [(None, None, "3")],
        "doc": [("a %22quoted%22%0D%0A.txt", "text/plain", "café")],
        "raw": [("x.bin", "application/x-thing", "\x01")],
        "many": [(None, None, "a"), (None, None, "b")],
    }


NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("status", "headers", "code", "retryable", "retry_after"),
    [
        (400, {}, "http_400", False, None),
        (401, {}, "http_401", False, None),
        (403, {}, "http_403", False, None),
        (404, {}, "http_404", False, None),
        (409, {}, "http_409", False, None),
        (410, {}, "http_410", False, None),
        (422, {}, "http_422", False, None),
        (302, {}, "http_302", False, None),
        (408, {}, "timeout", True, None),
        (425, {}, "too_early", True, None),
        (429, {"Retry-After": "2.5"}, "rate_limit", True, 2.5),
        (
            429,
            {"Retry-After": format_datetime(datetime.fromtimestamp(NOW + 9, UTC), usegmt=True)},
            "rate_limit",
            True,
            9.0,
        ),
        (500, {}, "server_error", True, None),
        (502, {}, "bad_gateway", True, None),
        (503, {"Retry-After": "4"}, "unavailable", True, 4.0),
        (504, {}, "gateway_timeout", True, None),
        (599, {}, "http_599", True, None),
    ],
)
async def test_what_a_status_means(status, headers, code, retryable, retry_after):
    reply = answer(status, {"error": {"message": "their words"}}, headers)
    failure = await Rig(connector(), transport=FakeTransport(reply)).failure("shop.call", {"url": "/x?token=abc"})
    assert (failure.code, failure.retryable, failure.retry_after) == (code, retryable, retry_after)
    assert failure.title.startswith(f"Shop answered {status} ")
    assert failure.title.endswith("to GET https://shop.example/api/x")
    assert failure.detail == "their words"
    assert failure.data == {"status": status, "body": {"error": {"message": "their words"}}}
    assert failure.happened == "no"


@pytest.mark.parametrize(
    ("body", "detail", "kept"),
    [
        (b"", "", None),
        (b"<html>down</html>", "<html>down</html>", "<html>down</html>"),
        (
            b'{"errors":[{"detail":"one"},{"message":"two"}]}',
            "one; two",
            {"errors": [{"detail": "one"}, {"message": "two"}]},
        ),
        (
            b'{"error":"invalid_grant","error_description":"expired"}',
            "expired",
            {"error": "invalid_grant", "error_description": "expired"},
        ),
        (b'{"code":7}', "", {"code": 7}),
        (b"x" * 9000, "x" * 500, "x" * 4000),
    ],
)
async def test_the_vendors_words_are_found_and_bounded(body, detail, kept):
    failure = await Rig(connector(), transport=FakeTransport(answer(400, body=body))).failure("shop.call")
    assert failure.detail == detail
    assert failure.data == {"status": 400, "body": kept}


async def test_a_large_json_body_is_kept_in_part():
    body = orjson.dumps({"rows": ["x" * 100] * 100})
    failure = await Rig(connector(), transport=FakeTransport(answer(400, body=body))).failure("shop.call")
    assert failure.data["body"] == body[:4000].decode()


async def test_the_connectors_own_mapping_comes_first():
    def errors(status, headers, body):
        if status == 400:
            return Terminal(f"Shop: {body['why']}", code="no_stock")
        if status == 420:
            return Retryable("calm down", code="rate_limit")
        if status == 500:
            raise KeyError("mistake")
        return None

    replies = [
        answer(400, {"why": "sold out"}),
        answer(420, {}, {"Retry-After": "3"}),
        answer(404, {}),
        answer(500, {"message": "boom"}),
    ]
    rig = Rig(connector(errors=errors), transport=FakeTransport(*replies))
    own = await rig.failure("shop.call")
    assert (own.code, own.title, own.data) == (
        "no_stock",
        "Shop: sold out",
        {"status": 400, "body": {"why": "sold out"}},
    )
    assert (await rig.failure("shop.call")).retry_after == 3.0
    assert (await rig.failure("shop.call")).code == "http_404"
    assert (await rig.failure("shop.call")).code == "server_error"


async def test_raw_hands_the_answer_over():
    rig = Rig(connector(), transport=FakeTransport(answer(404, body=b"nothing")))
    assert await rig.output("shop.call", {"options": {"raw": True}}) == {"status": 404, "text": "nothing"}


async def test_an_answer_that_nobody_reads_gives_its_connection_back():
    closed = asyncio.Event()

    async def handler(request):
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except (ConnectionResetError, asyncio.CancelledError):
            closed.set()
            raise

    made = Connector(name="shop", title="Shop")

    @made.action(effect="read")
    async def peek(ctx: Context, params: Call) -> dict[str, Any]:
        """Look at the first bytes only."""
        response = await ctx.http.get("/endless")
        async for chunk in response.chunks():
            return {"first": len(chunk) > 0}
        raise AssertionError

    transport = AiohttpTransport()
    async with serving(handler) as url:
        rig = Rig(made, transport=transport, settings={"SHOP_BASE_URL": url})
        assert await rig.output("shop.peek") == {"first": True}
        await closed.wait()
    await transport.close()
