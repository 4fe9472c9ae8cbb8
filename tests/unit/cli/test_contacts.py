"""`recipe contacts`: one person handed over or erased, across contacts, runs and files."""

import json
import sqlite3
from pathlib import Path

import pytest

from recipe_engine.engine import Engine
from recipe_engine.runtime.traces import Traces

QUOTE = """\
slug: quote
name: Quote
description: Takes a quote request.
category: test
input_schema:
  type: object
  required: [email]
  properties:
    email: {type: string, format: email}
    phone: {type: string}
    name: {type: string, default: ""}
    plan: {type: object, format: file}
steps:
  - {id: contact, type: contacts.upsert, with: {email: "{{ email }}", phone: "{{ phone | default(none) }}", name: "{{ name }}"}}
  - {id: heard, type: contacts.add_interaction, with: {id: "{{ contact.id }}", kind: call, notes: "Rappeler {{ name }}"}}
  - {id: said, type: log, message: "Bonjour {{ name }} <{{ email }}>"}
output: {to: "{{ contact.email }}"}
"""
WAITS = """\
slug: waits
name: Waits
description: Waits for a reply.
category: test
input_schema: {type: object, properties: {email: {type: string}}}
steps:
  - {id: answer, type: wait, event: contact.replied, match: {email: "{{ email }}"}, timeout: 3d}
"""
DIGEST = """\
slug: digest
name: Digest
description: Speaks of several people.
category: test
input_schema: {type: object, properties: {at: {type: string, default: "@example.org"}}}
steps:
  - {id: rows, type: set, values: {rows: [{email: "{{ 'ada' ~ at }}", total: 3}, {email: "{{ 'bob' ~ at }}", total: 5}]}}
"""
ADA = ("email=ada@example.org", "phone=+33639980012", "name=Ada Exemple")


@pytest.fixture(autouse=True)
def recipes(folder):
    for name, text in (("quote", QUOTE), ("waits", WAITS), ("digest", DIGEST)):
        (folder / f"{name}.yml").write_text(text)
    (folder / "plan.txt").write_text("Le croquis")


@pytest.fixture
def ran(recipe):
    """Runs that name Ada, and Bob."""

    def run(*arguments):
        ended = recipe("run", *arguments, "--json", "--progress", "none")
        return json.loads(ended.out)["run_id"]

    given = [each for pair in ADA for each in ("-i", pair)]
    return {
        "ada": run("quote.yml", *given, "-i", "plan=@plan.txt"),
        "bob": run("quote.yml", "-i", "email=bob@example.org", "-i", "name=Bob"),
        "digest": run("digest.yml"),
    }


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / ".recipe").rglob("*")) if path.is_file())


def test_an_export_holds_everything_of_a_person_and_nothing_of_others(recipe, folder, ran):
    ended = recipe("contacts", "export", "Ada@example.org", "-o", "out/ada.json")
    assert (ended.code, ended.err) == (0, "wrote out/ada.json: 2 run(s), 1 file(s)\n")
    found = json.loads((folder / "out/ada.json").read_text())
    [contact] = found["contacts"]["contacts"]
    assert (contact["email"], contact["phone"], contact["name"]) == ("ada@example.org", "+33639980012", "Ada Exemple")
    assert [each["notes"] for each in found["contacts"]["interactions"]] == ["Rappeler Ada Exemple"]
    runs = {each["run_id"]: each for each in found["runs"]}
    assert set(runs) == {ran["ada"], ran["digest"]}
    assert runs[ran["ada"]]["journal"][0][1][0] == "run"
    assert runs[ran["digest"]]["values"] == [{"email": "ada@example.org", "total": 3}]
    assert (folder / "out/ada-files/1-plan.txt").read_text() == "Le croquis"
    assert (folder / "out/ada.json").stat().st_mode & 0o077 == 0
    assert "bob" not in json.dumps(found)


