"""The question that a step asked, built once more from its recorded parameters.

The one rule: the same code builds it as built it then; nothing is asked and nothing is sent. Who was asked and which
answers were sent back is read from what was kept (`kept`); without it, from today's settings. What was heard in recordings is
not kept, and said to be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm.action import LlmCall
from recipe_engine.builtin.llm.call import question_of
from recipe_engine.builtin.llm.provider import ModelRequest
from recipe_engine.builtin.llm.request import repaired
from recipe_engine.builtin.llm.shown import shortened
from recipe_engine.builtin.llm.words import ProviderName
from recipe_engine.plugin import JSON, Blobs, Context, JSONObject, Settings

NOT_KEPT = "(what was heard in the recording is not kept)"


class _Reader:
    """As much of a context as building a question needs. It is its own model: one that hears nothing."""

    def __init__(self, path: str, settings: Settings, blobs: Blobs) -> None:
        self.path = path
        self.settings = settings
        self.blobs = blobs
        self.tokens: dict[str, Any] = {}
        self.sandbox = False

    def log(self, message: str, **fields: Any) -> None:
        """Lines were logged when the step ran."""

    def service(self, name: str) -> Any:
        return self if name == "llm" else None

    async def transcript(self, step: str, name: str) -> str:
        return NOT_KEPT


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was sent: by whom it was answered, and in which form the server took it."""

    provider: ProviderName
    request: ModelRequest
    in_words: bool = False
    no_effort: bool = False
    # Another request with all of this one in it followed.
    repeated: bool = False


async def rebuilt(
    path: str, params: JSON, settings: Settings, blobs: Blobs, kept: Sequence[JSONObject] = ()
) -> list[Asked]:
    """The requests of the step at `path`, in their order. `kept` are the entries of what was kept of it.

    Raises pydantic's ValidationError when these are no parameters of an llm_call, and what is found before sending.
    """
    context, given = cast("Context", _Reader(path, settings, blobs)), LlmCall.model_validate(params)
    models, request = await question_of(context, given)
    if not kept:
        return [Asked(models[0].provider, request)]
    return [asked for entry in kept for asked in _rounds(entry, request, given)]


def _rounds(entry: JSONObject, request: ModelRequest, params: LlmCall) -> Iterator[Asked]:
    """The requests to one model: the question, and each with which an answer was sent back."""
    request = replace(
        request,
        model=entry["model"],
        max_tokens=entry["max_tokens"],
        effort=entry["effort"],
        thinking=entry["thinking"],
    )
    form = (bool(entry.get("in_words")), bool(entry.get("no_effort")))
    for text in entry["rejected"]:
        yield Asked(entry["provider"], request, *form, repeated=True)
        _, problems = answers.read(text, params.output_schema, structured=request.output_schema is not None)
        request = repaired(request, text, problems)
    yield Asked(entry["provider"], request, *form)


def body_of(asked: Asked) -> JSON:
    """The body of a request as its provider sends it, media shortened."""
    if asked.provider == "openai_compatible":
        from recipe_engine.builtin.llm.openai.request import Dialect, body

        return shortened(body(asked.request, Dialect(schema=not asked.in_words, effort=not asked.no_effort)))
    from recipe_engine.builtin.llm.anthropic.request import body as messages

    return shortened(messages(asked.request, native=not asked.in_words))
