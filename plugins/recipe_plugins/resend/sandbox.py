"""Resend imitated: e-mails with a fate, idempotency keys, batches.

The one rule: the same statuses, shapes and names of errors as Resend's. An e-mail is sent at once and delivered two seconds
later, on the runtime's clock; what goes to Resend's test addresses (bounced@resend.dev, complained@, suppressed@) meets
that fate.

Seed: `domains`: the verified ones (without it every domain is); `suppressed`: addresses that get nothing; `events`: address
to the last event of e-mails to it (opened, clicked, bounced...); `templates`: ids that are published.

Effects: `send email` {id, from, to: [addresses], subject, text, html, template, cc, bcc, reply_to, tags}.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any, ClassVar

import orjson

from recipe_engine.plugin import Fault, Refused, Sandbox, SandboxRequest, SandboxResponse, route

REMEMBERED = 86_400.0
DELIVERED_AFTER = 2.0
ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+\Z")
WORD = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
KNOWN = {
    "from", "to", "subject", "html", "text", "template", "cc", "bcc", "reply_to", "headers", "tags", "topic_id",
    "attachments", "scheduled_at",
}  # fmt: skip


class ResendSandbox(Sandbox):
    """An imitated Resend team with one key of full access."""

    connector = "resend"
    invented: ClassVar[Mapping[str, str]] = {"FROM_EMAIL": "recettes@sandbox.example"}

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.emails: dict[str, dict[str, Any]] = {}
        self.domains: set[str] = set()
        self.suppressed: set[str] = set()
        self.templates: set[str] | None = None
        self.events = {f"{event}@resend.dev": event for event in ("bounced", "complained", "suppressed", "delivered")}
        self._answered: dict[str, tuple[str, float, SandboxResponse]] = {}

    def seed(self, data: dict[str, Any]) -> None:
        """Load the team; see the module."""
        data = dict(data)
        self.domains |= set(data.pop("domains", ()))
        self.suppressed |= set(data.pop("suppressed", ()))
        self.events |= data.pop("events", {})
        if "templates" in data:
            self.templates = set(data.pop("templates"))
        super().seed(data)

    def state(self) -> dict[str, Any]:
        """E-mails in the order in which they came, and who is suppressed."""
        return {"emails": [self._shown(each) for each in self.emails.values()], "suppressed": sorted(self.suppressed)}

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """Resend's 401 and 403."""
        given = request.headers.get("authorization", "")
        if not given:
            return _error(401, "missing_api_key", "Missing API key in the authorization header")
        right = given == f"Bearer {self.settings.get('RESEND_API_KEY')}"
        return None if right else _error(403, "invalid_api_key", "API key is invalid")

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """A path that this sandbox does not imitate."""
        return _error(404, "not_found", f"The requested endpoint does not exist: {request.method} {request.path}")

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """Resend's refusal of a value of another type."""
        return _error(422, "validation_error", why)

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal: of 429 the limit of requests, otherwise an error of the status."""
        answer = _error(fault.status or 500, "application_error", f"injected fault {fault.status}")
        if fault.status == 429:
            said = "Too many requests. You can only make 5 requests per second."
            answer = _error(429, "rate_limit_exceeded", said)
            answer.headers = {"retry-after": "1", "ratelimit-remaining": "0", "ratelimit-reset": "1"}
        answer.headers |= fault.headers
        answer.json = fault.body or answer.json
        return answer

    @route("GET", "/domains")
    def listed_domains(self, request: SandboxRequest) -> SandboxResponse:
        at, names = datetime.fromtimestamp(self.now(), UTC).isoformat(), sorted(self.domains)
        shown = [{"id": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), "name": name} for name in names]
        more = {"status": "verified", "created_at": at, "region": "eu-west-1"}
        return SandboxResponse(200, {"object": "list", "has_more": False, "data": [each | more for each in shown]})

    @route("POST", "/emails")
    def send(self, request: SandboxRequest) -> SandboxResponse:
        def take() -> SandboxResponse:
            mail = _body(request)
            self._check(mail)
            return SandboxResponse(200, {"id": self._add(mail)["id"]})

        return self._once(request, take)

    @route("POST", "/emails/batch")
    def batch(self, request: SandboxRequest) -> SandboxResponse:
        def take() -> SandboxResponse:
            mails = _body(request, list)
            if not 1 <= len(mails) <= 100:
                raise _refused(422, "validation_error", "The batch must have between 1 and 100 emails")
            permissive = request.headers.get("x-batch-validation") == "permissive"
            good, errors = [], []
            for index, mail in enumerate(mails):
                try:
                    self._check(mail)
                except Refused as refused:
                    if not permissive:
                        raise
                    errors.append({"index": index, "message": (refused.answer.json or {})["message"]})
                else:
                    good.append(mail)
            # Attachments of batches are dropped in silence, as at Resend.
            kept = [{name: value for name, value in mail.items() if name != "attachments"} for mail in good]
            answer: dict[str, Any] = {"data": [{"id": self._add(mail)["id"]} for mail in kept]}
            return SandboxResponse(200, answer | ({"errors": errors} if permissive else {}))

        return self._once(request, take)

    @route("GET", "/emails/{id}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        found = self.emails.get(request.variables["id"])
        if found is None:
            raise _refused(404, "not_found", "Email not found")
        return SandboxResponse(200, self._shown(found))

    def _once(self, request: SandboxRequest, take: Callable[[], SandboxResponse]) -> SandboxResponse:
        """The answer to a request of this key: the first one again, for 24 hours."""
        key = request.headers.get("idempotency-key")
        if key is None:
            return take()
        if not 1 <= len(key) <= 256:
            raise _refused(400, "invalid_idempotency_key", "The key must be between 1 and 256 characters")
        digest, at, answer = self._answered.get(key, ("", 0.0, SandboxResponse()))
        if digest and self.now() - at < REMEMBERED:
            if digest != request.digest:
                said = "Same idempotency key used with a different request payload."
                raise _refused(409, "invalid_idempotent_request", said)
            return answer
        answer = take()
        self._answered[key] = (request.digest, self.now(), answer)
        return answer

    def _check(self, mail: dict[str, Any]) -> None:
        """What Resend refuses at once."""
        for name in ("from", "to", "subject"):
            if not mail.get(name):
                raise _refused(422, "missing_required_field", f"Missing `{name}` field.")
        for name in mail.keys() - KNOWN:
            raise _refused(422, "validation_error", f"Unrecognized key `{name}`")
        if not any(mail.get(name) for name in ("html", "text", "template")):
            raise _refused(422, "missing_required_field", "Missing `html` or `text` field.")
        sender = parseaddr(mail["from"])[1]
        if not ADDRESS.match(sender):
            said = "Invalid `from` field. The email address needs to follow the `email@example.com` format."
            raise _refused(422, "invalid_from_address", said)
        domain = sender.rpartition("@")[2]
        if self.domains and domain not in self.domains:
            raise _refused(403, "validation_error", f"The {domain} domain is not verified.")
        for name, most in (("to", 50), ("cc", None), ("bcc", None), ("reply_to", None)):
            given = _list(mail.get(name))
            if (most and len(given) > most) or not all(ADDRESS.match(parseaddr(each)[1]) for each in given):
                raise _refused(422, "validation_error", f"Invalid `{name}` field.")
        for tag in mail.get("tags") or ():
            if not (WORD.match(tag.get("name", "")) and WORD.match(tag.get("value", ""))):
                said = "Tags should only contain ASCII letters, numbers, underscores, or dashes."
                raise _refused(422, "validation_error", said)
        template = (mail.get("template") or {}).get("id")
        if template and self.templates is not None and template not in self.templates:
            raise _refused(404, "not_found", "Template not found")

    def _add(self, mail: dict[str, Any]) -> dict[str, Any]:
        id_ = str(uuid.UUID(int=(0x5A << 120) + (4 << 76) + (8 << 60) + len(self.emails) + 1))
        files = [{"filename": each["filename"], "type": each["content_type"]} for each in mail.get("attachments") or ()]
        kept = {**mail, "to": _list(mail["to"]), "id": id_, "created": self.now(), "attachments": files}
        self.emails[id_] = kept
        shown = ("id", "from", "to", "subject", "text", "html", "template", "cc", "bcc", "reply_to", "tags", "headers",
                 "attachments", "scheduled_at")  # fmt: skip
        self.record("send email", **{name: kept[name] for name in shown if kept.get(name) not in (None, [])})
        return kept

    def _event(self, mail: dict[str, Any]) -> str:
        at = mail.get("scheduled_at")
        sent = datetime.fromisoformat(at).timestamp() if at else mail["created"]
        if self.now() < sent:
            return "scheduled"
        to = [parseaddr(each)[1] for each in mail["to"]]
        if any(each in self.suppressed for each in to):
            return "suppressed"
        if self.now() - sent < DELIVERED_AFTER:
            return "sent"
        return next((self.events[each] for each in to if each in self.events), "delivered")

    def _shown(self, mail: dict[str, Any]) -> dict[str, Any]:
        return {
            "object": "email",
            "id": mail["id"],
            "message_id": f"<{mail['id']}@sandbox.resend.example>",
            "to": mail["to"],
            "from": mail["from"],
            "created_at": datetime.fromtimestamp(mail["created"], UTC).isoformat(sep=" "),
            "subject": mail["subject"],
            "html": mail.get("html"),
            "text": mail.get("text"),
            **{name: _list(mail.get(name)) for name in ("cc", "bcc", "reply_to")},
            "last_event": self._event(mail),
        }


def _body(request: SandboxRequest, kind: type = dict) -> Any:
    """The request's JSON. Of a long one only the beginning is seen: attachments come last, and are then left out."""
    text = request.body
    if request.size > len(text):
        text = text.partition(b',"attachments":')[0] + b"}"
    try:
        body = orjson.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, kind):
        raise _refused(422, "validation_error", "The request body is not what is expected")
    return body


def _list(given: Any) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def _error(status: int, name: str, message: str) -> SandboxResponse:
    return SandboxResponse(status, {"statusCode": status, "name": name, "message": message})


def _refused(status: int, name: str, message: str) -> Refused:
    return Refused(_error(status, name, message))
