"""That holding requests and answers against a description finds what it must find."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from recipe_engine.plugin import Sandbox, SandboxRequest, SandboxResponse, route
from recipe_engine.plugin.sandbox import split_url
from tests.support.vendor_specs import Spec, folder, hold_to_spec, spec

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://api.example.org/v1"}],
    "paths": {
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "operationId": "get_order",
                "parameters": [
                    {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                    {"name": "day", "in": "query", "required": True, "schema": {"type": "string", "format": "date"}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
                },
            },
        },
        "/orders/search": {
            "post": {
                "operationId": "search_orders",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {"204": {"description": "done"}},
            }
        },
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "note": {"type": "string", "nullable": True},
                    "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
                    "free": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "Line": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
            },
        }
    },
}
STRICT, LENIENT = Spec(DOCUMENT), Spec(DOCUMENT, lenient=True)


def request(method: str, url: str, body: Any = None) -> SandboxRequest:
    content = b"" if body is None else json.dumps(body).encode()
    path, query = split_url(url)
    headers = {"content-type": "application/json"}
    return SandboxRequest(method, url, path, query, headers, content, len(content), hashlib.sha256(content).hexdigest())


def get(query: str = "?day=2026-11-20", id_: str = "7") -> SandboxRequest:
    return request("GET", f"https://api.example.org/v1/orders/{id_}{query}")


def search(body: Any) -> SandboxRequest:
    return request("POST", "https://api.example.org/v1/orders/search", body)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (get(), None),
        (get("?day=2026-11-20&fields=a&fields=b"), None),
        (get("?day=2026-11-20&fields=c"), "query parameter fields"),
        (get("?day=friday"), "query parameter day"),
        (get(""), "query parameter day is missing"),
        (get("?day=2026-11-20&extra=1"), "unknown query parameter extra"),
        (get(id_="seven"), "path parameter id"),
        (request("DELETE", "https://api.example.org/v1/orders/7"), "no operation DELETE"),
        (search({"id": "1", "note": None, "lines": [{"sku": "x"}], "free": {"anything": "goes"}}), None),
        (search({"id": 1}), "id: 1 is not of type"),
        (search({}), "required property"),
        (search({"id": "1", "notes": "typing mistake"}), "body/notes is not described"),
        (search({"id": "1", "lines": [{"sku": "x", "count": 2}]}), "body/lines/0/count is not described"),
        (search(None), "the body is missing"),
    ],
)
def test_requests(sent: SandboxRequest, problem: str | None) -> None:
    found = STRICT.request_problems(sent)
    if problem is None:
        assert found == []
    else:
        assert problem in "; ".join(found)


@pytest.mark.parametrize(
    ("answer", "strict", "lenient"),
    [
        ({"id": "1", "note": None, "lines": [{"tags": ["a"]}]}, True, True),
        ({"id": 1}, False, True),
        ({"id": None}, False, True),
        ({"id": "1", "lines": [{"tags": [{"name": "a"}]}]}, False, True),
        ({"id": ["1"]}, False, False),
        ({"note": "no id"}, False, False),
        ({"id": "1", "lines": "none"}, False, False),
    ],
)
def test_answers(answer: Any, strict: bool, lenient: bool) -> None:
    given = SandboxResponse(200, answer)
    assert (STRICT.answer_problems(get(), given) == []) is strict
    assert (LENIENT.answer_problems(get(), given) == []) is lenient


def test_a_status_that_is_never_answered_is_a_problem_but_an_error_is_not() -> None:
    assert STRICT.answer_problems(search({"id": "1"}), SandboxResponse(204)) == []
    assert STRICT.answer_problems(search({"id": "1"}), SandboxResponse(200)) == ["search_orders never answers 200"]
    assert STRICT.answer_problems(search({"id": "1"}), SandboxResponse(429, {"message": "slower"})) == []


def test_a_sandbox_held_to_a_description_fails_the_test(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "openapi.json").write_text(json.dumps(DOCUMENT))
    monkeypatch.setenv("RECIPE_VENDOR_SPECS", str(tmp_path))

    class Shop(Sandbox):
        @route("GET", "/v1/orders/{id}")
        def get(self, request: SandboxRequest) -> SandboxResponse:
            return SandboxResponse(200, {"id": int(request.variables["id"])})

    shop = Shop()
    hold_to_spec(shop, "shop")
    with pytest.raises(AssertionError, match="answered"):
        shop.answer(get())
    with pytest.raises(AssertionError, match="unknown query parameter"):
        shop.answer(get("?day=2026-11-20&extra=1"))


def test_without_the_folder_a_test_that_needs_it_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("RECIPE_VENDOR_SPECS", str(tmp_path))
    assert folder() == tmp_path
    with pytest.raises(pytest.skip.Exception, match="RECIPE_VENDOR_SPECS"):
        spec("shop")
    unheld = Sandbox()
    hold_to_spec(unheld, "shop")
    assert unheld.answer(get()).status == 404


@pytest.mark.parametrize("vendor", ["hubspot", "clickup"])
def test_the_descriptions_of_the_connectors_are_held_against(vendor: str) -> None:
    assert spec(vendor).operations
