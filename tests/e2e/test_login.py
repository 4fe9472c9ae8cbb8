"""`recipe connectors login` and `logout`, from the command to the requests of actions."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from recipe_engine.cli.main import main
from recipe_engine.engine import Engine
from recipe_engine.plugin.login import Tokens
from recipe_engine.runtime.login_index import LoginIndex, LoginRecord
from recipe_engine.runtime.login_store import LoginStore
from tests.e2e.login_process import KEY
from tests.support.authorization_server import CLIENT, SECRET, Asked, AuthorizationServer, Browser, Grant

REPO = Path(__file__).parents[2]
ZOHO_SCOPES = "Desk.tickets.ALL,Desk.contacts.READ,Desk.search.READ,ZohoCRM.modules.ALL,ZohoCRM.coql.READ"
READS_BOTH = """
slug: read-both
name: Read both
description: A deal and a ticket.
category: tests
steps:
  - {id: deal, type: zoho_crm.get_deal, with: {id: "1"}}
  - {id: ticket, type: zoho_desk.get_ticket, with: {id: "1"}}
output: {name: "{{ deal.Deal_Name }}"}
"""
READS_MANY = """
slug: read-many
name: Read many
description: A hundred deals and a hundred tickets, all at once.
category: tests
steps:
  - id: all
    type: for_each
    items: range(100)
    as: number
    concurrency: 100
    steps:
      - id: both
        type: parallel
        branches:
          deals: [{id: deal, type: zoho_crm.get_deal, with: {id: "{{ number | text }}"}}]
          tickets: [{id: ticket, type: zoho_desk.get_ticket, with: {id: "{{ number | text }}"}}]
output: {failed: "{{ all.errors | length }}"}
"""


@pytest.fixture
def zoho() -> Iterator[AuthorizationServer]:
    told = {"location": "eu", "accounts-server": "https://accounts.zoho.eu"}
    vendor = AuthorizationServer(style="zoho", told=told, interface=interface)
    with vendor.serving():
        yield vendor


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    opened = Browser()
    monkeypatch.setattr("webbrowser.open", opened.open)
    monkeypatch.setattr("webbrowser.get", lambda: opened)
    return opened


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zoho: AuthorizationServer) -> Path:
    """The project of somebody who has a client of Zoho and a key for logins."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("ZOHO_", "HUBSPOT_", "RECIPE_LOGIN")):
            monkeypatch.delenv(name)
    settings = {
        "RECIPE_LOGIN_KEY": KEY,
        "ZOHO_CLIENT_ID": CLIENT,
        "ZOHO_CLIENT_SECRET": SECRET,
        "ZOHO_ACCOUNTS_BASE_URL": zoho.url,
        "ZOHO_CRM_BASE_URL": zoho.url,
        "ZOHO_DESK_BASE_URL": zoho.url,
        "ZOHO_DESK_ORG_ID": "60001234567",
    }
    put(tmp_path, settings)
    (tmp_path / "both.yml").write_text(READS_BOTH)
    return tmp_path


def interface(asked: Asked) -> tuple[int, object]:
    if asked.path.startswith("/crm/v8"):
        return 200, {
            "data": [{"id": asked.path.rpartition("/")[2], "Deal_Name": "Un"}],
            "info": {"more_records": False},
        }
    if asked.path.startswith("/api/v1"):
        return 200, {"id": asked.path.rpartition("/")[2], "data": []}
    return 200, {"results": [], "total": 0}


def put(place: Path, settings: dict[str, str]) -> None:
    with (place / ".env").open("a") as file:
        file.writelines(f"{name}='{value}'\n" for name, value in settings.items())


def log_in(*options: str) -> int:
    return main(["connectors", "login", "zoho", "--port", "0", *options])


