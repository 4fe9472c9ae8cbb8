"""What a call sends: places and styles of parameters, forms of bodies, credentials; and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from recipe_engine.openapi.connector import OpenApiConnector
from recipe_engine.plugin import Fault, SandboxRequest
from recipe_engine.testing import ActionFailure, SandboxContext, sandbox_context

Connect = Callable[..., OpenApiConnector]
OK: dict[str, Any] = {"200": {"description": "ok", "content": {"application/json": {"schema": {}}}}}


def operation(*parameters: dict[str, Any], body: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": "call", "parameters": list(parameters), "responses": OK, **more}
    return found | ({"requestBody": {"required": True, "content": body}} if body else {})


def parameter(name: str, place: str = "query", schema: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema or {"type": "string"}, "required": place == "path", **more}


async def sent(connector: OpenApiConnector, /, **params: Any) -> SandboxRequest:
    bench = sandbox_context(connector)
    await bench.call("call", **params)
    request: SandboxRequest = bench.sandbox.requests[-1]
    return request


LIST = {"type": "array", "items": {"type": "integer"}}
OBJECT = {"type": "object", "properties": {"role": {"type": "string"}, "age": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("given", "value", "query"),
    [
        (parameter("q"), "a b&c=é", "q=a%20b%26c%3D%C3%A9"),
        (parameter("q", allowReserved=True), "a/b,c", "q=a/b,c"),
        (parameter("on", schema={"type": "boolean"}), True, "on=true"),
        (parameter("ids", schema=LIST), [3, 4], "ids=3&ids=4"),
        (parameter("ids", schema=LIST, explode=False), [3, 4], "ids=3,4"),
        (parameter("ids", schema=LIST, style="pipeDelimited", explode=False), [3, 4], "ids=3|4"),
        (parameter("ids", schema=LIST, style="spaceDelimited", explode=False), [3, 4], "ids=3%204"),
        (parameter("f", schema=OBJECT), {"role": "admin", "age": 7}, "role=admin&age=7"),
        (parameter("f", schema=OBJECT, explode=False), {"role": "admin", "age": 7}, "f=role,admin,age,7"),
        (parameter("f", schema=OBJECT, style="deepObject"), {"role": "a", "age": 7}, "f[role]=a&f[age]=7"),
        (
            parameter("f", schema={"type": "object"}, style="deepObject"),
            {"a": {"b": ["x", "y"]}},
            "f[a][b][]=x&f[a][b][]=y",
        ),
        (
            {"name": "f", "in": "query", "content": {"application/json": {"schema": OBJECT}}},
            {"age": 7},
            "f=%7B%22age%22%3A7%7D",
        ),
        (parameter("page[size]", schema={"type": "integer"}), 5, "page[size]=5"),
    ],
)
async def test_query_parameters_by_style(connect: Connect, given: Any, value: Any, query: str) -> None:
    request = await sent(connect({"/things": {"get": operation(given)}}), **{given["name"]: value})
    assert urlsplit(request.url).query == query


@pytest.mark.parametrize(
    ("given", "value", "path"),
    [
        (parameter("id", "path"), "a/b c?", "/things/a%2Fb%20c%3F"),
        (parameter("id", "path", LIST), [3, 4], "/things/3,4"),
        (parameter("id", "path", LIST, style="label"), [3, 4], "/things/.3,4"),
        (parameter("id", "path", LIST, style="label", explode=True), [3, 4], "/things/.3.4"),
        (parameter("id", "path", LIST, style="matrix"), [3, 4], "/things/;id=3,4"),
        (parameter("id", "path", LIST, style="matrix", explode=True), [3, 4], "/things/;id=3;id=4"),
        (parameter("id", "path", OBJECT), {"role": "a", "age": 7}, "/things/role,a,age,7"),
        (parameter("id", "path", OBJECT, explode=True), {"role": "a", "age": 7}, "/things/role=a,age=7"),
    ],
)
async def test_path_parameters_by_style(connect: Connect, given: Any, value: Any, path: str) -> None:
    request = await sent(connect({"/things/{id}": {"get": operation(given)}}), id=value)
    assert request.path == path


@pytest.mark.parametrize("value", ["", ".", ".."])
async def test_a_path_never_leaves_its_place(connect: Connect, value: str) -> None:
    connector = connect({"/things/{id}": {"get": operation(parameter("id", "path"))}})
    failure = await sandbox_context(connector).failure("call", id=value)
    assert failure.code == "validation"


async def test_headers_and_cookies(connect: Connect) -> None:
    paths = {
        "/things": {
            "get": operation(
                parameter("X-Trace", "header", LIST),
                parameter("session", "cookie"),
                parameter("Accept", "header"),
                parameter("Authorization", "header", required=True),
            )
        }
    }
    request = await sent(connect(paths), **{"X-Trace": [1, 2], "session": "a b"})
    assert request.headers["x-trace"] == "1,2"
    assert request.headers["cookie"] == "session=a%20b"
    assert request.headers["accept"] == "application/json"


async def test_parameters_of_one_name_in_several_places(connect: Connect) -> None:
    paths = {
        "/things/{id}": {
            "parameters": [parameter("id", "path"), parameter("page")],
            "post": operation(
                parameter("id"),
                parameter("page", schema={"type": "integer"}),
                parameter("body"),
                body={"application/json": {"schema": {"type": "object", "properties": {"id": {"type": "string"}}}}},
            ),
        }
    }
    connector = connect(paths)
    assert list(connector.actions["shop.call"].params_schema["properties"]) == [
        "id",
        "page",
        "query_id",
        "body",
        "request_body",
    ]
    request = await sent(connector, id="1", page=2, query_id="3", body="4", request_body={"id": "5"})
    assert (request.path, urlsplit(request.url).query) == ("/things/1", "page=2&id=3&body=4")
    assert request.json() == {"id": "5"}


async def test_what_can_only_be_one_value_is_sent_by_itself(connect: Connect) -> None:
    version = parameter("Shop-Version", "header", {"type": "string", "enum": ["2026-01"]}, required=True)
    region = parameter("region", required=True)
    connector = connect({"/things": {"get": operation(version, region)}}, config={"defaults": {"region": "eu"}})
    request = await sent(connector)
    assert (request.headers["shop-version"], request.query["region"]) == ("2026-01", "eu")


async def test_an_undeclared_path_variable_is_a_parameter(connect: Connect) -> None:
    request = await sent(connect({"/a/{x}/b/{y}": {"get": operation()}}), x="1", y="2")
    assert request.path == "/a/1/b/2"


# --- bodies -----------------------------------------------------------------------------------------------------------


async def test_a_form_by_the_encoding_of_its_fields(connect: Connect) -> None:
    fields = {
        "to": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "meta": OBJECT,
        "deep": OBJECT,
    }
    media = {"schema": {"type": "object", "properties": fields}, "encoding": {"deep": {"style": "deepObject"}}}
    connector = connect({"/send": {"post": operation(body={"application/x-www-form-urlencoded": media})}})
    body = {"to": "a&b", "tags": ["x", "y"], "meta": {"age": 7}, "deep": {"role": "a"}}
    request = await sent(connector, body=body)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.body == b"to=a%26b&tags=x&tags=y&meta=%7B%22age%22%3A7%7D&deep%5Brole%5D=a"


async def test_multipart_with_files_objects_and_lists(connect: Connect) -> None:
    fields = {
        "file": {"type": "string", "format": "binary"},
        "more": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "meta": OBJECT,
        "count": {"type": "integer"},
    }
    schema = {"type": "object", "properties": fields, "required": ["file"]}
    bench = sandbox_context(connect({"/send": {"post": operation(body={"multipart/form-data": {"schema": schema}})}}))
    file = (await bench.blobs.save_bytes(b"solid cube", "cube.stl", "model/stl")).model_dump()
    await bench.call("call", body={"file": file, "more": [file, file], "meta": {"age": 7}, "count": 3})
    [effect] = bench.effects
    assert [each["name"] for each in effect.data["body"]["more"]] == ["cube.stl", "cube.stl"]
    assert (effect.data["body"]["meta"], effect.data["body"]["count"]) == ({"age": 7}, 3)
    assert b'filename="cube.stl"\r\nContent-Type: model/stl' in bench.sandbox.requests[-1].body
    assert "file" in (await bench.failure("call", body={"count": 3})).detail


async def test_a_file_as_the_body(connect: Connect) -> None:
    bench = sandbox_context(connect({"/raw": {"put": operation(body={"application/octet-stream": {}})}}))
    file = (await bench.blobs.save_bytes(b"bytes", "a.bin", "application/x-a")).model_dump()
    await bench.call("call", body=file)
    assert bench.sandbox.requests[-1].body == b"bytes"


async def test_the_form_of_a_body_is_chosen_by_what_it_holds_or_by_name(connect: Connect) -> None:
    schema = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}, "a": {"type": "string"}}}
    content = {"multipart/form-data": {"schema": schema}, "application/json": {"schema": {"type": "object"}}}
    bench = sandbox_context(connect({"/send": {"post": operation(body=content)}}))
    file = (await bench.blobs.save_bytes(b"bytes", "a.bin", "application/x-a")).model_dump()
    for params, type_ in (
        ({"body": {"a": "1"}}, "application/json"),
        ({"body": {"file": file}}, "multipart/form-data"),
        ({"body": {"a": "1"}, "content_type": "multipart/form-data"}, "multipart/form-data"),
    ):
        await bench.call("call", **params)  # type: ignore[arg-type]
        assert bench.sandbox.requests[-1].headers["content-type"].startswith(type_)


# --- answers ----------------------------------------------------------------------------------------------------------


def answering(content: dict[str, Any] | None, status: str = "200") -> dict[str, Any]:
    return operation(responses={status: {"description": "", **({"content": content} if content else {})}})


async def test_answers_that_are_no_json(connect: Connect) -> None:
    paths = {
        "/csv": {"get": {**answering({"text/csv": {"example": "a;b"}}), "operationId": "csv"}},
        "/pdf": {"get": {**answering({"application/pdf": {}}), "operationId": "pdf"}},
        "/none": {"delete": {**answering(None, "204"), "operationId": "none"}},
        "/head": {"head": {**answering({"application/json": {}}), "operationId": "head"}},
    }
    bench = sandbox_context(connect(paths))
    assert await bench.call("csv") == "a;b"
    pdf = await bench.call("pdf")
    assert (pdf["media_type"], pdf["name"]) == ("application/pdf", "pdf")
    assert await bench.call("none") is None
    assert await bench.call("head") is None


async def test_the_default_answer_counts_when_there_is_no_other(connect: Connect) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer", "example": 7}}, "required": ["id"]}
    bench = sandbox_context(connect({"/a": {"get": answering({"application/json": {"schema": schema}}, "default")}}))
    assert await bench.call("call") == {"id": 7}


async def test_an_answer_that_is_not_as_described_is_handed_on(connect: Connect) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    bench = sandbox_context(connect({"/a": {"get": answering({"application/json": {"schema": schema}})}}))
    bench.sandbox.seed({"answers": [{"operation": "call", "json": {"id": "seven", "more": 1}}]})
    assert await bench.call("call") == {"id": "seven", "more": 1}


async def test_errors_carry_the_vendors_words(connect: Connect) -> None:
    bench = sandbox_context(connect({"/a": {"get": operation()}}))
    bench.inject(Fault(status=429, body={"error": {"message": "slow down"}}, headers={"retry-after": "9"}))
    failure = await bench.failure("call")
    assert (failure.code, failure.retryable, failure.retry_after, failure.detail) == (
        "rate_limit",
        True,
        9,
        "slow down",
    )


# --- credentials ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        ("bearer:SHOP_TOKEN", ("authorization", "Bearer sandbox-shop-token")),
        ("header:X-Key:SHOP_KEY", ("x-key", "sandbox-shop-key")),
        (
            "basic:SHOP_USER:SHOP_PASSWORD",
            ("authorization", "Basic c2FuZGJveC1zaG9wLXVzZXI6c2FuZGJveC1zaG9wLXBhc3N3b3Jk"),
        ),
        (
            "oauth2:https://id.shop.example:8443/token:SHOP_ID:SHOP_SECRET",
            ("authorization", "Bearer sandbox-access-token"),
        ),
    ],
)
async def test_credentials_in_headers(connect: Connect, auth: str, shown: tuple[str, str]) -> None:
    paths = {"/a": {"get": operation()}, "/open": {"get": {**operation(security=[]), "operationId": "free"}}}
    bench = sandbox_context(connect(paths, config={"auth": auth}))
    await bench.call("call")
    assert bench.sandbox.requests[-1].headers[shown[0]] == shown[1]
    await bench.call("free")
    assert shown[0] not in bench.sandbox.requests[-1].headers


async def test_a_key_in_the_query_is_no_parameter_of_recipes(connect: Connect) -> None:
    connector = connect(
        {"/a": {"get": operation(parameter("key", required=True))}}, config={"auth": "query:key:SHOP_KEY"}
    )
    assert connector.actions["shop.call"].params_schema["properties"].keys() == {"paginate"}
    request = await sent(connector)
    assert request.query == {"key": "sandbox-shop-key"}


async def test_one_token_for_many_requests(connect: Connect) -> None:
    auth = "oauth2:https://id.shop.example/token:SHOP_ID:SHOP_SECRET"
    bench = sandbox_context(connect({"/a": {"get": operation()}}, config={"auth": auth, "scope": "read"}))
    for _ in range(3):
        await bench.call("call")
    tokens = [each for each in bench.sandbox.requests if each.path == "/token"]
    assert [each.form() for each in tokens] == [
        {
            "grant_type": "client_credentials",
            "client_id": "sandbox-shop-id",
            "client_secret": "sandbox-shop-secret",
            "scope": "read",
        }
    ]


async def test_the_sandbox_refuses_missing_credentials(connect: Connect) -> None:
    connector = connect({"/a": {"get": operation()}}, config={"auth": "bearer:SHOP_TOKEN"})
    bench: SandboxContext = sandbox_context(connector)
    bench.sandbox.settings["SHOP_TOKEN"] = "another"
    assert (await bench.failure("call")).code == "http_401"


# --- effects ----------------------------------------------------------------------------------------------------------


def test_effects_by_method_and_by_override(connect: Connect) -> None:
    key = parameter("Idempotency-Key", "header")
    paths = {
        f"/{method}": {method: {**operation(), "operationId": f"do_{method}"}}
        for method in ("get", "head", "put", "delete", "post", "patch", "options")
    } | {
        "/search": {"post": {**operation(), "operationId": "search"}},
        "/pay": {"post": {**operation(key), "operationId": "pay"}},
    }
    connector = connect(paths, config={"effects": {"search": "read"}})
    found = {name.removeprefix("shop."): action.effect for name, action in connector.actions.items()}
    assert found == {
        "do_get": "read",
        "do_head": "read",
        "do_options": "read",
        "do_put": "keyed",
        "do_delete": "keyed",
        "do_post": "once",
        "do_patch": "once",
        "search": "read",
        "pay": "keyed",
    }


async def test_the_steps_key_is_sent_where_the_vendor_takes_one(connect: Connect) -> None:
    bench = sandbox_context(connect({"/pay": {"post": operation(parameter("Idempotency-Key", "header"))}}))
    await bench.call("call", step_key="run-1/pay")
    assert bench.sandbox.requests[-1].headers["idempotency-key"] == "run-1/pay"


async def test_a_dry_run_shows_a_write_and_sends_nothing(connect: Connect) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string", "example": "7"}}, "required": ["id"]}
    content = {"application/json": {"schema": schema}}
    bench = sandbox_context(connect({"/a": {"post": answering(content, "201")}}))
    assert await bench.call("call", dry_run=True) == {"id": "7"}
    assert bench.sandbox.requests == []


async def test_a_search_by_post_is_done_in_a_dry_run(connect: Connect) -> None:
    bench = sandbox_context(connect({"/a": {"post": operation()}}, config={"effects": {"call": "read"}}))
    await bench.call("call", dry_run=True)
    assert len(bench.sandbox.requests) == 1


# --- servers ----------------------------------------------------------------------------------------------------------


async def test_variables_of_the_server_are_settings(connect: Connect) -> None:
    config = {"server": "https://{tenant}.shop.{dc}/v2", "variables": {"dc": "eu"}, "auth": "bearer:SHOP_TOKEN"}
    connector = connect({"/a": {"get": operation()}}, config=config)
    bench = sandbox_context(connector, {"SHOP_TENANT": "acme"})
    await bench.call("call")
    assert bench.sandbox.requests[-1].url == "https://acme.shop.eu/v2/a"
    assert [(each.name, each.required) for each in connector.settings[1:]] == [
        ("SHOP_TENANT", True),
        ("SHOP_DC", False),
    ]


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        ("oauth2:https://id.shop.example/token:SHOP_ID:SHOP_SECRET", "Bearer sandbox-access-token"),
        ("bearer:SHOP_TOKEN", "Bearer sandbox-shop-token"),
    ],
)
async def test_credentials_go_to_every_server_of_the_document(connect: Connect, auth: str, shown: str) -> None:
    paths = {
        "/a": {"get": operation(servers=[{"url": "https://content.shop.example/files"}])},
        "/b": {"get": {**operation(servers=[{"url": "/v3/"}]), "operationId": "relative"}},
    }
    bench = sandbox_context(connect(paths, config={"auth": auth}))
    for name, url in (("call", "https://content.shop.example/files/a"), ("relative", "https://api.shop.example/v3/b")):
        await bench.call(name)
        request = bench.sandbox.requests[-1]
        assert (request.url, request.headers["authorization"]) == (url, shown)


async def test_an_operation_with_a_server_of_its_own(connect: Connect) -> None:
    paths = {"/a": {"get": operation(servers=[{"url": "https://content.shop.example/files"}])}}
    connector = connect(paths, config={"auth": "bearer:SHOP_TOKEN"})
    request = await sent(connector)
    assert request.url == "https://content.shop.example/files/a"
    assert request.headers["authorization"] == "Bearer sandbox-shop-token"
    replaced = sandbox_context(connector, {"SHOP_BASE_URL": "http://127.0.0.1:9/x"})
    with pytest.raises(ActionFailure, match="http_404"):
        await replaced.call("call")
    assert replaced.sandbox.requests[-1].url == "http://127.0.0.1:9/x/a"
