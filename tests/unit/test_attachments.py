"""Paths in an input become what the schema asks for."""

import base64

import pytest

from recipe_engine.attachments import attached
from recipe_engine.errors import RecipeError
from recipe_engine.plugin import FileValue

SCHEMA = {
    "type": "object",
    "properties": {
        "photo": {"type": "string", "format": "base64_image"},
        "files": {"type": "array", "items": {"$ref": "#/$defs/file"}},
        "order": {"type": "object"},
        "letter": {"type": "string"},
    },
    "$defs": {"file": {"type": "object", "format": "file"}},
}


class MemoryBlobs:
    """Keeps what is saved by name."""

    def __init__(self):
        self.saved = {}

    async def save(self, chunks, name, media_type):
        self.saved[name] = b"".join([chunk async for chunk in chunks])
        return FileValue(digest="sha256:0", name=name, media_type=media_type, size=len(self.saved[name]))

    async def save_bytes(self, data, name, media_type):
        self.saved[name] = data
        return FileValue(digest="sha256:0", name=name, media_type=media_type, size=len(data))


async def test_each_path_becomes_what_the_schema_of_its_place_asks_for(tmp_path):
    (tmp_path / "p.jpg").write_bytes(b"jpeg")
    (tmp_path / "m.glb").write_bytes(b"x" * 3_000_000)
    (tmp_path / "o.json").write_text('{"a": 1}')
    (tmp_path / "l.txt").write_text("Bonjour")
    blobs = MemoryBlobs()
    given = {"photo": tmp_path / "p.jpg", "files": [tmp_path / "m.glb"], "order": tmp_path / "o.json"}
    value = await attached(SCHEMA, given | {"letter": tmp_path / "l.txt", "other": "p.jpg"}, blobs)
    assert value == {
        "photo": base64.b64encode(b"jpeg").decode(),
        "files": [{"digest": "sha256:0", "name": "m.glb", "media_type": "model/gltf-binary", "size": 3_000_000}],
        "order": {"a": 1},
        "letter": "Bonjour",
        "other": "p.jpg",
    }
    assert list(blobs.saved) == ["m.glb"]


@pytest.mark.parametrize(
    ("field", "content", "message"),
    [
        ("letter", b"\xff\xfe", "is not text"),
        ("order", b"{", "is not JSON: Expecting property name"),
        ("letter", None, "no such file or directory"),
    ],
)
async def test_a_file_that_does_not_fit_is_refused_with_its_reason(tmp_path, field, content, message):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        await attached(SCHEMA, {field: path}, MemoryBlobs())
    assert message in caught.value.message


async def test_a_file_too_large_for_a_value_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(RecipeError) as caught:
        await attached(SCHEMA, {"letter": path}, MemoryBlobs())
    assert "20000001 bytes, at most 20000000" in caught.value.message
    assert "format: file" in caught.value.hint


async def test_a_file_may_stand_in_the_input_itself():
    blobs = MemoryBlobs()
    inline = {"name": "m.glb", "base64": "Z2xU\nRg=="}
    value = await attached(SCHEMA, {"files": [inline, inline | {"name": "a", "media_type": "text/plain"}]}, blobs)
    assert value["files"] == [
        {"digest": "sha256:0", "name": "m.glb", "media_type": "model/gltf-binary", "size": 4},
        {"digest": "sha256:0", "name": "a", "media_type": "text/plain", "size": 4},
    ]
    assert blobs.saved["m.glb"] == b"glTF"


async def test_a_file_of_text_may_stand_there_as_it_is():
    blobs = MemoryBlobs()
    value = await attached(SCHEMA, {"files": [{"name": "rows.csv", "text": "nom;ville\nAnaïs;Nîmes\n"}]}, blobs)
    assert (value["files"][0]["media_type"], value["files"][0]["size"]) == ("text/csv", 24)
    assert blobs.saved["rows.csv"].decode() == "nom;ville\nAnaïs;Nîmes\n"


@pytest.mark.parametrize(
    ("inline", "message"),
    [
        ({"name": "m.glb", "base64": "???"}, "the file m.glb is not base64"),
        ({"base64": "Z2xURg=="}, "an object {name, media_type, base64}"),
        ({"name": "m.glb", "base64": "Z2xURg==", "text": "glTF"}, "or one {name, media_type, text}"),
        ({"name": "m.glb", "base64": "Z2xURg==", "size": 4}, "an object {name, media_type, base64}"),
    ],
)
async def test_a_file_in_the_input_that_is_none_is_refused(inline, message):
    with pytest.raises(RecipeError, match=message):
        await attached(SCHEMA, {"files": [inline]}, MemoryBlobs())
