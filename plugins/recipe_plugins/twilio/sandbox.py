"""Twilio imitated: messages with a fate, opt-outs, senders.

The one rule: the same statuses, shapes and codes as Twilio's. A message is queued, sent a second later and delivered (or
not) three seconds later, on the runtime's clock.

Seed: `messages`: [{to, from, body, direction, status, at}], `at` in seconds before now; `opted_out`: numbers that wrote
STOP; `numbers`: further senders of the account; `fails`: number to the code with which messages to it fail later (30003).
Twilio's own test numbers refuse as they do there: +15005550001 (invalid), +15005550004 (opted out), +15005550009 (landline).

Effects: `send sms`, `send whatsapp` {id, to: "+33...", from, body}; with a template in place of body: template, variables;
`cancel message` {id, to}.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from recipe_engine.plugin import Fault, Refused, Sandbox, SandboxRequest, SandboxResponse, route
from recipe_engine.plugin.segments import segments

SENT_AFTER, FATE_AFTER = 1.0, 3.0
DAY = 86_400.0
E164 = re.compile(r"\+[1-9]\d{6,14}\Z")
NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}\Z")
SAYS = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    21211: "Invalid 'To' Phone Number: {}",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number {} is not a valid, SMS-capable inbound phone number for your account.",
    21610: "Attempt to send to unsubscribed recipient",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21655: "The ContentSid is Invalid",
    63016: "Failed to send freeform message because you are outside the allowed window",
}
TEST_NUMBERS = {"+15005550001": 21211, "+15005550004": 21610, "+15005550009": 21614}


class TwilioSandbox(Sandbox):
    """An imitated Twilio account with the senders of the settings."""

    connector = "twilio"
    invented: ClassVar[Mapping[str, str]] = {
        "TWILIO_ACCOUNT_SID": "AC" + "5a" * 16,
        "TWILIO_PHONE_NUMBER": "+33939980000",
        "WHATSAPP_PROVIDER": "twilio",
    }

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.messages: list[dict[str, Any]] = []
        self.opted_out: set[str] = set()
        self.fails: dict[str, int] = {}
        own = (self.settings.get(name, "") for name in ("TWILIO_PHONE_NUMBER", "TWILIO_WHATSAPP_NUMBER"))
        self.numbers = {number.removeprefix("whatsapp:") for number in own if number}

    def seed(self, data: dict[str, Any]) -> None:
        """Load the account; see the module."""
        data = dict(data)
        self.opted_out |= set(data.pop("opted_out", ()))
        self.numbers |= set(data.pop("numbers", ()))
        self.fails |= data.pop("fails", {})
        for each in data.pop("messages", ()):
            if not {"to", "from"} <= each.keys():
                raise ValueError("a message has `to` and `from`")
            given = {name: value for name, value in each.items() if name != "at"}
            self._add({"direction": "inbound", **given, "created": self.now() - float(each.get("at", 0))})
        super().seed(data)

    def state(self) -> dict[str, Any]:
        """Messages in the order in which they were made, and who is opted out."""
        shown = ("sid", "to", "from", "body", "status", "direction", "error_code", "num_segments")
        messages = [{name: self._shown(each)[name] for name in shown} for each in self.messages]
        return {"messages": messages, "opted_out": sorted(self.opted_out)}

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """Twilio's 401."""
        pair = f"{self.settings.get('TWILIO_ACCOUNT_SID')}:{self.settings.get('TWILIO_AUTH_TOKEN')}"
        given = request.headers.get("authorization")
        return None if given == f"Basic {b64encode(pair.encode()).decode()}" else _refused(20003, 401).answer

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """A path that this sandbox does not imitate."""
        return _refused(20404, 404).answer

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """Twilio's refusal of a parameter that it cannot read."""
        return _error(20001, 400, why)

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal: of 429 the limit of requests at once, otherwise an error of the status."""
        status = fault.status or 500
        answer = _refused(20429, 429).answer if status == 429 else _error(20500, status, f"injected fault {status}")
        answer.headers |= fault.headers
        answer.json = fault.body or answer.json
        return answer

    @route("POST", "/2010-04-01/Accounts/{account}/Messages/{sid}.json")
    def cancel(self, request: SandboxRequest) -> SandboxResponse:
        self._account(request)
        found = next((each for each in self.messages if each["sid"] == request.variables["sid"]), None)
        if found is None:
            raise _refused(20404, 404)
        if request.form() != {"Status": "canceled"} or self._status(found) != "scheduled":
            return _error(20001, 400, "The message cannot be changed so")
        found["status"] = "canceled"
        self.record("cancel message", id=found["sid"], to=found["to"].removeprefix("whatsapp:"))
        return SandboxResponse(200, self._shown(found))

    @route("POST", "/2010-04-01/Accounts/{account}/Messages.json")
    def create(self, request: SandboxRequest) -> SandboxResponse:
        self._account(request)
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True)
        form, media = dict(pairs), [value for name, value in pairs if name == "MediaUrl"]
        self._check(form, media)
        to, body = (
            form["To"],
            form.get("Body") or f"[template {form['ContentSid']}]" if not media else form.get("Body", ""),
        )
        message = self._add(
            {
                "to": to,
                "from": form.get("From"),
                "service": form.get("MessagingServiceSid"),
                "body": body,
                "media": len(media),
                "scheduled": form.get("SendAt"),
                "fate": self._fate(to, form),
            }
        )
        about = {
            "to": to.removeprefix("whatsapp:"),
            "from": (message["from"] or message["service"]).removeprefix("whatsapp:"),
            "body": body,
            "template": form.get("ContentSid"),
            "variables": form.get("ContentVariables"),
            "media": media or None,
            "callback": form.get("StatusCallback"),
            "send_at": form.get("SendAt"),
        }
        kind = "send whatsapp" if to.startswith("whatsapp:") else "send sms"
        self.record(kind, id=message["sid"], **{name: value for name, value in about.items() if value is not None})
        return SandboxResponse(201, self._shown(message))

    @route("GET", "/2010-04-01/Accounts/{account}/Messages.json")
    def page(self, request: SandboxRequest) -> SandboxResponse:
        self._account(request)
        query = request.query
        found = [self._shown(each) for each in reversed(self.messages) if self._asked(each, query)]
        size, number = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        if not 1 <= size <= 1000:
            raise Refused(_error(20001, 400, "Page size must be between 1 and 1000"))
        asked = "&".join(
            f"{quote(name)}={quote(value)}" for name, value in query.items() if not name.startswith("Page")
        )
        more = (number + 1) * size < len(found)
        uris = {
            "uri": self._page_uri(request, asked, size, number),
            "first_page_uri": self._page_uri(request, asked, size, 0),
            "next_page_uri": self._page_uri(request, asked, size, number + 1) if more else None,
            "previous_page_uri": self._page_uri(request, asked, size, number - 1) if number else None,
        }
        messages = found[number * size : (number + 1) * size]
        span = {"start": number * size, "end": number * size + max(len(messages) - 1, 0)}
        return SandboxResponse(200, {"messages": messages, "page": number, "page_size": size, **span, **uris})

    @route("GET", "/2010-04-01/Accounts/{account}/Messages/{file}")
    def get(self, request: SandboxRequest) -> SandboxResponse:
        self._account(request)
        sid = request.variables["file"].removesuffix(".json")
        found = next((each for each in self.messages if each["sid"] == sid), None)
        if found is None:
            raise _refused(20404, 404)
        return SandboxResponse(200, self._shown(found))

    def _account(self, request: SandboxRequest) -> None:
        if request.variables["account"] != self.settings.get("TWILIO_ACCOUNT_SID"):
            raise _refused(20404, 404)

    def _check(self, form: dict[str, str], media: list[str]) -> None:
        """What Twilio refuses at once."""
        to = form.get("To", "")
        number, sender = to.removeprefix("whatsapp:"), form.get("From", "").removeprefix("whatsapp:")
        if not to:
            raise _refused(21604)
        if not sender and "MessagingServiceSid" not in form:
            raise _refused(21603)
        if not (form.get("Body") or media or form.get("ContentSid")):
            raise _refused(21602)
        if len(form.get("Body", "")) > 1600:
            raise _refused(21617)
        if number in TEST_NUMBERS:
            raise _refused(TEST_NUMBERS[number], 400, number)
        if not E164.match(number):
            raise _refused(21211, 400, to)
        if sender and sender not in self.numbers and not NAME.match(sender):
            raise _refused(21606, 400, sender)
        if to in self.opted_out:
            raise _refused(21610)

    def _fate(self, to: str, form: dict[str, str]) -> int | None:
        """The code with which the message will fail, None when it will arrive."""
        if to.startswith("whatsapp:") and "ContentSid" not in form and not self._wrote_lately(to):
            return 63016
        return self.fails.get(to.removeprefix("whatsapp:"))

    def _wrote_lately(self, to: str) -> bool:
        since = self.now() - DAY
        return any(each["from"] == to and each["created"] >= since for each in self.messages)

    def _add(self, given: dict[str, Any]) -> dict[str, Any]:
        number = len(self.messages) + 1
        message = {
            "sid": f"{'MM' if given.get('media') else 'SM'}{number:032x}",
            "direction": "outbound-api",
            "service": None,
            "body": "",
            "media": 0,
            "scheduled": None,
            "fate": None,
            "created": self.now(),
            **given,
        }
        self.messages.append(message)
        return message

    def _status(self, message: dict[str, Any]) -> str:
        if "status" in message:
            return str(message["status"])
        if message["direction"] == "inbound":
            return "received"
        if message["scheduled"]:
            return "scheduled"
        age = self.now() - message["created"]
        if age < SENT_AFTER:
            return "queued" if message["from"] else "accepted"
        if age < FATE_AFTER:
            return "sent"
        return "undelivered" if message["fate"] else "delivered"

    def _shown(self, message: dict[str, Any]) -> dict[str, Any]:
        status = self._status(message)
        failed = message["fate"] if status in ("failed", "undelivered") else None
        waiting = status in ("queued", "accepted", "scheduled")
        sid, account = message["sid"], self.settings.get("TWILIO_ACCOUNT_SID")
        uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
        return {
            "sid": sid,
            "account_sid": account,
            "messaging_service_sid": message["service"],
            "api_version": "2010-04-01",
            "direction": message["direction"],
            "to": message["to"],
            "from": message["from"],
            "body": message["body"],
            "status": status,
            "num_segments": "0" if message["service"] and waiting else str(segments(message["body"]).count),
            "num_media": str(message["media"]),
            "error_code": failed,
            "error_message": SAYS.get(failed, "Delivery failed") if failed else None,
            "price": None,
            "price_unit": "USD",
            "date_created": _rfc_2822(message["created"]),
            "date_updated": _rfc_2822(min(self.now(), message["created"] + FATE_AFTER)),
            "date_sent": None if waiting else _rfc_2822(message["created"] + SENT_AFTER),
            "uri": f"{uri}.json",
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }

    def _asked(self, message: dict[str, Any], query: dict[str, str]) -> bool:
        if any(name in query and message[key] != query[name] for name, key in (("To", "to"), ("From", "from"))):
            return False
        sent = (
            message["created"] + SENT_AFTER
            if self._status(message) not in ("queued", "accepted", "scheduled")
            else None
        )
        after, before, day = (query.get(f"DateSent{sign}") for sign in (">", "<", ""))
        if sent is None:
            return not (after or before or day)
        if day and datetime.fromtimestamp(sent, UTC).date().isoformat() != day[:10]:
            return False
        return (not after or sent >= _seconds(after)) and (not before or sent <= _seconds(before))

    def _page_uri(self, request: SandboxRequest, asked: str, size: int, number: int) -> str:
        token = f"&PageToken=PA{number:032x}" if number else ""
        return f"{request.path}?{asked}{'&' if asked else ''}PageSize={size}&Page={number}{token}"


def _error(code: int, status: int, message: str) -> SandboxResponse:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return SandboxResponse(status, {"code": code, "message": message, "more_info": more, "status": status})


def _refused(code: int, status: int = 400, *about: str) -> Refused:
    return Refused(_error(code, status, SAYS[code].format(*about)))


def _rfc_2822(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC))


def _seconds(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
