"""`recipe preview`: the message of a step, as the run would send it or with examples."""

import json
import re
from html import unescape

import pytest

from recipe_engine.core.plan import Plan
from recipe_engine.preview import sending_steps

MIXED = """\
slug: mixed
name: Mixed
description: Messages of every kind.
category: test
input_schema:
  type: object
  required: [name, tier, rows]
  properties:
    name: {type: string}
    tier: {enum: [gold, plain]}
    rows: {type: array, items: {type: object, required: [total], properties: {total: {type: number}}}}
steps:
  - {id: note, type: log, message: Bonjour}
  - {id: lookup, type: store.get, with: {table: t, key: a, default: {city: Lyon}}}
  - {id: both, type: notify, channels: [sms, email], to: "+33639980012", subject: Été, message: "Été à {{ name }} œ", html: "<b>{{ name | escape }}</b>"}
  - {id: sms, type: twilio.send_sms, with: {to: "+33639980012", body: "Bonjour {{ name }} de {{ lookup.value.city }}"}}
  - {id: mail, type: resend.send, with: {to: ada@example.org, subject: "Total {{ rows | sum('total') }}", text: Voir}}
  - id: route
    type: branch
    cases:
      - when: tier == 'gold'
        steps: [{id: gold, type: notify, channels: [email], subject: Or, message: "{{ name }}"}]
    else:
      - {id: answer, type: wait, event: x.replied, timeout: 1d, on_timeout: [{id: late, type: log, message: Tard}]}
      - {id: after, type: notify, channels: [whatsapp], to: {phone: "+33639980012"}, message: "{{ answer.text }} {{ ticket.subject }}"}
      - {id: ticket, type: hubspot.get_ticket, with: {id: "1"}}
"""


@pytest.fixture(autouse=True)
def recipes(folder):
    (folder / "mixed.yml").write_text(MIXED.replace(" {{ ticket.subject }}", ""))


def test_an_sms_is_printed_with_its_segments(recipe):
    ended = recipe(
        "preview", "urgent-quote", "receipt", "-i", "name=Camille", "-i", "email=camille@example.org",
        "-i", "phone=06 39 98 00 12", "-i", "work=Fuite", "-i", "urgency=today", "-c", "company=Atelier",
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "sms to +33639980012\n"
        "Atelier : bonjour Camille, votre demande de devis est bien arrivée. Nous vous appelons dans l'heure. Répondez STOP "
        "pour ne plus recevoir de SMS.\n"
        "1 segment, GSM-7, 144 characters\n"
    )


def test_an_email_becomes_a_page_that_loads_nothing_and_runs_nothing(recipe, folder):
    ended = recipe("preview", "urgent-quote", "details", "-i", "work=<script>alert(1)</script>", "-o", "out/mail.html")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "made up: name, email, phone\nwrote out/mail.html: open it in a browser\n"
    page = (folder / "out/mail.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert page.count("<iframe sandbox") == 2
    assert "<script" not in page
    shown = re.findall(r'srcdoc="([^"]*)"', page)
    assert len(shown) == 2
    assert "<script" not in unescape(shown[0])
    assert "<blockquote" in unescape(shown[0])
    assert "Votre demande de devis : Votre artisan" in page
    assert "camille@example.org" in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_file_is_named_after_the_recipe_and_the_step(recipe, folder):
    recipe("preview", "mixed.yml", "both", "-i", "name=Ada")
    assert (folder / "mixed.both.html").is_file()


def test_a_message_of_two_channels_is_shown_as_both(recipe):
    ended = recipe("preview", "mixed.yml", "both", "-i", "name=Ada")
    assert ended.out.splitlines()[1:] == [
        "subject: Été",
        "Été à Ada œ",
        "1 segment, UCS-2 because of œ, 11 characters",
    ]
    assert ended.err.startswith("made up: tier, rows\nwrote mixed.both.html")


def test_actions_of_vendors_have_messages_too(recipe):
    assert (
        "Bonjour Ada de Lyon\n1 segment, GSM-7, 19 characters\n"
        in recipe("preview", "mixed.yml", "sms", "-i", "name=Ada").out
    )
    assert recipe("preview", "mixed.yml", "mail", "-i", 'rows=[{"total": 3}]').out == (
        "email to ada@example.org\nsubject: Total 3\nVoir\n4 characters\n"
    )


def test_what_a_run_does_not_reach_is_shown_with_examples_and_what_is_given(recipe):
    gold = recipe("preview", "mixed.yml", "gold", "-i", "tier=plain", "-i", "name=Ada")
    assert "does not get there by itself" in gold.err
    assert gold.out == "email to the channel's own recipient\nsubject: Or\nAda\n3 characters\n"
    assert recipe("preview", "mixed.yml", "gold", "-i", "tier=gold").err == "made up: name, rows\n"
    lost = recipe("preview", "mixed.yml", "after", "-i", "tier=gold")
    assert lost.code == 2
    assert "give it: -s answer.field=value" in lost.err
    given = recipe("preview", "mixed.yml", "after", "-i", "tier=plain", "-s", "answer.text=Oui")
    assert given.out == 'whatsapp to {"phone": "+33639980012"}\nOui\n3 characters\n'


def test_steps_that_were_not_reached_answer_with_examples(recipe, folder):
    text = MIXED.replace("when: tier == 'gold'", "when: tier != 'gold'").replace(
        "{{ answer.text }} {{ ticket.subject }}", "{{ lookup.value.city }}"
    )
    (folder / "mixed.yml").write_text(text)
    ended = recipe("preview", "mixed.yml", "after", "-i", "tier=plain")
    assert (ended.code, ended.out.splitlines()[1]) == (0, "Lyon")


def test_a_run_that_fails_is_shown_with_examples(recipe):
    ended = recipe("preview", "urgent-quote", "receipt", "-i", "phone=12")
    assert ended.code == 0
    assert "does not get there by itself" in ended.err
    assert ended.out.startswith("sms to sample phone\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mixed.yml", "bth"), "there is no step 'bth'"),
        (("mixed.yml", "note"), "the step note sends no message"),
        (("hello.yml", "both"), "hello.yml"),
        (("mixed.yml", "sms", "-o", "x.html"), "has no HTML"),
        (("mixed.yml", "sms", "-i", "nam=Ada"), "did you mean 'name'?"),
    ],
)
def test_what_cannot_be_shown_is_said(recipe, arguments, said):
    ended = recipe("preview", *arguments)
    assert (ended.code, said in ended.err) == (2, True)


def test_the_messages_of_a_recipe_are_named(recipe):
    ended = recipe("preview", "mixed.yml", "bth")
    assert "mixed has messages in both, sms, mail, gold, after" in ended.err
    ended = recipe("preview", "stop-replies", "heard")
    assert "stop-replies sends no message" in ended.err
    assert sending_steps(Plan("a", "A", (), ((),), 0)) == []


def test_a_preview_keeps_nothing(recipe, folder):
    before = sorted(path.name for path in folder.iterdir())
    recipe("preview", "emergency", "receipt")
    assert sorted(path.name for path in folder.iterdir()) == before
    assert json.dumps(before) == '["mixed.yml"]'
