"""Whoever said stop gets nothing: opt-outs, replies, links, and what notify makes of them."""

from __future__ import annotations

import json
from email.headerregistry import Address
from importlib import import_module
from typing import Any

import pytest

from recipe_engine.builtin.email import email
from recipe_engine.builtin.email_message import compose
from recipe_engine.builtin.notify import notify
from recipe_engine.plugin import Channel, Connector, Context, Delivery, Fault, Message, Params, Result, Terminal
from recipe_engine.plugin.consent import may_reach
from recipe_engine.source import load
from recipe_engine.testing import SandboxContext, run_case, sandbox_context
from recipe_plugins.contacts import register_connectors
from recipe_plugins.contacts.replies import meaning
from tests.unit.perform.kit import Rig

[CONTACTS] = register_connectors()
PHONE, OTHER = "+33639980012", "+33639980055"


@pytest.fixture
async def bench() -> SandboxContext:
    bench = sandbox_context(CONTACTS, {"PHONE_REGION": "FR"})
    await bench.call("upsert", email="ada@example.org", phone=PHONE, name="Ada")
    return bench


async def may(bench: SandboxContext, channel: str, **who: str) -> bool:
    return bool((await bench.call("allowed", channel=channel, **who))["allowed"])


# --- what was said


async def test_an_opt_out_of_all_is_one_of_every_address_of_the_person(bench: SandboxContext) -> None:
    said = await bench.call("opt_out", phone="06 39 98 00 12", reason="plus de messages")
    assert said == {"channel": "all", "contact_ids": ["1"]}
    assert not await may(bench, "email", email="Ada@example.org")
    assert not await may(bench, "sms", phone=PHONE)
    assert not await may(bench, "all", id="1")
    assert (await bench.call("get", id="1"))["opted_out"] == ["all"]
    data = {"channel": "all", "address": PHONE, "contact_id": "1", "email": "ada@example.org", "phone": PHONE}
    assert bench.events == [("contact.opted_out", data)]
    standing = await bench.call("allowed", phone=PHONE, channel="sms")
    assert (standing["reason"], standing["since"]) == ("plus de messages", "2026-11-20T09:00:00+00:00")


async def test_an_opt_out_of_one_channel_leaves_the_others(bench: SandboxContext) -> None:
    await bench.call("opt_out", id="1", channel="sms")
    assert not await may(bench, "sms", phone=PHONE)
    assert not await may(bench, "sms", id="1")
    assert await may(bench, "whatsapp", phone=PHONE)
    assert await may(bench, "email", id="1")
    assert (await bench.call("get", id="1"))["opted_out"] == ["sms"]


async def test_the_latest_word_holds(bench: SandboxContext) -> None:
    await bench.call("opt_out", email="ada@example.org")
    await bench.call("opt_in", phone=PHONE, channel="sms")
    assert await may(bench, "sms", phone=PHONE)
    assert not await may(bench, "email", email="ada@example.org")
    await bench.call("opt_in", id="1")
    assert await may(bench, "email", email="ada@example.org")
    assert [name for name, _ in bench.events] == ["contact.opted_out", "contact.opted_in", "contact.opted_in"]


async def test_a_stranger_and_a_name_in_a_chat_can_opt_out(bench: SandboxContext) -> None:
    said = await bench.call("opt_out", phone=OTHER)
    assert said["contact_ids"] == []
    assert bench.events[0][1] == {"channel": "all", "address": OTHER, "contact_id": None, "email": None, "phone": OTHER}
    later = await bench.call("upsert", email="bob@example.org", phone=OTHER)
    assert later["opted_out"] == ["all"]
    assert not await may(bench, "email", email="bob@example.org")
    assert (await bench.failure("opt_out", id="99")).code == "not_found"


async def test_a_repeated_step_says_it_once(bench: SandboxContext) -> None:
    for _ in range(2):
        await bench.call("opt_out", id="1", step_key="run-1/steps.a")
    await bench.call("opt_in", id="1")
    await bench.call("opt_out", id="1", step_key="run-1/steps.a", recovered=True)
    assert await may(bench, "sms", phone=PHONE)


# --- replies


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "stop.", " Arrêt ", "ARRET", "arrêtez svp", "Stop SMS", "STOP au 36111", "unsubscribe", "Stop stop"),
        *(
            "désabonner",
            "Me désabonner, s’il vous plaît",
            "DESINSCRIPTION",
            "please unsubscribe me",
            "STOPALL",
            "Ｓtop",
        ),
    ],
)
def test_stop_in_the_words_that_people_use(text: str) -> None:
    assert meaning(text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "Stop, la fuite recommence !",
        "Oui",
        "",
        "   ",
        "Je suis en arrêt maladie",
        "ok stop demain 9h",
        "👍",
        "merci",
        "12",
    ],
)
def test_everything_else_is_for_a_person_to_read(text: str) -> None:
    assert meaning(text) == "reply"


@pytest.mark.parametrize("text", ["START", "unstop", "Reprendre svp"])
def test_start(text: str) -> None:
    assert meaning(text) == "start"


