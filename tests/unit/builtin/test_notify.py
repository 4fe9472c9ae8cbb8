"""The `notify` step over a real mail server: what people get, what is said when it cannot be sent, what is in doubt."""

import ssl
from typing import Any

import pytest

from recipe_engine.builtin.email import email
from recipe_engine.builtin.notify import notify
from recipe_engine.plugin import (
    Channel,
    Connector,
    Context,
    Delivery,
    Fault,
    Message,
    Retryable,
    Setting,
    Terminal,
    needs,
)
from tests.unit.builtin.mail_server import mail_server
from tests.unit.perform.certificates import self_signed
from tests.unit.perform.kit import Rig

SENDER = "Atelier Müller <bonjour@atelier.example>"


def settings(port: int, **more: str) -> dict[str, str]:
    return {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_FROM": SENDER, **more}


def step(**params: Any) -> dict[str, Any]:
    return {"channels": ["email"], "to": "ada@example.org", "subject": "Alerte", "message": "Bonjour", **params}


async def test_an_email_arrives_as_it_was_written():
    async with mail_server() as mail:
        rig = Rig(notify, email, settings=settings(mail.port))
        file = await rig.blobs.save_bytes(b"%PDF-1.7", "devis n°1.pdf", "application/pdf")
        output = await rig.output(
            "notify",
            step(
                to=["Ada Lovelace <ada@example.org>", {"email": "bob@example.org"}, "eve@bücher.example"],
                subject="Devis reçu : 1 200 €",
                message="Bonjour,\n.\nÀ bientôt",
                html="<p>Bonjour</p>",
                attachments=[file.model_dump()],
            ),
        )
    (message,) = mail.messages()
    assert mail.envelopes[0].mail_from == "bonjour@atelier.example"
    assert mail.envelopes[0].rcpt_tos == ["ada@example.org", "bob@example.org", "eve@xn--bcher-kva.example"]
    assert message["From"] == SENDER
    assert message["To"] == "Ada Lovelace <ada@example.org>, bob@example.org, eve@xn--bcher-kva.example"
    assert message["Subject"] == "Devis reçu : 1 200 €"
    assert message["Date"].datetime.timestamp() == rig.clock.now()
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text.get_content().splitlines() == ["Bonjour,", ".", "À bientôt"]
    assert html.get_content().strip() == "<p>Bonjour</p>"
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("devis n°1.pdf", "application/pdf")
    assert attached.get_content() == b"%PDF-1.7"
    (sent,) = output["channels"]
    assert (output["sent"], output["skipped"], sent["sent"], sent["id"]) == (True, None, True, message["Message-ID"])


async def test_the_message_id_follows_from_the_step():
    async with mail_server() as mail:
        rig = Rig(notify, email, settings=settings(mail.port))
        for key in ("run-1/a", "run-1/a", "run-1/b"):
            await rig.output("notify", step(), key=key)
    ids = [message["Message-ID"] for message in mail.messages()]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].endswith("@atelier.example>")


async def test_html_alone_has_a_text_for_readers_without_it():
    html = "<html><head><style>p{}</style></head><body><h1>Devis</h1><p>1&nbsp;200 &euro;<br>TTC</p></body></html>"
    async with mail_server() as mail:
        await Rig(notify, email, settings=settings(mail.port)).output("notify", step(message="", html=html))
    text = mail.messages()[0].get_body(("plain",)).get_content()
    assert text.split() == ["Devis", "1", "200", "€", "TTC"]


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: all@example.org", "Hi\nBcc: all@example.org", "Hi\r\n\r\n<script>"])
async def test_a_subject_cannot_add_headers(subject):
    async with mail_server() as mail:
        await Rig(notify, email, settings=settings(mail.port)).output("notify", step(subject=subject))
    (message,) = mail.messages()
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Hi ")
    assert message.get_content().strip() == "Bonjour"


@pytest.mark.parametrize(
    "to",
    [
        "a@b.example\r\nBcc: c@d.example",
        "nobody",
        "@example.org",
        "a b@example.org",
        "a@",
        "é@example.org",
        "<>",
        "x@..",
        "a@b c.example",
    ],
)
async def test_what_is_no_address_is_refused(to):
    failure = await Rig(notify, email, settings=settings(1)).failure("notify", step(to=to))
    assert failure.code == "invalid_recipient"
    assert not failure.retryable


