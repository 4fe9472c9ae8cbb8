"""The outbox: where e-mails of sandbox runs end, for people and tests to look at.

The one rule: it is the same outbox in every sandbox run, until a test sets EMAIL_PROVIDER to try another provider.

Effects: `send email` {id, from, to: [addresses], subject, text, html, attachments: [{name, media_type, size, digest}]}.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.core.json import JSONObject
from recipe_engine.plugin import Sandbox, SandboxRequest, SandboxResponse, route


class Outbox(Sandbox):
    """Keeps every message; refuses what a mail server would refuse."""

    invented = {  # noqa: RUF012  # the base declares it as a class variable
        "EMAIL_PROVIDER": "smtp",
        "SMTP_HOST": "smtp.sandbox.example",
        "SMTP_FROM": "recettes@sandbox.example",
        "FROM_EMAIL": "recettes@sandbox.example",
        "NOTIFICATION_EMAIL": "notification-email@sandbox.example",
    }

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.messages: list[JSONObject] = []

    def state(self) -> JSONObject:
        """The messages sent."""
        return {"messages": self.messages}

    @route("POST", "/messages")
    def accept(self, request: SandboxRequest) -> SandboxResponse:
        """Take a message."""
        message = request.json()
        refused = [address for address in message["to"] if address.endswith("@refused.example")]
        if refused:
            return SandboxResponse(550, {"message": f"no such mailbox: {', '.join(refused)}"})
        self.messages.append(message)
        self.record("send email", **{name: value for name, value in message.items() if value not in (None, [])})
        return SandboxResponse(202, {"id": message["id"]})
