"""`recipe connectors add`: a document becomes actions that the rest of the command knows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

SHOP: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Shop API", "version": "1", "description": "Sells things."},
    "servers": [
        {"url": "https://{region}.shop.example/v1", "variables": {"region": {"default": "eu"}}},
        {"url": "https://test.shop.example"},
    ],
    "security": [{"key": []}],
    "paths": {
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "getOrder",
                "summary": "One order.",
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    }
                },
            },
            "delete": {"responses": {"204": {"description": ""}}},
        },
        "/orders": {
            "post": {
                "operationId": "createOrder",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {
                    "201": {
                        "description": "",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    }
                },
            },
            "put": {"operationId": "getOrder", "responses": {"default": {"description": ""}}},
            "trace": {"responses": {}},
        },
        "/broken": {"get": {"parameters": [{"$ref": "#/components/parameters/Gone"}], "responses": {}}},
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["email"],
                "properties": {
                    "id": {"type": "string", "readOnly": True, "example": "7"},
                    "email": {"type": "string", "format": "email"},
                    "state": {"type": "string", "enum": ["open", "paid"]},
                    "parent": {"$ref": "#/components/schemas/Order"},
                    "extra": {"$ref": "other.yaml#/Extra"},
                },
            }
        },
    },
}
RECIPE = """\
slug: order
name: Order
description: Makes an order.
category: examples
input_schema: {type: object, required: [email], properties: {email: {type: string}}}
output_schema: {type: object, properties: {id: {type: string}}}
steps:
  - {id: order, name: Order, type: shop.create_order, with: {body: {email: "{{ email }}", state: open}}}
  - {id: again, name: Read, type: shop.get_order, with: {id: "{{ order.id }}"}}
output: {id: "{{ again.id }}"}
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "shop.yaml"
    path.write_text(yaml.safe_dump(SHOP, sort_keys=False))
    return path


@pytest.fixture
def added(recipe: Any, shop: Path, folder: Path) -> Path:
    assert recipe("connectors", "add", shop, "--name", "shop").code == 0
    (folder / "recipes").mkdir()
    (folder / "recipes" / "order.yml").write_text(RECIPE)
    return folder


def test_it_says_what_was_made_and_what_was_left_out(recipe: Any, shop: Path, folder: Path) -> None:
    ended = recipe("connectors", "add", "./shop.yaml")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "shop: 4 actions in connectors/shop",
        "  left out TRACE /orders: TRACE changes nothing and answers nothing that a recipe could use",
        "  left out GET /broken: a parameter is not in the document: #/components/parameters/Gone",
        (
            "  of 2 servers https://{region}.shop.example/v1 is used; SHOP_BASE_URL or --server takes another "
            "(https://test.shop.example)"
        ),
        (
            "  2 references that lead nowhere in this document count as any value (#/components/parameters/Gone, "
            "other.yaml#/Extra)"
        ),
        "  1 operation without an operationId: named by method and path (delete_orders_by_id)",
        "  1 operation with an operationId that another one has: named by method and path (put_orders)",
        "Set SHOP_API_KEY in the environment or in .env (auth: header:X-Key:SHOP_API_KEY).",
        "`recipe actions shop` lists them; `recipe actions shop.get_order` describes one.",
    ]
    assert {path.name for path in (folder / "connectors" / "shop").iterdir()} == {
        "connector.yml",
        "index.json",
        "openapi.json",
    }


def test_its_actions_are_known_to_the_checker(recipe: Any, added: Path) -> None:
    assert recipe("check", "--strict", "recipes/order.yml").code == 0
    path = added / "recipes" / "order.yml"
    path.write_text(RECIPE.replace("state: open", "state: closed, emial: x").replace("order.id", "order.idd"))
    ended = recipe("check", "recipes/order.yml")
    assert ended.code == 2
    for words in ("expected one of `open`, `paid`", "shop.create_order has no parameter `emial`", "`idd`"):
        assert words in ended.out


