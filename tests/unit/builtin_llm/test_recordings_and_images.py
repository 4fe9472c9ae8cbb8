"""Recordings become text; images are sent in a size that is taken."""

from __future__ import annotations

import base64
import io
import sys

import pytest
from PIL import Image

from recipe_engine.builtin.llm import images
from recipe_engine.builtin.llm.action import llm
from recipe_engine.builtin.llm.scripted import ScriptedModel
from recipe_engine.builtin.llm.transcribe import Transcribe, transcribe
from recipe_engine.plugin import Retryable, Terminal
from tests.support.action_context import ActionContext
from tests.support.openai_server import OpenAIServer, fails

from .conftest import ask

MP3 = b"ID3" + bytes(60)


def b64(data):
    return base64.b64encode(data).decode()


def picture(width, height, form="PNG", mode="RGB", **options):
    out = io.BytesIO()
    Image.effect_noise((width, height), 80).convert(mode).save(out, form, **options)
    return out.getvalue()


@pytest.fixture
async def whisper():
    async with OpenAIServer() as running:
        yield running


@pytest.fixture
async def hearing(whisper):
    context = ActionContext(
        TRANSCRIPTION_BASE_URL=whisper.url, TRANSCRIPTION_API_KEY="sk-t", TRANSCRIPTION_MODEL="small"
    )
    yield context
    await context.http.transport.close()


async def heard(context, **fields):
    return await transcribe(context, Transcribe.model_validate(fields))


async def test_recording_is_written_down(whisper, hearing):
    result = await heard(hearing, audio=b64(MP3), language="fr", prompt="Exemple", name="appel.mp3")
    assert result.text == "Bonjour du bac à sable."
    assert whisper.recordings == [
        {"file": ("appel.mp3", "audio/mpeg", MP3), "model": "small", "response_format": "json", "language": "fr",
         "prompt": "Exemple"}
    ]  # fmt: skip
    assert whisper.headers[0]["authorization"] == "Bearer sk-t"


async def test_recording_of_a_file_and_what_the_server_tells(whisper, hearing):
    whisper.will((200, {"text": "Oui", "language": "french", "duration": 2.5}))
    file = await hearing.blobs.save_bytes(b"RIFF\0\0\0\0WAVEfmt ", "note.wav", "audio/wav")
    result = await heard(hearing, audio=file.model_dump(), model="large")
    assert (result.text, result.language, result.duration) == ("Oui", "french", 2.5)
    assert whisper.recordings[0]["model"] == "large"


@pytest.mark.parametrize(
    ("reply", "code"),
    [(fails(401), "authentication"), (fails(503), "overloaded"), ((200, "<html>"), "invalid_answer"),
     ((200, {}), "invalid_answer"), ((200, []), "invalid_answer")],
)  # fmt: skip
async def test_transcription_that_fails(whisper, hearing, reply, code):
    whisper.will(reply)
    with pytest.raises((Terminal, Retryable)) as caught:
        await heard(hearing, audio=b64(MP3))
    assert caught.value.failure.code == code
    assert "OPENAI" not in caught.value.failure.detail


@pytest.mark.parametrize(
    ("audio", "code"),
    [
        (b64(b"%PDF-1.7"), "unsupported_media"),
        (b64(MP3 + bytes(25_000_000)), "media_too_large"),
        ("%", "invalid_media"),
    ],
)
async def test_what_is_no_recording(hearing, audio, code):
    with pytest.raises(Terminal) as caught:
        await heard(hearing, audio=audio)
    assert caught.value.failure.code == code


async def test_address_is_no_recording(hearing):
    with pytest.raises(Terminal, match="expected the recording itself"):
        await ask(hearing, user_prompt=[{"media": "https://example.org/a.mp3", "kind": "audio"}])


async def test_model_reads_what_was_heard(server, ctx, whisper):
    ctx.settings.values["TRANSCRIPTION_BASE_URL"] = whisper.url
    await ask(
        ctx, user_prompt=[{"text": "Trie : "}, {"media": b64(MP3), "kind": "file", "name": "appel"}], vision=False
    )
    parts = server.bodies[0]["messages"][0]["content"]
    assert parts[1]["text"] == '<data name="appel" kind="transcription">\nBonjour du bac à sable.\n</data>\n'


async def test_recording_without_a_transcription_server(server, ctx):
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt=[{"media": b64(MP3), "kind": "audio"}])
    assert (caught.value.failure.code, server.bodies) == ("unsupported_media", [])
    assert "TRANSCRIPTION_BASE_URL" in caught.value.failure.detail


