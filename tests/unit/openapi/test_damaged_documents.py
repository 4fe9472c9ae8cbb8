"""Documents in which anything may stand anywhere: each makes a connector, or is refused in words."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.compile.facts import facts_of
from recipe_engine.errors import RecipeError
from recipe_engine.openapi.adding import Wanted, add
from recipe_engine.openapi.connector import connector_in
from recipe_engine.plugin import SandboxRequest
from recipe_engine.runtime.sandboxing import sandbox_class_of

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://{r}.shop.example/v1", "variables": {"r": {"default": "eu", "enum": ["eu"]}}}],
    "security": [{"key": []}],
    "paths": {
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}],
            "get": {
                "operationId": "getOrder",
                "parameters": [{"$ref": "#/components/parameters/Filter"}],
                "responses": {"200": {"$ref": "#/components/responses/Order"}, "default": {"description": ""}},
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Order"}, "example": {"lines": []}},
                        "multipart/form-data": {
                            "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}},
                            "encoding": {"file": {"contentType": "image/png"}},
                        },
                    },
                },
                "responses": {"201": {"$ref": "#/components/responses/Order"}},
                "servers": [{"url": "https://files.shop.example"}],
            },
        }
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "parameters": {
            "Filter": {"name": "f", "in": "query", "style": "deepObject", "schema": {"type": "object", "properties": {}}}
        },
        "responses": {"Order": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}},
        "schemas": {
            "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "pattern": "^O[0-9]+$"}}},
            "Order": {
                "allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"lines": {"type": "array", "items": {"oneOf": [{"$ref": "#/components/schemas/Order"}, {"type": "string", "nullable": True, "enum": ["a"]}]}}}}]
            },
        },
    },
}  # fmt: skip
GARBAGE: list[Any] = [
    None, True, 0, 1.5, "", "#/components/schemas/Order", "{a}", "http://[", [], {}, [None], {"$ref": "#"}, {"$ref": 5},
    {"$ref": "#/components/schemas/Order"}, {"type": ["string", "bad"]}, {"allOf": [None, {}]}, {"enum": {}}, ["a", {"b": 1}],
    {"properties": {"$ref": {"type": "string"}}}, {"anyOf": {}}, {"type": "array", "items": None}, {"pattern": "("},
]  # fmt: skip


def damaged(chance: random.Random) -> dict[str, Any]:
    """The document with some of its values replaced."""
    document = copy.deepcopy(DOCUMENT)
    for _ in range(chance.randint(1, 8)):
        holder: Any = None
        key: Any = None
        node: Any = document
        for _ in range(chance.randint(2, 12)):
            if not isinstance(node, dict | list) or not node:
                break
            holder, key = node, chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
            node = holder[key]
        if holder is not document:
            holder[key] = copy.deepcopy(chance.choice(GARBAGE))
    return document


@pytest.mark.parametrize("seed", range(120))
def test_no_document_breaks_anything(seed: int, tmp_path: Path) -> None:
    content = json.dumps(damaged(random.Random(seed))).encode()
    try:
        add(Wanted(content, "shop.json", "shop"), tmp_path / "shop")
        connector = connector_in(tmp_path / "shop")
    except RecipeError:
        return
    sandbox = sandbox_class_of(connector)({"SHOP_API_KEY": "x"})
    for action in connector.actions.values():
        facts = facts_of(action)
        assert facts.params is not None
        assert facts.result is not None
        assert facts.validator is not None
        assert action.example
        for body, kind in ((b"{}", "application/json"), (b"", ""), (b"--x--", "multipart/form-data; boundary=x")):
            for method in ("GET", "POST"):
                headers = {"x-key": "x", "content-type": kind}
                request = SandboxRequest(
                    method, "https://eu/v1/orders/7?f[a]=1", "/v1/orders/7", {}, headers, body, len(body), ""
                )
                assert 200 <= sandbox.answer(request).status < 600
