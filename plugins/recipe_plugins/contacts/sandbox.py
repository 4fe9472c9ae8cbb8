"""The book of a sandbox: the same operations on a database in memory.

The one rule: there is no imitation here. What a test finds is what a real run would have found.

Seed: `contacts`: [{email, phone, name, company, tags, source, fields}]; `opt_outs`: [{address, channel}];
`interactions`: [{email or phone, kind, subject, notes, outcome, at}].

Effects: `create contact`, `update contact` {id, email, phone, name, company, tags, source, fields}; `add interaction` {contact_id,
kind, subject, notes, outcome}; `opt out`, `opt in` {channel, address, contacts: [ids]}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from recipe_engine.plugin import ActionError, Sandbox, SandboxRequest, SandboxResponse, route
from recipe_plugins.contacts.book import IN_MEMORY, Book, Call
from recipe_plugins.contacts.links import PAGE, SECRET
from recipe_plugins.contacts.models import AddInteraction, ListContacts, Upsert

_EVERYONE = ListContacts(limit=1000).model_dump()


class ContactsSandbox(Sandbox):
    """A book that is gone when the sandbox is."""

    connector = "contacts"
    invented: ClassVar[Mapping[str, str]] = {
        SECRET: "sandbox-contacts-secret",
        PAGE: "https://contacts.sandbox.example/unsubscribe",
    }

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.book = Book(IN_MEMORY)
        self._seeded = 0

    def seed(self, data: dict[str, Any]) -> None:
        """Write what a test begins with; see the module."""
        for each in data.pop("contacts", ()):
            self._put("upsert", Upsert.model_validate(each).model_dump())
        for each in data.pop("opt_outs", ()):
            self._put("opt_out", {"channel": "all", "source": "seed", **each})
        for each in data.pop("interactions", ()):
            given = AddInteraction.model_validate(each)
            self._put("add_interaction", given.model_dump() | {"at": given.at.timestamp() if given.at else None})
        super().seed(data)

    def state(self) -> dict[str, Any]:
        """Everything in the book: contacts with their interactions, and the opt-outs that hold."""
        if not self.book.begun:
            return {"contacts": [], "opt_outs": []}
        people = self._do("list", _EVERYONE)["contacts"]
        for each in people:
            asked = {"id": each["id"], "kind": None, "limit": 1000}
            each["interactions"] = self._do("list_interactions", asked)["interactions"]
        return {"contacts": people, "opt_outs": self._do("opt_outs", {})["opt_outs"]}

    @route("POST", "/{operation}")
    def carry_out(self, request: SandboxRequest) -> SandboxResponse:
        """Any operation of the book."""
        operation, body = request.variables["operation"], request.json()
        asked = body["asked"]
        if operation == "sift" and not self.book.begun:
            return SandboxResponse(200, {"allowed": asked["addresses"], "refused": []})
        call = Call(self.now(), body["by"], body["step"], body["region"])
        try:
            result = self.book.perform(operation, asked, call)
        except ActionError as error:
            failure = error.failure
            told = {"code": failure.code, "message": failure.title, "detail": failure.detail}
            return SandboxResponse(503 if failure.retryable else 422, told)
        self._tell(operation, asked, result)
        return SandboxResponse(200, result)

    def _tell(self, operation: str, asked: dict[str, Any], result: dict[str, Any]) -> None:
        """Record what changed, as somebody who looks at the book would say it."""
        match operation:
            case "upsert":
                self.record("create contact" if result["created"] else "update contact", **_said(result))
            case "update":
                self.record("update contact", **_said(result))
            case "add_interaction":
                self.record("add interaction", **_said(result))
            case "opt_out" | "opt_in":
                self.record(operation.replace("_", " "), **_heard(result))
            case "handle_reply" if result["meaning"] != "reply":
                self.record("opt out" if result["meaning"] == "stop" else "opt in", **_heard(result))
            case _:
                pass

    def _put(self, operation: str, asked: dict[str, Any]) -> None:
        self._seeded += 1
        self._do(operation, asked, f"seed {self._seeded}")

    def _do(self, operation: str, asked: dict[str, Any], step: str = "look") -> dict[str, Any]:
        try:
            return self.book.perform(
                operation, asked, Call(self.now(), "seed", step, self.settings.get("PHONE_REGION"))
            )
        except ActionError as error:
            raise ValueError(str(error)) from error


def _said(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if value not in (None, "", [], {}) and name != "created"}


def _heard(result: dict[str, Any]) -> dict[str, Any]:
    data = result["events"][0]["data"]
    return {name: data[name] for name in ("channel", "address")} | {"contacts": result["contact_ids"]}
