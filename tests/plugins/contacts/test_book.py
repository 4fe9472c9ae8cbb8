"""The book on the databases that it is kept in: SQLite and PostgreSQL, with many who write at once."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recipe_engine.engine import Engine
from recipe_engine.plugin import ActionError
from recipe_engine.testing import SandboxContext, sandbox_context
from recipe_engine.testing.world import NoNetwork
from recipe_plugins.contacts import register_connectors
from recipe_plugins.contacts.book import Book, url_of

[CONNECTOR] = register_connectors()
PHONE = "+33639980012"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/deep/contacts.db"
    given: str = request.getfixturevalue("postgresql")
    return given


@pytest.fixture
async def bench(url: str) -> AsyncIterator[SandboxContext]:
    """The actions on a real database."""
    bench = sandbox_context(CONNECTOR, {"CONTACTS_DATABASE_URL": url, "PHONE_REGION": "FR"}, transport=NoNetwork())
    yield bench
    if url.startswith("postgresql"):
        import psycopg

        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("DROP SCHEMA public CASCADE")
            await connection.execute("CREATE SCHEMA public")


async def test_what_is_written_is_found_by_another_process(bench: SandboxContext, url: str) -> None:
    ada = await bench.call(
        "upsert", email="Ada@example.org", phone="06 39 98 00 12", name="Élodie", tags=["été", "vip"], fields={"n": [1]}
    )
    await bench.call("add_interaction", id=ada["id"], kind="call", notes="Rappeler")
    await bench.call("opt_out", phone=PHONE, reason="assez")
    other = sandbox_context(CONNECTOR, {"CONTACTS_DATABASE_URL": url}, transport=NoNetwork())
    found = await other.call("get", email="ada@example.org")
    assert (found["fields"], found["opted_out"]) == ({"n": [1]}, ["all"])
    assert [each["id"] for each in (await other.call("list", tag="été", query="éLO"))["contacts"]] == [ada["id"]]
    assert (await other.call("list", tag="ét"))["contacts"] == []
    assert not (await other.call("allowed", email="ada@example.org", channel="email"))["allowed"]
    assert (await other.call("list_interactions", phone=PHONE))["interactions"][0]["notes"] == "Rappeler"


async def test_of_many_who_add_the_same_contact_one_does(bench: SandboxContext) -> None:
    given = {"email": "ada@example.org", "phone": PHONE}
    answers = await asyncio.gather(*(bench.call("upsert", **given, tags=[f"t{n}"]) for n in range(20)))
    assert len({answer["id"] for answer in answers}) == 1
    assert sum(answer["created"] for answer in answers) == 1


async def test_many_writers_wait_for_each_other(bench: SandboxContext, url: str) -> None:
    await bench.call("upsert", email="ada@example.org")
    other = sandbox_context(CONNECTOR, {"CONTACTS_DATABASE_URL": url}, transport=NoNetwork())
    talks = [
        each.call("add_interaction", id="1", kind="call", notes=str(n)) for n in range(15) for each in (bench, other)
    ]
    # The two have keys of their own, so that no two calls are the same step.
    other._keys = iter(range(1000, 2000))  # type: ignore[assignment]
    await asyncio.gather(*talks)
    assert len((await bench.call("list_interactions", id="1"))["interactions"]) == 30


async def test_the_address_of_a_contact_is_unique_whatever_is_in_the_way(bench: SandboxContext) -> None:
    await bench.call("upsert", email="ada@example.org")
    await bench.call("upsert", email="bob@example.org")
    assert (await bench.failure("update", id="2", email="ada@example.org")).code == "conflict"
    assert (await bench.call("get", id="2"))["email"] == "bob@example.org"


async def test_an_erasure_leaves_the_digest_of_an_opt_out_and_no_more(bench: SandboxContext, url: str) -> None:
    from recipe_plugins.contacts.keeper import ContactsKeeper

    await bench.call("upsert", email="ada@example.org", phone=PHONE, name="Ada Exemple")
    await bench.call("handle_reply", sender=PHONE, text="STOP", channel="sms")
    keeper = ContactsKeeper(bench_settings(url), ":memory:")
    person = await keeper.identify("ada@example.org")
    assert (person.ids, person.addresses) == (("1",), ("ada@example.org", PHONE))
    exported = await keeper.export(person, "support")
    assert [each["address"] for each in exported["consents"]] == [PHONE, "ada@example.org"]
    assert await keeper.erase(person, "support", ["run-1"]) == {"contacts": 1, "interactions": 1, "consents": 2}
    assert (await bench.call("find", email="ada@example.org"))["found"] is False
    assert not (await bench.call("allowed", email="ada@example.org", channel="email"))["allowed"]
    again = await bench.call("upsert", email="ada@example.org")
    assert again["opted_out"] == ["all"]
    assert again["id"] != "1"
    assert [line["action"] for line in await keeper.audit(2)] == ["create contact", "erase"]


def bench_settings(url: str):  # type: ignore[no-untyped-def]  # settings of the runtime, which a connector only sees the protocol of
    from recipe_engine.runtime.settings import Settings

    return Settings({"CONTACTS_DATABASE_URL": url, "PHONE_REGION": "FR"})


# --- where it is


@pytest.mark.parametrize(
    ("given", "runs", "expected"),
    [
        (None, None, "sqlite:///.recipe/contacts.db"),
        (None, ":memory:", "sqlite:///.recipe/contacts.db"),
        (None, "restate://host/x", "sqlite:///.recipe/contacts.db"),
        (None, "/data/runs.db", "sqlite:////data/contacts.db"),
        (None, "/data/lyon.db", "sqlite:////data/lyon.contacts.db"),
        ("postgresql://a@b/c", "/data/runs.db", "postgresql://a@b/c"),
    ],
)
def test_the_book_is_beside_the_runs(given: str | None, runs: str | None, expected: str) -> None:
    assert url_of(given, runs) == expected


def test_urls_get_the_driver_that_we_have() -> None:
    assert Book("postgres://a@b/c").url == "postgresql+psycopg://a@b/c"
    assert Book("postgresql+psycopg://a@b/c").url == "postgresql+psycopg://a@b/c"
    for url in ("mysql://a", "contacts.db"):
        with pytest.raises(ActionError, match="not one of SQLite or PostgreSQL"):
            Book(url)


async def test_runs_of_a_database_share_a_book_and_reading_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    text = "slug: a\nname: A\ndescription: A.\ncategory: a\nsteps: [{id: s, type: %s}]\n"
    (tmp_path / "tell.yml").write_text(text % "notify, channels: [email], to: ada@example.org, message: Bonjour")
    (tmp_path / "stop.yml").write_text(text % "contacts.opt_out, with: {email: ada@example.org}")
    settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "1", "SMTP_FROM": "a@example.org"}
    async with Engine(path, env=settings) as engine:
        assert (await engine.run(tmp_path / "tell.yml")).error["code"] == "connection"  # type: ignore[index]  # it failed
        assert not (tmp_path / "contacts.db").exists()
        assert (await engine.run(tmp_path / "stop.yml")).status == "succeeded"
        told = await engine.run(tmp_path / "tell.yml")
    assert (told.status, told.output["skipped"]) == ("succeeded", "opted out of email: ada@example.org")
    assert (tmp_path / "contacts.db").exists()


# --- what goes wrong


async def test_a_book_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/contacts.db"
    bench = sandbox_context(CONNECTOR, {"CONTACTS_DATABASE_URL": url}, transport=NoNetwork())
    await bench.call("upsert", email="ada@example.org")
    connection = sqlite3.connect(tmp_path / "contacts.db")
    connection.execute("UPDATE contact_schema SET version = 99")
    connection.commit()
    connection.close()
    again = sandbox_context(CONNECTOR, {"CONTACTS_DATABASE_URL": url}, transport=NoNetwork())
    failure = await again.failure("upsert", email="ada@example.org")
    assert (failure.code, failure.detail) == ("storage", "upgrade recipe_engine")


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "contacts.db").write_text("Bonjour, je ne suis pas une base de données." * 50)
    url = f"sqlite:///{tmp_path}/contacts.db"
    bench = sandbox_context(CONNECTOR, {"CONTACTS_DATABASE_URL": url}, transport=NoNetwork())
    failure = await bench.failure("upsert", email="ada@example.org")
    assert failure.code == "storage"
    assert "not a database" in failure.detail


async def test_a_server_that_is_away_is_worth_another_try() -> None:
    url = "postgresql://ada:secret-word@127.0.0.1:1/x"
    bench = sandbox_context(CONNECTOR, {"CONTACTS_DATABASE_URL": url}, transport=NoNetwork())
    failure = await bench.failure("upsert", email="ada@example.org")
    assert (failure.code, failure.retryable, failure.happened) == ("unavailable", True, "no")
    assert "secret-word" not in str(failure)


async def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    settings = {"CONTACTS_DATABASE_URL": "postgresql://a@127.0.0.1:1/x"}
    failure = await sandbox_context(CONNECTOR, settings, transport=NoNetwork()).failure(
        "upsert", email="ada@example.org"
    )
    assert (failure.code, failure.detail) == ("not_configured", "pip install 'recipe-engine[postgresql]'")
    assert "psycopg" in failure.title


async def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/contacts.db"
    bench = sandbox_context(CONNECTOR, {"CONTACTS_DATABASE_URL": url}, transport=NoNetwork())
    await bench.call("upsert", email="ada@example.org", dry_run=True)
    assert not (tmp_path / "contacts.db").exists()
