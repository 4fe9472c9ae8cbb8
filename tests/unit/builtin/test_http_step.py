"""The `http` step against a real server: bodies, files, pages, credentials, failures, what may be repeated."""

import base64
from typing import Any

import pytest
from aiohttp import web

from recipe_engine.builtin.http import effect_of, http, result_schema_of
from recipe_engine.plugin import FileValue
from recipe_engine.runtime.blobs import FolderBlobs
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.runtime.private_addresses import Allowed
from recipe_engine.runtime.secrets import marker
from tests.unit.perform.kit import SEED, Rig, serving

SECRET = "canary-of-the-http-step"


@pytest.fixture
async def call(tmp_path):
    """Call an http step against a handler: `await call(handler, params)` gives the event of the core."""
    made: list[AiohttpTransport] = []

    async def run(handler, params: dict[str, Any], **options: Any):
        async with serving(handler) as url:
            transport = AiohttpTransport(Allowed.parse(url.removeprefix("http://")))
            made.append(transport)
            rig = Rig(http, transport=transport, settings={"TOKEN": SECRET}, blobs=FolderBlobs(tmp_path))
            run.rig = rig  # type: ignore[attr-defined]
            prepare = options.pop("prepare", None)
            if prepare is not None:
                params = {**params, **await prepare(rig)}
            done = await rig.perform("http", {**params, "url": url + params.get("url", "/")}, **options)
            return getattr(done, "output", None) or done.failure  # type: ignore[union-attr]

    yield run
    for transport in made:
        await transport.close()


async def echo(request):
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path,
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": await request.text(),
        }
    )


async def test_an_answer_is_status_headers_and_parsed_body(call):
    output = await call(echo, {"url": "/orders", "query": {"a": [1, "é"], "b": None}})
    assert output["status"] == 200
    assert output["headers"]["content-type"].startswith("application/json")
    assert output["body"]["method"] == "GET"
    assert output["body"]["path"] == "/orders?a=1&a=%C3%A9"


@pytest.mark.parametrize(
    ("params", "body", "media_type"),
    [
        ({"json": {"a": [1, None]}}, '{"a":[1,null]}', "application/json"),
        ({"json": None}, "null", "application/json"),
        ({"form": {"a": "é", "b": 2}}, "a=%C3%A9&b=2", "application/x-www-form-urlencoded"),
        ({"body": "<a/>", "headers": {"Content-Type": "text/xml"}}, "<a/>", "text/xml"),
    ],
)
async def test_bodies(call, params, body, media_type):
    output = await call(echo, {"method": "post", **params})
    assert output["body"]["body"] == body
    assert output["body"]["headers"]["content-type"] == media_type


async def test_a_file_is_sent_as_body_or_in_a_form(call):
    async def with_file(rig):
        file = await rig.blobs.save_bytes(b"%PDF-1", "a.pdf", "application/pdf")
        return {"body": file.model_dump()}

    output = await call(echo, {"method": "PUT"}, prepare=with_file)
    assert output["body"]["body"] == "%PDF-1"
    assert output["body"]["headers"]["content-type"] == "application/pdf"
    assert output["body"]["headers"]["content-length"] == "6"

    async def in_form(rig):
        file = await rig.blobs.save_bytes(b"%PDF-1", "a.pdf", "application/pdf")
        return {"form": {"doc": file.model_dump(), "title": "t", "tags": ["a", "b"]}}

    output = await call(echo, {"method": "POST"}, prepare=in_form)
    assert output["body"]["headers"]["content-type"].startswith("multipart/form-data")
    assert 'name="doc"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1\r\n' in output["body"]["body"]


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ({"bearer": "{}"}, "authorization", f"Bearer {SECRET}"),
        (
            {"basic": {"username": "ada", "password": "{}"}},
            "authorization",
            f"Basic {base64.b64encode(f'ada:{SECRET}'.encode()).decode()}",
        ),
        ({"header": {"name": "X-Api-Key", "value": "{}"}}, "x-api-key", SECRET),
    ],
)
async def test_credentials_reach_the_server_and_nothing_else(call, auth, name, value):
    received = {}

    async def handler(request):
        received.update({key.lower(): text for key, text in request.headers.items()})
        return web.json_response({"you sent": dict(request.headers)})

    def sealed(tree):
        if isinstance(tree, dict):
            return {key: sealed(item) for key, item in tree.items()}
        return tree.replace("{}", marker(SEED, "TOKEN"))

    output = await call(handler, {"auth": sealed(auth)})
    assert received[name] == value
    assert SECRET not in repr(output)
    assert value.rpartition(" ")[2] not in repr(output)


