"""What is written down of a server: names, types, effects, and what is not taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.errors import RecipeError
from recipe_engine.mcp.adding import Added, Wanted, config_of, write
from recipe_engine.mcp.connector import McpConnector, connector_in
from recipe_engine.mcp.snapshot import Offer, action_names, snapshot_of
from tests.unit.mcp.conftest import tool


def offer(*tools: dict[str, Any], **server: Any) -> Offer:
    return Offer({"name": "Shop", **server}, "2025-06-18", "", list(tools))


def added(folder: Path, *tools: dict[str, Any], **wanted: Any) -> Added:
    config = config_of(Wanted("mcp:shop-server --fast", **wanted), folder.name)
    return write(config, offer(*tools), folder)


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        (["getUser", "files/read", "list-tools", "2fa"], ["get_user", "files_read", "list_tools", "op_2fa"]),
        (["get-user", "getUser", "get_user"], ["get_user_2", "get_user_3", "get_user"]),
        (["mcp_tools"], ["mcp_tools_2"]),
    ],
)
def test_tools_have_names_of_the_language(tools: list[str], expected: list[str]) -> None:
    found = action_names(tools, {})
    assert [found[name] for name in tools] == expected


def test_a_tool_in_another_script_has_a_name_too() -> None:
    [name] = action_names(["查询"], {}).values()
    assert name.startswith("tool_")
    assert name.isascii()


def test_a_name_stays_when_others_come(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    added(folder, tool("getUser"))
    remarks = added(folder, tool("get_user"), tool("getUser")).remarks
    assert "2 tools whose names come out alike: 'getUser' is get_user, 'get_user' is get_user_2" in remarks
    assert "added: get_user_2" in remarks


def test_what_no_action_can_be_made_of_is_named(tmp_path: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(120):
        deep = {"items": deep}
    remarks = added(
        tmp_path / "shop",
        tool("good"),
        tool("good"),
        {"name": "none"},
        {"inputSchema": {}},
        tool("list", inputSchema={"type": "array"}),
        tool("deep", inputSchema={"type": "object", "properties": {"a": deep}}),
    ).remarks
    assert list(remarks[:5]) == [
        "left out 'good': there is another tool of the same name",
        "left out 'none': it has no inputSchema",
        "left out a tool: it has no name",
        "left out 'list': its input is of type 'array'; an object is expected",
        "left out 'deep': its schemas are nested more than 100 levels deep",
    ]
    with pytest.raises(RecipeError, match="no tool that could be an action"):
        added(tmp_path / "other", {"name": "none"})


def test_hints_become_effects_and_the_owner_overrules_them(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    tools = [
        tool("find", annotations={"readOnlyHint": True}),
        tool("put", annotations={"idempotentHint": True}),
        tool("buy", annotations={"readOnlyHint": "yes", "destructiveHint": False}),
        tool("say"),
    ]
    assert list(added(folder, *tools).remarks) == [
        "read (changes nothing: repeated freely, and carried out in dry runs): find",
        "keyed (may be repeated with the same arguments): put",
        "once (never repeated when its answer is lost): buy, say",
        f"so the server says; `effects` in {folder}/connector.yml overrules it",
    ]
    path = folder / "connector.yml"
    path.write_text(path.read_text() + "effects: {find: once, say: keyed}\n")
    connector = connector_in(folder)
    assert [connector.actions[f"shop.{name}"].effect for name in ("find", "say", "put")] == ["once", "keyed", "keyed"]
    path.write_text(path.read_text().replace("say:", "tell:"))
    with pytest.raises(RecipeError, match="effects names tell, which the server has not"):
        connector_in(folder)


def test_the_terminal_is_safe_from_what_a_server_says() -> None:
    said = tool("x", title="t\x1b]0;title\x07", description="red \x1b[31m\u202e", annotations={"title": "a\x9b2J"})
    said["inputSchema"] = {"properties": {"a": {"description": "\x1b[2J", "enum": ["\x1b"]}}}
    snapshot = snapshot_of(offer(said, title="S\x1b[1m"))
    shown = str({**snapshot.tools[0].said, "inputSchema": None, "server": snapshot.server})
    assert "\\x1b" not in shown
    assert "\\x9b" not in shown
    assert "\\u202e" not in shown
    assert snapshot.tools[0].input_schema["properties"]["a"] == {"description": "[2J", "enum": ["\x1b"]}


def test_types_come_from_the_schemas_in_any_dialect(connect: Callable[..., McpConnector]) -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"who": {"$ref": "#/definitions/Person"}, "far": {"$ref": "https://evil.example/schema.json"}},
        "definitions": {
            "Person": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "boss": {"$ref": "#/definitions/Person"}},
            }
        },
    }
    params = connect([tool("x", inputSchema=schema)]).actions["shop.x"].params_schema
    assert params["properties"]["who"] == {"$ref": "#/$defs/Person"}
    assert params["properties"]["far"] == {}
    assert params["additionalProperties"] is False
    assert params["$defs"]["Person"]["properties"]["boss"] == {"$ref": "#/$defs/Person"}
    open_ = connect([tool("x", inputSchema={**schema, "additionalProperties": True})]).actions["shop.x"]
    assert open_.params_schema["additionalProperties"] is True


def test_an_address_may_have_any_path_and_secrets_in_it_are_told(tmp_path: Path) -> None:
    config = config_of(Wanted("mcp:https://h.example/@owner/server/mcp?key=k"), "shop")
    assert config.url == "https://h.example/@owner/server/mcp?key=k"
    assert any(
        "--auth query:NAME:SETTING" in remark for remark in write(config, offer(tool("x")), tmp_path / "shop").remarks
    )


@pytest.mark.parametrize(
    ("source", "wanted", "words"),
    [
        ("mcp:", {}, "mcp: is followed by nothing"),
        ("mcp:python 'x", {}, "is no command"),
        ("mcp:python x", {"auth": "bearer:TOKEN"}, "--auth is for a server with a URL"),
        ("mcp:python x", {"env": ("KEY=secret",)}, "found no name of a setting"),
        ("mcp:https://h.example/mcp", {"env": ("KEY",)}, "--env is for a server that is a command"),
        ("mcp:https://h.example/mcp", {"auth": "bearer:token"}, "is no way to authenticate"),
        ("mcp:https://user:pass@h.example/mcp", {}, "is no address of a server"),
    ],
)
def test_mistakes_of_adding_are_named(source: str, wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        config_of(Wanted(source, **wanted), "shop")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: shop\n", "either url or command is expected"),
        ("name: shop\nurl: https://a.example\nenv: [A]\n", "env is for a command"),
        ("name: shop\ncommand: [a]\nauth: bearer:A\n", "auth is for a url"),
        ("name: other\ncommand: [a]\n", "found other, expected the folder's name, shop"),
    ],
)
def test_mistakes_in_the_folder_are_named(tmp_path: Path, text: str, words: str) -> None:
    added(tmp_path / "shop", tool("x"))
    (tmp_path / "shop" / "connector.yml").write_text(text)
    with pytest.raises(RecipeError, match=words):
        connector_in(tmp_path / "shop")


def test_a_damaged_snapshot_is_named(tmp_path: Path) -> None:
    added(tmp_path / "shop", tool("x"))
    (tmp_path / "shop" / "mcp.json").write_text('{"form": 1}')
    with pytest.raises(RecipeError, match="is damaged"):
        connector_in(tmp_path / "shop")
