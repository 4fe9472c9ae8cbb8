"""Notion imitated: data sources with their rows, pages, blocks, queries.

The one rule: the same limits and codes of errors as Notion's; nothing is there that a test did not put there, or a step.

Seed: `data_sources`: [{id, properties: {name: kind}}], a kind being Notion's word (title, rich_text, number, select, status,
date, ...) or the list of a status's options; `pages`: [{id, page_id or data_source_id, title, values: {name: content}}].
A page that is not seeded, of any id, stands for one that is shared with the integration.

Effects: `create page` {id, data_source_id or page_id, values: {name: content}, text: [a line for each block]}; `update page` {id,
values: what changed, in_trash}; `append blocks` {to, text: [lines]}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from recipe_engine.plugin import Fault, Refused, Sandbox, SandboxRequest, SandboxResponse, route
from recipe_plugins.notion import VERSION
from recipe_plugins.notion.sandbox_query import matches, sorted_by
from recipe_plugins.notion.sandbox_shapes import (
    body_of,
    check_blocks,
    check_text,
    error,
    id_of,
    invalid,
    partial,
    plain_text,
    property_id,
    property_of,
    said,
    title_of,
)
from recipe_plugins.notion.values import plain

INTEGRATION = {"object": "user", "id": "5a000000-0000-4000-8000-00000000b07a"}


class NotionSandbox(Sandbox):
    """An imitated workspace and its integration."""

    connector = "notion"

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.sources: dict[str, dict[str, Any]] = {}
        self.pages: dict[str, dict[str, Any]] = {}
        self.blocks: dict[str, list[dict[str, Any]]] = {}
        self._made = 0

    def seed(self, data: dict[str, Any]) -> None:
        """Load the workspace; see the module."""
        data = dict(data)
        for each in data.pop("data_sources", ()):
            self.sources[id_of(each["id"])] = dict(each["properties"])
        for each in data.pop("pages", ()):
            source = each.get("data_source_id")
            parent = {"data_source_id": source} if source else {"page_id": each.get("page_id", "0" * 32)}
            kinds = self._kinds(parent)
            given = {
                name: {kinds[name]: _content(kinds[name], value)} for name, value in each.get("values", {}).items()
            }
            title = {"title": [{"text": {"content": each.get("title", "")}}]}
            self._add(parent, {**given, title_of(kinds): title}, each.get("id"))
        super().seed(data)

    def state(self) -> dict[str, Any]:
        """Pages with the plain text of title and content."""
        return {
            "pages": [
                {
                    "id": page["id"],
                    "title": plain_text(page["properties"][title_of(self._kinds(page["parent"]))]["title"]),
                    "in_trash": page["in_trash"],
                    "text": [said(block) for block in self.blocks.get(page["id"], [])],
                }
                for page in self.pages.values()
            ]
        }

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """Notion's 401, and its refusal of a call without version."""
        if request.headers.get("authorization") != f"Bearer {self.settings.get('NOTION_TOKEN')}":
            return error(401, "unauthorized", "API token is invalid.")
        if request.headers.get("notion-version") != VERSION:
            return error(400, "missing_version", "Notion-Version header failed validation.")
        return None

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """A path that this sandbox does not imitate."""
        return error(400, "invalid_request_url", "Invalid request URL.")

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """Notion's refusal of a value of another type."""
        return error(400, "validation_error", why)

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal: of 429 with the seconds to wait, otherwise an error of the status."""
        names = {429: "rate_limited", 409: "conflict_error", 503: "service_unavailable"}
        status = fault.status or 500
        answer = error(status, names.get(status, "internal_server_error"), f"injected fault {status}")
        if status == 429:
            answer.headers = {"Retry-After": "3"}
        answer.headers |= fault.headers
        answer.json = fault.body or answer.json
        return answer

    @route("GET", "/v1/users/me")
    def who(self, request: SandboxRequest) -> SandboxResponse:
        bot = {"owner": {"type": "workspace", "workspace": True}, "workspace_name": "Sandbox"}
        named = {"name": "Recettes", "avatar_url": None, "type": "bot", "bot": bot}
        return SandboxResponse(200, INTEGRATION | named)

    @route("POST", "/v1/pages")
    def create(self, request: SandboxRequest) -> SandboxResponse:
        body = body_of(request)
        parent = body.get("parent") or {}
        if not parent.get("data_source_id") and not parent.get("page_id"):
            raise invalid("body.parent should be defined")
        children = body.get("children") or []
        check_blocks(children)
        self._check(parent, body.get("properties") or {})
        page = self._add(parent, body.get("properties") or {}, icon=body.get("icon"))
        self._write(page["id"], children)
        about = {name: parent[name] for name in ("data_source_id", "page_id") if name in parent}
        self.record("create page", id=page["id"], **about, **self._content(page))
        return SandboxResponse(200, page)

    @route("GET", "/v1/pages/{id}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        return SandboxResponse(200, self._page(request.variables["id"]))

    @route("PATCH", "/v1/pages/{id}")
    def update(self, request: SandboxRequest) -> SandboxResponse:
        page, body = self._page(request.variables["id"]), body_of(request)
        kinds = self._kinds(page["parent"])
        self._check(page["parent"], body.get("properties") or {})
        for name, value in (body.get("properties") or {}).items():
            page["properties"][name] = property_of(name, kinds[name], value)
        page |= {name: body[name] for name in ("in_trash", "icon") if name in body}
        page["last_edited_time"] = self._minute()
        changed = {
            name: plain for name, plain in self._content(page)["values"].items() if name in body.get("properties", {})
        }
        about = {"in_trash": body["in_trash"]} if "in_trash" in body else {}
        self.record("update page", id=page["id"], values=changed, **about)
        return SandboxResponse(200, page)

    @route("GET", "/v1/data_sources/{id}")
    def source(self, request: SandboxRequest) -> SandboxResponse:
        id_ = id_of(request.variables["id"])
        kinds = self._kinds({"data_source_id": id_})
        options: dict[str, Any] = {
            name: [{"id": f"o{index}", "name": each, "color": "default"} for index, each in enumerate(kind)]
            for name, kind in self.sources[id_].items()
            if isinstance(kind, list)
        }
        properties = {
            name: {
                "id": property_id(name, kind),
                "name": name,
                "type": kind,
                kind: {"options": options[name]} if name in options else {},
            }
            for name, kind in kinds.items()
        }
        return SandboxResponse(200, {"object": "data_source", "id": id_, "properties": properties})

    @route("POST", "/v1/data_sources/{id}/query")
    def query(self, request: SandboxRequest) -> SandboxResponse:
        id_, body = id_of(request.variables["id"]), body_of(request)
        kinds = self._kinds({"data_source_id": id_})
        rows = [
            page for page in self.pages.values() if page["parent"].get("data_source_id") == id_ and not page["in_trash"]
        ]
        found = sorted_by([row for row in rows if matches(row, body.get("filter"), kinds)], body.get("sorts") or [])
        return self._listed(found, body, "page_or_data_source")

    @route("PATCH", "/v1/blocks/{id}/children")
    def append(self, request: SandboxRequest) -> SandboxResponse:
        id_, children = id_of(request.variables["id"]), body_of(request).get("children")
        if not isinstance(children, list) or not children:
            raise invalid("body.children should be defined")
        check_blocks(children)
        made = self._write(id_, children)
        self.record("append blocks", to=id_, text=[said(block) for block in children])
        return self._listed(made, {"page_size": 100}, "block")

    @route("GET", "/v1/blocks/{id}/children")
    def children(self, request: SandboxRequest) -> SandboxResponse:
        asked: dict[str, Any] = {
            name: request.query[name] for name in ("page_size", "start_cursor") if name in request.query
        }
        return self._listed(self.blocks.get(id_of(request.variables["id"]), []), asked, "block")

    def _kinds(self, parent: dict[str, Any]) -> dict[str, str]:
        """The properties that pages below a parent have, by name."""
        if not parent.get("data_source_id"):
            return {"title": "title"}
        source = self.sources.get(id_of(parent["data_source_id"]))
        if source is None:
            reason = f"Could not find data source with ID: {id_of(parent['data_source_id'])}."
            raise Refused(error(404, "object_not_found", reason))
        return {name: "status" if isinstance(kind, list) else str(kind) for name, kind in source.items()}

    def _check(self, parent: dict[str, Any], properties: dict[str, Any]) -> None:
        kinds = self._kinds(parent)
        declared = self.sources[id_of(parent["data_source_id"])] if parent.get("data_source_id") else {}
        for name, value in properties.items():
            if name not in kinds:
                raise invalid(f"{name} is not a property that exists.")
            kind = kinds[name]
            if not isinstance(value, dict) or kind not in value:
                raise invalid(f"{name} is expected to be {kind}.")
            if kind in ("title", "rich_text"):
                check_text(value[kind], f"body.properties.{name}.{kind}")
            options = declared.get(name)
            if kind == "status" and isinstance(options, list) and value[kind] and value[kind]["name"] not in options:
                raise invalid(f'Invalid status option. Status option "{value[kind]["name"]}" does not exist".')

    def _add(
        self, parent: dict[str, Any], given: dict[str, Any], id_: str | None = None, icon: Any = None
    ) -> dict[str, Any]:
        kinds = self._kinds(parent)
        at = self._minute()
        made = {name: {kind: at} for name, kind in kinds.items() if kind in ("created_time", "last_edited_time")}
        new = id_of(id_) if id_ else self._new()
        kind = "data_source_id" if parent.get("data_source_id") else "page_id"
        above = {"type": kind, kind: id_of(parent[kind])}
        if kind == "data_source_id":
            above["database_id"] = id_of(parent[kind])
        self.pages[new] = {
            "object": "page",
            "id": new,
            "created_time": at,
            "last_edited_time": at,
            "in_trash": False,
            "is_locked": False,
            "url": f"https://www.notion.so/{new.replace('-', '')}",
            "public_url": None,
            "parent": above,
            "properties": {name: property_of(name, kind, {**made, **given}.get(name)) for name, kind in kinds.items()},
            "icon": icon,
            "cover": None,
            "created_by": INTEGRATION,
            "last_edited_by": INTEGRATION,
        }
        return self.pages[new]

    def _page(self, id_: str) -> dict[str, Any]:
        found = self.pages.get(id_of(id_))
        if found is None:
            raise Refused(error(404, "object_not_found", f"Could not find page with ID: {id_of(id_)}."))
        return found

    def _write(self, id_: str, children: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made = [{"object": "block", "id": self._new(), **block} for block in children]
        self.blocks.setdefault(id_, []).extend(made)
        return made

    def _listed(self, found: list[dict[str, Any]], asked: dict[str, Any], kind: str) -> SandboxResponse:
        size = int(asked.get("page_size", 100))
        if not 1 <= size <= 100:
            raise invalid("body.page_size should be between 1 and 100")
        cursor = asked.get("start_cursor")
        start = next((index for index, each in enumerate(found) if each["id"] == cursor), 0)
        following = found[start + size]["id"] if start + size < len(found) else None
        shown = [partial(each) if kind == "block" else each for each in found[start : start + size]]
        answer = {"object": "list", "type": kind, kind: {}, "results": shown}
        return SandboxResponse(200, {**answer, "next_cursor": following, "has_more": following is not None})

    def _content(self, page: dict[str, Any]) -> dict[str, Any]:
        values = {name: plain(value) for name, value in page["properties"].items()}
        text = [said(block) for block in self.blocks.get(page["id"], [])]
        return {"values": values} | ({"text": text} if text else {})

    def _new(self) -> str:
        self._made += 1
        return id_of(f"5a0000000000400080{self._made:014x}")

    def _minute(self) -> str:
        """Notion rounds its moments to the minute."""
        at = datetime.fromtimestamp(self.now() // 60 * 60, UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _content(kind: str, value: Any) -> Any:
    """The content of a seeded property in Notion's form; a plain text says what is meant."""
    match kind, value:
        case (("select" | "status"), str()):
            return {"name": value}
        case "multi_select", list():
            return [{"name": each} if isinstance(each, str) else each for each in value]
        case (("title" | "rich_text"), str()):
            return [{"text": {"content": value}}]
        case "date", str():
            return {"start": value}
        case _:
            return value