def test_an_export_to_standard_output_by_phone_and_by_id(recipe, ran):
    by_phone = json.loads(recipe("contacts", "export", "+33 6 39 98 00 12", "-o", "-").out)
    by_id = json.loads(recipe("contacts", "export", "1", "-o", "-").out)
    assert by_phone["contacts"]["contacts"] == by_id["contacts"]["contacts"]
    assert [line["action"] for line in by_id["contacts"]["audit"]][-1] == "export"


def test_erasing_says_first_what_it_would_do(recipe, folder, ran):
    ended = recipe("contacts", "erase", "ada@example.org")
    assert ended.code == 2
    assert "this is ada@example.org, +33639980012\ncontacts: 1 contact\nruns that name them: 2\n" in ended.out
    assert "nothing was erased; add --yes" in ended.err
    assert b"ada@example.org" in everything(folder)


def test_after_an_erasure_no_byte_names_the_person(recipe, folder, ran):
    assert b"ada@example.org" in everything(folder)
    ended = recipe("contacts", "erase", "ada@example.org", "--yes", "--by", "support")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "contacts: 1 contacts, 1 interactions, 0 consents\nruns: 2 redacted, 0 cancelled; files: 1 deleted\n"
    )
    left = everything(folder).lower()
    for trace in (b"ada@example.org", b"39980012", b"ada exemple", b"le croquis"):
        assert trace not in left, trace
    assert b"bob@example.org" in left
    shown = json.loads(recipe("runs", "show", ran["ada"], "--json").out)
    assert (shown["status"], shown["output"]) == ("succeeded", {"to": "[erased]"})
    assert [step["status"] for step in shown["steps"]] == ["succeeded"] * 3
    again = recipe("contacts", "erase", "ada@example.org", "--yes", "--json")
    assert json.loads(again.out)["runs"] == []


def test_the_log_says_who_did_what_without_naming_anybody(recipe, ran):
    recipe("contacts", "export", "ada@example.org", "-o", "-", "--by", "support")
    recipe("contacts", "erase", "ada@example.org", "--yes", "--by", "direction")
    lines = json.loads(recipe("contacts", "audit", "--json").out)
    assert [(line["by"], line["action"], line["subject"]) for line in lines[:2]] == [
        ("direction", "erase", "1"),
        ("support", "export", "1"),
    ]
    assert lines[0]["detail"] == {"contacts": 1, "interactions": 1, "runs": [ran["digest"], ran["ada"]]}
    assert {line["action"] for line in lines[2:]} == {"create contact", "add interaction"}
    assert lines[-1]["by"].startswith("run ")
    text = recipe("contacts", "audit", "--limit", "1").out
    assert "  direction  erase  1  contacts=1 interactions=1" in text
    assert "ada@" not in json.dumps(lines)


def test_a_run_that_goes_on_is_named_and_refused_unless_it_is_cancelled(recipe, folder, ran):
    waiting = json.loads(recipe("run", "waits.yml", "-i", "email=ada@example.org", "--json", "--progress", "none").out)
    run = waiting["run_id"]
    assert f"  {run} (waits) is waiting: --cancel ends it" in recipe("contacts", "erase", "ada@example.org").out
    refused = recipe("contacts", "erase", "ada@example.org", "--yes")
    assert refused.code == 2
    assert f"runs that name this person go on: {run}" in refused.err
    refused = recipe("contacts", "erase", "ada@example.org", "--yes", "--cancel")
    assert "nobody drives the runs" in refused.err
    assert "--drive" in refused.err
    assert b"ada@example.org" in everything(folder)
    ended = recipe("contacts", "erase", "ada@example.org", "--yes", "--cancel", "--drive")
    assert (ended.code, ended.err) == (0, "")
    assert "runs: 3 redacted, 1 cancelled" in ended.out
    assert json.loads(recipe("runs", "show", run, "--json").out)["status"] == "cancelled"
    assert b"ada@example.org" not in everything(folder)