async def test_encryption_and_account(tmp_path, monkeypatch):
    certificate = self_signed(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    account = {"SMTP_HOST": "localhost", "SMTP_USERNAME": "ada", "SMTP_PASSWORD": "right-password"}
    async with mail_server(tls=context, accounts=True) as mail:
        for mode in ("starttls", "auto"):
            rig = Rig(notify, email, settings=settings(mail.port, SMTP_TLS=mode) | account)
            assert (await rig.output("notify", step()))["sent"]
            assert mail.sessions[-1].ssl is not None
        assert mail.logins == [(b"ada", b"right-password")] * 2
        wrong = settings(mail.port) | account | {"SMTP_PASSWORD": "wrong-password"}
        failure = await Rig(notify, email, settings=wrong).failure("notify", step())
        assert (failure.code, failure.retryable) == ("unauthorized", False)
        assert "wrong-password" not in repr(failure)
    async with mail_server(tls=context, from_the_start=True) as mail:
        rig = Rig(notify, email, settings=settings(mail.port, SMTP_HOST="localhost", SMTP_TLS="tls"))
        assert (await rig.output("notify", step()))["sent"]


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path, "localhost"))
    async with mail_server(tls=context) as mail:
        rig = Rig(notify, email, settings=settings(mail.port, SMTP_HOST="localhost", SMTP_TLS="starttls"))
        failure = await rig.failure("notify", step())
    assert failure.happened == "no"
    assert mail.envelopes == []


async def test_starttls_is_not_given_up_silently():
    async with mail_server() as mail:
        failure = await Rig(notify, email, settings=settings(mail.port, SMTP_TLS="starttls")).failure("notify", step())
    assert failure.code == "tls"
    assert "SMTP_TLS=none" in failure.detail


@pytest.mark.parametrize(("name", "value"), [("SMTP_TLS", "maybe"), ("SMTP_PORT", "smtp")])
async def test_settings_that_make_no_sense_are_named(name, value):
    failure = await Rig(notify, email, settings=settings(1) | {name: value}).failure("notify", step())
    assert failure.code == "not_configured"
    assert name in failure.title


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "set SMTP_HOST and SMTP_FROM"),
        ({"SMTP_HOST": "h"}, "set SMTP_FROM"),
        ({"SMTP_FROM": "a@b.example"}, "set SMTP_HOST"),
        ({"SMTP_HOST": "h", "SMTP_USERNAME": "ada"}, "set SMTP_FROM"),
    ],
)
async def test_without_configuration_the_step_succeeds_and_says_so(given, missing):
    rig = Rig(notify, email, settings=given)
    output = await rig.output("notify", step())
    said = f"email is not configured: {missing}"
    assert output == {
        "sent": False,
        "channels": [{"channel": "email", "sent": False, "id": None, "detail": said, "opted_out": []}],
        "skipped": said,
        "opted_out": [],
    }
    assert rig.logged[0][0] == said


@pytest.mark.parametrize("sender", [{"FROM_EMAIL": "a@b.example"}, {"SMTP_USERNAME": "a@b.example"}])
async def test_other_names_for_the_sender(sender):
    async with mail_server() as mail:
        given = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mail.port), **sender}
        assert (await Rig(notify, email, settings=given).output("notify", step()))["sent"]
    assert mail.envelopes[0].mail_from == "a@b.example"


async def test_the_default_recipient():
    async with mail_server() as mail:
        rig = Rig(notify, email, settings=settings(mail.port, NOTIFICATION_EMAIL="admin@example.org"))
        params = step()
        del params["to"]
        assert (await rig.output("notify", params))["sent"]
    assert mail.envelopes[0].rcpt_tos == ["admin@example.org"]
    output = await Rig(notify, email, settings=settings(1)).output("notify", params)
    assert output["skipped"] == "email is not configured: give `to`, or set NOTIFICATION_EMAIL"


@pytest.mark.parametrize("to", ["", "  ", {}, {"phone": "+33 6 39 98 00 12"}, {"email": ""}, [], [{"email": None}]])
async def test_a_recipient_without_address_is_a_failure(to):
    failure = await Rig(notify, email, settings=settings(1)).failure("notify", step(to=to))
    assert failure.code == "no_recipient"