def test_its_actions_are_listed_described_and_completed(recipe: Any, added: Path) -> None:
    assert "shop.create_order  " in recipe("actions", "shop").out
    described = recipe("actions", "shop.get_order").out
    assert "One order." in described
    assert "type: shop.get_order" in described
    assert "step.shop.create_order" in json.loads(recipe("schema").out)["$defs"]
    shown = recipe("connectors", "shop").out
    assert "SHOP_API_KEY" in shown
    assert "SHOP_REGION" in shown


def test_recipes_run_in_its_sandbox_and_dry(recipe: Any, added: Path) -> None:
    ended = recipe("run", "recipes/order.yml", "--sandbox", "-i", "email=jeanne@example.org", "--json")
    assert ended.code == 0, ended.err
    assert '"7"' in ended.out


def test_effects_can_be_said_and_are_held_against_the_document(recipe: Any, added: Path) -> None:
    path = added / "connectors" / "shop" / "connector.yml"
    said = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**said, "effects": {"create_order": "keyed"}}))
    assert "keyed" in recipe("actions", "shop.create_order").out
    path.write_text(yaml.safe_dump({**said, "effects": {"make_order": "keyed"}}))
    ended = recipe("actions", "shop.create_order")
    assert ended.code == 2
    assert "effects names make_order, which the document has not" in ended.err


def test_a_broken_connector_is_in_the_way_of_those_who_use_it_only(recipe: Any, added: Path, caplog: Any) -> None:
    (added / "connectors" / "shop" / "connector.yml").write_text("name: shop\nautth: none\n")
    assert recipe("connectors").code == 0
    assert "the connector shop is left out" in caplog.text
    ended = recipe("check", "recipes/order.yml")
    assert ended.code == 2
    assert "autth" in ended.err


def test_connectors_of_other_folders(recipe: Any, added: Path, tmp_path: Path, monkeypatch: Any) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert recipe("actions", "shop.get_order").code == 2
    (elsewhere / ".env").write_text(f"RECIPE_CONNECTORS='{added / 'connectors'}'\n")
    assert recipe("actions", "shop.get_order").code == 0
    monkeypatch.setenv("RECIPE_CONNECTORS", str(tmp_path / "nowhere"))
    assert recipe("actions", "shop.get_order").code == 2
    monkeypatch.setenv("RECIPE_CONNECTORS", str(added / "connectors"))
    assert recipe("actions", "shop.get_order").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "gone.yaml"], "there is no file gone.yaml"),
        (["add", "shop.yaml", "--name", "hubspot"], "there is a connector 'hubspot' already"),
        (["add", "shop.yaml", "--name", "My Shop"], "is no name of a connector"),
        (["add", "shop.yaml", "--auth", "bearer:token"], "'bearer:token' is no way to authenticate"),
        (["add", "shop.yaml", "--auth", "magic:X"], "'magic:X' is no way to authenticate"),
        (["hubspto"], "did you mean hubspot?"),
    ],
)
def test_mistakes_are_named(recipe: Any, shop: Path, arguments: list[str], words: str) -> None:
    ended = recipe("connectors", *arguments)
    assert ended.code == 2
    assert words in ended.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("swagger: '2.0'\npaths: {}\n", "is Swagger 2.0; OpenAPI 3.0 or 3.1 is expected"),
        ("openapi: 4.0.0\npaths: {}\n", "is OpenAPI 4.0.0"),
        ("- 1\n", "it holds a list, not an object"),
        ("hello: there\n", "it has no field `openapi`"),
        ("openapi: [\n", "is not YAML"),
        ("", "bad.yaml is empty"),
        ("<!DOCTYPE html>\n<html></html>", "is a web page or XML, not an OpenAPI document"),
        ("asyncapi: 2.6.0\n", "is an AsyncAPI document"),
        ("just some words", "it holds text, not an object"),
        ("\x00\x01\x02", "is not YAML"),
        ("{", "is not YAML"),
        ("openapi: 3.1.0\npaths: {}\n", "describes no operation that could be an action"),
        ("openapi: 3.1.0\npaths: &p\n  /a: *p\n", "is too large to be worked on"),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(recipe: Any, folder: Path, text: str, words: str) -> None:
    (folder / "bad.yaml").write_text(text)
    ended = recipe("connectors", "add", "bad.yaml", "--name", "bad")
    assert ended.code == 2
    assert words in ended.err
    assert not (folder / "connectors").exists()