def test_one_login_serves_both_connectors_of_zoho(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    assert log_in() == 0
    told = capfd.readouterr().out
    assert "Logged in to Zoho, until it is withdrawn" in told
    for line in ("ZOHO_DATACENTER: eu", "used by zoho_crm, zoho_desk", "zoho_crm: the vendor answers"):
        assert line in told
    status, page = browser.page()
    assert (status, "Zoho: logged in" in page, "You can close this page." in page) == (200, True, True)
    asked = zoho.authorizations[0]
    assert (asked["scope"], asked["access_type"], asked["prompt"]) == (ZOHO_SCOPES, "offline", "consent")
    assert asked["redirect_uri"] in told
    assert main(["run", "both.yml"]) == 0
    assert "Un" in capfd.readouterr().out
    assert len(zoho.requests("/token")) == 1


def test_two_hundred_actions_on_an_expired_token_make_one_refresh(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    assert log_in() == 0
    zoho.access_tokens.clear()
    before = len(zoho.asked)
    (place / "many.yml").write_text(READS_MANY)
    assert main(["run", "many.yml", "--json"]) == 0
    assert '"failed":0' in capfd.readouterr().out.replace(" ", "")
    asked = zoho.asked[before:]
    answered = [each for each in asked if each.authorization.partition(" ")[2] in zoho.access_tokens]
    assert (len([each for each in asked if each.path.endswith("/token")]), len(answered)) == (1, 200)
    assert asked[-1].authorization.startswith("Zoho-oauthtoken ")


def test_checks_and_lists_know_that_somebody_is_logged_in(
    place: Path, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--settings", "both.yml"]) == 0
    told = capfd.readouterr().out
    assert "R410" in told
    assert "`recipe connectors login zoho` does without ZOHO_REFRESH_TOKEN" in told
    assert main(["connectors"]) == 0
    assert "login zoho" in capfd.readouterr().out
    assert log_in() == 0
    capfd.readouterr()
    assert main(["check", "--settings", "--strict", "both.yml"]) == 0
    assert "R410" not in capfd.readouterr().out
    assert main(["connectors", "zoho_desk"]) == 0
    told = capfd.readouterr().out
    assert "not set, logged in" in told
    assert "Desk.tickets.ALL" in told
    assert main(["connectors", "zoho_crm", "--json"]) == 0
    record = json.loads(capfd.readouterr().out)
    assert record["ready"] is True
    assert record["login"]["logged_in"] is True
    assert record["login"]["scopes"] == ZOHO_SCOPES.split(",")
    assert main(["doctor", "--offline"]) == 0
    assert "logged in since" in capfd.readouterr().out


def test_the_data_centre_that_zoho_told_is_in_force(place: Path, browser: Browser) -> None:
    def in_force() -> str | None:
        engine = Engine()
        assert engine.plugins.catalog.connectors["zoho_desk"]
        return engine.settings.get("ZOHO_DATACENTER")

    assert in_force() == "com"
    assert log_in() == 0
    assert in_force() == "eu"


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"accounts-server": "https://accounts.zoho.evil.example", "location": "eu"}, "is no data centre of Zoho"),
        ({"location": "mars"}, "mars is no data centre of Zoho"),
    ],
)
def test_a_code_goes_to_no_address_that_is_not_zohos(
    place: Path,
    zoho: AuthorizationServer,
    browser: Browser,
    capfd: pytest.CaptureFixture[str],
    told: dict[str, str],
    says: str,
) -> None:
    zoho.told = told
    assert log_in() == 1
    assert says in capfd.readouterr().err
    assert zoho.asked == []


