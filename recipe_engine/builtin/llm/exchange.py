"""A question with something before it: calls of tools and their results, and what was said in earlier runs.

The one rule: pure functions. What is recorded is plain JSON in words of our own, so that any provider can go on with it;
what came back from a tool is data of that tool's result and nothing else.

A round, as a step records it: {"model": {"answer", "calls", "kept", "text", "asked"}, "results": [{"id", "text", "failed"}]}.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm.provider import (
    Kept,
    Message,
    ModelAnswer,
    ModelRequest,
    Part,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from recipe_engine.plugin import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recipe_engine.builtin.llm.action import Exchange, Offer
    from recipe_engine.plugin import JSON, JSONObject

# Calls of one answer that are carried out; what is asked beyond is refused to the model.
MAX_CALLS = 10
# The largest input of a call (bytes as JSON), how deep it may be, and of a name that no tool has, what is kept.
MAX_INPUT = 50_000
_DEEPEST = 30
_LONGEST_NAME = 100
# Of an earlier exchange, what is shown to the model again (characters).
MAX_SAID = 20_000
# The longest key of a conversation (characters): with what stands around it, the store takes it.
MAX_KEY = 300


def earlier(exchange: Exchange) -> list[Message]:
    """The turns of earlier runs, the oldest first.

    Raises Terminal `invalid_conversation` when the conversation is nobody's: it would be everybody's.
    """
    if "key" in exchange.model_fields_set:
        _refuse_bad_key(exchange.key)
    turns: list[Message] = []
    for entry in reversed(exchange.history):
        said = entry.get("value") or {}
        user, assistant = str(said.get("user") or ""), str(said.get("assistant") or "")
        if user.strip() and assistant.strip():
            turns += [
                Message("user", (Text(answers.bounded(user, MAX_SAID)),)),
                Message("assistant", (Text(answers.bounded(assistant, MAX_SAID)),)),
            ]
    return turns


def _refuse_bad_key(key: JSON) -> None:
    if isinstance(key, int) and not isinstance(key, bool):
        return
    if not isinstance(key, str) or not key.strip():
        found = "an empty text" if isinstance(key, str) else "nothing" if key is None else type(key).__name__
        detail = f"`conversation` gave {found}, expected a text or a whole number that is the person's or the ticket's"
    elif len(key) > MAX_KEY:
        detail = f"`conversation` gave {len(key)} characters, expected at most {MAX_KEY}"
    else:
        return
    raise Terminal("the conversation cannot be kept under this key", code="invalid_conversation", detail=detail)


def later(exchange: Exchange) -> list[Message]:
    """What followed the question in this run: each answer that called tools, and their results."""
    names = {offer.tool: offer.name for offer in exchange.tools}
    turns: list[Message] = []
    for number in exchange.rounds:
        turn, results = number["model"], number["results"]
        parts: list[Part] = [Kept(kept["model"], kept["block"]) for kept in turn["kept"]]
        parts += [Text(turn["text"])] if turn["text"].strip() else []
        parts += [ToolCall(call["id"], names.get(call["tool"], call["tool"]), call["input"]) for call in turn["calls"]]
        turns.append(Message("assistant", tuple(parts)))
        turns.append(
            Message("user", tuple(ToolResult(each["id"], each["text"], bool(each["failed"])) for each in results))
        )
    return turns


def tools_of(exchange: Exchange) -> tuple[tuple[Tool, ...], bool]:
    """What the model may call, and whether it may not any more because the rounds are over."""
    offered = tuple(Tool(offer.name, offer.description, offer.input_schema) for offer in exchange.tools)
    return offered, len(exchange.rounds) >= exchange.limit


def recorded(exchange: Exchange, request: ModelRequest, answer: ModelAnswer | None, value: JSON) -> JSONObject:
    """What the step records of an answer: its value, or the calls that it makes first. `answer` is None when a prepared
    one was taken."""
    calls = [] if answer is None else answer.calls
    return {
        "answer": value,
        "calls": _calls(calls, exchange.tools),
        "kept": [{"model": request.model, "block": block} for block in answer.kept] if answer and calls else [],
        "text": answer.text if answer is not None else "",
        "asked": _asked(request),
    }


def _asked(request: ModelRequest) -> str:
    """The question itself in words: the text of the first turn after examples and earlier runs."""
    asking = [message for message in request.messages if message.role == "user"]
    asking = [message for message in asking if not any(isinstance(part, ToolResult) for part in message.parts)]
    return "".join(part.text for part in asking[-1].parts if isinstance(part, Text)) if asking else ""


def _calls(calls: Sequence[ToolCall], offers: Sequence[Offer]) -> list[JSONObject]:
    """The calls as they are recorded. Some servers give all of them one name, or none."""
    made: list[JSONObject] = []
    for place, call in enumerate(calls):
        known = {each["id"] for each in made}
        name = call.id if call.id and call.id not in known else f"{call.id or 'call'}_{place}"
        made.append(_call(replace(call, id=name), place, offers))
    return made


def _call(call: ToolCall, place: int, offers: Sequence[Offer]) -> JSONObject:
    offer = next((each for each in offers if each.name == call.name), None)
    small = _is_small(call.input)
    made: dict[str, Any] = {
        "id": call.id,
        "tool": offer.tool if offer else call.name[:_LONGEST_NAME],
        "input": call.input if isinstance(call.input, dict) and small else {},
        "problem": None,
    }
    if offer is None:
        made["problem"] = f"there is no tool {made['tool']}; there are {', '.join(each.name for each in offers)}"
    elif place >= MAX_CALLS:
        made["problem"] = f"at most {MAX_CALLS} calls at a time: ask again for what is still needed"
    elif not small:
        made["problem"] = f"the input is too large: at most {MAX_INPUT} characters as JSON, {_DEEPEST} objects deep"
    elif problems := answers.problems_of(call.input, offer.input_schema):
        made["problem"] = "the input does not fit the tool's schema:\n" + "\n".join(problems)
    return made


def _is_small(value: JSON) -> bool:
    """Whether what a model gives a tool can be kept: it may have been told to give anything."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return len(orjson.dumps(value)) <= MAX_INPUT
    return False


def _inside(value: JSON) -> list[JSON]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