def test_a_second_time_replaces_the_document_and_keeps_what_was_said(recipe: Any, added: Path) -> None:
    assert recipe("connectors", "add", "shop.yaml", "--name", "shop").code == 2
    path = added / "connectors" / "shop" / "connector.yml"
    said = path.read_text() + "idempotency_header: X-Request\n"
    path.write_text(said)
    assert recipe("connectors", "add", "shop.yaml", "--name", "shop", "--force").code == 0
    assert path.read_text() == said


def test_a_large_document_is_not_parsed_for_recipes_that_do_not_use_it(recipe: Any, added: Path) -> None:
    paths = {
        f"/things{number}": {"get": {"operationId": f"thing{number}", "description": "x" * 2000, "responses": {}}}
        for number in range(2500)
    }
    (added / "large.json").write_bytes(orjson.dumps({"openapi": "3.1.0", "info": {"title": "L"}, "paths": paths}))
    assert recipe("connectors", "add", "large.json", "--name", "large").code == 0
    program = (
        "import sys; from recipe_engine.cli.main import main; code = main(['check', 'recipes/order.yml']); "
        "sys.exit(code or 'recipe_engine.openapi.sandbox' in sys.modules)"
    )
    (added / "connectors" / "large" / "openapi.json").write_text("no document at all")
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


TAGGED: dict[str, Any] = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {"propertyName": "kind"},
}
EITHER: dict[str, Any] = {
    "oneOf": [
        {"type": "object", "required": [name], "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
        for name in ("id", "name")
    ]
}


@pytest.mark.parametrize(
    ("schema", "body", "words"),
    [
        (TAGGED, "{kind: Cat, lives: many}", "`body.lives` of zoo.make: found `many`, expected a whole number"),
        (TAGGED, "{kind: Cow, lives: 9}", "expected one of `Cat` in `kind` or one of `Dog` in `kind`"),
        (EITHER, "{id: 7, name: x}", "expected what fits exactly one of the alternatives"),
        (EITHER, "{}", "expected an object with `id` or an object with `name`"),
        (EITHER, '{id: 7, name: "{{ run.id }}"}', ""),
    ],
)
def test_alternatives_are_checked_and_the_one_that_was_meant_is_spoken_of(
    recipe: Any, folder: Path, schema: Any, body: str, words: str
) -> None:
    kinds = {
        name: {
            "type": "object",
            "required": ["kind", "lives"],
            "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}},
        }
        for name in ("Cat", "Dog")
    }
    content = {"application/json": {"schema": schema}}
    operation = {"operationId": "make", "requestBody": {"required": True, "content": content}, "responses": {}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Zoo"},
        "paths": {"/a": {"post": operation}},
        "components": {"schemas": kinds},
    }
    (folder / "zoo.json").write_text(json.dumps(document))
    assert recipe("connectors", "add", "zoo.json", "--server", "https://zoo.example").code == 0
    head = "slug: r\nname: R\ndescription: R.\ncategory: examples\n"
    step = f"  - {{id: a, name: A, type: zoo.make, with: {{body: {body}}}}}\n"
    (folder / "r.yml").write_text(f"{head}steps:\n{step}")
    ended = recipe("check", "r.yml")
    assert ended.code == (2 if words else 0), ended.out
    assert words in ended.out
