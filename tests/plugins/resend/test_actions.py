"""Resend's actions over its sandbox, every request and answer held against the vendor's description."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from recipe_engine.plugin import Fault, FileValue
from recipe_engine.testing import START, SandboxContext, sandbox_context
from recipe_plugins.resend import register_connectors
from recipe_plugins.resend.actions import LARGEST
from tests.support.vendor_specs import hold_to_spec

[CONNECTOR] = register_connectors()
SENDER = "Atelier <bonjour@example.org>"
MAIL = {"to": "ada@example.org", "subject": "Votre devis", "text": "Bonjour"}


def make(**settings: str) -> SandboxContext:
    bench = sandbox_context(CONNECTOR, {"FROM_EMAIL": SENDER, **settings})
    # Leniently for answers: the description leaves no room for an e-mail without HTML.
    hold_to_spec(bench.sandbox, "resend", lenient=True)
    return bench


@pytest.fixture
def bench() -> SandboxContext:
    return make()


async def test_everything_that_can_be_said_of_an_email(bench: SandboxContext) -> None:
    file = await bench.blobs.save_bytes(b"%PDF-1.7", "devis n°1.pdf", "application/pdf")
    sent = await bench.call(
        "send",
        step_key="run-1/mail",
        to=["Ada Lovelace <ada@example.org>", "bob@bücher.example"],
        sender="Chantier <chantier@example.org>",
        subject="Devis reçu :\n1 200 €",
        html="<p>Bonjour</p>",
        text="Bonjour",
        cc="eve@example.org",
        bcc=["x@example.org"],
        reply_to="bonjour@example.org",
        headers={"X-Entity-Ref-ID": "12"},
        tags={"campaign": "devis"},
        topic_id="t1",
        attachments=[file.model_dump()],
        scheduled_at="2026-11-21T10:00:00+01:00",
    )
    request = bench.sandbox.requests[-1]
    body = request.json()
    assert request.headers["idempotency-key"] == "run-1/mail"
    assert body["to"] == ["Ada Lovelace <ada@example.org>", "bob@xn--bcher-kva.example"]
    assert (body["from"], body["subject"]) == ("Chantier <chantier@example.org>", "Devis reçu : 1 200 €")
    assert (body["cc"], body["tags"]) == (["eve@example.org"], [{"name": "campaign", "value": "devis"}])
    [attached] = body["attachments"]
    assert (attached["filename"], b64decode(attached["content"])) == ("devis n°1.pdf", b"%PDF-1.7")
    [effect] = bench.effects
    assert (effect.action, effect.data["id"]) == ("send email", sent["id"])
    assert (await bench.call("get", id=sent["id"]))["last_event"] == "scheduled"


async def test_a_template_takes_the_place_of_the_text(bench: SandboxContext) -> None:
    template = {"id": "devis", "variables": {"name": "Ada", "total": 1200.5}}
    await bench.call("send", to="ada@example.org", subject="Devis", template=template)
    assert bench.sandbox.requests[-1].json()["template"] == template
    assert bench.sandbox.requests[-1].json()["from"] == SENDER


@pytest.mark.parametrize("content", [{}, {"text": " "}, {"text": "x", "template": {"id": "devis"}}])
async def test_it_is_either_text_or_template(bench: SandboxContext, content: dict[str, Any]) -> None:
    failure = await bench.failure("send", to="ada@example.org", subject="x", **content)
    assert (failure.code, bench.sandbox.requests) == ("validation", [])


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"to": "nobody"}, "invalid_recipient"),
        ({"cc": ["é@example.org"]}, "invalid_recipient"),
        ({"to": [f"a{n}@example.org" for n in range(51)]}, "too_many_recipients"),
        ({"sender": "bonjour"}, "invalid_recipient"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before(bench: SandboxContext, params: dict[str, Any], code: str) -> None:
    failure = await bench.failure("send", **(MAIL | params))
    assert (failure.code, bench.sandbox.requests) == (code, [])


async def test_too_large_attachments_are_refused_before_they_are_read(bench: SandboxContext) -> None:
    file = FileValue(digest="sha256:" + "0" * 64, name="film.mp4", media_type="video/mp4", size=LARGEST + 1)
    failure = await bench.failure("send", **MAIL, attachments=[file.model_dump()])
    assert (failure.code, failure.detail) == ("attachment_too_large", "upload the files and send a link")


async def test_a_large_attachment_arrives() -> None:
    bench = sandbox_context(CONNECTOR)  # unheld: the sandbox is shown the beginning of a long request
    file = await bench.blobs.save_bytes(b"x" * 3_000_000, "plan.glb", "model/gltf-binary")
    await bench.call("send", **MAIL, attachments=[file.model_dump()])
    assert bench.sandbox.requests[-1].size > 4_000_000
    assert bench.effects[0].data["subject"] == "Votre devis"


@pytest.mark.parametrize(
    ("seed", "params", "code", "name"),
    [
        ({"domains": ["autre.example"]}, {}, "http_403", "validation_error"),
        ({"templates": ["facture"]}, {"text": None, "template": {"id": "devis"}}, "http_404", "not_found"),
    ],
)
async def test_what_resend_refuses_is_refused_in_its_words(
    bench: SandboxContext, seed: dict[str, Any], params: dict[str, Any], code: str, name: str
) -> None:
    bench.sandbox.seed(seed)
    failure = await bench.failure("send", **(MAIL | params))
    assert (failure.code, failure.detail, failure.retryable) == (code, name, False)
    assert failure.title.startswith("Resend: ")
    assert bench.effects == []


async def test_a_wrong_key_is_refused_and_not_shown(bench: SandboxContext) -> None:
    bench.sandbox.settings["RESEND_API_KEY"] = "another"
    failure = await bench.failure("send", **MAIL)
    assert (failure.code, failure.detail) == ("http_403", "invalid_api_key")
    assert "sandbox-resend-api-key" not in repr(failure)


@pytest.mark.parametrize(
    ("status", "name", "code", "retryable"),
    [
        (429, "daily_quota_exceeded", "quota", False),
        (429, "monthly_quota_exceeded", "quota", False),
        (409, "concurrent_idempotent_requests", "concurrent", True),
        (500, "internal_server_error", "server_error", True),
    ],
)
async def test_which_refusals_pass(bench: SandboxContext, status: int, name: str, code: str, retryable: bool) -> None:
    bench.inject(Fault(status=status, body={"statusCode": status, "name": name, "message": "said"}))
    failure = await bench.failure("send", **MAIL)
    assert (failure.code, failure.retryable, failure.happened) == (code, retryable, "no")


async def test_after_a_429_all_wait_as_long_as_resend_says(bench: SandboxContext) -> None:
    bench.inject(Fault(status=429, headers={"retry-after": "60"}))
    failure = await bench.failure("send", **MAIL)
    assert (failure.code, failure.retry_after, failure.detail) == ("rate_limit", 60.0, "rate_limit_exceeded")
    assert (await bench.failure("send", **MAIL)).code == "rate_limit"
    assert bench.sandbox.requests == []


async def test_an_email_goes_its_way(bench: SandboxContext) -> None:
    bench.sandbox.seed({"suppressed": ["eve@example.org"], "events": {"bob@example.org": "opened"}})
    to = ["ada@example.org", "bob@example.org", "bounced@resend.dev", "eve@example.org"]
    ids = [(await bench.call("send", **(MAIL | {"to": each})))["id"] for each in to]
    bench.clock.advance_to(START + 5)
    events = [(await bench.call("get", id=each))["last_event"] for each in ids]
    assert events == ["delivered", "opened", "bounced", "suppressed"]
    assert (await bench.failure("get", id="nope")).code == "http_404"


class TestBatch:
    async def test_each_has_an_id_in_order(self, bench: SandboxContext) -> None:
        batch = await bench.call("send_batch", step_key="run-1/b", emails=[MAIL, MAIL | {"to": "bob@example.org"}])
        assert batch == {"ids": [each["id"] for each in bench.sandbox.emails.values()], "errors": []}
        headers = bench.sandbox.requests[-1].headers
        assert (headers["idempotency-key"], headers["x-batch-validation"]) == ("run-1/b", "strict")
        assert len(bench.effects) == 2

    async def test_one_bad_one_refuses_all_unless_permissive(self, bench: SandboxContext) -> None:
        bench.sandbox.seed({"templates": []})
        emails = [{"to": "bob@example.org", "subject": "x", "template": {"id": "gone"}}, MAIL]
        failure = await bench.failure("send_batch", emails=emails)
        assert (failure.code, bench.effects) == ("http_404", [])
        batch = await bench.call("send_batch", emails=emails, permissive=True)
        assert batch["errors"] == [{"index": 0, "message": "Template not found"}]
        assert (len(batch["ids"]), len(bench.effects)) == (1, 1)

    async def test_it_takes_no_attachments(self, bench: SandboxContext) -> None:
        failure = await bench.failure("send_batch", emails=[MAIL | {"attachments": []}])
        assert failure.code == "validation"


class TestAfterACrash:
    """The process died, or the connection did, while an e-mail was sent."""

    @pytest.mark.parametrize(("action", "params"), [("send", MAIL), ("send_batch", {"emails": [MAIL]})])
    async def test_a_repeat_of_the_step_sends_nothing_and_has_the_same_answer(
        self, bench: SandboxContext, action: str, params: dict[str, Any]
    ) -> None:
        bench.inject(Fault(method="POST", drop="after"))
        assert (await bench.failure(action, step_key="run-1/a", **params)).retryable
        again = await bench.call(action, step_key="run-1/a", recovered=True, **params)
        third = await bench.call(action, step_key="run-1/a", recovered=True, **params)
        assert again == third
        assert len(bench.effects) == 1

    async def test_a_key_longer_than_resend_takes_stays_the_same(self, bench: SandboxContext) -> None:
        for _ in range(2):
            await bench.call("send", step_key="run-1/" + "é" * 300, **MAIL)
        assert len(bench.effects) == 1
        assert len(bench.sandbox.requests[-1].headers["idempotency-key"]) == 64

    async def test_another_email_under_the_same_key_is_refused(self, bench: SandboxContext) -> None:
        await bench.call("send", step_key="run-1/a", **MAIL)
        failure = await bench.failure("send", step_key="run-1/a", **(MAIL | {"text": "Autre"}))
        assert (failure.code, failure.detail) == ("http_409", "invalid_idempotent_request")
