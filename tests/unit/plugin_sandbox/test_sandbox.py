"""What every sandbox is given: routes, faults, effects."""

from __future__ import annotations

import hashlib

import pytest

from recipe_engine.plugin import Effect, Fault, Refused, Sandbox, SandboxRequest, SandboxResponse, route
from recipe_engine.plugin.sandbox import split_url


def request(method: str, url: str, body: bytes = b"") -> SandboxRequest:
    path, query = split_url(url)
    return SandboxRequest(method, url, path, query, {}, body, len(body), hashlib.sha256(body).hexdigest())


class Shop(Sandbox):
    connector = "shop"

    @route("POST", "/orders")
    def create(self, request: SandboxRequest) -> SandboxResponse:
        self.record("create order", **request.json())
        return SandboxResponse(201, {"id": "1"})

    @route("GET", "/orders/search")
    def search(self, request: SandboxRequest) -> SandboxResponse:
        return SandboxResponse(200, {"status": request.query_values("status")})

    @route("GET", "/orders/{id}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        return SandboxResponse(200, {"id": request.variables["id"]})

    @route("GET", "/files/{key:path}")
    @route("HEAD", "/files/{key:path}")
    def file(self, request: SandboxRequest) -> SandboxResponse:
        return SandboxResponse(200, {"key": request.variables["key"]})


class StrictShop(Shop):
    @route("GET", "/orders/{id}/lines")
    def lines(self, request: SandboxRequest) -> SandboxResponse:
        return SandboxResponse(200, [])

    @route("GET", "/orders/{id}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        raise Refused(SandboxResponse(404, {"message": "no such order"}))


def test_the_first_route_written_answers() -> None:
    shop = Shop()
    assert shop.answer(request("GET", "https://shop.example/orders/search?status=a&status=b")).json == {
        "status": ["a", "b"]
    }
    assert shop.answer(request("GET", "https://shop.example/orders/7")).json == {"id": "7"}


def test_a_variable_of_many_segments_and_several_methods() -> None:
    shop = Shop()
    for method in ("GET", "HEAD"):
        assert shop.answer(request(method, "https://shop.example/files/a/b%20c.pdf")).json == {"key": "a/b c.pdf"}


def test_variables_are_decoded_and_an_encoded_slash_stays_in_its_segment() -> None:
    answer = Shop().answer(request("GET", "https://shop.example/orders/jean%2Bx%2Fy%40example.org"))
    assert answer.json == {"id": "jean+x/y@example.org"}


def test_a_subclass_replaces_a_route_by_its_name_and_a_handler_may_refuse_by_raising() -> None:
    shop = StrictShop()
    assert shop.answer(request("GET", "https://shop.example/orders/7")).json == {"message": "no such order"}
    assert shop.answer(request("GET", "https://shop.example/orders/7/lines")).json == []
    assert shop.answer(request("POST", "https://shop.example/orders", b"{}")).status == 201
    assert Shop().answer(request("GET", "https://shop.example/orders/7")).status == 200


def test_an_unknown_path_or_method_is_not_found_and_names_it() -> None:
    answer = Shop().answer(request("DELETE", "https://shop.example/orders/7"))
    assert (answer.status, answer.json) == (404, {"message": "the sandbox of shop has no DELETE /orders/7"})


def test_a_write_is_an_effect_and_every_request_is_kept() -> None:
    shop = Shop()
    shop.answer(request("POST", "https://shop.example/orders", b'{"total": 3}'))
    assert shop.effects == [Effect("shop", "create order", {"total": 3})]
    assert [kept.method for kept in shop.requests] == ["POST"]


def test_a_fault_meets_as_many_requests_as_it_says() -> None:
    shop = Shop()
    shop.faults.append(Fault(status=503, times=2, method="GET", path="/orders"))
    hits = [
        shop.take_fault(request(method, f"https://shop.example{path}")) is not None
        for method, path in [("POST", "/orders"), ("GET", "/files/a"), ("GET", "/orders/1"), ("GET", "/orders/2")]
    ]
    assert hits == [False, False, True, True]
    assert shop.take_fault(request("GET", "https://shop.example/orders/3")) is None


def test_a_sandbox_without_state_refuses_a_seed_by_name() -> None:
    with pytest.raises(ValueError, match="no state named orders"):
        Shop().seed({"orders": []})