async def test_scripts_say_what_is_heard(ctx):
    model = ctx.services["llm"] = ScriptedModel(
        [{"step": "classify", "match": "appel", "transcript": "Au secours"}, {"step": "classify", "answer": "urgent"}]
    )
    assert await ask(ctx, user_prompt=[{"media": b64(MP3), "kind": "audio", "name": "appel"}]) == "urgent"
    assert "Au secours" in model.requests[0].messages[0].parts[0].text
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt=[{"media": b64(MP3), "kind": "audio", "name": "autre"}])
    assert caught.value.failure.code == "no_scripted_answer"


async def test_scripted_transcription_may_fail(ctx):
    ctx.services["llm"] = ScriptedModel([{"transcript": "", "error": "overloaded"}])
    with pytest.raises(Retryable):
        await ask(ctx, user_prompt=[{"media": b64(MP3), "kind": "audio"}])


async def test_sandbox_hears_a_sample():
    context = ActionContext()
    context.sandbox = True
    assert (await heard(context, audio=b64(MP3))).text.startswith("Exemple")


def test_transcription_is_an_action_of_the_connector():
    assert llm.actions["llm.transcribe"].effect == "read"


@pytest.mark.parametrize(
    ("form", "options"),
    [("PNG", {}), ("GIF", {}), ("JPEG", {}), ("JPEG", {"exif": b"Exif\0\0" + bytes(5000)}), ("WEBP", {}),
     ("WEBP", {"lossless": True}), ("WEBP", {"exif": b"Exif\0\0"})],
)  # fmt: skip
def test_pixels_are_read_from_the_first_bytes(form, options):
    assert images.pixels(picture(61, 23, form, **options)) == (61, 23)


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8X", b"RIFF\0\0\0\0WEBPodd "]
)
def test_pixels_of_what_breaks_off_are_unknown(data):
    assert images.pixels(data) in (None, (1, 1))


async def test_image_that_fits_is_sent_as_it_is(server, ctx):
    data = picture(300, 200)
    await ask(ctx, user_prompt=[{"media": b64(data)}])
    assert base64.b64decode(server.bodies[0]["messages"][0]["content"][0]["source"]["data"]) == data


@pytest.mark.parametrize(("mode", "form"), [("RGB", "image/jpeg"), ("RGBA", "image/png")])
async def test_image_of_too_many_pixels_is_made_smaller(server, ctx, monkeypatch, mode, form):
    monkeypatch.setattr(images, "MAX_SIDE", 100)
    await ask(ctx, user_prompt=[{"media": b64(picture(300, 200, mode=mode)), "name": "photo"}])
    source = server.bodies[0]["messages"][0]["content"][0]["source"]
    assert source["media_type"] == form
    assert images.pixels(base64.b64decode(source["data"])) == (100, 67)
    assert "the image photo was too large and was made smaller" in ctx.lines


async def test_image_of_too_many_bytes_is_made_smaller(server, ctx, monkeypatch):
    monkeypatch.setattr(images, "MAX_BASE64", 30_000)
    await ask(ctx, user_prompt=[{"media": b64(picture(600, 600))}])
    assert len(server.bodies[0]["messages"][0]["content"][0]["source"]["data"]) <= 30_000


async def test_many_images_have_a_smaller_limit(server, ctx, monkeypatch):
    monkeypatch.setattr(images, "MANY", 1)
    monkeypatch.setattr(images, "MAX_SIDE_OF_MANY", 50)
    data = b64(picture(80, 40))
    await ask(ctx, user_prompt=[{"media": data}, {"media": data}])
    sent = [base64.b64decode(part["source"]["data"]) for part in server.bodies[0]["messages"][0]["content"]]
    assert [images.pixels(item) for item in sent] == [(50, 25), (50, 25)]


async def test_image_that_claims_to_be_enormous_is_not_opened(ctx):
    header = bytearray(picture(10, 10))
    header[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt=[{"media": b64(bytes(header))}])
    assert caught.value.failure.code == "media_too_large"


async def test_without_pillow_too_large_is_said(ctx, monkeypatch):
    data = b64(picture(300, 200))
    monkeypatch.setattr(images, "MAX_SIDE", 100)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(Terminal, match="300 by 200 pixels") as caught:
        await ask(ctx, user_prompt=[{"media": data}])
    assert "images" in caught.value.failure.detail
