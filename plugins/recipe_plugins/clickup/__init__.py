"""ClickUp: tasks, subtasks, comments, attachments and custom fields, and its webhooks.

The one rule: what ClickUp says of a refusal reaches the author, its ECODE and words unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import (
    Connector,
    JSONObject,
    RateLimit,
    Retryable,
    Setting,
    Settings,
    Terminal,
    header,
    hookimpl,
)
from recipe_engine.plugin.signatures import Received, Reply


def errors(status: int, _headers: Mapping[str, str], body: object) -> Exception | None:
    """ClickUp's error answer as a Retryable or Terminal; None for what the engine's general rules know better."""
    if not isinstance(body, dict) or "err" not in body or status >= 500:
        return None
    title, code = f"ClickUp: {body['err']}", str(body.get("ECODE", ""))
    if status == 429:
        return Retryable(title, code="rate_limit", detail=code, data=body)
    return Terminal(title, code=f"http_{status}", detail=code, data=body)


def verify(received: Received, settings: Settings) -> Reply | None:
    """ClickUp's signature of webhooks."""
    from recipe_plugins.clickup.webhooks import verify

    return verify(received, settings)


def probe(settings: Settings) -> tuple[str, JSONObject] | None:
    """Reads the task that subtasks go under: ClickUp has no action that needs to know nothing."""
    task = settings.get("CLICKUP_PARENT_TASK_ID")
    return ("get_task", {"id": task}) if task else None


clickup = Connector(
    name="clickup",
    title="ClickUp",
    docs="Tasks, subtasks, comments, attachments and custom fields in ClickUp.",
    base_url="https://api.clickup.com/api",
    settings=[
        Setting("CLICKUP_API_KEY", secret=True, help="Avatar > Settings > Apps > API token (begins with pk_)"),
        Setting(
            "CLICKUP_PARENT_TASK_ID",
            required=False,
            help="The end of a task's address: the task that subtasks go under",
        ),
        Setting(
            "CLICKUP_WEBHOOK_SECRET",
            secret=True,
            required=False,
            help="ClickUp's answer to the creation of the webhook holds it, and nothing else ever does",
        ),
    ],
    auth=header("Authorization", "CLICKUP_API_KEY"),
    # The limit of every plan up to Business; larger plans allow ten times and more.
    limits=[RateLimit(100, per=60)],
    errors=errors,
    verify=verify,
    sandbox="recipe_plugins.clickup.sandbox:ClickUpSandbox",
    probe=probe,
)


@hookimpl
def register_connectors() -> list[Connector]:
    """ClickUp with its actions."""
    from recipe_plugins.clickup import actions  # noqa: F401  # importing it registers them

    return [clickup]