async def test_an_unknown_channel_lists_the_known_ones():
    failure = await Rig(notify, email, _sms()).failure("notify", step(channels=["email", "pigeon"]))
    assert (failure.code, failure.title) == ("unknown_channel", "there is no channel 'pigeon'")
    assert failure.detail == "the channels are email, sms"


@pytest.mark.parametrize("params", [{"message": " ", "html": ""}, {"message": "", "html": None}, {"channels": []}])
async def test_something_must_be_said_somewhere(params):
    assert (await Rig(notify, email).failure("notify", step(**params))).code == "validation"


async def test_numbers_are_text():
    async with mail_server() as mail:
        await Rig(notify, email, settings=settings(mail.port)).output("notify", step(subject=7, message=12.5))
    assert mail.messages()[0]["Subject"] == "7"


# --- what the server says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reply", "code", "retryable"),
    [
        ("RCPT", "550 no such mailbox", "refused", False),
        ("RCPT", "451 greylisted, try later", "unavailable", True),
        ("DATA", "554 looks like spam", "refused", False),
        ("DATA", "452 disk full", "unavailable", True),
    ],
)
async def test_refusals(command, reply, code, retryable):
    async with mail_server() as mail:
        mail.replies[command] = lambda _: reply
        failure = await Rig(notify, email, settings=settings(mail.port)).failure("notify", step())
    assert (failure.code, failure.retryable, failure.happened) == (code, retryable, "no")
    assert failure.detail == reply


async def test_a_refusal_of_one_recipient_does_not_stop_the_others():
    async with mail_server() as mail:
        mail.replies["RCPT"] = lambda address: "550 gone" if address.startswith("bob") else None
        rig = Rig(notify, email, settings=settings(mail.port))
        output = await rig.output("notify", step(to=["ada@example.org", "bob@example.org"]))
    assert output["channels"][0]["detail"] == "refused for bob@example.org"
    assert mail.envelopes[0].rcpt_tos == ["ada@example.org"]


async def test_no_connection_did_not_happen():
    async with mail_server() as mail:
        pass
    failure = await Rig(notify, email, settings=settings(mail.port)).failure("notify", step())
    assert (failure.code, failure.retryable, failure.happened) == ("connection", True, "no")
    assert f"127.0.0.1:{mail.port}" in failure.title


async def test_a_connection_lost_after_the_message_is_in_doubt():
    async with mail_server() as mail:
        mail.drop_after_data = True
        failure = await Rig(notify, email, settings=settings(mail.port)).failure("notify", step())
    assert (failure.code, failure.happened) == ("connection", "maybe")
    assert len(mail.envelopes) == 1


async def test_a_message_too_large_for_the_server_is_not_begun():
    async with mail_server(size=2000) as mail:
        rig = Rig(notify, email, settings=settings(mail.port))
        failure = await rig.failure("notify", step(message="x" * 3000))
    assert failure.code == "message_too_large"


async def test_attachments_are_bounded():
    rig = Rig(notify, email, settings=settings(1))
    big = {"digest": f"sha256:{'0' * 64}", "name": "film.mp4", "media_type": "video/mp4", "size": 20_000_001}
    failure = await rig.failure("notify", step(attachments=[big]))
    assert failure.code == "attachment_too_large"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_password_is_not_sent_in_the_clear(monkeypatch):
    monkeypatch.setattr("recipe_engine.builtin.smtp._LOCAL", ())
    async with mail_server(accounts=True) as mail:
        given = settings(mail.port, SMTP_USERNAME="ada", SMTP_PASSWORD="right-password")
        failure = await Rig(notify, email, settings=given).failure("notify", step())
        assert failure.code == "tls"
        assert mail.logins == []
        assert (await Rig(notify, email, settings=given | {"SMTP_TLS": "none"}).output("notify", step()))["sent"]


# --- several channels -------------------------------------------------------------------------------------------------------


def _sms(problem: Exception | None = None) -> Connector:
    async def send(ctx: Context, message: Message) -> Delivery:
        if problem is not None:
            raise problem
        await ctx.emit("sms", {"to": list(message.to), "text": message.text})
        return Delivery("sms-1", "queued")

    channel = Channel(send, needs("SMS_KEY"), address=("mobile", "phone"))
    return Connector(name="texts", title="Texts", settings=[Setting("SMS_KEY", secret=True)], channels={"sms": channel})