async def test_one_way_to_authenticate_is_expected(call):
    failure = await call(echo, {"auth": {"bearer": "a", "header": {"name": "b", "value": "c"}}})
    assert failure.code == "validation"
    assert "exactly one of bearer, basic and header" in failure.detail


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"json": 1, "form": {}}, "only one of json, form and body"),
        ({"paginate": {"next": "x"}, "save": "file"}, "exclude each other"),
        ({"paginate": {"next": "x"}, "method": "DELETE"}, "GET or POST"),
        ({"methd": "GET"}, "methd: Extra inputs"),
        ({"method": "BREW"}, "method: Input should be"),
    ],
)
async def test_what_does_not_fit_together_is_refused(call, params, words):
    failure = await call(echo, params)
    assert failure.code == "validation"
    assert words in failure.detail


@pytest.mark.parametrize(
    ("status", "code", "retryable"), [(404, "http_404", False), (429, "rate_limit", True), (503, "unavailable", True)]
)
async def test_other_statuses_fail(call, status, code, retryable):
    async def handler(request):
        return web.json_response({"message": "no"}, status=status, headers={"Retry-After": "3"})

    failure = await call(handler, {"url": "/x"})
    assert (failure.code, failure.retryable, failure.detail) == (code, retryable, "no")
    assert failure.data == {"status": status, "body": {"message": "no"}}
    assert failure.title.startswith(f"the server answered {status} ")


async def test_statuses_can_be_accepted(call):
    async def handler(request):
        return web.json_response({"message": "none"}, status=404)

    output = await call(handler, {"accept": [404]})
    assert (output["status"], output["body"]) == (404, {"message": "none"})


@pytest.mark.parametrize(
    ("headers", "data", "body"),
    [
        ({"Content-Type": "application/json"}, b'{"a":1}', {"a": 1}),
        ({"Content-Type": "application/problem+json; charset=utf-8"}, b"[1]", [1]),
        ({"Content-Type": "text/plain; charset=iso-8859-1"}, "é".encode("latin-1"), "é"),
        ({"Content-Type": "application/xml"}, b"<a/>", "<a/>"),
        ({"Content-Type": "application/json"}, b"", None),
    ],
)
async def test_bodies_of_answers(call, headers, data, body):
    async def handler(request):
        return web.Response(body=data, headers=headers)

    assert (await call(handler, {}))["body"] == body


@pytest.mark.parametrize(
    ("headers", "data", "code"),
    [
        ({"Content-Type": "image/png"}, b"\x89PNG\xff", "binary_answer"),
        ({"Content-Type": "text/plain; charset=none-such"}, b"x", "binary_answer"),
        ({"Content-Type": "application/json"}, b"{", "invalid_answer"),
    ],
)
async def test_answers_that_are_no_json_and_no_text(call, headers, data, code):
    async def handler(request):
        return web.Response(body=data, headers=headers)

    assert (await call(handler, {})).code == code


async def test_an_answer_too_large_is_refused(call):
    async def handler(request):
        return web.Response(text="x" * 5000)

    assert (await call(handler, {"max_bytes": 4999})).code == "response_too_large"
    assert (await call(handler, {"max_bytes": 4999, "save": "file"})).code == "response_too_large"
    assert (await call(handler, {"max_bytes": 5000}))["body"] == "x" * 5000


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/a/report.pdf?x=1", {"Content-Type": "application/pdf"}, "report.pdf"),
        ("/a", {"Content-Type": "application/pdf"}, "a.pdf"),
        ("/", {"Content-Type": "text/csv"}, "download.csv"),
        ("/x", {"Content-Disposition": 'attachment; filename="../../etc/pass wd.txt"'}, "pass wd.txt"),
        ("/x", {"Content-Disposition": "attachment; filename*=UTF-8''caf%C3%A9.txt"}, "café.txt"),
        ("/x", {"Content-Disposition": 'attachment; filename="C:\\\\temp\\\\a.txt"'}, "a.txt"),
    ],
)
async def test_an_answer_is_saved_as_a_file(call, path, headers, name):
    async def handler(request):
        return web.Response(body=b"x" * 200_000, headers=headers)

    output = await call(handler, {"url": path, "save": "file"})
    file = FileValue.model_validate(output["file"])
    assert (file.name, file.size, output["status"]) == (name, 200_000, 200)
    assert await call.rig.blobs.read(file) == b"x" * 200_000
    assert "body" not in output


SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}


