"""Recordings as text: what an OpenAI-compatible transcription server hears in them.

The one rule: a recording is never sent to a language model; its text is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from recipe_engine.builtin.llm.media import Recording, read_recording
from recipe_engine.builtin.llm.openai.errors import failure_of
from recipe_engine.builtin.llm.providers import hosted_model
from recipe_engine.builtin.llm.routing import Choice, table_of
from recipe_engine.builtin.llm.sound import seconds_of
from recipe_engine.builtin.llm.spending import Spending
from recipe_engine.plugin import Context, JSONObject, Retryable, Terminal

if TYPE_CHECKING:
    from recipe_engine.builtin.llm.transcribe import Transcribe

BASE_SETTING = "TRANSCRIPTION_BASE_URL"
SAMPLE = "Exemple de transcription (modèle du bac à sable)."
_LARGEST_ANSWER = 5_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a server is asked beside the recording: `language` (ISO 639-1), `prompt` with words that occur, `model`."""

    language: str | None = None
    prompt: str | None = None
    model: str | None = None


def can_transcribe(ctx: Context) -> bool:
    """Whether recordings can be turned into text here."""
    return ctx.sandbox or hasattr(hosted_model(ctx), "transcript") or bool(ctx.settings.get(BASE_SETTING))


async def transcribe(ctx: Context, params: Transcribe) -> JSONObject:
    """The text of the recording of `llm.transcribe`, with what the server tells besides."""
    recording = await read_recording(params.audio, params.name, ctx.blobs)
    return await heard(ctx, recording, Asked(params.language, params.prompt, params.model))


async def heard(ctx: Context, recording: Recording, asked: Asked) -> JSONObject:
    """{text, language, duration} of a recording; null for what is not told.

    Raises Terminal `not_configured`, and the failures of the server.
    """
    hosted = hosted_model(ctx)
    if hosted is not None and hasattr(hosted, "transcript"):
        return {"text": await hosted.transcript(ctx.path, recording.name), "language": None, "duration": None}
    if ctx.sandbox:
        ctx.log("sandbox model: sample transcription")
        return {"text": SAMPLE, "language": None, "duration": None}
    answer = await _paid(ctx, recording, asked)
    text = answer.get("text")
    if not isinstance(text, str):
        raise Retryable(
            "the transcription server answered without a text", code="invalid_answer", detail=str(answer)[:300]
        )
    duration = answer.get("duration")
    return {
        "text": text.strip(),
        "language": answer["language"] if isinstance(answer.get("language"), str) else None,
        "duration": duration if isinstance(duration, int | float) else None,
    }


async def _paid(ctx: Context, recording: Recording, asked: Asked) -> JSONObject:
    """The server's answer, its price counted; Terminal `limit_cost` or `limit_daily_cost` when it could exceed them."""
    base = ctx.settings.require(BASE_SETTING).rstrip("/")
    model = asked.model or ctx.settings.get("TRANSCRIPTION_MODEL") or "whisper-1"
    price = table_of(ctx.settings).sound_price(model, base)
    if price is None:
        ctx.log(f"no price is known for {model} of the transcription server: it is counted as free")
        return await _post(ctx, recording, asked, base, model)
    spending, seconds = Spending(ctx, Choice(model, None, 0, None)), seconds_of(recording.data)
    async with spending.sum_permitted(price.of_seconds(seconds)):
        answer = await _post(ctx, recording, asked, base, model)
        await spending.report_sum(price.of(answer, seconds))
    return answer


async def _post(ctx: Context, recording: Recording, asked: Asked, base: str, model: str) -> JSONObject:
    key = ctx.settings.get("TRANSCRIPTION_API_KEY")
    response = await ctx.http.request(
        "POST",
        f"{base}/audio/transcriptions",
        headers={"Authorization": f"Bearer {key}"} if key else {},
        multipart={
            "file": (recording.name or f"audio.{recording.extension}", recording.data, recording.media_type),
            "model": model,
            "response_format": "json",
            "language": asked.language,
            "prompt": asked.prompt,
        },
        raw=True,
        auth=False,
        reads=True,
    )
    content = await response.read(_LARGEST_ANSWER)
    if not response.ok:
        raise failure_of(response.status, response.headers, content, key="TRANSCRIPTION_API_KEY", base=BASE_SETTING)
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Retryable(
            "the transcription server answered with something that is not JSON",
            code="invalid_answer",
            detail=content[:300].decode("utf-8", "replace"),
        ) from error
    if not isinstance(answer, dict):
        raise Terminal("the transcription server answered with no object", code="invalid_answer")
    return answer
