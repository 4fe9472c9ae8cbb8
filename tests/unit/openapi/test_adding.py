"""Adding a document to a project: files beside it, servers, credentials, and YAML as documents mean it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from recipe_engine.errors import RecipeError
from recipe_engine.openapi.adding import Added, Wanted, add
from recipe_engine.openapi.connector import OpenApiConnector, connector_in

OPERATION: dict[str, Any] = {"responses": {"200": {"description": ""}}}


def added(tmp_path: Path, document: dict[str, Any] | str, source: str = "shop.yaml", **wanted: Any) -> Added:
    content = (
        document
        if isinstance(document, str)
        else yaml.safe_dump({"openapi": "3.0.3", "info": {"title": "Shop"}, **document})
    )
    place = source if source.startswith("http") else str(tmp_path / source)
    return add(Wanted(content.encode(), place, "shop", **wanted), tmp_path / "connectors" / "shop")


def made(tmp_path: Path) -> OpenApiConnector:
    return connector_in(tmp_path / "connectors" / "shop")


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else yaml.safe_dump(value))


# --- documents of several files ---------------------------------------------------------------------------------------


def test_files_beside_the_document_are_taken_in(tmp_path: Path) -> None:
    write(tmp_path / "paths" / "orders.yaml", {"post": {
        "operationId": "create",
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "../schemas/Order.json"}}}},
        "responses": {"200": {"$ref": "../shop.yaml#/components/responses/Done"}},
    }})  # fmt: skip
    write(tmp_path / "schemas" / "Order.json", json.dumps({
        "type": "object",
        "required": ["email"],
        "properties": {
            "email": {"type": "string"}, "parent": {"$ref": "#"}, "lines": {"$ref": "all.yaml#/definitions/Lines"},
        },
    }))  # fmt: skip
    write(tmp_path / "schemas" / "all.yaml", {"definitions": {
        "Lines": {"type": "array", "items": {"$ref": "#/definitions/Line"}},
        "Line": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "of": {"$ref": "Order.json"}}},
    }})  # fmt: skip
    done = {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}
    document = {"paths": {"/orders": {"$ref": "./paths/orders.yaml"}}, "components": {"responses": {"Done": done}}}
    assert not [each for each in added(tmp_path, document).remarks if "reference" in each]
    for each in ("paths", "schemas"):
        (tmp_path / each).rename(tmp_path / f"gone-{each}")
    action = made(tmp_path).actions["shop.create"]
    assert action.result_schema == {"type": "string"}
    good: Any = {"body": {"email": "a", "lines": [{"sku": "b", "of": {"email": "c"}}], "parent": {"email": "d"}}}
    assert jsonschema_rs.is_valid(action.params_schema, good)
    for bad in (
        {"email": "a", "lines": [{}]},
        {"email": "a", "parent": {}},
        {"email": "a", "lines": [{"sku": "b", "of": {}}]},
    ):
        assert not jsonschema_rs.is_valid(action.params_schema, {"body": bad})


def test_what_cannot_be_taken_in_is_told(tmp_path: Path) -> None:
    write(tmp_path / "broken.yaml", "a: [")
    with pytest.raises(RecipeError, match="is not YAML"):
        added(tmp_path, {"paths": {"/a": {"$ref": "broken.yaml"}}})
    assert not (tmp_path / "connectors").exists()
    away = {"schema": {"$ref": "https://schemas.example/all.json#/Extra"}}
    gone = {"schema": {"$ref": "gone.yaml"}}
    found = added(
        tmp_path,
        {
            "paths": {
                "/a": {
                    "get": {
                        "responses": {
                            "200": {"description": "", "content": {"application/json": away, "text/json": gone}}
                        }
                    }
                }
            }
        },
    )
    told = "\n".join(found.remarks)
    assert "1 reference to other addresses not followed" in told
    assert "1 reference that lead nowhere in this document count as any value (gone.yaml)" in told


# --- servers and credentials ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("servers", "source", "server"),
    [
        ([{"url": "/api/v3"}], "https://petstore.example/api/v3/openapi", "https://petstore.example/api/v3"),
        ([], "https://shop.example/docs/openapi.yaml", "https://shop.example"),
        ([{"url": "/api/v3"}], "shop.yaml", ""),
        ([{"url": "not an address"}, {"url": "https://b.example/"}], "shop.yaml", "https://b.example"),
        (
            [{"url": "https://{host}/{v}", "variables": {"host": {"default": "eu.shop.example"}, "v": {"default": 2}}}],
            "shop.yaml",
            "https://{host}/{v}",
        ),
    ],
)
def test_the_server(tmp_path: Path, servers: list[Any], source: str, server: str) -> None:
    found = added(tmp_path, {"servers": servers, "paths": {"/a": {"get": OPERATION}}}, source)
    assert found.config.server == server
    assert any("add it again with --server" in each for each in found.remarks) == (server == "")


KEYS = {
    "app": {"type": "apiKey", "in": "header", "name": "X-App"},
    "key": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "token": {"type": "http", "scheme": "Bearer"},
    "digest": {"type": "http", "scheme": "digest"},
}


@pytest.mark.parametrize(
    ("whole", "own", "auth"),
    [
        ([{"token": []}], None, "bearer:SHOP_TOKEN"),
        ([{"digest": []}, {"key": []}], None, "query:key:SHOP_API_KEY"),
        ([{"app": [], "key": []}], None, "header:X-App:SHOP_APP,query:key:SHOP_KEY"),
        (None, [{"cookie": []}], "cookie:session:SHOP_API_KEY"),
    ],
)
def test_credentials_as_most_operations_ask_for_them(tmp_path: Path, whole: Any, own: Any, auth: str) -> None:
    document = {
        "paths": {"/a": {"get": {**OPERATION, **({"security": own} if own else {})}}},
        "components": {"securitySchemes": KEYS},
    }
    assert added(tmp_path, document | ({"security": whole} if whole else {})).config.auth == auth


def test_an_authorization_header_among_the_parameters_is_a_token(tmp_path: Path) -> None:
    header = {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"}}
    found = added(tmp_path, {"paths": {"/a": {"get": {**OPERATION, "parameters": [header]}}}})
    assert found.config.auth == "bearer:SHOP_TOKEN"


# --- YAML -------------------------------------------------------------------------------------------------------------


def test_yaml_as_documents_mean_it(tmp_path: Path) -> None:
    text = """
openapi: 3.0
info: {title: Shop, version: 1.10}
x-usual: &usual
  required: true
  schema: {type: string, enum: [on, off, no, 2026-01-15, 12:30, 0o7, 1_000]}
paths:
  /a:
    get:
      parameters: [{<<: *usual, name: on, in: query}]
      responses:
        200: {description: yes, content: {application/json: {schema: {type: integer, default: 010}}}}
        2XX: {description: other}
"""
    assert added(tmp_path, text).index.entries[0].name == "get_a"
    schema = made(tmp_path).actions["shop.get_a"].params_schema
    assert schema["properties"]["on"]["enum"] == ["on", "off", "no", "2026-01-15", "12:30", "0o7", "1_000"]
    assert schema["required"] == ["on"]
    assert made(tmp_path).actions["shop.get_a"].result_schema["anyOf"][0] == {"type": "integer", "default": 10}
