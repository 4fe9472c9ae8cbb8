"""What goes wrong with a server, as failures of an action.

The one rule: "it may have happened" is said whenever a call was sent and no answer to it came back, and never otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REQUEST_TIMEOUT,
)
from pydantic import ValidationError

from recipe_engine.core.failure import Happened
from recipe_engine.plugin import ActionError, Connector, Retryable, Terminal
from recipe_engine.plugin.answers import bounded

if TYPE_CHECKING:
    from recipe_engine.mcp.stdio import Child
    from recipe_engine.mcp.wire import Call

_CODES = {
    PARSE_ERROR: "invalid_answer",
    INVALID_REQUEST: "mcp_invalid_request",
    METHOD_NOT_FOUND: "mcp_method_not_found",
    INVALID_PARAMS: "mcp_invalid_params",
}
_WORDS_KEPT = 500


def is_lost(error: MCPError, call: Call) -> bool:
    """Whether the server says that it does not know the session: it was restarted, or has closed it."""
    return call.status == 404 or (call.status == 400 and "session" in error.message.lower())


def is_closed(error: BaseException) -> bool:
    """Whether an error says that the connection has ended."""
    if isinstance(error, MCPError):
        return error.code == CONNECTION_CLOSED
    return isinstance(error, (anyio.ClosedResourceError, anyio.BrokenResourceError))


def of_protocol(error: MCPError, call: Call, what: str, child: Child | None) -> ActionError:
    """The failure of a call that was answered with an error, or not at all."""
    if isinstance(call.failure, ActionError):
        return call.failure
    title = call.connector.title
    words = error.message[:_WORDS_KEPT]
    if is_closed(error):
        return cut_off(call, what, child, words)
    said = f"{title} answered {what} with error {error.code}"
    data = {"code": error.code, "message": words, "data": bounded(error.data)}
    if error.code == REQUEST_TIMEOUT:
        return Retryable(said, code="timeout", detail=words, happened="maybe", data=data)
    if error.code == INTERNAL_ERROR:
        return Retryable(said, code="server_error", detail=words, happened="maybe", data=data)
    happened: Happened = "maybe" if error.code == PARSE_ERROR else "no"
    code = _CODES.get(error.code, f"mcp_{error.code}".replace("-", ""))
    return Terminal(said, code=code, detail=words, happened=happened, data=data)


def cut_off(call: Call, what: str, child: Child | None, words: str = "") -> ActionError:
    """The failure of a call whose connection ended before its answer."""
    return _disconnected(call, what, child, words, "maybe")


def lost(call: Call, what: str, child: Child | None) -> ActionError:
    """The failure of a call that could not be sent."""
    return _disconnected(call, what, child, "", "no")


def _disconnected(call: Call, what: str, child: Child | None, words: str, happened: Happened) -> ActionError:
    title = call.connector.title
    said = (
        f"the connection to {title} was lost during {what}"
        if child is None
        else f"{title} {child.ending} during {what}"
    )
    return Retryable(said, code="connection", detail=words if child is None else child.words, happened=happened)


def not_understood(error: ValidationError, call: Call, what: str) -> ActionError:
    """The failure of a call whose answer is none of the protocol."""
    first = error.errors(include_url=False, include_input=False)[0]
    return Terminal(
        f"{call.connector.title} answered {what} in a way that MCP does not know",
        code="invalid_answer",
        detail=f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
        happened="maybe",
    )


def asks_back(error: RuntimeError, call: Call, what: str) -> ActionError:
    """The failure of a call to which the server answered with a question of its own."""
    return Terminal(
        f"{call.connector.title} asks for more during {what}, which a recipe cannot answer",
        code="input_required",
        detail=str(error)[:_WORDS_KEPT],
    )


def silent(connector: Connector, seconds: float, child: Child | None) -> ActionError:
    """The failure of a connection that takes too long."""
    return Retryable(
        f"{connector.title} gave no sign of a session within {seconds:g} s",
        code="connection",
        detail=child.words if child is not None else "",
    )


def not_opened(error: BaseException, call: Call, child: Child | None) -> ActionError:
    """The failure of a connection that did not come about. Nothing was called, so nothing happened."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ActionError):
        return error
    if isinstance(call.failure, ActionError):
        return call.failure
    title, told = call.connector.title, child.words if child is not None else ""
    if isinstance(error, TimeoutError):
        return Retryable(f"{title} does not answer", code="connection", detail=told)
    if child is not None and is_closed(error):
        return Retryable(f"{title} {child.ending} before it was ready", code="connection", detail=told)
    words = error.message if isinstance(error, MCPError) else str(error)
    detail = words[:_WORDS_KEPT] or type(error).__name__
    return Terminal(f"{title} does not speak MCP as expected", code="invalid_answer", detail=detail)
