"""What recipes can do in ClickUp.

The one rule: ClickUp has no idempotency key, so a created task carries one in its text (`ref ...`, last line of its
description), and after a crash it is looked up before anything is created again; what carries none is looked up by what it
says and when.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from recipe_engine.plugin import Context, Retryable, Terminal
from recipe_plugins.clickup import clickup
from recipe_plugins.clickup.models import (
    PRIORITIES,
    AddComment,
    AttachFile,
    Attachment,
    Comment,
    Comments,
    CreateSubtask,
    CreateTask,
    FieldOfTask,
    GetTask,
    ListComments,
    ListTasks,
    NewTask,
    SetCustomField,
    Task,
    Tasks,
    UpdateTask,
    WrittenComment,
    comment_of,
    milliseconds,
    task_of,
)
from recipe_plugins.clickup.traces import begin, begun_at, claim, not_there, seconds_of

PAGE = 100
COMMENTS = 25
LARGEST_ATTACHMENT = 1_000_000_000
UPLOAD_SECONDS = 1800.0
# Looking for one task among more than this many would take longer than ClickUp's limit of requests allows.
MOST_PAGES_TO_RECONCILE = 50


async def _created_task(ctx: Context, params: CreateTask) -> Task | None:
    return await _task_of_this_step(ctx, params.list_id)


async def _created_subtask(ctx: Context, params: CreateSubtask) -> Task | None:
    parent = await _get(ctx, _parent(ctx, params))
    return await _task_of_this_step(ctx, parent["list"]["id"])


@clickup.action(
    effect="once",
    reconcile=_created_task,
    example='- {id: task, type: clickup.create_task, with: {list_id: "901200", name: "{{ subject }}", priority: high}}',
)
async def create_task(ctx: Context, params: CreateTask) -> Task:
    """Create a task in a list."""
    return await _create(ctx, params.list_id, params)


@clickup.action(
    effect="once",
    reconcile=_created_subtask,
    example='- {id: subtask, type: clickup.create_subtask, with: {name: "{{ subject }}", description: "{{ ticket.url }}"}}',
)
async def create_subtask(ctx: Context, params: CreateSubtask) -> Task:
    """Create a task under another, in the list of that one."""
    parent = await _get(ctx, _parent(ctx, params))
    return await _create(ctx, parent["list"]["id"], params, parent=parent["id"])


@clickup.action(effect="read", example='- {id: task, type: clickup.get_task, with: {id: "{{ task_id }}"}}')
async def get_task(ctx: Context, params: GetTask) -> Task:
    """A task by its id."""
    return task_of(await _get(ctx, params.id))


@clickup.action(
    effect="keyed", example='- {id: done, type: clickup.update_task, with: {id: "{{ task.id }}", status: complete}}'
)
async def update_task(ctx: Context, params: UpdateTask) -> Task:
    """Change a task: only what is given. Custom fields are changed by `set_custom_field`."""
    body = _described(params.description) | _common(params)
    if params.archived is not None:
        body["archived"] = params.archived
    if params.add_assignees or params.remove_assignees:
        body["assignees"] = {"add": params.add_assignees, "rem": params.remove_assignees}
    return task_of(await (await ctx.http.put(f"/v2/task/{_segment(params.id)}", json=body)).json())


async def _comment_of_this_step(ctx: Context, params: AddComment) -> Comment | None:
    """The comment with this text, written since the step began."""
    since = await begun_at(ctx)
    async for page in _pages_of_comments(ctx, params.id):
        for each in page:
            said = (each.get("comment_text") or "").strip()
            fits = said == params.text.strip() and seconds_of(each["date"]) >= since
            if fits and await claim(ctx, str(each["id"])):
                return Comment.model_validate(each)
        if page and seconds_of(page[-1]["date"]) < since:
            break
    not_there(ctx, since)
    return None


@clickup.action(
    effect="once",
    reconcile=_comment_of_this_step,
    example='- {id: told, type: clickup.add_comment, with: {id: "{{ task.id }}", text: "{{ summary }}"}}',
)
async def add_comment(ctx: Context, params: AddComment) -> Comment:
    """Write a comment on a task.

    After a crash, or an answer that was lost, the task's comments are read, and one with the same text that was written since
    the step began is taken as this step's. When there is none within the first minute the step waits for a person.
    """
    body: dict[str, Any] = {"comment_text": params.text, "notify_all": params.notify_all}
    if params.assignee is not None:
        body["assignee"] = params.assignee
    await begin(ctx)
    answer = await (await ctx.http.post(f"/v2/task/{_segment(params.id)}/comment", json=body)).object()
    comment = Comment.model_validate(answer)
    await claim(ctx, comment.id)
    return comment


@clickup.action(
    effect="read",
    example='- {id: open, type: clickup.list_tasks, with: {list_id: "901200", statuses: [to do], limit: 500}}',
)
async def list_tasks(ctx: Context, params: ListTasks) -> Tasks:
    """Tasks of a list, all pages of them up to `limit`. Closed tasks and subtasks are left out unless asked for."""
    query: dict[str, Any] = {
        "statuses[]": params.statuses,
        "tags[]": params.tags,
        "include_closed": _flag(params.include_closed),
        "subtasks": _flag(params.subtasks),
    }
    if params.created_after is not None:
        query["date_created_gt"] = milliseconds(params.created_after)
    if params.updated_after is not None:
        query["date_updated_gt"] = milliseconds(params.updated_after)
    tasks: list[Task] = []
    async for page in _pages(ctx, params.list_id, query):
        tasks += [task_of(each) for each in page]
        if len(tasks) >= params.limit:
            break
    return Tasks(tasks=tasks[: params.limit])


@clickup.action(
    effect="read",
    example='- {id: said, type: clickup.list_comments, with: {id: "{{ task_id }}", limit: 50}}',
)
async def list_comments(ctx: Context, params: ListComments) -> Comments:
    """The comments of a task, newest first, all pages of them up to `limit`."""
    found: list[WrittenComment] = []
    async for page in _pages_of_comments(ctx, params.id):
        found += [comment_of(each) for each in page]
        if len(found) >= params.limit:
            break
    return Comments(comments=found[: params.limit])


async def _attachment_of_this_step(ctx: Context, params: AttachFile) -> Attachment | None:
    """The attachment with the file's name, put there since the step began."""
    since = await begun_at(ctx)
    for each in (await _get(ctx, params.id)).get("attachments") or ():
        # A quote in a form's file name is written so (WHATWG), and not every server reads it back.
        names = (params.file.name, params.file.name.replace('"', "%22"))
        fits = each["title"] in names and seconds_of(each["date"]) >= since
        if fits and await claim(ctx, str(each["id"])):
            return Attachment.model_validate(each)
    not_there(ctx, since)
    return None