def test_another_data_centre_than_the_set_one_is_refused_before_the_code_is_used(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    put(place, {"ZOHO_DATACENTER": "in"})
    assert log_in() == 1
    assert "ZOHO_DATACENTER is eu for this account, and it is set to in" in capfd.readouterr().err
    assert zoho.asked == []


def test_who_says_no_ends_the_login(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    zoho.agrees = False
    assert log_in() == 1
    assert "access_denied" in capfd.readouterr().err
    status, page = browser.page()
    assert (status, "Zoho: not logged in" in page) == (400, True)
    assert not (place / ".recipe/logins/zoho.login").exists()


def test_an_answer_to_another_login_ends_it(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    zoho.tampers = lambda sent: sent.update(state="of-another")
    assert log_in() == 1
    assert "does not belong to this login" in capfd.readouterr().err
    assert zoho.asked == []


def test_what_stands_in_the_way_is_said_before_the_browser_opens(
    place: Path, browser: Browser, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECIPE_LOGIN_KEY", "short")
    assert log_in() == 1
    assert "RECIPE_LOGIN_KEY is shorter than" in capfd.readouterr().err
    monkeypatch.setenv("RECIPE_LOGIN_KEY", KEY)
    monkeypatch.setenv("ZOHO_CLIENT_SECRET", "")
    assert log_in() == 1
    assert "ZOHO_CLIENT_SECRET is not set" in capfd.readouterr().err
    for name, says in (("zohoo", "did you mean zoho"), ("slack", "slack has no login")):
        assert main(["connectors", "login", name]) == 2
        assert says in capfd.readouterr().err
    assert browser.opened == 0


def agreed(zoho: AuthorizationServer, printed: str) -> str:
    """The address at which the browser of somebody ends who opens the link that was printed, and agrees."""
    link = next(line for line in printed.splitlines() if line.startswith("http"))
    status, where = zoho.authorize(dict(parse_qsl(urlsplit(link).query)))
    assert status == 302
    return where


def test_on_a_machine_without_a_browser_the_address_is_pasted(
    place: Path, zoho: AuthorizationServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pastes = [None, "", "http://127.0.0.1:8717/callback"]

    class Person(io.StringIO):
        def readline(self, *_: object) -> str:
            pasted = pastes.pop(0)
            return agreed(zoho, capfd.readouterr().out) if pasted is None else pasted

    monkeypatch.setattr("sys.stdin", Person())
    assert main(["connectors", "login", "zoho_desk", "--paste"]) == 0
    assert "Logged in to Zoho" in capfd.readouterr().out
    for says in ("nothing was pasted", "no address with an answer"):
        assert main(["connectors", "login", "zoho_desk", "--paste"]) == 1
        assert says in capfd.readouterr().err


def test_where_there_is_no_browser_the_address_may_be_pasted_without_an_option(
    place: Path, zoho: AuthorizationServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Person(io.StringIO):
        def readline(self, *_: object) -> str:
            return agreed(zoho, capfd.readouterr().out)

    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr("webbrowser.get", none)
    monkeypatch.setattr("sys.stdin", Person())
    assert log_in() == 0


def test_without_opening_a_browser_the_pasted_address_ends_the_wait_for_it(
    place: Path, zoho: AuthorizationServer
) -> None:
    command = [sys.executable, "-m", "recipe_engine.cli.main", "connectors", "login", "zoho", "--no-browser"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen([*command, "--port", "0"], cwd=place, text=True, **pipes)
    assert process.stdout is not None
    link = next(line for line in process.stdout if line.startswith("http"))
    said, _ = process.communicate(f"{agreed(zoho, link)}\n")
    assert (process.returncode, "Logged in to Zoho" in said) == (0, True), said


def test_logging_out_revokes_and_forgets(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["connectors", "logout", "zoho"]) == 0
    assert "nobody is logged in" in capfd.readouterr().out
    assert log_in() == 0
    [token] = zoho.refresh_tokens
    assert main(["connectors", "logout", "zoho_crm"]) == 0
    assert "forgotten here and revoked there" in capfd.readouterr().out
    assert [each.query for each in zoho.requests("/revoke")] == [{"token": token}]
    assert not list((place / ".recipe/logins").glob("*.login"))
    assert main(["run", "both.yml"]) == 1
    assert "nobody is logged in to Zoho" in capfd.readouterr().err


def test_a_vendor_that_does_not_revoke_keeps_nobody_logged_in(
    place: Path, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    assert log_in() == 0
    put(place, {"ZOHO_ACCOUNTS_BASE_URL": "http://127.0.0.1:9"})
    assert main(["connectors", "logout", "zoho"]) == 1
    told = capfd.readouterr()
    assert "withdraw the access at Zoho itself" in told.err
    assert "the token is forgotten here" in told.out
    assert not list((place / ".recipe/logins").glob("*.login"))


def test_a_refresh_token_that_is_set_goes_before_the_login(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    zoho.refresh_tokens["canary-of-settings"] = Grant(ZOHO_SCOPES)
    put(place, {"ZOHO_REFRESH_TOKEN": "canary-of-settings", "ZOHO_DATACENTER": "eu"})
    assert log_in() == 0
    assert "ZOHO_REFRESH_TOKEN is set and goes before the login" in capfd.readouterr().out
    assert main(["run", "both.yml"]) == 0
    assert zoho.requests("/token")[-1].form["refresh_token"] == "canary-of-settings"


def test_hubspot_works_by_login_and_by_key(
    place: Path, browser: Browser, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"hub_id": 123, "user_id": 45}
    vendor = AuthorizationServer(style="hubspot", scope_key="scopes", extra=extra, interface=interface)
    with vendor.serving():
        put(place, {"HUBSPOT_BASE_URL": vendor.url, "HUBSPOT_ACCOUNTS_BASE_URL": vendor.url})
        monkeypatch.setenv("HUBSPOT_CLIENT_ID", CLIENT)
        monkeypatch.setenv("HUBSPOT_CLIENT_SECRET", SECRET)
        assert main(["connectors", "login", "hubspot", "--port", "0"]) == 0
        told = capfd.readouterr().out
        assert "Logged in to HubSpot as account 123, user 45" in told
        assert "hubspot: the vendor answers" in told
        asked = vendor.authorizations[0]
        assert asked["redirect_uri"].startswith("http://localhost:")
        assert "crm.objects.contacts.write" in asked["scope"].split()
        assert vendor.asked[-1].authorization == f"Bearer {next(iter(vendor.access_tokens))}"
        monkeypatch.setenv("HUBSPOT_CLIENT_ID", "")
        assert main(["connectors"]) == 0
        assert "misses HUBSPOT_CLIENT_ID" in capfd.readouterr().out
        monkeypatch.setenv("HUBSPOT_API_KEY", "canary-private-app")
        vendor.access_tokens.add("canary-private-app")
        assert main(["doctor"]) in (0, 1)
        assert vendor.asked[-1].authorization == "Bearer canary-private-app"
        monkeypatch.setenv("HUBSPOT_CLIENT_ID", CLIENT)
        assert main(["connectors", "logout", "hubspot"]) == 0
        form = vendor.requests("/revoke")[0].form
        assert (form["token_type_hint"], form["client_id"]) == ("refresh_token", CLIENT)


def test_no_secret_of_a_login_stands_anywhere(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    zoho.rotates = True
    zoho.style = "rfc"  # which repeats what it refuses
    assert log_in() == 0
    zoho.access_tokens.clear()
    assert main(["run", "both.yml"]) == 0
    zoho.access_tokens.clear()
    zoho.replaced |= set(zoho.refresh_tokens)
    zoho.refresh_tokens.clear()
    assert main(["run", "both.yml"]) == 1
    for command in (["connectors", "zoho_desk", "--json"], ["doctor"], ["--debug", "connectors", "logout", "zoho"]):
        main(command)
    zoho.expired = True
    assert log_in() == 1
    told = capfd.readouterr()
    texts = [told.out, told.err, browser.page()[1], browser.page()[1]]
    files = [path.read_bytes() for path in place.rglob("*") if path.is_file() and path.name != ".env"]
    for secret in {*zoho.secrets(), KEY}:
        assert not [text for text in texts if secret in text], secret
        assert not [data for data in files if secret.encode() in data], secret


async def test_two_processes_that_refresh_at_once_lose_no_token(tmp_path: Path) -> None:
    vendor = AuthorizationServer(rotates=True)
    vendor.refresh_tokens["canary-refresh-0"] = Grant("read")
    folder = tmp_path / "logins"
    logins = LoginStore(LoginIndex(folder), KEY)
    await logins.add(LoginRecord("shop", "", 0.0, "file"), Tokens("canary-refresh-0"))
    with vendor.serving():
        command = (sys.executable, "-m", "tests.e2e.login_process", str(folder), vendor.url, "8")
        both = [await asyncio.create_subprocess_exec(*command, cwd=REPO) for _ in range(2)]
        assert [await each.wait() for each in both] == [0, 0]
    kept = await logins.read(logins.index["shop"])
    assert set(vendor.refresh_tokens) == {kept.refresh_token}
    used = [each.form["refresh_token"] for each in vendor.requests("/token")]
    assert len(used) == len(set(used)) >= 8
