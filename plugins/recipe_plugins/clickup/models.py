"""Parameters and results of ClickUp's actions.

The one rule: moments are ISO 8601 and priorities are words here; ClickUp's milliseconds and numbers stay inside.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from recipe_engine.plugin import FileValue, Params, Result

Priority = Literal["urgent", "high", "normal", "low"]
PRIORITIES: dict[str, int] = {"urgent": 1, "high": 2, "normal": 3, "low": 4}
TaskId: Any = Field(min_length=1, description="Task id: the end of its address.")


class CustomField(Params):
    id: str
    value: Any


class NewTask(Params):
    name: str = Field(min_length=1)
    description: str = Field(default="", description="Markdown.")
    status: str | None = Field(default=None, description="A status of the list, as it is written there.")
    priority: Priority | None = None
    due: AwareDatetime | None = None
    assignees: list[int] = Field(default_factory=list, description="User ids.")
    tags: list[str] = Field(default_factory=list)
    custom_fields: list[CustomField] = Field(default_factory=list)


class CreateTask(NewTask):
    list_id: str = Field(pattern=r"^\d+$", description="List id: the number at the end of the list's address.")


class CreateSubtask(NewTask):
    parent: str | None = Field(
        default=None, min_length=1, description="Id of the task to go under; CLICKUP_PARENT_TASK_ID when left out."
    )


class GetTask(Params):
    id: str = TaskId


class UpdateTask(Params):
    id: str = TaskId
    name: str | None = None
    description: str | None = Field(default=None, description="Markdown; replaces what is there.")
    status: str | None = None
    priority: Priority | None = None
    due: AwareDatetime | None = None
    archived: bool | None = None
    add_assignees: list[int] = Field(default_factory=list, description="User ids.")
    remove_assignees: list[int] = Field(default_factory=list, description="User ids.")


class AddComment(Params):
    id: str = TaskId
    text: str = Field(min_length=1)
    assignee: int | None = Field(default=None, description="A user who has to act on it.")
    notify_all: bool = False


class ListTasks(Params):
    list_id: str = Field(pattern=r"^\d+$", description="List id: the number at the end of the list's address.")
    statuses: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    created_after: AwareDatetime | None = None
    updated_after: AwareDatetime | None = None
    include_closed: bool = False
    subtasks: bool = False
    limit: int = Field(default=100, ge=1, le=10_000)


class Task(Result):
    """A task. Further fields are ClickUp's own, untouched."""

    id: str
    name: str
    url: str
    status: str
    priority: Priority | None = None
    due: str | None = None
    created: str | None = None
    parent: str | None = None
    list_id: str


class Tasks(Result):
    tasks: list[Task]


class Comment(Result):
    id: str = Field(coerce_numbers_to_str=True)


class ListComments(Params):
    id: str = TaskId
    limit: int = Field(default=25, ge=1, le=1000)


class WrittenComment(Result):
    """A comment. `author` is the name of who wrote it. Further fields are ClickUp's own, untouched."""

    id: str
    text: str
    author: str | None = None
    date: str | None = None


class Comments(Result):
    comments: list[WrittenComment]


class AttachFile(Params):
    id: str = TaskId
    file: FileValue


class Attachment(Result):
    id: str
    title: str
    url: str


class SetCustomField(Params):
    id: str = TaskId
    field_id: str = Field(min_length=1, description="Id of the custom field: `custom_fields` of a task shows them.")
    value: Any = Field(default=None, description="In ClickUp's form for fields of this type.")
    date: AwareDatetime | None = Field(default=None, description="The value of a date field, with its time of day.")
    clear: bool = Field(default=False, description="Take the value away.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if [self.value is not None, self.date is not None, self.clear].count(True) != 1:
            raise ValueError("give one of value, date and clear")
        return self


class FieldOfTask(Result):
    id: str
    field_id: str


def task_of(answer: dict[str, Any]) -> Task:
    """A task as recipes see it, of a task as ClickUp answers it."""
    return Task.model_validate(
        answer
        | {
            "url": answer.get("url") or f"https://app.clickup.com/t/{answer['id']}",
            "status": (answer.get("status") or {}).get("status", ""),
            "priority": (answer.get("priority") or {}).get("priority"),
            "due": _iso(answer.get("due_date")),
            "created": _iso(answer.get("date_created")),
            "list_id": answer["list"]["id"],
        }
    )


def comment_of(answer: dict[str, Any]) -> WrittenComment:
    """A comment as recipes see it, of a comment as ClickUp answers it."""
    return WrittenComment.model_validate(
        answer
        | {
            "id": str(answer["id"]),
            "text": answer.get("comment_text") or "",
            "author": (answer.get("user") or {}).get("username"),
            "date": _iso(answer.get("date")),
        }
    )


def milliseconds(at: datetime) -> int:
    """A moment as ClickUp takes it."""
    return int(at.timestamp() * 1000)


def _iso(answered: str | int | None) -> str | None:
    return None if answered is None else datetime.fromtimestamp(int(answered) / 1000, UTC).isoformat()
