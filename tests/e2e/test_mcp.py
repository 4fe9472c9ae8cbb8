"""MCP servers as a user meets them: `recipe connectors add`, `check`, `actions`, `run`, `test`, at servers made with the
official SDK, over standard input and output and over HTTP."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from recipe_engine.cli.main import main
from tests.unit.mcp import notes_server, plain_server
from tests.unit.mcp.notes_server import notes, serving

SECRET = "canary-4b9f1c77"
NOTES = f"mcp:{shlex.quote(sys.executable)} {shlex.quote(notes_server.__file__)}"
PLAIN = f"mcp:{shlex.quote(sys.executable)} -S {shlex.quote(plain_server.__file__)} s.json"
RECIPE = """\
slug: note
name: Note
description: Makes a note and reads it.
category: examples
input_schema: {type: object, required: [text], properties: {text: {type: string}}}
output_schema: {type: object, properties: {text: {type: string}}}
steps:
  - {id: made, name: Make, type: notes.create_note, with: {text: "{{ text }}"}}
  - {id: read, name: Read, type: notes.get_note, with: {id: "{{ made.id }}"}}
output: {text: "{{ read.text }}"}
"""
TELLS = """\
slug: tells
name: Tells
description: Asks a server that knows a secret.
category: examples
steps:
  - {id: told, name: Told, type: notes.tell}
  - {id: refused, name: Refused, type: notes.tell, with: {fail: true}, on_error: continue}
output: {told: "{{ told.text }}"}
"""
CRASHES = """\
slug: crashes
name: Crashes
description: Goes on after the server died.
category: examples
steps:
  - {id: before, name: Before, type: plain.pid}
  - {id: crash, name: Crash, type: plain.crash, on_error: continue, retry: {attempts: 1}}
  - {id: after, name: After, type: plain.pid}
output: {before: "{{ before.text }}", after: "{{ after.text }}"}
"""


@dataclass
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: Any, capsys: Any) -> Callable[..., Ended]:
    """`recipe("check", ...)` runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("RECIPE_DB", "RECIPE_HTTP_ALLOW", "RECIPE_CONNECTORS", "NOTES_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECIPE_CACHE", "off")
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "note.yml").write_text(RECIPE)

    def run(*arguments: str) -> Ended:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


def output_of(ended: Ended) -> Any:
    return json.loads(ended.out)["output"]


def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".env")


def test_a_server_that_is_a_program(recipe: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"NOTES_TOKEN={SECRET}\n")
    ended = recipe("connectors", "add", NOTES, "--env", "NOTES_TOKEN")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        "notes: 6 actions in connectors/notes",
        "  read (changes nothing: repeated freely, and carried out in dry runs): get_note",
        "  keyed (may be repeated with the same arguments): delete_note",
        "  once (never repeated when its answer is lost): create_note, draw, tell",
        "  so the server says; `effects` in connectors/notes/connector.yml overrules it",
        "`recipe actions notes` lists them; `recipe actions notes.create_note` describes one.",
    ]
    (tmp_path / "recipes" / "tells.yml").write_text(TELLS)
    assert recipe("check", "--strict", "recipes/").code == 0
    (tmp_path / "recipes" / "bad.yml").write_text(
        RECIPE.replace('text: "{{ text }}"', "txt: 1").replace("made.id", "made.nr")
    )
    refused = recipe("check", "recipes/bad.yml").out
    assert "notes.create_note has no parameter `txt`" in refused
    assert "`nr`" in refused
    described = recipe("actions", "notes.get_note").out
    assert "Read a note." in described
    assert "id  whole number  required" in described
    assert "step.notes.get_note" in json.loads(recipe("schema").out)["$defs"]
    assert "NOTES_TOKEN" in recipe("connectors", "notes").out

    ended = recipe("run", "tells", "--json")
    assert ended.code == 0, ended.err
    told = output_of(ended)["told"]
    assert told.startswith("it is ")
    with pytest.raises(ProcessLookupError):
        os.kill(int(re.findall(r"process (\d+)", told)[0]), 0)
    assert SECRET not in ended.out + ended.err
    assert SECRET.encode() not in everything_below(tmp_path)