CONTACT = {"name": "Ada", "email": "ada@example.org", "phone": "+33 6 39 98 00 12"}


async def test_a_connector_adds_a_channel_that_takes_its_own_address_of_a_contact():
    async with mail_server() as mail:
        rig = Rig(notify, email, _sms(), settings=settings(mail.port, SMS_KEY="key-12345"))
        output = await rig.output("notify", step(channels=["sms", "email", "sms"], to=CONTACT))
    assert mail.envelopes[0].rcpt_tos == ["ada@example.org"]
    assert rig.emitted[0][1] == {"to": ["+33 6 39 98 00 12"], "text": "Bonjour"}
    assert [(sent["channel"], sent["sent"]) for sent in output["channels"]] == [("sms", True), ("email", True)]


async def test_one_channel_that_sends_is_a_success_and_the_others_are_told():
    problem = Retryable("the provider is down", code="unavailable", detail="503")
    rig = Rig(notify, email, _sms(problem), settings={"SMS_KEY": "key-12345"})
    async with mail_server() as mail:
        rig = Rig(notify, email, _sms(problem), settings=settings(mail.port, SMS_KEY="key-12345"))
        output = await rig.output("notify", step(channels=["sms", "email"], to=CONTACT))
    assert output["sent"]
    assert output["channels"][0] == {
        "channel": "sms",
        "sent": False,
        "id": None,
        "detail": "the provider is down: 503",
        "opted_out": [],
    }


async def test_when_no_channel_sends_the_first_failure_is_the_steps():
    rig = Rig(notify, email, _sms(Terminal("no credit", code="http_402")), settings={"SMS_KEY": "key-12345"})
    failure = await rig.failure("notify", step(channels=["email", "sms"], to=CONTACT))
    assert failure.code == "http_402"


# --- sandbox ----------------------------------------------------------------------------------------------------------------


async def test_in_the_sandbox_messages_end_in_the_outbox():
    rig = Rig(notify, email, settings=settings(1))
    file = await rig.blobs.save_bytes(b"abc", "a.txt", "text/plain")
    params = step(to=["Ada <ada@example.org>"], html="<p>Bonjour</p>", attachments=[file.model_dump()])
    output = await rig.output("notify", params, sandbox=True)
    (effect,) = rig.host.effects
    assert (effect.connector, effect.action) == ("email", "send email")
    assert effect.data == {
        "id": output["channels"][0]["id"],
        "from": "recettes@sandbox.example",
        "to": ["ada@example.org"],
        "subject": "Alerte",
        "text": "Bonjour",
        "html": "<p>Bonjour</p>",
        "attachments": [file.model_dump()],
    }
    assert rig.host.sandbox("email").state()["messages"] == [effect.data]


async def test_in_the_sandbox_email_can_be_left_unconfigured():
    rig = Rig(notify, email, sandbox_settings={"SMTP_HOST": ""})
    output = await rig.output("notify", step(), sandbox=True)
    assert output["skipped"] == "email is not configured: set SMTP_HOST"
    assert rig.host.effects == []


@pytest.mark.parametrize(
    ("fault", "code", "retryable", "happened"),
    [
        (Fault(status=451), "unavailable", True, "no"),
        (Fault(status=554), "refused", False, "no"),
        (Fault(drop="before"), "connection", True, "no"),
        (Fault(drop="after"), "connection", True, "maybe"),
    ],
)
async def test_faults_of_the_outbox_are_those_of_smtp(fault, code, retryable, happened):
    rig = Rig(notify, email)
    rig.host.inject("email", fault)
    failure = await rig.failure("notify", step(), sandbox=True)
    assert (failure.code, failure.retryable, failure.happened) == (code, retryable, happened)


async def test_the_outbox_refuses_what_a_test_asks_it_to():
    failure = await Rig(notify, email).failure("notify", step(to="ada@refused.example"), sandbox=True)
    assert (failure.code, failure.detail) == ("refused", "550 no such mailbox: ada@refused.example")


async def test_a_dry_run_sends_nothing():
    rig = Rig(notify, email, settings=settings(1))
    output = await rig.output("notify", step(), dry_run=True)
    assert output["sent"] is True
    assert rig.logged[0][0] == "dry run: would perform notify"
    assert rig.logged[0][1]["params"]["to"] == "ada@example.org"
