"""Settings: the environment wins over .env, then the vault, then defaults; empty is unset."""

import logging

import pytest

from recipe_engine.plugin import Catalog, Connector, Setting, Terminal
from recipe_engine.runtime.settings import Settings, parse_dotenv, read_dotenv

CATALOG = Catalog.of(
    [
        Connector(
            name="desk",
            title="Desk",
            settings=[
                Setting("DESK_KEY", secret=True, help="Settings > API keys"),
                Setting("DESK_REGION", default="eu"),
            ],
        )
    ]
)


def test_existing_variables_win_over_the_file(tmp_path):
    file = tmp_path / ".env"
    file.write_text("A=file\nB=file\nC=file\n")
    settings = Settings({"A": "environment", "C": ""}, file)
    assert (settings.get("A"), settings.get("B"), settings.get("C")) == ("environment", "file", None)


def test_a_missing_file_is_no_settings(tmp_path):
    assert Settings({}, tmp_path / ".env").get("A") is None
    assert read_dotenv(tmp_path / "nowhere" / ".env") == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=b", "b"),
        ("A = b  ", "b"),
        ("  export A=b", "b"),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A=", ""),
        ("A= # nothing", ""),
        ("A='b # c'", "b # c"),
        ("A='b\\n'", "b\\n"),
        ('A="b\\nc"', "b\nc"),
        ('A="say \\"hi\\" \\\\ $HOME"  # note', 'say "hi" \\ $HOME'),
        ('A="two\nlines"', "two\nlines"),
        ("A=b\r\n", "b"),
        ("# A=no\nA=b", "b"),
        ("A=x=y", "x=y"),
        ("A=é", "é"),
        ('A="unclosed', '"unclosed'),
        ("A=one\nA=two", "two"),
    ],
)
def test_lines_of_the_file(text, value):
    assert parse_dotenv(text) == {"A": value}


def test_a_line_that_cannot_be_read_is_a_warning_that_shows_no_value(caplog):
    with caplog.at_level(logging.WARNING, "recipe_engine"):
        assert parse_dotenv("A=b\n\nsecret value\nC=d", "x/.env") == {"A": "b", "C": "d"}
    assert [record.getMessage() for record in caplog.records] == ["x/.env:3: not a NAME=value line; ignored"]


def test_an_unreadable_file_is_a_warning(tmp_path, caplog):
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe")
    with caplog.at_level(logging.WARNING, "recipe_engine"):
        assert Settings({"B": "c"}, tmp_path / ".env").get("B") == "c"
    assert "cannot be read" in caplog.text


def test_the_vault_is_asked_last_and_once():
    asked = []

    def resolve(name):
        asked.append(name)
        return {"DESK_KEY": "from the vault"}.get(name)

    settings = Settings({"OTHER": "set"}).knowing(CATALOG, resolve)
    assert settings.get("OTHER") == "set"
    assert settings.require("DESK_KEY") == settings.require("DESK_KEY") == "from the vault"
    assert settings.get("DESK_REGION") == "eu"
    assert asked == ["DESK_KEY", "DESK_REGION"]


def test_a_required_setting_says_what_to_do():
    settings = Settings({}).knowing(CATALOG)
    with pytest.raises(Terminal) as caught:
        settings.require("DESK_KEY")
    failure = caught.value.failure
    assert failure.code == "not_configured"
    assert failure.title == "DESK_KEY is not set: put it in the environment or in .env"
    assert failure.detail == "Settings > API keys"


def test_settings_are_a_mapping_of_what_is_set():
    settings = Settings({"A": "b", "EMPTY": ""}).knowing(CATALOG)
    assert dict(settings) == {"DESK_REGION": "eu", "A": "b"}
    assert len(settings) == 2
    assert "EMPTY" not in settings
    assert 7 not in settings
    with pytest.raises(KeyError):
        settings["EMPTY"]