def test_a_server_that_dies_in_mid_session_is_started_anew(recipe: Any, tmp_path: Path) -> None:
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("pid", "crash")]
    (tmp_path / "s.json").write_text(json.dumps({"tools": tools, "answers": {"pid": "pid", "crash": "die"}}))
    assert recipe("connectors", "add", PLAIN, "--name", "plain").code == 0
    (tmp_path / "recipes" / "crashes.yml").write_text(CRASHES)
    ended = recipe("run", "crashes")
    assert ended.code == 3, "nobody knows whether the crash came before the effect or after it"
    assert "plain ended with exit code 7 during crash" in ended.err
    path = tmp_path / "connectors" / "plain" / "connector.yml"
    path.write_text(path.read_text() + "effects: {crash: read}\n")
    ended = recipe("run", "crashes", "--json")
    assert ended.code == 0, ended.err
    output = output_of(ended)
    assert output["before"] != output["after"]
    for pid in output.values():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_a_server_over_http(recipe: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("NOTES_TOKEN", SECRET)
    with serving(notes(), SECRET) as url:
        refused = recipe("connectors", "add", f"mcp:{url}", "--name", "notes")
        assert refused.code == 2
        assert "RECIPE_HTTP_ALLOW" in refused.err
        monkeypatch.setenv("RECIPE_HTTP_ALLOW", "127.0.0.1")
        refused = recipe("connectors", "add", f"mcp:{url}", "--name", "notes")
        assert refused.code == 2
        assert "401" in refused.err
        assert "--auth says which credentials to send" in refused.err
        assert not (tmp_path / "connectors").exists()
        ended = recipe("connectors", "add", f"mcp:{url}", "--name", "notes", "--auth", "bearer:NOTES_TOKEN")
        assert ended.code == 0, ended.err
        assert recipe("check", "--strict", "recipes/").code == 0
        ended = recipe("run", "note", "-i", "text=hello", "--json")
        assert ended.code == 0, ended.err
        assert output_of(ended) == {"text": "hello"}
        assert re.search(r"ok +notes +the vendor answers", recipe("doctor").out)
    assert SECRET.encode() not in everything_below(tmp_path)


def test_recipes_are_tested_without_the_server_and_the_package(recipe: Any, tmp_path: Path, monkeypatch: Any) -> None:
    with serving(notes()) as url:
        monkeypatch.setenv("RECIPE_HTTP_ALLOW", "127.0.0.1")
        assert recipe("connectors", "add", f"mcp:{url}").code == 0
    monkeypatch.setitem(sys.modules, "recipe_engine.mcp.sessions", None)
    answers = [{"tool": "get_note", "structured": {"id": 1, "text": "hello"}}]
    case = {"name": "makes a note", "input": {"text": "hello"}, "vendors": {"notes": {"answers": answers}}}
    effects = [{"connector": "notes", "action": "create_note", "data": {"text": "hello"}}]
    case["expect"] = {"status": "succeeded", "output": {"text": "hello"}, "effects": effects}
    (tmp_path / "recipes" / "note.test.yml").write_text(yaml.safe_dump({"recipe": "note.yml", "cases": [case]}))
    ended = recipe("test", "recipes/note.test.yml")
    assert ended.code == 0, ended.out + ended.err
    assert recipe("run", "note", "--sandbox", "-i", "text=hello").code == 0
    shown = recipe("run", "note", "-i", "text=hello", "--dry-run")
    assert "would send POST" in shown.out + shown.err
    failed = recipe("run", "note", "-i", "text=hello")
    assert failed.code == 1
    assert "pip install 'recipe-engine[mcp]'" in failed.out + failed.err


def test_adding_again_takes_what_there_is_now(recipe: Any, tmp_path: Path) -> None:
    def offered(*tools: dict[str, Any]) -> None:
        (tmp_path / "s.json").write_text(json.dumps({"tools": tools}))

    def tool(name: str, **said: Any) -> dict[str, Any]:
        return {"name": name, "inputSchema": {"type": "object"}, **said}

    offered(tool("a"), tool("b"), tool("c", description="C."))
    assert recipe("connectors", "add", PLAIN, "--name", "plain").code == 0
    path = tmp_path / "connectors" / "plain" / "connector.yml"
    path.write_text(path.read_text() + "effects: {a: read, b: keyed}  # as we know\n")
    said = path.read_text()
    ended = recipe("connectors", "add", PLAIN, "--name", "plain")
    assert ended.code == 2
    assert "connectors/plain is there already; --force takes what there is now" in ended.err
    ended = recipe("connectors", "add", PLAIN, "--name", "plain", "--force")
    assert "  nothing has changed" in ended.out.splitlines()
    assert path.read_text() == said
    offered(
        tool("a", inputSchema={"type": "object", "properties": {"x": {}}}),
        tool("c", description="D.", annotations={"readOnlyHint": True}),
        tool("d"),
    )
    lines = recipe("connectors", "add", PLAIN, "--name", "plain", "--force").out.splitlines()
    assert lines[1:4] == [
        "  added: d",
        "  removed: b",
        "  changed: a (parameters), c (effect read, was once, description)",
    ]
    assert "  effects named b, which the server has no more: taken out" in lines
    assert yaml.safe_load(path.read_text())["effects"] == {"a": "read"}
    (tmp_path / "api.yaml").write_text("openapi: 3.1.0\ninfo: {title: x}\npaths: {/a: {get: {responses: {}}}}\n")
    ended = recipe("connectors", "add", "api.yaml", "--name", "plain", "--force")
    assert "connectors/plain holds the connector of an MCP server" in ended.err
    assert recipe("connectors", "add", "api.yaml", "--name", "api").code == 0
    assert "no MCP server" in recipe("connectors", "add", PLAIN, "--name", "api", "--force").err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mcp:no-such-program --x", "--name", "x"], "there is no program 'no-such-program'"),
        ([f"mcp:{sys.executable} -c 'print(1)'", "--name", "x"], "ended with exit code 0 before it was ready"),
        (["mcp:x", "--name", "hubspot"], "there is a connector 'hubspot' already"),
        (["mcp:x", "--server", "https://example.org"], "--server is for OpenAPI documents"),
        (["api.yaml", "--env", "A"], "--env is for MCP servers"),
        ([NOTES, "--name", "x", "--env", "NOT_THERE"], "NOT_THERE is not set"),
    ],
)
def test_mistakes_are_named_in_one_line(recipe: Any, tmp_path: Path, arguments: list[str], words: str) -> None:
    ended = recipe("connectors", "add", *arguments)
    assert ended.code == 2
    assert words in ended.err
    assert not (tmp_path / "connectors").exists()