@clickup.action(
    effect="once",
    timeout=UPLOAD_SECONDS,
    reconcile=_attachment_of_this_step,
    example='- {id: plan, type: clickup.attach_file, with: {id: "{{ task.id }}", file: "{{ file }}"}}',
)
async def attach_file(ctx: Context, params: AttachFile) -> Attachment:
    """Attach a file to a task, streamed, up to 1 GB.

    After a crash, or an answer that was lost, it is looked for among the task's attachments by its name and time.
    """
    if params.file.size > LARGEST_ATTACHMENT:
        problem = f"{params.file.name} has {params.file.size} bytes; ClickUp takes {LARGEST_ATTACHMENT}"
        raise Terminal(problem, code="file_too_large")
    path = f"/v2/task/{_segment(params.id)}/attachment"
    await begin(ctx)
    answer = await ctx.http.post(path, multipart={"attachment": params.file}, timeout=UPLOAD_SECONDS)
    attachment = Attachment.model_validate(await answer.json())
    await claim(ctx, attachment.id)
    return attachment


@clickup.action(
    effect="keyed",
    example=(
        '- {id: quote, type: clickup.set_custom_field, with: {id: "{{ task.id }}", '
        'field_id: b955c4dc-2dbb-4a08-a3a8-5a5b5a8d1f61, value: "{{ amount }}"}}'
    ),
)
async def set_custom_field(ctx: Context, params: SetCustomField) -> FieldOfTask:
    """Give a custom field of a task a value, or with `clear` take it away."""
    path = f"/v2/task/{_segment(params.id)}/field/{_segment(params.field_id)}"
    if params.clear:
        answer = await ctx.http.delete(path)
    elif params.date is not None:
        answer = await ctx.http.post(path, json={"value": milliseconds(params.date), "value_options": {"time": True}})
    else:
        answer = await ctx.http.post(path, json={"value": params.value})
    await answer.object()  # it is empty
    return FieldOfTask(id=params.id, field_id=params.field_id)


