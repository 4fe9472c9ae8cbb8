"""ClickUp imitated: lists, tasks and subtasks; what hangs on a task is in `sandbox_details`.

The one rule: the same statuses, shapes and ECODEs as ClickUp's, as far as its documents tell them.

Seed: `lists`: [{id, name, statuses: [...]}]; `tasks`: [{id, name, list, description, status, priority, parent, comments}], `comments`
being texts; `fields`: custom fields, id to type. Without `lists` every number is the id of a list with the statuses of
STATUSES, without `fields` every custom field exists.

Effects: `create task`, `create subtask` {id, list, parent, name, description, status, priority: urgent | high | normal | low};
`update task` {id, what changed}; `comment on task` {id, task, text}; `attach file to task` {task, name}; `set custom field` {task,
field, value}; `clear custom field` {task, field}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from recipe_engine.plugin import Fault, SandboxRequest, SandboxResponse, route
from recipe_plugins.clickup.sandbox_details import CREATOR, TaskDetails, body_of, error, refused

STATUSES = ["to do", "in progress", "complete"]
PRIORITIES = {1: "urgent", 2: "high", 3: "normal", 4: "low"}
COLORS = {"urgent": "#f50000", "high": "#f8ae00", "normal": "#6fddff", "low": "#d8d8d8"}
PAGE = 100
TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "description": str,
    "markdown_content": str,
    "status": str,
    "priority": (int, type(None)),
    "due_date": int,
    "due_date_time": bool,
    "tags": list,
    "custom_fields": list,
    "parent": (str, type(None)),
    "archived": bool,
    "notify_all": bool,
}


class ClickUpSandbox(TaskDetails):
    """An imitated ClickUp workspace. The task CLICKUP_PARENT_TASK_ID exists in it."""

    connector = "clickup"
    invented: ClassVar[Mapping[str, str]] = {"CLICKUP_PARENT_TASK_ID": "86parent"}

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.lists: dict[str, dict[str, Any]] = {}
        if self.settings.get("CLICKUP_PARENT_TASK_ID"):
            self._add({"id": self.settings["CLICKUP_PARENT_TASK_ID"], "name": "Requests", "list": "901"})

    def seed(self, data: dict[str, Any]) -> None:
        """Load the workspace; see the module."""
        unknown = set(data) - {"lists", "tasks", "fields"}
        if unknown:
            raise ValueError(f"the sandbox of clickup keeps no state named {', '.join(sorted(unknown))}")
        for each in data.get("lists", ()):
            id_ = str(each["id"])
            self.lists[id_] = {"id": id_, "name": each.get("name", id_), "statuses": each.get("statuses", STATUSES)}
        self.fields |= data.get("fields", {})
        for each in data.get("tasks", ()):
            task = self._add(each)
            for text in each.get("comments", ()):
                self.add_comment(task["id"], text)

    def state(self) -> dict[str, Any]:
        """Tasks with their comments and the names of their attachments, as they were last left."""
        return {"tasks": [self._left(task) for task in self.tasks.values()]}

    def _left(self, task: dict[str, Any]) -> dict[str, Any]:
        comments = [{"id": each["id"], "text": each["text"]} for each in self.comments.get(task["id"], ())]
        attachments = [each["title"] for each in self.attachments.get(task["id"], ())]
        return {**task, "comments": comments, "attachments": attachments}

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """ClickUp's 401."""
        given = request.headers.get("authorization")
        if not given:
            return error(401, "Authorization header required", "OAUTH_017")
        token = self.settings.get("CLICKUP_API_KEY")
        return None if given in (token, f"Bearer {token}") else error(401, "Token invalid", "OAUTH_025")

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """A path that this sandbox does not imitate."""
        return error(404, f"the sandbox of clickup has no {request.method} {request.path}", "APP_000")

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """ClickUp's refusal of a value of another type."""
        return error(400, why, "INPUT_000")

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal: of 429 the limit a minute, otherwise an error of the status."""
        answer = error(fault.status or 500, f"injected fault {fault.status}", "APP_000")
        if fault.status == 429:
            answer = error(429, "Rate limit reached", "APP_001")
            reset = str(int(self.now()) + 60)
            answer.headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        answer.headers |= fault.headers
        answer.json = fault.body or answer.json
        return answer

    @route("POST", "/api/v2/list/{list_id}/task")
    def create(self, request: SandboxRequest) -> SandboxResponse:
        list_, body = self._list(request.variables["list_id"]), body_of(request)
        if not body.get("name"):
            raise refused(400, "Task name invalid", "INPUT_005")
        self._check(list_, body)
        parent = body.get("parent")
        if parent is not None and self.task(parent)["list"] != list_["id"]:
            raise refused(400, "Parent not child of list", "ITEM_137")
        task = self._add({**body, "list": list_["id"]})
        about = {"parent": parent} if parent else {}
        self.record(
            "create subtask" if parent else "create task", id=task["id"], list=list_["id"], **about, **_said(task)
        )
        return SandboxResponse(200, self._shown(task))

    @route("GET", "/api/v2/list/{list_id}/task")
    def page(self, request: SandboxRequest) -> SandboxResponse:
        list_ = self._list(request.variables["list_id"])
        found = [
            task
            for task in reversed(self.tasks.values())
            if task["list"] == list_["id"] and _asked(task, list_, request)
        ]
        start = int(request.query.get("page", "0")) * PAGE
        tasks = [self._shown(task) for task in found[start : start + PAGE]]
        return SandboxResponse(200, {"tasks": tasks, "last_page": start + PAGE >= len(found)})

    @route("GET", "/api/v2/list/{list_id}")
    def list_(self, request: SandboxRequest) -> SandboxResponse:
        found = self._list(request.variables["list_id"])
        statuses = [_status(found, status) for status in found["statuses"]]
        return SandboxResponse(200, {"id": found["id"], "name": found["name"], "statuses": statuses, "archived": False})

    @route("GET", "/api/v2/task/{task_id}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        return SandboxResponse(200, self._shown(self.task(request.variables["task_id"])))

    @route("PUT", "/api/v2/task/{task_id}")
    def update(self, request: SandboxRequest) -> SandboxResponse:
        task, body = self.task(request.variables["task_id"]), body_of(request)
        self._check(self._list(task["list"]), body)
        who = body.get("assignees", {"add": [], "rem": []})
        if not isinstance(who, dict) or not {"add", "rem"} <= set(who):
            raise refused(400, "Assignees invalid", "INPUT_007")
        changed = _fields(body)
        if "assignees" in body:
            kept = [id_ for id_ in task["assignees"] if id_ not in who["rem"]]
            changed["assignees"] = list(dict.fromkeys([*kept, *who["add"]]))
        task |= changed | {"updated": self.now()}
        self.record("update task", id=task["id"], **changed)
        return SandboxResponse(200, self._shown(task))

    def _list(self, id_: str) -> dict[str, Any]:
        if id_ in self.lists:
            return self.lists[id_]
        if self.lists or not id_.isdigit():
            raise refused(401, "Team not authorized", "OAUTH_027")
        return {"id": id_, "name": f"List {id_}", "statuses": STATUSES}

    def _check(self, list_: dict[str, Any], body: dict[str, Any]) -> None:
        for name, value in body.items():
            expected = TYPES.get(name)
            if expected is None:
                continue
            if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
                raise refused(400, f"{name.replace('_', ' ').capitalize()} invalid", "INPUT_002")
        if body.get("status", list_["statuses"][0]) not in list_["statuses"]:
            raise refused(400, "Status does not exist", "CRTSK_001")
        if body.get("priority") not in (None, *PRIORITIES):
            raise refused(400, "Priority invalid", "INPUT_003")

    def _add(self, given: dict[str, Any]) -> dict[str, Any]:
        list_ = self._list(str(given.get("list", "901")))
        task = {
            "id": given.get("id") or f"86c{len(self.tasks) + 1:06x}",
            "list": list_["id"],
            "name": "",
            "text": "",
            "status": list_["statuses"][0],
            "priority": None,
            "due": None,
            "archived": False,
            "created": self.now(),
            "updated": self.now(),
            "parent": given.get("parent"),
            **{name: given.get(name, []) for name in ("tags", "assignees", "custom_fields")},
            **_fields(given),
        }
        self.tasks[task["id"]] = task
        return task

    def _shown(self, task: dict[str, Any]) -> dict[str, Any]:
        list_ = self._list(task["list"])
        priority = PRIORITIES.get(task["priority"])
        order = str(task["priority"])
        done = _milliseconds(task["updated"]) if task["status"] == list_["statuses"][-1] else None
        return {
            "id": task["id"],
            "custom_id": None,
            "custom_item_id": 0,
            "name": task["name"],
            "text_content": task["text"],
            "description": task["text"],
            "status": _status(list_, task["status"]),
            "orderindex": "1.00000000000000000000000000000000",
            "date_created": _milliseconds(task["created"]),
            "date_updated": _milliseconds(task["updated"]),
            "date_closed": done,
            "date_done": done,
            "archived": task["archived"],
            "creator": CREATOR,
            "assignees": [{"id": id_, "username": f"User {id_}"} for id_ in task["assignees"]],
            "group_assignees": [],
            "watchers": [],
            "checklists": [],
            "tags": [
                {"name": name, "tag_fg": "#000000", "tag_bg": "#ffffff", "creator": CREATOR["id"]}
                for name in task["tags"]
            ],
            "parent": task["parent"],
            "top_level_parent": task["parent"],
            "priority": priority
            and {"color": COLORS[priority], "id": order, "orderindex": order, "priority": priority},
            "due_date": None if task["due"] is None else str(task["due"]),
            "start_date": None,
            "points": None,
            "time_estimate": None,
            "time_spent": 0,
            "custom_fields": task["custom_fields"],
            "attachments": self.attachments.get(task["id"], []),
            "dependencies": [],
            "linked_tasks": [],
            "locations": [],
            "team_id": "9001",
            "url": f"https://app.clickup.com/t/{task['id']}",
            "permission_level": "create",
            "list": {"id": list_["id"], "name": list_["name"], "access": True},
            "folder": {"id": "90", "name": "Sandbox", "hidden": False, "access": True},
            "space": {"id": "9"},
        }


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """What a body says of a task, in the sandbox's own names."""
    fields = {name: body[name] for name in ("name", "status", "priority", "archived") if body.get(name) is not None}
    text = body.get("markdown_content", body.get("description"))
    if text is not None:
        fields["text"] = text.strip()
    if body.get("due_date") is not None:
        fields["due"] = body["due_date"]
    return fields


