"""WhatsApp Cloud imitated: texts, templates, media.

The one rule: the same codes and shapes of errors as Meta's. Everybody may be written to, until a test says who wrote last.

Seed: `last_words`: number to the seconds since its last message; who is not in it needs a template. `templates`: [{name,
language, parameters}], `parameters` the number of texts in its body; without it every template exists. `opted_out`,
`not_on_whatsapp`: numbers.

Effects: `send whatsapp` {id, to: "+33...", type, text}, or what else the type has (template, ...); `upload media` {id, name,
type}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email import message_from_bytes
from typing import Any, ClassVar

from recipe_engine.plugin import Fault, Refused, Sandbox, SandboxRequest, SandboxResponse, route

DAY = 86_400.0
NUMBER = re.compile(r"\+?[1-9]\d{6,14}\Z")
SAYS = {
    0: (401, "AuthException"),
    100: (400, "Invalid parameter"),
    130429: (429, "Rate limit hit"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131026: (400, "Message undeliverable"),
    131047: (400, "Re-engagement message"),
    131050: (400, "User's preference: stop marketing messages"),
    131051: (400, "Unsupported message type"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    190: (401, "Invalid OAuth access token"),
}
MEDIA = ("image", "video", "audio", "document", "sticker")


class WhatsAppCloudSandbox(Sandbox):
    """An imitated business with one number."""

    connector = "whatsapp_cloud"
    invented: ClassVar[Mapping[str, str]] = {
        "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
        "WHATSAPP_PROVIDER": "twilio",
        "WHATSAPP_APP_SECRET": "sandbox-whatsapp-app-secret",
        "WHATSAPP_VERIFY_TOKEN": "sandbox-whatsapp-verify-token",
    }

    def __init__(self, settings: Mapping[str, str] | None = None, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(settings, now)
        self.messages: list[dict[str, Any]] = []
        self.media: dict[str, dict[str, Any]] = {}
        self.last_words: dict[str, float] | None = None
        self.templates: list[dict[str, Any]] | None = None
        self.opted_out: set[str] = set()
        self.not_on_whatsapp: set[str] = set()

    def seed(self, data: dict[str, Any]) -> None:
        """Load the business; see the module."""
        data = dict(data)
        self.opted_out |= {_digits(each) for each in data.pop("opted_out", ())}
        self.not_on_whatsapp |= {_digits(each) for each in data.pop("not_on_whatsapp", ())}
        if "last_words" in data:
            ago = data.pop("last_words")
            self.last_words = {_digits(number): self.now() - seconds for number, seconds in ago.items()}
        if "templates" in data:
            self.templates = data.pop("templates")
        super().seed(data)

    def state(self) -> dict[str, Any]:
        """Messages sent, files uploaded, and who is opted out."""
        return {"messages": self.messages, "media": list(self.media.values()), "opted_out": sorted(self.opted_out)}

    def authorize(self, request: SandboxRequest) -> SandboxResponse | None:
        """Meta's 401."""
        given = request.headers.get("authorization")
        return None if given == f"Bearer {self.settings.get('WHATSAPP_TOKEN')}" else _refused(190).answer

    def not_found(self, request: SandboxRequest) -> SandboxResponse:
        """A path that this sandbox does not imitate."""
        return _refused(100, f"Unsupported {request.method.lower()} request. {request.path} does not exist").answer

    def malformed(self, request: SandboxRequest, why: str) -> SandboxResponse:
        """Meta's refusal of a parameter of another type."""
        return _refused(100, why).answer

    def fault_status(self, fault: Fault) -> SandboxResponse:
        """An injected refusal: of 429 the rate of the number, otherwise that something went wrong."""
        answer = _refused(130429 if fault.status == 429 else 131000).answer
        answer.status = fault.status or 500
        answer.headers |= fault.headers
        answer.json = fault.body or answer.json
        return answer

    @route("GET", "/{version}/{number}")
    def number(self, request: SandboxRequest) -> SandboxResponse:
        self._number(request)
        return SandboxResponse(200, {"id": request.variables["number"]})

    @route("POST", "/{version}/{number}/messages")
    def send(self, request: SandboxRequest) -> SandboxResponse:
        self._number(request)
        body = _body(request)
        if body.get("messaging_product") != "whatsapp":
            raise _refused(100, "Parameter messaging_product must be 'whatsapp'")
        to, kind = body.get("to"), body.get("type", "text")
        if not isinstance(to, str):
            raise _refused(131008, "Required parameter 'to' is missing")
        if not NUMBER.match(to):
            raise _refused(131009, "Parameter value is not valid: to")
        about = self._content(kind, body.get(kind), _digits(to))
        if _digits(to) in self.not_on_whatsapp:
            raise _refused(131026, "Receiver is incapable of receiving this message")
        id_ = f"wamid.SANDBOX{len(self.messages) + 1:08d}"
        message = {"id": id_, "to": f"+{_digits(to)}", "type": kind, **about}
        quoted = body.get("context", {}).get("message_id")
        if quoted:
            message["context"] = quoted
        self.messages.append(message)
        self.record("send whatsapp", **message)
        contact = {"input": to, "wa_id": _digits(to)}
        answer = {"messaging_product": "whatsapp", "contacts": [contact]}
        return SandboxResponse(200, answer | {"messages": [{"id": id_, "message_status": "accepted"}]})

    @route("POST", "/{version}/{number}/media")
    def upload(self, request: SandboxRequest) -> SandboxResponse:
        self._number(request)
        head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
        parts = {
            str(part.get_param("name", header="content-disposition")): part
            for part in message_from_bytes(head + request.body).walk()
            if not part.is_multipart()
        }
        for name in ("messaging_product", "file"):
            if name not in parts:
                raise _refused(100, f"Parameter {name} is missing")
        id_ = str(1_037_543_291_543_000 + len(self.media) + 1)
        file = parts["file"]
        self.media[id_] = {"id": id_, "name": file.get_filename(), "type": file.get_content_type()}
        self.record("upload media", **self.media[id_])
        return SandboxResponse(200, {"id": id_})

    def _number(self, request: SandboxRequest) -> None:
        if request.variables["number"] != self.settings.get("WHATSAPP_PHONE_NUMBER_ID"):
            raise _refused(100, f"Object with ID '{request.variables['number']}' does not exist")

    def _content(self, kind: str, content: Any, to: str) -> dict[str, Any]:
        """What a message says, when it may be said."""
        if kind not in ("text", "template", *MEDIA):
            raise _refused(131051)
        if not isinstance(content, dict):
            raise _refused(131008, f"Required parameter '{kind}' is missing")
        if kind == "template":
            return self._template(content, to)
        if self.last_words is not None and self.now() - self.last_words.get(to, float("-inf")) > DAY:
            said = "Message failed to send because more than 24 hours have passed since the customer last replied"
            raise _refused(131047, said)
        if kind == "text":
            if not 1 <= len(content.get("body", "")) <= 4096:
                raise _refused(100, "Param text['body'] must be at most 4096 characters long.")
            return {"text": content["body"]}
        media = content.get("id")
        if media is not None and media not in self.media:
            raise _refused(131009, f"Media id {media} does not exist")
        if media is None and not content.get("link"):
            raise _refused(131008, f"{kind} needs id or link")
        named = {"media": self.media[media]["name"] if media else content["link"]}
        return named | {name: content[name] for name in ("caption", "filename") if name in content}

    def _template(self, content: dict[str, Any], to: str) -> dict[str, Any]:
        name, language = content.get("name"), (content.get("language") or {}).get("code")
        if not name or not language:
            raise _refused(131008, "template needs name and language")
        bodies = [each for each in content.get("components") or () if each.get("type") == "body"]
        texts = [each.get("text") for body in bodies for each in body.get("parameters", ())]
        if self.templates is not None:
            found = next(
                (each for each in self.templates if (each["name"], each["language"]) == (name, language)), None
            )
            if found is None:
                raise _refused(132001, f"template name ({name}) does not exist in {language}")
            if found.get("parameters", 0) != len(texts):
                said = f"body: number of localizable_params ({len(texts)}) does not match the expected number of params"
                raise _refused(132000, f"{said} ({found.get('parameters', 0)})")
        if to in self.opted_out:
            raise _refused(131050)
        return {"template": name, "language": language, "parameters": texts}


def _refused(code: int, details: str = "") -> Refused:
    status, title = SAYS[code]
    error: dict[str, Any] = {"message": f"(#{code}) {title}", "type": "OAuthException", "code": code}
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return Refused(SandboxResponse(status, {"error": {**error, "fbtrace_id": "SANDBOX"}}))


def _digits(number: str) -> str:
    return number.removeprefix("+")


def _body(request: SandboxRequest) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _refused(100, "The body is not JSON")
    return body
