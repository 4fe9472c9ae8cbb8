"""Calls of tools at servers that are child processes: results, files, failures, and servers that misbehave."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.mcp.connector import McpConnector
from recipe_engine.plugin import FileValue
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import sandbox_context
from tests.unit.mcp.conftest import tool

Running = Callable[..., Any]
NUMBER = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}


def text(words: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}]}


async def test_text_is_the_result_of_a_tool_that_promises_nothing(running: Running) -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    result = await running({"say": {"content": parts, "structuredContent": {"n": 1}}}).call("say")
    assert result == {"text": "one\n\ntwo", "content": parts, "files": [], "structured": {"n": 1}}


async def test_structured_content_is_the_result_of_a_tool_that_promises_it(running: Running) -> None:
    known = [tool("count", outputSchema=NUMBER)]
    structured = {**text('{"count": 3}'), "structuredContent": {"count": 3}}
    assert await running({"count": structured}, known=known).call("count") == {"count": 3}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (text('{"count": 3}'), {"count": 3}),
        (text("three"), "three"),
        ({"content": [], "structuredContent": {"count": "three"}}, {"count": "three"}),
    ],
)
async def test_what_is_not_as_promised_is_handed_on(running: Running, answer: Any, expected: Any) -> None:
    assert await running({"count": answer}, known=[tool("count", outputSchema=NUMBER)]).call("count") == expected


async def test_pictures_recordings_and_documents_are_files(running: Running) -> None:
    data = base64.b64encode(b"bytes").decode()
    parts = [
        {"type": "image", "data": data, "mimeType": "image/png"},
        {"type": "audio", "data": data, "mimeType": "audio/wav"},
        {"type": "resource", "resource": {"uri": "file:///a/q%C3%BC.pdf", "mimeType": "application/pdf", "blob": data}},
        {"type": "resource", "resource": {"uri": "memo://1", "mimeType": "text/plain", "text": "remember"}},
        {"type": "resource_link", "uri": "https://example.org/x.csv", "name": "x"},
    ]
    bench = running({"shoot": {"content": parts}})
    result = await bench.call("shoot")
    assert [file["name"] for file in result["files"]] == ["shoot-1.png", "shoot-2.wav", "qü.pdf"]
    assert await bench.blobs.read(FileValue(**result["files"][0])) == b"bytes"
    assert result["text"] == "remember"
    assert result["content"][4] == {
        "type": "resource_link",
        "uri": "https://example.org/x.csv",
        "name": "x",
        "media_type": "application/octet-stream",
    }


async def test_long_texts_are_files(running: Running) -> None:
    result = await running({"tell": text("é" * 150_000)}).call("tell")
    assert result["text"] == ""
    assert result["files"][0]["size"] == 300_000


async def test_a_tool_that_fails_fails_the_step_with_its_own_words(running: Running) -> None:
    failure = await running({"buy": {**text("no such article"), "isError": True}}).failure("buy")
    assert (failure.code, failure.detail, failure.retryable) == ("tool_error", "no such article", False)
    assert failure.title == "buy of Shop failed"


@pytest.mark.parametrize(
    ("code", "expected", "retryable", "happened"),
    [
        (-32602, "mcp_invalid_params", False, "no"),
        (-32603, "server_error", True, "maybe"),
        (-32042, "mcp_32042", False, "no"),
    ],
)
async def test_errors_of_the_protocol_keep_code_and_message(
    running: Running, code: int, expected: str, retryable: bool, happened: str
) -> None:
    failure = await running({"buy": {"error": {"code": code, "message": "not like this"}}}).failure("buy")
    assert (failure.code, failure.retryable, failure.happened) == (expected, retryable, happened)
    assert failure.detail == "not like this"
    assert failure.data["code"] == code


async def test_a_tool_that_is_gone_is_named(running: Running) -> None:
    bench = running({"other": text("")}, known=[tool("buy")])
    failure = await bench.failure("buy")
    assert failure.code == "tool_gone"
    assert failure.title == "Shop has no tool buy any more"
    assert "--name shop --force" in failure.detail


async def test_a_result_that_is_none_leaves_open_whether_it_happened(running: Running) -> None:
    failure = await running({"buy": {"content": "nothing"}}).failure("buy")
    assert (failure.code, failure.happened) == ("invalid_answer", "maybe")


async def test_a_server_that_dies_during_a_call_is_started_again_for_the_next(running: Running) -> None:
    bench = running({"die": "die", "pid": "pid"})
    first = await bench.call("pid")
    assert await bench.call("pid") == first
    failure = await bench.failure("die")
    assert (failure.code, failure.retryable, failure.happened) == ("connection", True, "maybe")
    assert failure.title == "Shop ended with exit code 7 during die"
    assert failure.detail == "I give up"
    assert await bench.call("pid") != first


async def test_a_read_that_is_cut_off_did_nothing(running: Running) -> None:
    failure = await running({"die": "die"}, config={"effects": {"die": "read"}}).failure("die")
    assert failure.happened == "no"


async def test_many_calls_at_once_share_one_server(running: Running, tmp_path: Path) -> None:
    bench = running({"pid": "pid", "echo": "echo"})
    results = await asyncio.gather(*(bench.call("echo", number=number) for number in range(40)))
    assert [json.loads(each["text"])["number"] for each in results] == list(range(40))
    log = (tmp_path / "server.json.log").read_text()
    assert log.count('"initialize"') == 1


async def test_a_child_is_gone_when_the_process_is_done_with_it(running: Running) -> None:
    bench = running({"pid": "pid"})
    pid = int((await bench.call("pid"))["text"])
    await bench.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_child_sees_its_settings_and_a_few_plain_names(running: Running, monkeypatch: Any) -> None:
    monkeypatch.setenv("OTHER_TOKEN", "canary")
    config, settings = {"env": ["SHOP_KEY"]}, {"SHOP_KEY": "k-123456", "OTHER_TOKEN": "canary"}
    bench = running({"look": "environment"}, config=config, settings=settings)
    seen = json.loads((await bench.call("look"))["text"])
    assert "OTHER_TOKEN" not in seen
    assert "PATH" in seen
    assert "k-123456" not in json.dumps(seen), "the result is journaled, so the secret is not in it"
    assert "SHOP_KEY" in seen


async def test_a_missing_setting_is_named_before_anything_is_started(running: Running) -> None:
    failure = await running({"look": "environment"}, config={"env": ["SHOP_KEY"]}).failure("look")
    assert failure.code == "not_configured"
    assert "SHOP_KEY is not set" in failure.title


async def test_a_message_beyond_all_measure_ends_the_server(running: Running, monkeypatch: Any) -> None:
    monkeypatch.setattr("recipe_engine.mcp.sessions.LARGEST_MESSAGE", 1_000_000)
    bench = running({"dump": "huge", "pid": "pid"})
    failure = await bench.failure("dump")
    assert failure.code == "connection"
    assert failure.title == "Shop sent a message of more than 1000000 bytes during dump"
    assert (await bench.call("pid"))["text"]


async def test_noise_before_and_between_messages_is_passed_over(running: Running) -> None:
    assert (await running({"say": text("hello")}, noise="Starting...\n{}\n[1]\n").call("say"))["text"] == "hello"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"exit": 3}, ("Shop ended with exit code 3 before it was ready", "cannot work like this")),
        ({"noise": "Usage: shop [options]\n", "exit": 2}, ("exit code 2", "Usage: shop [options]")),
    ],
)
async def test_a_server_that_does_not_come_up_says_why(running: Running, said: Any, words: Any) -> None:
    failure = await running({"say": text("")}, **said).failure("say")
    assert (failure.code, failure.happened) == ("connection", "no")
    assert words[0] in failure.title
    assert words[1] in failure.detail


async def test_a_server_that_knows_the_newest_version_only(running: Running) -> None:
    bench = running({"say": text("hello")}, modern="2026-07-28")
    assert (await bench.call("say"))["text"] == "hello"
    assert [each["name"] for each in (await bench.call("mcp_tools"))["tools"]] == ["say"]
    asks = {"resultType": "input_required", "inputRequests": {}, "requestState": "x"}
    failure = await running({"say": asks}, modern="2026-07-28").failure("say")
    assert failure.code == "input_required"


async def test_a_version_that_nobody_knows_is_refused(running: Running) -> None:
    failure = await running({"say": text("")}, version="1999-01-01").failure("say")
    assert failure.code == "invalid_answer"
    assert "1999-01-01" in failure.detail


async def test_a_program_that_is_not_there(connect: Callable[..., McpConnector]) -> None:
    bench = sandbox_context(connect([tool("say")]), transport=AiohttpTransport())
    failure = await bench.failure("say")
    assert failure.code == "not_configured"
    assert failure.title == "there is no program 'no-program-at-all'"


async def test_a_call_that_is_cut_off_does_not_take_the_others_with_it(running: Running, tmp_path: Path) -> None:
    bench = running({"wait": "silence", "pid": "pid"})
    pid = await bench.call("pid")
    waiting = asyncio.create_task(bench.call("wait"))
    await asyncio.sleep(0)
    assert await bench.call("pid") == pid, "so it has the call before as well"
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await bench.call("pid") == pid
    assert "notifications/cancelled" in (tmp_path / "server.json.log").read_text()


async def test_without_the_package_it_says_what_to_install(running: Running, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "recipe_engine.mcp.sessions", None)
    failure = await running({"say": text("")}).failure("say")
    assert failure.code == "not_installed"
    assert failure.detail == "pip install 'recipe-engine[mcp]'"


async def test_the_tools_of_this_moment(running: Running) -> None:
    bench = running({"one": text(""), "two": text("")}, known=[tool("one")], page=1)
    found = await bench.call("mcp_tools")
    assert [each["name"] for each in found["tools"]] == ["one", "two"]
    assert found["server"]["name"] == "plain"


@pytest.mark.parametrize("endless", ["same", "new"])
async def test_a_list_without_end(running: Running, endless: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("recipe_engine.mcp.sessions._MOST_PAGES", 20)
    failure = await running({"one": text("")}, endless=endless).failure("mcp_tools")
    assert failure.title == "the list of tools of Shop does not end"
