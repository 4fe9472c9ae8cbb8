"""One call of a tool, at the server or at its stand-in.

The one rule: in the sandbox a call is a single message of the protocol through `ctx.http`. No session, no child process and
no SDK is needed to test a recipe; what comes back is read by the same code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.mcp.results import result_of
from recipe_engine.mcp.snapshot import Offer, Tool
from recipe_engine.openapi.document import mapping
from recipe_engine.plugin import ActionError, Context, Terminal
from recipe_engine.plugin.kept import keep

if TYPE_CHECKING:
    from recipe_engine.mcp.connector import McpConnector
    from recipe_engine.mcp.sessions import Session

_NOT_KNOWN = ("mcp_invalid_params", "mcp_method_not_found")


async def call(connector: McpConnector, tool: Tool, schema: JSONObject, ctx: Context, arguments: JSONObject) -> JSON:
    """The result of a tool; `schema` is that of the result, `arguments` are valid."""
    reads = connector.effect_of(tool) == "read"
    if ctx.sandbox:
        answer = await _pretended(
            connector, ctx, "tools/call", {"name": tool.name, "arguments": arguments}, reads=reads
        )
        return await result_of(ctx, tool, schema, connector.title, answer)
    url = connector.url(ctx.settings)
    if ctx.dry_run and not reads and url:
        # Shown as what it is about; the session around it is not opened for that.
        await ctx.http.post(url, json={"method": "tools/call", "params": {"name": tool.name, "arguments": arguments}})
    session = _session(connector, ctx)
    try:
        answer = await session.call(ctx, tool.name, arguments, reads=reads)
        return await result_of(ctx, tool, schema, connector.title, answer)
    except Terminal as error:
        code, words = error.failure.code, error.failure.detail.lower()
        if (code in _NOT_KNOWN or (code == "tool_error" and "unknown tool" in words)) and await _is_gone(
            session, ctx, tool
        ):
            raise Terminal(
                f"{connector.title} has no tool {tool.name} any more",
                code="tool_gone",
                detail=f"`recipe connectors add ... --name {connector.name} --force` takes the tools that it has now",
            ) from error
        raise


async def offer(connector: McpConnector, ctx: Context) -> Offer:
    """What the server offers now."""
    if ctx.sandbox:
        answer = await _pretended(connector, ctx, "tools/list", {}, reads=True)
        return Offer(connector.snapshot.server, connector.snapshot.protocol, "", list(answer["tools"]))
    return await _session(connector, ctx).offer(ctx)


async def _is_gone(session: Session, ctx: Context, tool: Tool) -> bool:
    try:
        return all(each.get("name") != tool.name for each in (await session.offer(ctx)).tools)
    except ActionError:
        return False  # what went wrong first is told


def _session(connector: McpConnector, ctx: Context) -> Session:
    try:
        from recipe_engine.mcp.sessions import Session
    except ImportError as error:
        raise Terminal(
            f"{connector.title} is an MCP server, and the package mcp is not installed",
            code="not_installed",
            detail="pip install 'recipe-engine[mcp]'",
        ) from error
    return keep(ctx, connector.name, lambda: Session(connector))


async def _pretended(
    connector: McpConnector, ctx: Context, method: str, params: JSONObject, *, reads: bool
) -> JSONObject:
    """The result that the sandbox answers with."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    url = connector.url(ctx.settings) or f"https://{connector.name.replace('_', '-')}.sandbox.example/mcp"
    accept = {"Accept": "application/json, text/event-stream"}
    response = await ctx.http.request("POST", url, json=message, headers=accept, reads=reads)
    answer = mapping(await response.json())
    error = answer.get("error")
    if isinstance(error, dict):
        raise Terminal(
            f"{connector.title} answered {method} with error {error.get('code')}",
            code="mcp_invalid_params",
            detail=str(error.get("message", "")),
        )
    return mapping(answer.get("result"))