async def test_a_stop_reply_opts_out_is_noted_and_told(bench: SandboxContext) -> None:
    heard = await bench.call("handle_reply", sender=f"whatsapp:{PHONE}", text="Arrêt !", channel="whatsapp")
    assert heard == {"meaning": "stop", "contact_ids": ["1"]}
    [(name, data)] = bench.events
    assert (name, data["email"], data["channel"], data["text"]) == (
        "contact.opted_out", "ada@example.org", "all", "Arrêt !",
    )  # fmt: skip
    [noted] = (await bench.call("list_interactions", id="1"))["interactions"]
    assert (noted["kind"], noted["notes"], noted["outcome"]) == ("whatsapp", "Arrêt !", "stop")
    assert [effect.action for effect in bench.effects][1:] == ["opt out"]
    heard = await bench.call("handle_reply", sender=PHONE, text="START", channel="sms")
    assert (heard["meaning"], await may(bench, "sms", phone=PHONE)) == ("start", True)


async def test_stop_can_end_one_channel_only(bench: SandboxContext) -> None:
    await bench.call("handle_reply", sender=PHONE, text="STOP", channel="sms", opt_out_of="channel")
    assert not await may(bench, "sms", phone=PHONE)
    assert await may(bench, "email", email="ada@example.org")


async def test_another_reply_is_passed_on_for_each_contact_with_the_number(bench: SandboxContext) -> None:
    await bench.call("upsert", email="bob@example.org", phone=PHONE)
    heard = await bench.call("handle_reply", sender="06 39 98 00 12", text="Oui, demain", channel="sms")
    assert (heard["meaning"], sorted(heard["contact_ids"])) == ("reply", ["1", "2"])
    assert {(name, data["email"], data["text"]) for name, data in bench.events} == {
        ("contact.replied", "ada@example.org", "Oui, demain"),
        ("contact.replied", "bob@example.org", "Oui, demain"),
    }
    await bench.call("handle_reply", sender="eve@example.org", text="Bonjour", channel="email")
    assert bench.events[-1][1]["email"] == "eve@example.org"


# --- links


async def test_a_link_opts_out_whoever_has_it(bench: SandboxContext) -> None:
    url = (await bench.call("unsubscribe_link", email="Ada@example.org", channel="email"))["url"]
    assert url.startswith("https://contacts.sandbox.example/unsubscribe?token=")
    said = await bench.call("unsubscribe", token=url.partition("token=")[2])
    assert said == {"channel": "email", "contact_ids": ["1"]}
    assert not await may(bench, "email", email="ada@example.org")
    assert await may(bench, "sms", phone=PHONE)


async def test_a_link_that_we_have_not_made_is_refused(bench: SandboxContext) -> None:
    token = (await bench.call("unsubscribe_link", email="ada@example.org"))["url"].partition("token=")[2]
    for changed in (f"A{token[1:]}", token[:-1], token.partition(".")[0], "é.é", "."):
        assert (await bench.failure("unsubscribe", token=changed)).code == "invalid_token"


async def test_links_need_a_page_and_keep_its_own_query() -> None:
    settings = {"CONTACTS_UNSUBSCRIBE_URL": "https://example.org/x?lang=fr#top"}
    url = (await sandbox_context(CONTACTS, settings).call("unsubscribe_link", email="ada@example.org"))["url"]
    assert url.startswith("https://example.org/x?lang=fr&token=")
    for page in ("", "example.org/x"):
        bench = sandbox_context(CONTACTS, {"CONTACTS_UNSUBSCRIBE_URL": page})
        assert (await bench.failure("unsubscribe_link", email="ada@example.org")).code == "not_configured"


# --- notify


async def _send_sms(ctx: Context, message: Message) -> Delivery:
    """Numbers that end in 99 have opted out at the provider."""
    await ctx.http.post("https://email.sandbox.example/messages", json={"id": "1", "to": list(message.to)})
    gone = tuple(each for each in message.to if each.endswith("99"))
    if len(message.to) == 1 and gone:
        raise Terminal("21610", code="opted_out")
    return Delivery(id="SM1", opted_out=gone)


SMS = Connector(
    name="texto",
    title="Texto",
    channels={"sms": Channel(_send_sms, lambda _: None, address=("phone",))},
    sandbox="recipe_engine.builtin.email_sandbox:Outbox",
)


class Text(Params):
    to: str


class Sent(Result):
    id: str


@SMS.action(effect="once")
async def send_text(ctx: Context, params: Text) -> Sent:
    """Send without notify."""
    await may_reach(ctx, "sms", params.to)
    return Sent(id="SM2")


def world(**opt_out: str) -> Rig:
    rig = Rig(notify, email, SMS, CONTACTS)
    person = {"email": "ada@example.org", "phone": PHONE}
    rig.host.sandbox("contacts").seed({"contacts": [person], "opt_outs": [opt_out] if opt_out else []})
    return rig


async def told(rig: Rig, to: Any, *channels: str) -> dict[str, Any]:
    params = {"channels": list(channels), "to": to, "message": "Bonjour", "subject": "Bonjour"}
    output: dict[str, Any] = await rig.output("notify", params, sandbox=True)
    return output