@pytest.mark.parametrize(("body", "problem"), [({"id": 1}, None), ({"id": "1"}, "id: "), ({}, "body: ")])
async def test_the_body_is_held_against_response_schema(call, body, problem):
    async def handler(request):
        return web.json_response(body)

    done = await call(handler, {"response_schema": SCHEMA})
    if problem is None:
        assert done["body"] == body
    else:
        assert done.code == "invalid_answer"
        assert done.detail.startswith(problem)


async def test_a_response_schema_that_is_none_says_so(call):
    failure = await call(echo, {"response_schema": {"type": "nothing"}})
    assert failure.code == "validation"


# --- pages --------------------------------------------------------------------------------------------------------------


def pages(count: int, following):
    async def handler(request):
        page = int(request.query.get("page", "1"))
        body = (
            {"rows": [{"n": page}, {"n": page + 0.5}], **following(page)} if page < count else {"rows": [{"n": page}]}
        )
        headers = (
            {"Link": f'<{request.path}?page={page + 1}>; rel="next", </?page=1>; rel=first'} if page < count else {}
        )
        return web.json_response(body, headers=headers)

    return handler


@pytest.mark.parametrize(
    ("expression", "following"),
    [
        ("body.next", lambda page: {"next": f"/?page={page + 1}"}),
        ("{'page': body.cursor}", lambda page: {"cursor": page + 1}),
        ("links.next", lambda page: {}),
        ("{'page': page + 1} if body.more is defined else none", lambda page: {"more": True}),
    ],
)
async def test_pages_are_followed(call, expression, following):
    if "cursor" in expression:
        expression = "{'page': body.cursor} if body.cursor is defined else none"
    output = await call(pages(3, following), {"paginate": {"next": expression, "items": "body.rows"}})
    assert output == {"items": [{"n": 1}, {"n": 1.5}, {"n": 2}, {"n": 2.5}, {"n": 3}], "pages": 3, "more": False}


async def test_pages_are_bounded_and_it_is_said(call):
    following = {"next": "links.next", "items": "body.rows", "max_pages": 2}
    output = await call(pages(9, lambda page: {}), {"paginate": following})
    assert (len(output["items"]), output["pages"], output["more"]) == (4, 2, True)


async def test_a_page_that_leads_to_itself_is_a_failure(call):
    failure = await call(
        pages(9, lambda page: {"next": "/"}), {"paginate": {"next": "body.next", "items": "body.rows"}}
    )
    assert failure.code == "invalid_answer"
    assert "the same page again" in failure.title


@pytest.mark.parametrize(
    ("paginate", "code", "words"),
    [
        ({"next": "body.next", "items": "body.total"}, "invalid_answer", "not a list"),
        ({"next": "body.total", "items": "body.rows"}, "validation", "a URL or an object"),
        ({"next": "body.", "items": "body.rows"}, "validation", "not an expression"),
        ({"next": "body.rows + 1", "items": "body.rows"}, "validation", "paginate.next"),
    ],
)
async def test_expressions_of_pages_that_do_not_work(call, paginate, code, words):
    async def handler(request):
        return web.json_response({"rows": [], "total": 3, "next": "/x"})

    failure = await call(handler, {"paginate": paginate})
    assert failure.code == code
    assert words in failure.title


async def test_credentials_do_not_follow_pages_to_another_host(call):
    seen = []

    async def elsewhere(request):
        seen.append(request.headers.get("Authorization"))
        return web.json_response({"rows": [2]})

    async with serving(elsewhere) as other:

        async def handler(request):
            seen.append(request.headers.get("Authorization"))
            return web.json_response({"rows": [1], "next": other})

        async with serving(handler) as url:
            allowed = Allowed.parse(f"{url.removeprefix('http://')} {other.removeprefix('http://')}")
            transport = AiohttpTransport(allowed)
            params = {"url": url, "auth": {"bearer": "b"}, "paginate": {"next": "body.next", "items": "body.rows"}}
            output = await Rig(http, transport=transport).output("http", params)
            await transport.close()
    assert output["items"] == [1, 2]
    assert seen == ["Bearer b", None]


async def test_items_are_held_against_response_schema(call):
    params = {"paginate": {"next": "body.next", "items": "body.rows"}, "response_schema": {"required": ["id"]}}
    assert (await call(pages(1, lambda page: {}), params)).code == "invalid_answer"