async def _create(ctx: Context, list_id: str, params: NewTask, parent: str | None = None) -> Task:
    text = "\n\n".join(part for part in (params.description.rstrip(), f"ref {_reference(ctx.key)}") if part)
    body = {"name": params.name} | _described(text) | _common(params)
    if params.assignees:
        body["assignees"] = params.assignees
    if params.tags:
        body["tags"] = params.tags
    if params.custom_fields:
        body["custom_fields"] = [each.model_dump() for each in params.custom_fields]
    if parent is not None:
        body["parent"] = parent
    return task_of(await (await ctx.http.post(f"/v2/list/{_segment(list_id)}/task", json=body)).json())


async def _task_of_this_step(ctx: Context, list_id: str) -> Task | None:
    """The task of the list whose text holds this step's reference; None when no task does.

    Not found again: a task that somebody moved to another list, archived or deleted since.
    """
    reference, seen = _reference(ctx.key), 0
    async for page in _pages(ctx, list_id, {"subtasks": "true", "include_closed": "true"}):
        for each in page:
            if any(reference in (each.get(text) or "") for text in ("description", "text_content")):
                return task_of(each)
        seen += 1
        if seen == MOST_PAGES_TO_RECONCILE:
            raise Retryable(f"list {list_id} is too long to look for the task in: {seen * PAGE} tasks and more")
    return None


async def _pages(ctx: Context, list_id: str, query: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
    page = 0
    while True:
        answer = await (await ctx.http.get(f"/v2/list/{_segment(list_id)}/task", query={**query, "page": page})).json()
        yield answer["tasks"]
        if answer.get("last_page", len(answer["tasks"]) < PAGE):
            return
        page += 1


async def _pages_of_comments(ctx: Context, id_: str) -> AsyncIterator[list[dict[str, Any]]]:
    """The comments of a task, newest first."""
    query: dict[str, Any] = {}
    while True:
        page = (await (await ctx.http.get(f"/v2/task/{_segment(id_)}/comment", query=query)).json())["comments"]
        yield page
        if len(page) < COMMENTS:
            return
        query = {"start": page[-1]["date"], "start_id": page[-1]["id"]}


async def _get(ctx: Context, id_: str) -> dict[str, Any]:
    task: dict[str, Any] = await (await ctx.http.get(f"/v2/task/{_segment(id_)}")).json()
    return task


def _common(params: NewTask | UpdateTask) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if params.name is not None:
        body["name"] = params.name
    if params.status is not None:
        body["status"] = params.status
    if params.priority is not None:
        body["priority"] = PRIORITIES[params.priority]
    if params.due is not None:
        body |= {"due_date": milliseconds(params.due), "due_date_time": True}
    return body


def _described(markdown: str | None) -> dict[str, Any]:
    # An empty text would be ignored; a blank is how ClickUp clears one.
    return {} if markdown is None else {"markdown_content": markdown or " "}


def _parent(ctx: Context, params: CreateSubtask) -> str:
    return params.parent or ctx.settings.require("CLICKUP_PARENT_TASK_ID")


def _reference(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _segment(value: str) -> str:
    return quote(value, safe="")
