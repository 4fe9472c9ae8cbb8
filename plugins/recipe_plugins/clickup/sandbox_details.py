"""What hangs on a task of the imitated ClickUp: comments, attachments, values of custom fields.

The one rule: comments come newest first and 25 at a time, as ClickUp's do. Of an attachment the name is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from recipe_engine.plugin import Refused, Sandbox, SandboxRequest, SandboxResponse, route

CREATOR = {"id": 183, "username": "Sandbox", "color": "#827718", "email": "sandbox@example.org", "profilePicture": None}
COMMENTS = 25
# What the value of a custom field is, by the field's type; other types take anything.
VALUES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("text", "short_text", "url", "email", "phone", "drop_down"), str),
    **dict.fromkeys(("number", "currency"), (int, float)),
    "date": int,
    "checkbox": bool,
    "labels": list,
    **dict.fromkeys(("tasks", "users"), dict),
}


class TaskDetails(Sandbox):
    """The calls under a task. `fields` are the known custom fields, id to type; when it is empty all are taken."""

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.tasks: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.attachments: dict[str, list[dict[str, Any]]] = {}
        self.fields: dict[str, str] = {}

    def add_comment(self, task: str, text: str) -> dict[str, Any]:
        """Put a comment on a task, unchecked."""
        id_ = str(90_100_000 + sum(map(len, self.comments.values())))
        comment = {"id": id_, "text": text, "at": int(self.now() * 1000)}
        self.comments.setdefault(task, []).append(comment)
        return comment

    @route("POST", "/api/v2/task/{task_id}/comment")
    def comment(self, request: SandboxRequest) -> SandboxResponse:
        task, body = self.task(request.variables["task_id"]), body_of(request)
        if not body.get("comment_text"):
            raise refused(400, "Comment text invalid", "INPUT_011")
        comment = self.add_comment(task["id"], body["comment_text"])
        self.record("comment on task", id=comment["id"], task=task["id"], text=comment["text"])
        return SandboxResponse(200, {"id": comment["id"], "hist_id": f"hist-{comment['id']}", "date": comment["at"]})

    @route("GET", "/api/v2/task/{task_id}/comment")
    def page_of_comments(self, request: SandboxRequest) -> SandboxResponse:
        task, query = self.task(request.variables["task_id"]), request.query
        if ("start" in query) != ("start_id" in query):
            raise refused(400, "start and start_id must be given together", "INPUT_012")
        newest_first = [*reversed(self.comments.get(task["id"], ()))]
        ids = [each["id"] for each in newest_first]
        begin = ids.index(query["start_id"]) + 1 if query.get("start_id") in ids else 0
        page = newest_first[begin : begin + COMMENTS]
        return SandboxResponse(200, {"comments": [_comment(each) for each in page]})

    @route("POST", "/api/v2/task/{task_id}/attachment")
    def attach(self, request: SandboxRequest) -> SandboxResponse:
        task = self.task(request.variables["task_id"])
        names = re.findall(rb'name="attachment"; filename="([^"\r\n]*)"', request.body)
        if not request.headers.get("content-type", "").startswith("multipart/form-data") or not names:
            raise refused(400, "No attachment provided", "UPLOAD_002")
        name = names[0].decode()
        kept = self.attachments.setdefault(task["id"], [])
        end = name.rpartition(".")[2] if "." in name else ""
        id_ = f"{task['id']}-{len(kept) + 1}"
        shown = {
            "id": f"{id_}.{end}" if end else id_, "version": "0", "date": int(self.now() * 1000), "title": name,
            "extension": end, "thumbnail_small": "", "thumbnail_large": "",
            "url": f"https://attachments.example.org/{id_}",
        }  # fmt: skip
        kept.append(shown)
        self.record("attach file to task", task=task["id"], name=name)
        return SandboxResponse(200, dict(shown))

    @route("POST", "/api/v2/task/{task_id}/field/{field_id}")
    def set_field(self, request: SandboxRequest) -> SandboxResponse:
        task, field, body = self._task_and_field(request), request.variables["field_id"], body_of(request)
        if "value" not in body:
            raise refused(400, "Value required", "INPUT_013")
        value, expected = body["value"], VALUES.get(self.fields.get(field, ""), object)
        if not isinstance(value, expected) or (isinstance(value, bool) and expected not in (bool, object)):
            raise refused(400, f"Value is not valid for a field of type {self.fields[field]}", "INPUT_014")
        self._keep(task, field, [{"id": field, "value": value}])
        self.record("set custom field", task=task["id"], field=field, value=value)
        return SandboxResponse(200, {})

    @route("DELETE", "/api/v2/task/{task_id}/field/{field_id}")
    def clear_field(self, request: SandboxRequest) -> SandboxResponse:
        task, field = self._task_and_field(request), request.variables["field_id"]
        self._keep(task, field, [])
        self.record("clear custom field", task=task["id"], field=field)
        return SandboxResponse(200, {})

    def task(self, id_: str) -> dict[str, Any]:
        """A task by its id, or ClickUp's refusal."""
        if id_ not in self.tasks:
            raise refused(404, "Task not found", "ITEM_015")
        return self.tasks[id_]

    def _task_and_field(self, request: SandboxRequest) -> dict[str, Any]:
        task = self.task(request.variables["task_id"])
        if self.fields and request.variables["field_id"] not in self.fields:
            raise refused(404, "Custom field not found", "ITEM_400")
        return task

    def _keep(self, task: dict[str, Any], field: str, values: list[dict[str, Any]]) -> None:
        others = [each for each in task["custom_fields"] if each["id"] != field]
        task |= {"custom_fields": [*others, *values], "updated": self.now()}


def body_of(request: SandboxRequest) -> dict[str, Any]:
    """The JSON object that a request brings, or ClickUp's refusal."""
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refused(400, "Invalid JSON", "INPUT_000")
    return body


def error(status: int, err: str, code: str) -> SandboxResponse:
    """An error answer in ClickUp's shape."""
    return SandboxResponse(status, {"err": err, "ECODE": code})


def refused(status: int, err: str, code: str) -> Refused:
    """The same, to be raised."""
    return Refused(error(status, err, code))


def _comment(comment: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": comment["id"],
        "comment": [{"text": comment["text"]}],
        "comment_text": comment["text"],
        "user": {**CREATOR, "initials": "S"},
        "resolved": False,
        "assignee": None,
        "assigned_by": None,
        "reactions": [],
        "date": str(comment["at"]),
        "reply_count": 0,
    }
