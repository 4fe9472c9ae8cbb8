"""A chat completions server as a provider: OpenAI's own, or any other at OPENAI_BASE_URL (a local one too).

The one rule: one exchange is one answered request. A request that the server does not understand (400, 422) is said in
another way, at most once for each thing that servers differ in; nothing was generated then.
"""

from __future__ import annotations

import orjson

from recipe_engine.builtin.llm.openai.errors import failure_of, words
from recipe_engine.builtin.llm.openai.request import Dialect, body
from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest, TokenUsage, ToolCall
from recipe_engine.builtin.llm.reading import count, inside, mended, no_message, parsed
from recipe_engine.builtin.llm.words import ASKED_IN_WORDS, NO_EFFORT, OPENAI_URL, Stop
from recipe_engine.plugin import JSON, Context, JSONObject, Response

_STOPS: dict[str | None, Stop] = {
    None: "end",
    "stop": "end",
    "length": "truncated",
    "content_filter": "refused",
}
_LARGEST_ANSWER = 50_000_000
_NOTES = {
    "schema": f"the server does not take this output_schema; {ASKED_IN_WORDS}",
    "effort": f"the server {NO_EFFORT} for this model; none was sent",
}


class _Dialects:
    """What is known of servers, by address and model; shared by all runs."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Dialect] = {}


class OpenAIModel:
    """Chat completions, for one attempt of one step."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._base = (ctx.settings.get("OPENAI_BASE_URL") or OPENAI_URL).rstrip("/")
        dialects: _Dialects = ctx.tokens.setdefault("llm.openai", _Dialects())
        self._dialects = dialects.known

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """The model's answer."""
        place = (self._base, request.model)
        while True:
            dialect = self._dialects.get(place, Dialect())
            response = await self._post(body(request, dialect), request.timeout)
            content = await response.read(_LARGEST_ANSWER)
            if response.ok:
                return _answer(content, request, _notes(dialect, request))
            said, _ = words(content)
            other = dialect.without(said, request) if response.status in (400, 422) else None
            if other is None:
                raise failure_of(response.status, response.headers, content)
            self._dialects[place] = other

    async def _post(self, content: JSONObject, seconds: float | None) -> Response:
        key = self._ctx.settings.get("OPENAI_API_KEY")
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return await self._ctx.http.request(
            "POST",
            f"{self._base}/chat/completions",
            headers=headers,
            content=orjson.dumps(content),
            timeout=seconds,
            raw=True,
            auth=False,
            reads=True,
        )


def _notes(dialect: Dialect, request: ModelRequest) -> tuple[str, ...]:
    lacking = {
        "schema": not dialect.schema and request.output_schema is not None,
        "effort": not dialect.effort and request.effort is not None,
    }
    return tuple(_NOTES[name] for name, lacks in lacking.items() if lacks)


def _answer(content: bytes, request: ModelRequest, notes: tuple[str, ...]) -> ModelAnswer:
    data = parsed(content)
    choice = _first_choice(data)
    if choice is None:
        raise no_message(data)
    message, reason = choice["message"], choice.get("finish_reason")
    reason = None if reason is None else str(reason)
    refusal = mended(message.get("refusal"))
    calls = _calls(message.get("tool_calls")) if request.tools else ()
    stop = "refused" if refusal else "end" if calls and reason == "tool_calls" else _STOPS.get(reason, "other")
    return ModelAnswer(
        text=_text(message.get("content")),
        stop=stop,
        usage=_usage(inside(data, "usage")),
        detail=str(refusal or reason or ""),
        notes=notes,
        calls=calls,
    )


def _text(content: JSON) -> str:
    """The text of a message: some servers send it in parts."""
    if isinstance(content, list):
        return "".join(mended(part.get("text")) for part in content if isinstance(part, dict))
    return mended(content)


def _calls(calls: JSON) -> tuple[ToolCall, ...]:
    """What the model asks of tools. Input that is not JSON is handed on as the text that it is, and refused there."""
    found = []
    for call in calls if isinstance(calls, list) else ():
        asked = call.get("function") if isinstance(call, dict) else None
        if isinstance(asked, dict):
            given = asked.get("arguments")
            try:
                value = orjson.loads(given) if isinstance(given, str) and given else given or {}
            except orjson.JSONDecodeError:
                value = given
            found.append(ToolCall(str(call.get("id")), str(asked.get("name")), value))
    return tuple(found)


def _first_choice(data: JSON) -> JSONObject | None:
    choices = data.get("choices") if isinstance(data, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) and isinstance(first.get("message"), dict) else None


def _usage(usage: JSONObject) -> TokenUsage:
    """The tokens that the server counted; cached ones are part of the prompt there."""
    prompt = count(usage, "prompt_tokens")
    cached = min(count(inside(usage, "prompt_tokens_details"), "cached_tokens"), prompt)
    return TokenUsage(input=prompt - cached, output=count(usage, "completion_tokens"), cache_read=cached)
