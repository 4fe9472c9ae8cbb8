"""Shapes of the imitated Notion: what it refuses of texts and blocks, how it answers them, its errors and ids.

The one rule: the limits are Notion's own, not those that the connector keeps to.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import Refused, SandboxRequest, SandboxResponse

LARGEST = 500_000
EMPTY: dict[str, Any] = {"title": [], "rich_text": [], "multi_select": [], "people": [], "relation": [], "files": []}


def check_blocks(blocks: list[Any]) -> None:
    if sum(map(count, blocks)) > 1000:
        raise invalid("body.children has more than 1000 blocks")
    check_level(blocks, "body.children")


def check_level(blocks: list[Any], where: str) -> None:
    if len(blocks) > 100:
        raise invalid(f"{where}.length should be ≤ `100`, instead was `{len(blocks)}`.")
    for index, block in enumerate(blocks):
        content = block.get(block.get("type", ""), {}) if isinstance(block, dict) else {}
        check_text(content.get("rich_text", []), f"{where}[{index}].rich_text")
        check_level(content.get("children", []), f"{where}[{index}].children")


def check_text(pieces: list[dict[str, Any]], where: str) -> None:
    if len(pieces) > 100:
        raise invalid(f"{where}.length should be ≤ `100`, instead was `{len(pieces)}`.")
    for piece in pieces:
        units = len(piece["text"]["content"].encode("utf-16-le")) // 2
        if units > 2000:
            raise invalid(f"{where}.text.content.length should be ≤ `2000`, instead was `{units}`.")


def count(block: dict[str, Any]) -> int:
    return 1 + sum(map(count, block.get(block.get("type", ""), {}).get("children", ())))


def answered(piece: dict[str, Any]) -> dict[str, Any]:
    """A piece of text as Notion answers it."""
    styles = dict.fromkeys(("bold", "italic", "strikethrough", "underline", "code"), False)
    text = piece["text"]
    link = text.get("link")
    return {
        "type": "text",
        "text": {"content": text["content"], "link": link},
        "plain_text": text["content"],
        "href": link["url"] if link else None,
        "annotations": {**styles, "color": "default", **piece.get("annotations", {})},
    }


def plain_text(pieces: list[dict[str, Any]]) -> str:
    return "".join(piece["text"]["content"] for piece in pieces)


def said(block: dict[str, Any]) -> str:
    kind = block["type"]
    return f"{kind}: {plain_text(block[kind].get('rich_text', []))}".rstrip(": ")


def partial(block: dict[str, Any]) -> dict[str, Any]:
    return {"object": "block", "id": block["id"]}


def title_of(kinds: dict[str, str]) -> str:
    return next(name for name, kind in kinds.items() if kind == "title")


def property_id(name: str, kind: str) -> str:
    return "title" if kind == "title" else name.encode().hex()[:4]


def id_of(given: str) -> str:
    """An id with its dashes; 404 for what is none."""
    plain = given.replace("-", "").lower()
    if len(plain) != 32 or not all(each in "0123456789abcdef" for each in plain):
        raise invalid(f"path failed validation: id should be a valid uuid, instead was `{given}`.")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def body_of(request: SandboxRequest) -> dict[str, Any]:
    if request.size > LARGEST:
        raise invalid("Request body is too large.")
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(error(400, "invalid_json", "Error parsing JSON body."))
    return body


def error(status: int, code: str, message: str) -> SandboxResponse:
    body = {"object": "error", "status": status, "code": code, "message": message}
    return SandboxResponse(status, {**body, "request_id": "5a000000-0000-4000-8000-000000000e44"})


def invalid(message: str) -> Refused:
    return Refused(error(400, "validation_error", message))


def property_of(name: str, kind: str, value: dict[str, Any] | None) -> dict[str, Any]:
    """A property as Notion answers it."""
    content: Any = value[kind] if value else EMPTY.get(kind, False if kind == "checkbox" else None)
    if kind in ("title", "rich_text"):
        content = [answered(piece) for piece in content]
    elif kind in ("select", "status") and content:
        content = {"id": f"o-{content['name']}", "name": content["name"], "color": "default"}
    elif kind == "multi_select":
        content = [{"id": f"o-{each['name']}", "name": each["name"], "color": "default"} for each in content]
    elif kind == "date" and content:
        content = {"start": content["start"], "end": content.get("end"), "time_zone": content.get("time_zone")}
    return {"id": property_id(name, kind), "type": kind, kind: content}
