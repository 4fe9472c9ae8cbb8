"""`recipe connectors login` and `logout`, from the command to the requests of actions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recipe_engine.cli.main import main
from tests.support.authorization_server import CLIENT, SECRET, AuthorizationServer, Browser

KEY = "canary-login-key-0123456789"


@pytest.fixture
def zoho() -> Iterator[AuthorizationServer]:
    with AuthorizationServer(
        style="zoho", told={"location": "eu", "accounts-server": "https://accounts.zoho.eu"}
    ).serving() as server:
        yield server


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    opened = Browser()
    monkeypatch.setattr("webbrowser.open", opened.open)
    return opened


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zoho: AuthorizationServer) -> Path:
    """A project of somebody who uses Zoho and has an encrypted file for logins."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "RECIPE_LOGIN_KEY": KEY,
        "ZOHO_CLIENT_ID": CLIENT,
        "ZOHO_CLIENT_SECRET": SECRET,
        "ZOHO_ACCOUNTS_BASE_URL": zoho.url,
        "ZOHO_CRM_BASE_URL": zoho.url,
        "ZOHO_DESK_BASE_URL": zoho.url,
        "ZOHO_DESK_ORG_ID": "60001234567",
    }
    (tmp_path / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    return tmp_path


RECIPE = """
slug: read-deal
name: Read a deal
description: Reads one.
category: tests
steps:
  - {id: deal, type: zoho_crm.get_deal, with: {id: "1"}}
  - {id: ticket, type: zoho_desk.get_ticket, with: {id: "1"}}
output: {name: "{{ deal.Deal_Name }}"}
"""


def test_a_login_lets_recipes_in(
    place: Path, zoho: AuthorizationServer, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    zoho.interface = lambda asked: (200, {"data": [{"id": "1", "Deal_Name": "Un"}], "id": "1"})
    assert main(["connectors", "login", "zoho", "--port", "0"]) == 0
    told = capfd.readouterr()
    (place / "recipe.yml").write_text(RECIPE)
    assert main(["run", "recipe.yml"]) == 0
    assert "Un" in capfd.readouterr().out
    assert "Logged in to Zoho" in told.out
    [(status, page)] = browser.pages
    assert status == 200
    assert "logged in" in page
    assert zoho.requests("/token")[0].form["client_secret"] == SECRET