# --- what may be repeated -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "effect"),
    [
        ({}, "read"),
        ({"method": "get"}, "read"),
        ({"method": "HEAD"}, "read"),
        ({"method": "PUT"}, "keyed"),
        ({"method": "DELETE"}, "keyed"),
        ({"method": "POST"}, "once"),
        ({"method": "PATCH"}, "once"),
        ({"method": "POST", "idempotent": True}, "keyed"),
        ({"method": "POST", "idempotent": "{{ yes }}"}, "once"),
        ({"method": "{{ method }}"}, "once"),
        ({"method": "POST", "paginate": {"next": "x"}}, "read"),
    ],
)
def test_the_effect_follows_from_the_method(params, effect):
    assert effect_of(params) == effect


@pytest.mark.parametrize(
    ("params", "key"),
    [
        ({"method": "POST", "idempotent": True}, "run-1/step"),
        ({"method": "POST"}, None),
        ({"method": "GET", "idempotent": True}, None),
        ({"method": "POST", "idempotent": True, "headers": {"idempotency-key": "own"}}, "own"),
    ],
)
async def test_the_key_is_sent_when_the_service_honours_it(call, params, key):
    output = await call(echo, params)
    assert output["body"]["headers"].get("idempotency-key") == key


async def test_a_key_that_no_header_can_carry_is_hashed(call):
    output = await call(echo, {"method": "POST", "idempotent": True}, key="run/é" + "x" * 300)
    key = output["body"]["headers"]["idempotency-key"]
    assert len(key) == 64
    assert key.isascii()


def test_the_schema_of_the_result_follows_from_the_step():
    assert result_schema_of({"response_schema": SCHEMA})["properties"]["body"] == SCHEMA
    assert result_schema_of({})["properties"]["body"] == {}
    assert result_schema_of({"save": "file"})["properties"]["file"]["$ref"] == "#/$defs/FileValue"
    assert result_schema_of({"paginate": {}, "response_schema": SCHEMA})["properties"]["items"]["items"] == SCHEMA


async def test_private_addresses_are_refused():
    transport = AiohttpTransport()
    failure = await Rig(http, transport=transport).failure("http", {"url": "http://localhost:1/"})
    await transport.close()
    assert failure.code == "refused_address"
    assert "RECIPE_HTTP_ALLOW" in failure.detail


# --- sandbox ----------------------------------------------------------------------------------------------------------------


async def test_the_sandbox_answers_what_was_scripted():
    rig = Rig(http)
    rig.host.sandbox("http").seed(
        {
            "answers": [
                {"url": "https://a.example/x", "json": {"n": 1}},
                {"url": "https://a.example/x", "json": {"n": 2}},
                {"url": "https://a.example/q?b=1", "text": "exact"},
                {
                    "method": "post",
                    "url": "https://a.example/*",
                    "status": 201,
                    "json": {"id": "7"},
                    "headers": {"x-a": "b"},
                },
            ]
        }
    )

    async def get(url: str, **params: Any) -> Any:
        return (await rig.output("http", {"url": url, **params}, sandbox=True))["body"]

    assert [await get("https://a.example/x?page=1") for _ in range(3)] == [{"n": 1}, {"n": 2}, {"n": 2}]
    assert await get("https://a.example/q?b=1") == "exact"
    assert await get("https://a.example/orders", method="POST", json={"tea": 1}) == {"id": "7"}
    (effect,) = rig.host.effects
    assert (effect.action, effect.data) == ("POST /orders", {"url": "https://a.example/orders", "body": {"tea": 1}})


async def test_the_sandbox_invents_nothing():
    rig = Rig(http)
    failure = await rig.failure("http", {"url": "https://a.example/q?b=2"}, sandbox=True)
    assert failure.code == "no_scripted_answer"
    assert failure.title == "nothing answers GET https://a.example/q?b=2 in the sandbox"
    assert 'http: [{method: GET, url: "https://a.example/q"' in failure.detail


async def test_a_bad_script_says_where():
    sandbox = Rig(http).host.sandbox("http")
    with pytest.raises(ValueError, match="takes `answers`, not replies"):
        sandbox.seed({"replies": []})
    with pytest.raises(ValueError, match="urll"):
        sandbox.seed({"answers": [{"urll": "x"}]})


@pytest.mark.parametrize(
    ("params", "body"),
    [
        ({"form": {"a": "b"}}, {"a": "b"}),
        ({"body": "text"}, "text"),
        ({}, None),
        ({"body": "{", "headers": {"Content-Type": "application/json"}}, "<1 bytes, sha256 021fb596db81>"),
    ],
)
async def test_effects_show_what_was_sent(params, body):
    rig = Rig(http)
    rig.host.sandbox("http").seed({"answers": [{"method": "POST", "url": "https://a.example/x"}]})
    await rig.output("http", {"method": "POST", "url": "https://a.example/x", **params}, sandbox=True)
    assert rig.host.effects[0].data["body"] == body
