"""Slack imitated: channels, messages, threads, and an incoming webhook.

The one rule: like Slack it answers failures with status 200 and `ok: false`, but those of the webhook with a word as text.

Seed: `channels`: [{id, name, archived, joined}]; without it every id, and every #name, is a channel that the bot is in.
`messages`: [{channel, text, ts}]. `people`: ids of persons that can be written to.

Effects: `post message` {channel: #name or id as the step says it; of a seeded one its name, ts, text, thread_ts, blocks}; `update message` {channel, ts, text};
`post to webhook` {text, blocks}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from recipe_engine.plugin import Fault, Sandbox, SandboxRequest, SandboxResponse, route

ID = re.compile(r"[CGDU][A-Z0-9]{8,}\Z")
TYPES = {
    "actions", "alert", "call", "card", "carousel", "context", "context_actions", "divider", "file", "header", "image",
    "input", "markdown", "rich_text", "section", "table", "task_card", "plan", "video",
}  # fmt: skip
BOT, USER, TEAM = "B0SANDBOX1", "U0SANDBOX1", "T0SANDBOX1"
WEBHOOK_CHANNEL = "C0WEBHOOK1"


class _Failed(Exception):
    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer = SandboxResponse(200, {"ok": False, "error": error, **more})


class SlackSandbox(Sandbox):
    """An imitated workspace with one bot and one webhook."""

    connector = "slack"
    invented: ClassVar[Mapping[str, str]] = {
        "SLACK_WEBHOOK": "https://hooks.slack.com/services/T0SANDBOX1/B0SANDBOX1/sandbox-slack-webhook",
        "SLACK_BOT_TOKEN": "xoxb-sandbox-slack-bot-token",
        "SLACK_SIGNING_SECRET": "sandbox-slack-signing-secret",
    }

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.channels: dict[str, dict[str, Any]] = {}
        # The names for which ids were made, where no channels were seeded.
        self.made: dict[str, str] = {}
        self.people: set[str] = set()
        self.messages: list[dict[str, Any]] = []
        self._last = 0

    def seed(self, data: dict[str, Any]) -> None:
        """Load the workspace; see the module."""
        data = dict(data)
        for each in data.pop("channels", ()):
            self.channels[each["id"]] = {"name": each["id"].lower(), "archived": False, "joined": True, **each}
        self.people |= set(data.pop("people", ()))
        for each in data.pop("messages", ()):
            self.messages.append({"ts": self._ts(), **each})
        super().seed(data)

    def state(self) -> dict[str, Any]:
        """Messages in the order in which they were posted, and the channels that were seeded."""
        return {"messages": self.messages, "channels": list(self.channels.values())}

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """The refusal of a wrong token, or of a wrong address of the webhook."""
        if request.path.startswith("/services/"):
            known = urlsplit(self.settings.get("SLACK_WEBHOOK", "")).path
            return None if request.path == known else SandboxResponse(403, body=b"invalid_token")
        given = request.headers.get("authorization")
        if not given:
            return _Failed("not_authed").answer
        right = given == f"Bearer {self.settings.get('SLACK_BOT_TOKEN')}"
        return None if right else _Failed("invalid_auth").answer

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """A method that this sandbox does not imitate."""
        return _Failed("unknown_method", req_method=request.path.rpartition("/")[2]).answer

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """Slack's refusal of an argument of another type."""
        if request.path.startswith("/services/"):
            return SandboxResponse(400, body=b"invalid_payload", headers={"content-type": "text/html"})
        return _Failed("invalid_arguments", response_metadata={"messages": [f"[ERROR] {why}"]}).answer

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal; of 429 with the time to wait."""
        status = fault.status or 500
        answer = SandboxResponse(status, {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"})
        if status == 429:
            answer.headers = {"Retry-After": "30"}
        answer.headers |= fault.headers
        answer.json = fault.body or answer.json
        return answer

    def answer(self, request: SandboxRequest) -> SandboxResponse:
        """The workspace's answer; a refusal has status 200 too."""
        try:
            return super().answer(request)
        except _Failed as failed:
            return failed.answer

    @route("GET", "/api/auth.test")
    def who(self, request: SandboxRequest) -> SandboxResponse:
        who = {"url": "https://sandbox.slack.com/", "team": "Sandbox", "team_id": TEAM, "user": "recettes"}
        return SandboxResponse(200, {"ok": True, **who, "user_id": USER, "bot_id": BOT})

    @route("POST", "/api/chat.postMessage")
    def post(self, request: SandboxRequest) -> SandboxResponse:
        body = _body(request)
        channel = self._channel(body.get("channel"))
        _check(body)
        thread = body.get("thread_ts")
        if thread and not any(each["ts"] == thread for each in self.messages if each["channel"] == channel):
            raise _Failed("thread_not_found")
        message = {"channel": channel, "text": body.get("text", ""), "ts": self._ts()}
        message |= {name: body[name] for name in ("blocks", "thread_ts", "metadata") if body.get(name)}
        self.messages.append(message)
        about = {name: message[name] for name in ("text", "thread_ts", "blocks") if message.get(name)}
        self.record("post message", channel=self._name(channel), ts=message["ts"], **about)
        return SandboxResponse(
            200, {"ok": True, "channel": channel, "ts": message["ts"], "message": _shown(message, metadata=True)}
        )

    @route("POST", "/api/chat.update")
    def update(self, request: SandboxRequest) -> SandboxResponse:
        body = _body(request)
        channel = self._channel(body.get("channel"))
        _check(body)
        found = next(
            (each for each in self.messages if (each["channel"], each["ts"]) == (channel, body.get("ts"))), None
        )
        if found is None:
            raise _Failed("message_not_found")
        found |= {name: body[name] for name in ("text", "blocks") if name in body}
        self.record("update message", channel=self._name(channel), ts=found["ts"], text=found["text"])
        answer = {"ok": True, "channel": channel, "ts": found["ts"], "text": found["text"]}
        return SandboxResponse(200, answer | {"message": {"text": found["text"], "type": "message", "user": USER}})

    @route("GET", "/api/conversations.history")
    def history(self, request: SandboxRequest) -> SandboxResponse:
        channel = self._channel(request.query.get("channel"))
        found = [each for each in self.messages if each["channel"] == channel and "thread_ts" not in each]
        return self._page(request, found[::-1], {"pin_count": 0})

    @route("GET", "/api/conversations.replies")
    def replies(self, request: SandboxRequest) -> SandboxResponse:
        channel, ts = self._channel(request.query.get("channel")), request.query.get("ts")
        found = [
            each for each in self.messages if each["channel"] == channel and ts in (each["ts"], each.get("thread_ts"))
        ]
        if not found:
            raise _Failed("thread_not_found")
        return self._page(request, found, {})

    @route("POST", "/services/{team}/{bot}/{secret}")
    def webhook(self, request: SandboxRequest) -> SandboxResponse:
        try:
            body = _body(request)
            _check(body)
        except _Failed as failed:
            word = str((failed.answer.json or {})["error"])
            word = "invalid_payload" if word == "invalid_json" else word
            return SandboxResponse(400, body=word.encode(), headers={"content-type": "text/html"})
        self.messages.append({"channel": WEBHOOK_CHANNEL, "text": body.get("text", ""), "ts": self._ts()})
        self.record("post to webhook", **{name: body[name] for name in ("text", "blocks") if body.get(name)})
        return SandboxResponse(200, body=b"ok", headers={"content-type": "text/html"})

    def _page(self, request: SandboxRequest, found: list[dict[str, Any]], more: dict[str, Any]) -> SandboxResponse:
        limit, start = int(request.query.get("limit", "100")), int(request.query.get("cursor", "0") or 0)
        following = start + limit < len(found)
        metadata = request.query.get("include_all_metadata") == "true"
        shown = [_shown(each, metadata=metadata) for each in found[start : start + limit]]
        cursor = {"next_cursor": str(start + limit) if following else ""}
        answer = {"ok": True, "messages": shown, "has_more": following, **more, "response_metadata": cursor}
        return SandboxResponse(200, answer)

    def _channel(self, given: Any) -> str:
        """The id of a channel that can be posted to."""
        if not isinstance(given, str) or not given:
            raise _Failed("channel_not_found")
        if given in self.people:
            return "D" + given[1:]
        if not self.channels:
            named = re.fullmatch(r"#?([a-z0-9][a-z0-9_-]*)", given)
            if not ID.match(given) and not named:
                raise _Failed("channel_not_found")
            if ID.match(given):
                return given
            made = f"C0{given.removeprefix('#').upper().replace('-', '').replace('_', ''):0<8}"
            self.made[made] = f"#{given.removeprefix('#')}"
            return made
        found = self.channels.get(given) or next(
            (each for each in self.channels.values() if each["name"] == given.removeprefix("#")), None
        )
        if found is None:
            raise _Failed("channel_not_found")
        if found["archived"]:
            raise _Failed("is_archived")
        if not found["joined"]:
            raise _Failed("not_in_channel")
        return str(found["id"])

    def _name(self, id_: str) -> str:
        return str(self.channels[id_]["name"]) if id_ in self.channels else self.made.get(id_, id_)

    def _ts(self) -> str:
        """A moment that no other message has."""
        self._last = max(self._last + 1, int(self.now() * 1_000_000))
        return f"{self._last // 1_000_000:010d}.{self._last % 1_000_000:06d}"


