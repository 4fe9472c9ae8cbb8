"""A model that answers from a script: for tests of recipes and for embedding programs' own tests.

The one rule: nothing is invented. A question that no entry of the script fits is a failure that names the step and
shows how the prompt begins.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest, Text, TokenUsage, ToolCall
from recipe_engine.builtin.llm.words import Stop
from recipe_engine.plugin import JSON, ActionError, Retryable, Terminal

_RETRYABLE = frozenset(("rate_limit", "overloaded", "timeout", "connection", "server_error", "conflict"))
# Errors that are ways in which an answer ends: they reach the step as an answer, like the real ones.
_STOPS: dict[str, Stop] = {"refused": "refused", "truncated": "truncated", "context_too_long": "context_too_long"}
_PATH_END = re.compile(r"[/.\[\]#:]")


class ScriptedUsage(BaseModel):
    """Tokens that a scripted answer says it consumed."""

    model_config = ConfigDict(extra="forbid")
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)


class ScriptedCall(BaseModel):
    """A call of a tool: its name in the recipe (the action's, or its own), and its input."""

    model_config = ConfigDict(extra="forbid")
    tool: str
    input: dict[str, Any] = Field(default_factory=dict)


class ScriptedAnswer(BaseModel):
    """One entry of a script.

    `step` is the path or the id of the step, `match` a part of the prompt (any letter case), `model` the id of the model
    that is asked; left out, they fit everything. `answer` is JSON, or text that is given word for word; `error` a
    failure code in its place, `calls` what the model asks of tools before it answers. An entry with `transcript` is no answer, but what is heard in a recording (`match` is then
    a part of the recording's name). `times` says how often the entry answers. Without it, it answers once when a later
    entry is for the same (so that answers listed one after another are given in turn), else for ever.
    """

    model_config = ConfigDict(extra="forbid")
    step: str | None = None
    match: str | None = None
    model: str | None = None
    transcript: str | None = None
    answer: Any = None
    calls: list[ScriptedCall] = Field(default_factory=list)
    error: str | None = None
    retry_after: float | None = None
    times: int | None = Field(default=None, ge=1)
    usage: ScriptedUsage = ScriptedUsage()


class ScriptedModel:
    """The provider of a script. A host hands it to its runs as the service `llm`."""

    def __init__(self, script: Iterable[ScriptedAnswer | JSON]) -> None:
        """Take a script, as entries or as the JSON of entries.

        Raises ValueError (pydantic's, with the place of each problem) when an entry is not one.
        """
        self.requests: list[ModelRequest] = []
        self._entries: deque[_Entry] = deque()
        later: set[tuple[str | None, str | None, str | None, bool]] = set()
        for item in reversed([ScriptedAnswer.model_validate(item) for item in script]):
            wanted = (item.step, item.match, item.model, item.transcript is not None)
            once = wanted in later
            later.add(wanted)
            self._entries.appendleft(_Entry(item, item.times or (1 if once else None)))

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """The next answer of the script for this step and prompt."""
        self.requests.append(request)
        prompt = prompt_text(request)
        said = self._take(request.step, prompt, model=request.model)
        if said is not None:
            return _given(said, request)
        raise Terminal(
            f"no scripted answer fits step {request.step}",
            code="no_scripted_answer",
            detail=f"the prompt begins: {prompt[:200]!r}; add an entry with step: {_step_id(request.step)}",
        )

    async def transcript(self, step: str, name: str) -> str:
        """What the script says is heard in the next recording of this step."""
        said = self._take(step, name, model=None)
        if said is None or said.transcript is None:
            raise Terminal(
                f"no scripted transcript fits step {step}",
                code="no_scripted_answer",
                detail=f"the recording is {name!r}; add an entry with step: {_step_id(step)} and transcript: what is said",
            )
        if said.error is not None:
            raise _failure(said.error, said.retry_after)
        return said.transcript

    def _take(self, step: str, text: str, *, model: str | None) -> ScriptedAnswer | None:
        """The next entry for a question to `model`, or for a recording when that is None."""
        for entry in self._entries:
            said = entry.said
            if entry.left == 0 or (said.transcript is not None) != (model is None):
                continue
            if _fits(said, step, text) and said.model in (None, model):
                if entry.left is not None:
                    entry.left -= 1
                return said
        return None


class _Entry:
    """An entry and how many answers are left in it, None for any number."""

    def __init__(self, said: ScriptedAnswer, left: int | None) -> None:
        self.said = said
        self.left = left


def prompt_text(request: ModelRequest) -> str:
    """All text of a request in its order: the system prompt, then the turns."""
    parts = [part.text for message in request.messages for part in message.parts if isinstance(part, Text)]
    return "\n".join([*([request.system] if request.system else []), *parts])


def _fits(said: ScriptedAnswer, step: str, prompt: str) -> bool:
    if said.step is not None and said.step not in (step, _step_id(step)):
        return False
    return said.match is None or said.match.casefold() in prompt.casefold()


def _step_id(path: str) -> str:
    """The id of the step at the end of a path."""
    return next((part for part in reversed(_PATH_END.split(path)) if part and not part.isdecimal()), path)


def _given(said: ScriptedAnswer, request: ModelRequest) -> ModelAnswer:
    usage = TokenUsage(input=said.usage.input_tokens, output=said.usage.output_tokens)
    text = said.answer if isinstance(said.answer, str) else orjson.dumps(said.answer).decode()
    if said.calls and said.error is None:
        turn = len(request.messages)
        calls = [ToolCall(f"call_{turn}_{n}", named(call.tool), call.input) for n, call in enumerate(said.calls)]
        return ModelAnswer(text="" if said.answer is None else text, usage=usage, calls=tuple(calls))
    if said.error is None:
        return ModelAnswer(text=text, usage=usage)
    if said.error in _STOPS:
        return ModelAnswer(text="" if said.answer is None else text, stop=_STOPS[said.error], usage=usage)
    raise _failure(said.error, said.retry_after)


def named(tool: str) -> str:
    """A tool's name as models are told it: letters, digits and _."""
    return re.sub(r"[^A-Za-z0-9_]", "_", tool)[:64]


def _failure(code: str, retry_after: float | None) -> ActionError:
    title = f"the script says: {code}"
    return Retryable(title, code=code, retry_after=retry_after) if code in _RETRYABLE else Terminal(title, code=code)
