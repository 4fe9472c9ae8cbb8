"""IMAP: the messages of a mailbox, of any mail server.

The one rule: reading leaves no trace: a message is marked as seen only by the action that says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from recipe_engine.plugin import ActionError, Connector, Context, Retryable, Setting, Terminal, hookimpl


def errors(status: int, _headers: Mapping[str, str], body: object) -> ActionError | None:
    """What the sandbox answers, as the failure that a mail server would have caused."""
    if not isinstance(body, dict) or "code" not in body:
        return None
    kind = Retryable if status >= 500 else Terminal
    return kind(body["message"], code=body["code"])


async def signed_in(ctx: Context) -> None:
    """Logs in and opens INBOX for reading: LOGIN and EXAMINE of RFC 3501, which leave no trace."""
    from recipe_plugins.imap.mailbox import opened

    async with opened(ctx, "INBOX", readonly=True):
        return


imap = Connector(
    name="imap",
    title="IMAP",
    docs="Messages read from a mailbox, with their attachments, and marked as seen.",
    settings=[
        Setting("IMAP_HOST", help="The mail server, such as imap.example.org"),
        Setting("IMAP_PORT", required=False, help="993 when not set; 143 for starttls and none"),
        Setting("IMAP_USERNAME", help="The account, mostly the whole address"),
        Setting("IMAP_PASSWORD", secret=True, help="Its password; an app password where the provider makes them"),
        Setting("IMAP_TLS", required=False, default="tls", help="tls (encrypted from the start), starttls, or none"),
    ],
    errors=errors,
    probe=lambda _settings: signed_in,
    sandbox="recipe_plugins.imap.sandbox:ImapSandbox",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """IMAP with its actions."""
    from recipe_plugins.imap import actions  # noqa: F401  # importing it registers them

    return [imap]
