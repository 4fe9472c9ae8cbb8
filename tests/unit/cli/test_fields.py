"""The fields of a schema as rows: never more than a person reads."""

from recipe_engine.cli.show.fields import fields


def _tree(depth: int, width: int) -> dict:
    inner = {"type": "string"} if depth == 0 else _tree(depth - 1, width)
    return {"type": "object", "properties": {f"f{n}": inner for n in range(width)}}


def test_inner_fields_are_shown_as_deep_as_they_are_few():
    assert [field.name for field in fields(_tree(1, 2))] == ["f0", "f0.f0", "f0.f1", "f1", "f1.f0", "f1.f1"]
    assert len(fields(_tree(3, 12))) == 12 + 12 * 12


def test_what_is_left_out_is_said():
    rows = fields(_tree(0, 300))
    assert (len(rows), rows[-1].name, rows[-1].description) == (201, "...", "and more: --json shows all")
