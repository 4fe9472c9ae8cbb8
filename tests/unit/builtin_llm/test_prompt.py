"""Fields of the step: media values, texts, what is refused before anything is sent."""

from __future__ import annotations

import base64

import pydantic
import pytest

from recipe_engine.builtin.llm import register_connectors
from recipe_engine.builtin.llm.media import sniff
from recipe_engine.builtin.llm.scripted import ScriptedModel
from recipe_engine.plugin import Catalog, Terminal
from tests.support.action_context import ActionContext

from .conftest import ask

GIF = b"GIF89a" + bytes(20)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def ctx() -> ActionContext:
    context = ActionContext()
    context.services["llm"] = ScriptedModel([{"answer": "ok"}])
    return context


async def media_of(context, value, kind="image", name=""):
    await ask(context, user_prompt=[{"text": "x"}, {"media": value, "kind": kind, "name": name}])
    return context.services["llm"].requests[-1].messages[0].parts[-1]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (GIF, "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"%PDF-1.4", "application/pdf"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
        (b"hello", None),
        (b"", None),
    ],
)
def test_bytes_say_what_a_thing_is(data, media_type):
    assert sniff(data) == media_type


@pytest.mark.parametrize("wrap", ["{}", "data:image/gif;base64,{}", "data:image/gif;name=a.gif;base64,{}", " {}\n"])
async def test_base64_is_read_in_every_dress(ctx, wrap):
    part = await media_of(ctx, wrap.format(b64(GIF)))
    assert (part.kind, part.media_type, part.data) == ("image", "image/gif", b64(GIF))


async def test_url_safe_base64_without_padding_is_read(ctx):
    data = GIF + b"\xfb\xff\xfe"
    part = await media_of(ctx, base64.urlsafe_b64encode(data).decode().rstrip("="))
    assert base64.b64decode(part.data) == data


async def test_pdf_under_any_kind_but_image_is_a_document(ctx):
    assert (await media_of(ctx, b64(b"%PDF-1.7 x"), "file", "a.pdf")).media_type == "application/pdf"


@pytest.mark.parametrize(
    ("value", "kind", "code"),
    [
        ("%%%", "image", "invalid_media"),
        ("", "image", "invalid_media"),
        ("data:image/png,abc", "image", "invalid_media"),
        ("http://example.org/a.png", "image", "invalid_media"),
        (12, "image", "invalid_media"),
        ({"digest": "x"}, "image", "invalid_media"),
        (b64(b"%PDF-1.7"), "image", "unsupported_media"),
        (b64(b"PK\x03\x04" + bytes(30)), "document", "unsupported_media"),
        (b64(b"ID3" + bytes(30)), "image", "unsupported_media"),
        (b64(b"\0\1\2\3"), "file", "unsupported_media"),
        (b64(b"anything"), "audio", "unsupported_media"),
        (b64(GIF + bytes(5 * 1024 * 1024)), "image", "invalid_media"),
        ("A" * 31_000_001, "document", "media_too_large"),
    ],
)
async def test_what_is_refused_before_sending(ctx, value, kind, code):
    with pytest.raises(Terminal) as caught:
        await media_of(ctx, value, kind)
    assert caught.value.failure.code == code
    assert ctx.services["llm"].requests == []


async def test_large_file_is_refused_without_being_read(ctx):
    file = {"digest": "sha256:absent", "name": "scan.pdf", "media_type": "application/pdf", "size": 40_000_000}
    with pytest.raises(Terminal, match=r"scan\.pdf") as caught:
        await media_of(ctx, file, "document")
    assert caught.value.failure.code == "media_too_large"


async def test_request_is_bounded_as_a_whole(ctx):
    image = {"media": b64(GIF + bytes(3_000_000)), "kind": "image"}
    with pytest.raises(Terminal, match="in one request"):
        await ask(ctx, user_prompt=[image] * 9)
    with pytest.raises(Terminal, match="101 images"):
        await ask(ctx, user_prompt=[{"media": b64(GIF), "kind": "image"}] * 101)


async def test_null_media_is_left_out_and_said(ctx):
    await ask(ctx, user_prompt=[{"text": "Image: "}, {"media": None, "kind": "image", "name": "product_image"}])
    assert len(ctx.services["llm"].requests[0].messages[0].parts) == 1
    assert ctx.lines == ["product_image of the prompt is null and was left out"]


async def test_vision_is_kept_to(ctx):
    with pytest.raises(Terminal, match="vision: true"):
        await ask(ctx, vision=True, user_prompt="Sans image")
    with pytest.raises(Terminal, match="vision: false"):
        await ask(ctx, vision=False, user_prompt=[{"media": b64(GIF)}])
    assert await ask(ctx, vision=True, user_prompt=[{"media": b64(GIF)}]) == "ok"


async def test_empty_prompt_is_a_failure(ctx):
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="  \n")
    assert caught.value.failure.code == "empty_prompt"


async def test_list_that_is_no_list_of_parts_is_json(ctx):
    await ask(ctx, user_prompt=[{"id": 1}, {"id": 2}])
    (part,) = ctx.services["llm"].requests[0].messages[0].parts
    assert '"id": 1' in part.text


@pytest.mark.parametrize(
    "fields",
    [
        {"user_prompt": None},
        {"user_prompt": "Q", "temperature": 0.2},
        {"user_prompt": "Q", "complexity": "hard"},
        {"user_prompt": "Q", "effort": "maximum"},
        {"user_prompt": "Q", "repair": 3},
        {"user_prompt": "Q", "max_tokens": 0},
        {"user_prompt": [{"media": "x", "kind": "video"}]},
    ],
)
async def test_fields_that_are_wrong(ctx, fields):
    with pytest.raises(pydantic.ValidationError):
        await ask(ctx, **fields)


async def test_schema_that_is_none_is_said(ctx):
    with pytest.raises(Terminal) as caught:
        await ask(ctx, user_prompt="Q", output_schema={"type": "strin"})
    assert caught.value.failure.code == "invalid_schema"


async def test_text_is_held_to_its_schema(ctx):
    ctx.services["llm"] = ScriptedModel([{"answer": "beaucoup trop long"}, {"answer": "court"}])
    assert await ask(ctx, user_prompt="Q", output_schema={"type": "string", "maxLength": 8}) == "court"
    assert ctx.services["llm"].requests[0].output_schema is None


def test_step_type_has_its_bare_name_and_a_result_by_schema():
    action = Catalog.of(register_connectors()).actions["llm_call"]
    assert action.effect == "read"
    assert action.fields_at_step
    assert action.result_schema_of({"user_prompt": "x"}) == {"type": "string"}
    assert action.result_schema_of({"output_schema": {"type": "object"}}) == {"type": "object"}
    assert "user_prompt" in action.params_schema["required"]