async def test_who_opted_out_gets_nothing_on_any_channel_and_the_step_says_so() -> None:
    rig = world(address=PHONE)
    output = await told(rig, {"email": "ada@example.org", "phone": PHONE}, "sms", "email")
    assert (output["sent"], output["opted_out"]) == (False, [PHONE, "ada@example.org"])
    assert output["skipped"] == f"opted out of sms: {PHONE}; opted out of email: ada@example.org"
    assert rig.host.effects == []


async def test_the_others_of_a_list_get_it() -> None:
    rig = world(address="ada@example.org", channel="email")
    output = await told(rig, ["Ada <ada@example.org>, bob@example.org", "eve@example.org"], "email")
    assert (output["sent"], output["opted_out"]) == (True, ["Ada <ada@example.org>"])
    assert rig.host.sandbox("email").state()["messages"][0]["to"] == ["bob@example.org", "eve@example.org"]


async def test_what_the_provider_says_is_written_down() -> None:
    rig = world()
    gone = "+33639980099"
    assert (await told(rig, gone, "sms"))["opted_out"] == [gone]
    output = await told(rig, gone, "sms")
    assert (output["sent"], output["skipped"]) == (False, f"opted out of sms: {gone}")
    assert len(rig.host.sandbox("texto").state()["messages"]) == 1
    other = "+33639980199"
    output = await told(rig, [PHONE, other], "sms")
    assert (output["sent"], output["opted_out"]) == (True, [other])


async def test_when_nobody_can_be_asked_nothing_is_sent() -> None:
    rig = world(address=OTHER)
    rig.host.inject("contacts", Fault(status=503, body={"code": "unavailable", "message": "down"}))
    failure = await rig.failure("notify", {"channels": ["sms"], "to": PHONE, "message": "Bonjour"}, sandbox=True)
    assert (failure.code, failure.retryable, failure.happened) == ("unavailable", True, "no")
    assert rig.host.sandbox("texto").state()["messages"] == []


async def test_an_action_that_sends_without_notify_asks_too() -> None:
    rig = world(address=PHONE, channel="sms")
    assert (await rig.output("texto.send_text", {"to": OTHER}, sandbox=True))["id"] == "SM2"
    failure = await rig.failure("texto.send_text", {"to": PHONE}, sandbox=True)
    assert (failure.code, failure.retryable) == ("opted_out", False)


# --- the connectors that send


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("twilio.send_sms", {"to": PHONE, "body": "Bonjour"}),
        ("twilio.send_whatsapp", {"to": PHONE, "body": "Bonjour"}),
        ("whatsapp_cloud.send_text", {"to": PHONE, "body": "Bonjour"}),
        ("resend.send", {"to": "bob@example.org", "bcc": "Ada <ada@example.org>", "subject": "x", "text": "x"}),
        ("resend.send_batch", {"emails": [{"to": "ada@example.org", "subject": "x", "text": "x"}]}),
    ],
)
async def test_actions_of_vendors_send_nothing_to_who_opted_out(action: str, params: dict[str, Any]) -> None:
    params = json.dumps(params)
    text = f"slug: a\nname: A\ndescription: A.\ncategory: a\nsteps: [{{id: send, type: {action}, with: {params}}}]\n"
    document, _ = load(text, "a.yml")
    assert document is not None
    sends = await run_case(document, {"expect": {"status": "succeeded", "steps": {"send": "succeeded"}}})
    assert sends.passed
    assert len(sends.effects) == 1
    contact = {"email": "ada@example.org", "phone": PHONE}
    asked = {
        "vendors": {"contacts": {"contacts": [contact], "opt_outs": [{"address": PHONE}]}},
        "expect": {"status": "failed", "error": {"code": "opted_out"}, "effects_exactly": []},
    }
    report = await run_case(document, asked)
    assert report.passed, report.misses


async def test_resend_shows_the_way_out_as_smtp_does() -> None:
    [resend] = import_module("recipe_plugins.resend").register_connectors()
    rig = Rig(notify, email, resend, CONTACTS, sandbox_settings={"EMAIL_PROVIDER": "resend"})
    link = "https://example.org/unsubscribe?token=abc"
    params = {"channels": ["email"], "to": "ada@example.org", "subject": "x", "message": "x", "unsubscribe": link}
    assert (await rig.output("notify", params, sandbox=True))["sent"]
    sent = rig.host.sandbox("resend").requests[-1].json()
    assert sent["headers"] == {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    failure = await rig.failure("notify", params | {"unsubscribe": "javascript:alert(1)"}, sandbox=True)
    assert failure.code == "validation"


async def test_a_long_way_out_stays_whole_in_the_header() -> None:
    link = f"https://example.org/unsubscribe?token={'a1' * 150}"
    mail = compose(
        Message(("a@example.org",), "x", unsubscribe=link), Address("", "b", "example.org"), [], [], key="k", at=0.0
    )
    assert f"List-Unsubscribe: <{link}>\r\n".encode() in mail.as_bytes()
