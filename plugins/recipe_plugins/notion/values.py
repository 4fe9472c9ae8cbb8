"""Properties of pages: plain values to Notion's and back.

The one rule: a plain value is turned into what the data source says the property is; an object is Notion's own form and goes
as it is.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import Terminal
from recipe_plugins.notion.blocks import rich_text

READ_ONLY = frozenset(
    ("formula", "rollup", "created_time", "created_by", "last_edited_time", "last_edited_by", "unique_id", "button")
)
_SCALARS = ("url", "email", "phone_number")


def property_value(name: str, kind: str, value: Any) -> dict[str, Any]:
    """A value as a property of this kind takes it; Terminal `validation` for what it does not take."""
    match kind:
        case "title" | "rich_text":
            return {kind: rich_text("" if value is None else str(value))}
        case "number":
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise _wrong(name, kind, "a number", value)
            return {kind: value}
        case "checkbox":
            if not isinstance(value, bool):
                raise _wrong(name, kind, "true or false", value)
            return {kind: value}
        case "select" | "status":
            return {kind: None if value is None else {"name": str(value)}}
        case "multi_select":
            return {kind: [{"name": str(each)} for each in _list(value)]}
        case "date":
            return {kind: None if value is None else {"start": str(value)}}
        case "people" | "relation":
            return {kind: [{"id": str(each)} for each in _list(value)]}
        case _ if kind in _SCALARS:
            return {kind: None if value in (None, "") else str(value)}
        case _ if kind in READ_ONLY:
            raise Terminal(f"the property {name!r} is made by Notion ({kind})", code="validation")
        case _:
            raise _wrong(name, kind, "an object in Notion's own form", value)


def plain(value: dict[str, Any]) -> Any:
    """The plain value of a property as Notion answers it."""
    kind = value.get("type", "")
    content: Any = value.get(kind)
    match kind:
        case "title" | "rich_text":
            return "".join(piece.get("plain_text", "") for piece in content or ())
        case "select" | "status":
            return content["name"] if content else None
        case "multi_select":
            return [each["name"] for each in content or ()]
        case "date":
            return content["start"] if content and not content.get("end") else content
        case "people" | "relation":
            return [each["id"] for each in content or ()]
        case "created_by" | "last_edited_by":
            return content["id"] if content else None
        case "files":
            return [each.get("name") for each in content or ()]
        case "formula":
            return content.get(content.get("type")) if content else None
        case "unique_id":
            return "-".join(str(content[part]) for part in ("prefix", "number") if content.get(part) is not None)
        case _:
            return content


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _wrong(name: str, kind: str, expected: str, value: Any) -> Terminal:
    said = f"the property {name!r} ({kind}) takes {expected}, not {str(value)[:60]!r}"
    return Terminal(said, code="validation")