async def test_through_the_process_that_drives_the_runs(folder, ran):
    from recipe_engine.wiring import open_client

    path = folder / ".recipe/runs.db"
    traces = Traces(("ada@example.org", "+33639980012"), more=("Ada Exemple",)).to_json()
    async with Engine(path, env={}) as engine:
        client = open_client(path)
        await client.open()
        assert {view.run_id for view in await client.naming(traces)} == {ran["ada"], ran["digest"]}
        await client.send("contact.replied", {"email": "ada@example.org"})
        told = await client.redact(traces)
        assert set(told["runs"]) == {ran["ada"], ran["digest"]}
        assert (await client.get(ran["ada"])).output == {"to": "[erased]"}
        assert (await engine.runtime.get(ran["ada"])).output == {"to": "[erased]"}
        await client.close()
    with sqlite3.connect(path) as connection:
        left = str(connection.execute("SELECT arguments, answer FROM inbox").fetchall())
        left += str(connection.execute("SELECT data FROM events").fetchall())
    connection.close()
    assert "ada@" not in left.lower()


def test_an_opt_out_outlives_the_person(recipe, folder):
    (folder / "stop.yml").write_text(
        DIGEST.partition("input_schema:")[0]
        + "steps: [{id: stop, type: contacts.opt_out, with: {email: ada@example.org, reason: assez}}]\n"
    )
    (folder / "may.yml").write_text(
        DIGEST.partition("input_schema:")[0]
        + "steps: [{id: may, type: contacts.allowed, with: {email: ada@example.org, channel: email}}]\n"
    )
    recipe("run", "stop.yml")
    assert recipe("contacts", "erase", "ada@example.org", "--yes").code == 0
    may = json.loads(recipe("run", "may.yml", "--json", "--progress", "none").out)
    assert (may["output"]["allowed"], may["output"]["source"]) == (False, "erased")


def test_people_who_share_a_number_are_told_apart(recipe, ran):
    recipe("run", "quote.yml", "-i", "email=eve@example.org", "-i", "phone=+33639980012", "-i", "name=Eve")
    refused = recipe("contacts", "erase", "+33639980012", "--yes")
    assert refused.code == 2
    assert "is the address of several people: " in refused.err
    assert "1 Ada Exemple ada@example.org" in refused.err
    assert recipe("contacts", "erase", "ada@example.org", "--yes").code == 0
    found = json.loads(recipe("contacts", "export", "eve@example.org", "-o", "-").out)
    assert [each["phone"] for each in found["contacts"]["contacts"]] == ["+33639980012"]
    assert len(found["runs"]) == 1
    assert "eve@example.org" in json.dumps(found["runs"])


@pytest.mark.parametrize("who", ["Bob", "99"])
def test_a_name_is_nobody(recipe, ran, who):
    ended = recipe("contacts", "erase", who, "--yes")
    assert (ended.code, f"there is no contact {who}" in ended.err) == (2, True)


def test_where_nothing_is_kept_nothing_is_made(recipe, folder):
    ended = recipe("contacts", "erase", "ada@example.org")
    assert (ended.code, "runs that name them: 0" in ended.out) == (2, True)
    assert recipe("contacts", "audit").out == ""
    assert not (folder / ".recipe").exists()
    found = json.loads(recipe("contacts", "export", "ada@example.org", "-o", "-").out)
    assert (found["runs"], found["files"], found["contacts"]["contacts"]) == ([], [], [])


def test_contacts_that_cannot_be_reached_are_said(recipe, monkeypatch):
    monkeypatch.setenv("CONTACTS_DATABASE_URL", "postgresql://ada:secret-word@127.0.0.1:1/x")
    ended = recipe("contacts", "audit")
    assert ended.code == 2
    assert "the contacts cannot be reached" in ended.err
    assert "secret-word" not in ended.err
    monkeypatch.setenv("CONTACTS_DATABASE_URL", "mysql://x")
    assert "is not one of SQLite or PostgreSQL" in recipe("contacts", "audit").err