def _said(task: dict[str, Any]) -> dict[str, Any]:
    said = {"name": task["name"], "description": task["text"], "status": task["status"]}
    return said | ({"priority": PRIORITIES[task["priority"]]} if task["priority"] else {})


def _asked(task: dict[str, Any], list_: dict[str, Any], request: SandboxRequest) -> bool:
    """Whether a page request wants to see the task."""
    query = request.query
    closed = task["status"] == list_["statuses"][-1] and query.get("include_closed") != "true"
    if closed or task["archived"] != (query.get("archived") == "true"):
        return False
    if task["parent"] and query.get("subtasks") != "true":
        return False
    statuses, tags = request.query_values("statuses[]"), request.query_values("tags[]")
    if (statuses and task["status"] not in statuses) or (tags and not set(tags) & set(task["tags"])):
        return False
    after = {"created": query.get("date_created_gt"), "updated": query.get("date_updated_gt")}
    return all(task[name] * 1000 > float(limit) for name, limit in after.items() if limit)


def _status(list_: dict[str, Any], status: str) -> dict[str, Any]:
    index = list_["statuses"].index(status)
    kind = "open" if index == 0 else "closed" if index == len(list_["statuses"]) - 1 else "custom"
    return {"id": f"s{list_['id']}_{index}", "status": status, "color": "#d3d3d3", "orderindex": index, "type": kind}


def _milliseconds(at: float) -> str:
    return str(int(at * 1000))
