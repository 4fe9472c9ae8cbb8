"""Notion: pages, data sources and text.

The one rule: Notion's limits (2,000 characters, 100 blocks) are the connector's business; texts of any length go in.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import (
    AuthContext,
    Connector,
    Context,
    RateLimit,
    Request,
    Retryable,
    Setting,
    Settings,
    Terminal,
    hookimpl,
)
from recipe_engine.plugin.signatures import Received, Reply

# The version that the paths and bodies here are of; Notion refuses a call without one.
VERSION = "2026-03-11"


def errors(status: int, _headers: Mapping[str, str], body: object) -> Exception | None:
    """Notion's error answer as a Retryable or Terminal; None for what the engine's general rules know better."""
    if not isinstance(body, dict) or "code" not in body or status >= 500:
        return None
    title, code = f"Notion: {body.get('message', '')}", str(body["code"])
    if status == 429:
        return Retryable(title, code="rate_limit", detail=code, data=body)
    if code == "conflict_error":
        return Retryable(title, code="conflict", detail=code, retry_after=1.0, data=body)
    return Terminal(title, code=f"http_{status}", detail=code, data=body)


async def authorize(request: Request, auth: AuthContext) -> None:
    """The integration's token, and the version that is spoken."""
    request.headers["Authorization"] = f"Bearer {auth.settings.require('NOTION_TOKEN')}"
    request.headers["Notion-Version"] = VERSION


async def signed_in(ctx: Context) -> None:
    """Asks who the token is of: GET /v1/users/me of Notion's description, the integration's own bot."""
    await (await ctx.http.get("/users/me")).json()


def verify(received: Received, settings: Settings) -> Reply | None:
    """Notion's signature of webhooks."""
    from recipe_plugins.notion.webhooks import verify

    verify(received, settings)
    return None


notion = Connector(
    name="notion",
    title="Notion",
    docs="Pages, rows of data sources and text in Notion.",
    base_url="https://api.notion.com/v1",
    settings=[
        Setting(
            "NOTION_TOKEN",
            secret=True,
            help="notion.so/profile/integrations > the integration > Secret (ntn_...); then connect it to the pages",
        ),
        Setting(
            "NOTION_KEY_PROPERTY",
            required=False,
            help="A text property of your data sources; see Never two pages in the docs",
        ),
        Setting(
            "NOTION_WEBHOOK_TOKEN",
            secret=True,
            required=False,
            help="The verification token that Notion sends when a webhook subscription is made",
        ),
    ],
    auth=authorize,
    # Three a second on average; bursts are allowed.
    limits=[RateLimit(180, per=60)],
    errors=errors,
    verify=verify,
    probe=lambda _settings: signed_in,
    sandbox="recipe_plugins.notion.sandbox:NotionSandbox",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """Notion with its actions."""
    from recipe_plugins.notion import actions  # noqa: F401  # importing it registers them

    return [notion]