def _check(body: dict[str, Any]) -> None:
    text, blocks = body.get("text"), body.get("blocks")
    if not text and not blocks:
        raise _Failed("no_text")
    if len(text or "") > 40_000:
        raise _Failed("msg_too_long")
    if blocks is None:
        return
    if not isinstance(blocks, list) or len(blocks) > 50:
        raise _Failed("invalid_blocks")
    for index, block in enumerate(blocks):
        if not isinstance(block, dict) or block.get("type") not in TYPES:
            said = f"[ERROR] unsupported type [json-pointer:/blocks/{index}/type]"
            raise _Failed("invalid_blocks", response_metadata={"messages": [said]})
        shown = (block.get("text") or {}).get("text", "") if isinstance(block.get("text"), dict) else ""
        most = {"section": 3000, "header": 150}.get(block["type"])
        if most and len(shown) > most:
            said = f"[ERROR] must be less than {most + 1} characters [json-pointer:/blocks/{index}/text/text]"
            raise _Failed("invalid_blocks", response_metadata={"messages": [said]})


def _shown(message: dict[str, Any], *, metadata: bool) -> dict[str, Any]:
    hidden = {"channel", *(() if metadata else ("metadata",))}
    kept = {name: value for name, value in message.items() if name not in hidden}
    return {"type": "message", "bot_id": BOT, "user": USER, "team": TEAM, **kept}


def _body(request: SandboxRequest) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _Failed("invalid_json")
    return body
