"""The command, run inside the test's process and folder."""

from dataclasses import dataclass

import pytest

from recipe_engine.cli.main import main


@dataclass
class Ended:
    """A command that ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder, without the settings of this machine."""
    monkeypatch.chdir(tmp_path)
    for name in ("RECIPE_DB", "RECIPE_LLM", "RECIPE_HTTP_ALLOW", "ANTHROPIC_API_KEY", "HUBSPOT_API_KEY", "SMTP_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("RECIPE_USER", "tests")
    return tmp_path


@pytest.fixture
def recipe(folder, capsys):
    """`recipe("run", "x.yml")` runs the command and gives how it ended."""

    def run(*arguments: str) -> Ended:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run
