"""The action `llm.transcribe`: a recording as text.

The one rule: what a check of a recipe needs is here; what a call needs is imported when there is one.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from recipe_engine.builtin.llm.action import llm
from recipe_engine.plugin import Context, Params, Result


class Transcribe(Params):
    """A recording to write down."""

    audio: Any = Field(description="base64 text, a data: address, or a file: MP3, M4A, WAV, OGG, FLAC or WebM")
    language: str | None = Field(default=None, description="the language spoken, such as fr; left out, it is guessed")
    prompt: str | None = Field(default=None, description="names and words that occur, to be spelled so")
    model: str | None = Field(default=None, description="the server's model; TRANSCRIPTION_MODEL says so otherwise")
    name: str = Field(default="", description="a name for the recording")


class Transcription(Result):
    """What was heard."""

    text: str
    language: str | None = None
    duration: float | None = Field(default=None, description="seconds, when the server tells")


@llm.action(
    effect="read",
    timeout=300.0,
    example="""\
- id: heard
  type: llm.transcribe
  with: {audio: "{{ recording }}", language: fr}
""",
)
async def transcribe(ctx: Context, params: Transcribe) -> Transcription:
    """Write down what is said in a recording.

    An OpenAI-compatible server at TRANSCRIPTION_BASE_URL listens (OpenAI's own, or a local whisper server). `llm_call`
    does this by itself for recordings in its prompt. The price is counted where it is known, and limits of cost are kept.
    """
    from recipe_engine.builtin.llm import recording

    return Transcription.model_validate(await recording.transcribe(ctx, params))
