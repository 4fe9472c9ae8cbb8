"""The question that a step asked, built once more from its recorded parameters.

The one rule: the same code builds it as built it then; nothing is asked and nothing is sent. What is not in the record is
said to be missing: the text of recordings, and what was sent back in repairs.
"""

from __future__ import annotations

from typing import Any, cast

from recipe_engine.builtin.llm.action import LlmCall
from recipe_engine.builtin.llm.call import question_of
from recipe_engine.builtin.llm.fallback import Candidate
from recipe_engine.builtin.llm.provider import ModelRequest
from recipe_engine.builtin.llm.shown import shortened
from recipe_engine.plugin import JSON, Blobs, Context, Settings

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


async def rebuilt(path: str, params: JSON, settings: Settings, blobs: Blobs) -> tuple[Candidate, ModelRequest]:
    """Who the step at `path` asks under these settings, and what.

    Raises pydantic's ValidationError when these are no parameters of an llm_call, and what is found before sending.
    """
    context = cast("Context", _Reader(path, settings, blobs))
    models, request = await question_of(context, LlmCall.model_validate(params))
    return models[0], request


def body_of(candidate: Candidate, request: ModelRequest) -> JSON:
    """The body of the request as the candidate's provider sends it, media shortened."""
    if candidate.provider == "openai_compatible":
        from recipe_engine.builtin.llm.openai.request import Dialect, body

        return shortened(body(request, Dialect()))
    from recipe_engine.builtin.llm.anthropic.request import body as messages

    return shortened(messages(request))
