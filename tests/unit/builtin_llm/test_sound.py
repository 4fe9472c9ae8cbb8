"""What a transcription costs: its length told by its bytes, limits held before, the price counted after."""

from __future__ import annotations

import base64
import io
import json
import struct
import wave

import pytest

from recipe_engine.builtin.llm import transcribe as transcribing
from recipe_engine.builtin.llm.routing import shipped_table
from recipe_engine.builtin.llm.sound import seconds_of
from recipe_engine.builtin.llm.transcribe import Transcribe
from recipe_engine.plugin import Terminal
from tests.support.action_context import ActionContext
from tests.support.openai_server import OpenAIServer


def wav(seconds: float) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(int(seconds * 16_000)))
    return out.getvalue()


def ogg(seconds: float) -> bytes:
    head = b"OggS" + bytes(24) + b"OpusHead" + bytes(200)
    return head + b"OggS\x00\x04" + struct.pack("<q", int(seconds * 48_000)) + bytes(100_000)


def mp4(seconds: float) -> bytes:
    return (
        b"\0\0\0\x18ftypM4A "
        + bytes(20)
        + b"mvhd"
        + bytes(12)
        + struct.pack(">II", 1_000, int(seconds * 1_000))
        + bytes(9_000)
    )


def flac(seconds: float) -> bytes:
    packed = (16_000 << 44) | int(seconds * 16_000)
    return b"fLaC" + bytes(14) + packed.to_bytes(8, "big") + bytes(9_000)


def mp3(seconds: float) -> bytes:
    return b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"\xff\xfb\x90\x00" + bytes(int(seconds * 16_000))


@pytest.mark.parametrize("made", [wav, ogg, mp4, flac, mp3])
def test_length_is_told_by_the_bytes(made):
    assert seconds_of(made(90)) == pytest.approx(90, rel=0.01)


@pytest.mark.parametrize("data", [b"\x1aE\xdf\xa3" + bytes(29_996), b"\xff\xfb", b"OggS", b"RIFFxxxxWAVEfmt ", b"fLaC"])
def test_length_that_is_not_told_is_taken_for_long(data):
    assert seconds_of(data) == pytest.approx(len(data) / 1_000)


def test_length_that_is_too_short_for_its_bytes_is_not_believed():
    assert seconds_of(mp4(0.001) + bytes(6_000_000)) >= 10


def test_prices_hold_at_their_vendors_address():
    table = shipped_table()
    assert table.sound_price("whisper-1", "https://api.openai.com/v1").of_seconds(90) == pytest.approx(0.009)
    assert table.sound_price("whisper-1", "http://127.0.0.1:9000/v1") is None
    assert table.sound_price("whisper-1", "https://api.openai.com.example.org/v1") is None
    tokens = table.sound_price("gpt-4o-transcribe", "https://api.openai.com/v1")
    assert tokens.of({"usage": {"type": "tokens", "input_tokens": 1_000, "output_tokens": 100}}, 60.0) == pytest.approx(
        0.0035
    )
    assert tokens.of({"usage": {"type": "duration", "seconds": 30}}, 60.0) == pytest.approx(0.003)


@pytest.fixture
async def whisper():
    async with OpenAIServer() as running:
        yield running


@pytest.fixture
async def ctx(whisper, tmp_path):
    own = tmp_path / "models.json"
    own.write_text(json.dumps({"transcription": {"models": {"own": {"per_minute": 0.06}}}}), encoding="utf-8")
    context = ActionContext(TRANSCRIPTION_BASE_URL=whisper.url, TRANSCRIPTION_MODEL="own", RECIPE_MODELS=str(own))
    yield context
    await context.http.transport.close()


async def heard(ctx, seconds: float = 90, **fields):
    audio = base64.b64encode(wav(seconds)).decode()
    return await transcribing.transcribe(ctx, Transcribe.model_validate({"audio": audio, **fields}))


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        ({}, 0.09),
        ({"duration": 60.0}, 0.06),
        ({"usage": {"type": "duration", "seconds": 30}}, 0.03),
        ({"usage": "much", "duration": "long"}, 0.09),
        ({"usage": {"seconds": -5}, "duration": 1e300}, 0.09),
    ],
)
async def test_cost_follows_what_the_server_says_or_the_length(whisper, ctx, told, cost):
    whisper.will((200, {"text": "Bonjour", **told}))
    await heard(ctx)
    assert ctx.usage["cost"] == pytest.approx(cost, rel=0.01)


async def test_server_without_a_known_price_is_free_and_says_so(whisper, ctx):
    ctx.cost_left = 0.001
    await heard(ctx, model="whisper-1")
    assert "cost" not in ctx.usage
    assert ctx.lines == ["no price is known for whisper-1 of the transcription server: it is counted as free"]


async def test_limits_hold_before_anything_is_sent(whisper, ctx):
    ctx.cost_left = 0.08
    with pytest.raises(Terminal) as caught:
        await heard(ctx)
    assert (caught.value.failure.code, whisper.recordings) == ("limit_cost", [])
    assert "length" in caught.value.failure.detail
    ctx.cost_left = None
    ctx.settings.values["RECIPE_DAILY_COST_LIMIT"] = "0.10"
    await heard(ctx)
    with pytest.raises(Terminal) as caught:
        await heard(ctx)
    assert caught.value.failure.code == "limit_daily_cost"
    assert len(whisper.recordings) == 1


async def test_what_was_spent_before_counts_within_the_run(whisper, ctx):
    ctx.cost_left = 0.10
    whisper.will((200, {"text": "Bonjour", "duration": 60}))
    await heard(ctx)
    with pytest.raises(Terminal):
        await heard(ctx)
    assert ctx.usage["cost"] == pytest.approx(0.06)
