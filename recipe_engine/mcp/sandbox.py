"""A stand-in for a server, as far as its snapshot describes it.

The one rule: it answers as a server does, in messages of the protocol, and refuses what the tool's own schema refuses. It
has no state beyond what a test says; any MCP client can talk to it when `recipe sandbox` serves it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import jsonschema_rs
import orjson
from pydantic import BaseModel, ConfigDict, Field

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.mcp.shapes import params_schema, result_schema, validator
from recipe_engine.mcp.snapshot import Tool
from recipe_engine.openapi.auth import SANDBOX_TOKEN
from recipe_engine.openapi.document import mapping
from recipe_engine.openapi.examples import sample_of
from recipe_engine.plugin import Effect, Sandbox, SandboxRequest, SandboxResponse

if TYPE_CHECKING:
    from recipe_engine.mcp.connector import McpConnector

_PROTOCOL = "2025-06-18"
_MOST_PROBLEMS = 20


class ScriptedAnswer(BaseModel):
    """What a tool answers, `times` times (without it for ever): `structured`, `text`, parts of `content`, or the words of an
    `error`."""

    model_config = ConfigDict(extra="forbid")
    tool: str
    text: str | None = None
    structured: JSON = None
    content: list[dict[str, Any]] | None = None
    error: str | None = None
    times: int | None = Field(None, ge=1)

    def result(self) -> JSONObject:
        """The answer as it is sent."""
        if self.error is not None:
            return {"content": [{"type": "text", "text": self.error}], "isError": True}
        return answer_of(self.structured, self.text, self.content)


def sandbox_of(connector: McpConnector) -> type[Sandbox]:
    """The class of the connector's sandbox."""

    @cache
    def checks(tool: Tool) -> jsonschema_rs.Validator:
        return validator(tool.input_schema, params_schema(tool))

    attributes = {"of": connector, "checks": staticmethod(checks)}
    return type(f"{connector.name.title()}Sandbox", (McpSandbox,), attributes)


class McpSandbox(Sandbox):
    """A server that is none."""

    of: ClassVar[McpConnector]
    checks: ClassVar[Any]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._scripted: list[ScriptedAnswer] = []

    def seed(self, data: JSONObject) -> None:
        """Take `answers`. Raises ValueError for what is no answer, and for tools that there are not."""
        answers = [ScriptedAnswer.model_validate(item) for item in data.pop("answers", [])]
        for answer in answers:
            if self._tool(answer.tool) is None:
                raise ValueError(f"{self.connector} has no tool {answer.tool}")
        self._scripted += answers
        super().seed(data)

    def answer(self, request: SandboxRequest) -> SandboxResponse:
        """What a server would answer to a request of the transport over HTTP."""
        self.requests.append(request)
        credentials = self.of.credentials
        if credentials.kind == "oauth2" and (
            request.url.partition("?")[0] == credentials.where or request.path == "/oauth2/token"
        ):
            return SandboxResponse(200, {"access_token": SANDBOX_TOKEN, "token_type": "Bearer", "expires_in": 3600})
        if credentials.missed_by(request, self.settings):
            return SandboxResponse(401, {"message": f"{self.connector} needs valid credentials: {self.of.config.auth}"})
        if request.method != "POST":
            return SandboxResponse(
                405, {"message": "the stand-in of an MCP server takes POST"}, headers={"allow": "POST"}
            )
        try:
            message = mapping(request.json())
        except ValueError:
            return _error(None, -32700, "the body is no JSON", 400)
        if "id" not in message:
            return SandboxResponse(202)
        return self._answered(message.get("id"), str(message.get("method")), mapping(message.get("params")))

    def _answered(self, id_: JSON, method: str, params: JSONObject) -> SandboxResponse:
        match method:
            case "initialize":
                server = {"name": f"{self.connector} sandbox", "version": "0"}
                version = params.get("protocolVersion", _PROTOCOL)
                return _result(id_, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server})
            case "ping":
                return _result(id_, {})
            case "tools/list":
                return _result(id_, {"tools": [tool.said for tool in self.of.tools]})
            case "tools/call":
                return self._called(id_, params)
        return _error(id_, -32601, f"the stand-in of an MCP server knows no {method}")

    def _called(self, id_: JSON, params: JSONObject) -> SandboxResponse:
        tool = next((each for each in self.of.tools if each.name == params.get("name")), None)
        if tool is None:
            return _error(id_, -32602, f"Unknown tool: {params.get('name')}")
        arguments = mapping(params.get("arguments"))
        problems = [_words(error) for error in self.checks(tool).iter_errors(arguments)][:_MOST_PROBLEMS]
        if problems:
            refused = f"invalid arguments: {'; '.join(problems)}"
            return _result(id_, {"content": [{"type": "text", "text": refused}], "isError": True})
        scripted = next((each for each in self._scripted if self._tool(each.tool) == tool and each.times != 0), None)
        if scripted is not None and scripted.times is not None:
            scripted.times -= 1
        answer = _described(tool) if scripted is None else scripted.result()
        if self.of.effect_of(tool) != "read" and not answer.get("isError"):
            self.effects.append(Effect(self.connector, tool.action, arguments))
        return _result(id_, answer)

    def _tool(self, name: str) -> Tool | None:
        """A tool by the name of its action, or by its own."""
        by_action = next((each for each in self.of.tools if each.action == name), None)
        return by_action or next((each for each in self.of.tools if each.name == name), None)


def answer_of(structured: JSON, text: str | None, content: list[dict[str, Any]] | None) -> JSONObject:
    """A `CallToolResult`: a structured result is written out as text too, as the protocol advises."""
    parts: list[Any] = list(content or [])
    if text is not None:
        parts.insert(0, {"type": "text", "text": text})
    if structured is None:
        return {"content": parts}
    if not parts:
        parts = [{"type": "text", "text": orjson.dumps(structured).decode()}]
    return {"content": parts, "structuredContent": structured}


def _described(tool: Tool) -> JSONObject:
    """An answer that fits what the tool promises."""
    if tool.output_schema is None:
        return answer_of(None, f"sample {tool.action}", None)
    return answer_of(sample_of(result_schema(tool), tool.action), None, None)


def _result(id_: JSON, result: JSONObject) -> SandboxResponse:
    return SandboxResponse(200, {"jsonrpc": "2.0", "id": id_, "result": result})


def _error(id_: JSON, code: int, message: str, status: int = 200) -> SandboxResponse:
    return SandboxResponse(status, {"jsonrpc": "2.0", "id": id_, "error": {"code": code, "message": message}})


def _words(error: Any) -> str:
    place = ".".join(map(str, error.instance_path))
    return f"{place}: {error.message[:300]}" if place else str(error.message[:300])
