"""`recipe connectors new`: the project that it writes installs, registers and passes its tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.resources import recipes_dir


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")} | env
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=given, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(recipe: Any, folder: Path) -> Path:
    ended = recipe("connectors", "new", "corner_shop")
    assert ended.code == 0, ended.err
    assert "recipe connectors corner_shop" in ended.out
    return folder / "recipe-corner-shop"


def test_it_installs_registers_and_passes_its_tests(project: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    installed = run(*pip, "--target", site, project, cwd=tmp_path, PIP_DISABLE_PIP_VERSION_CHECK="1")
    assert installed.returncode == 0, installed.stderr
    engine = recipes_dir().parent if (recipes_dir().parent / "recipe_engine").is_dir() else Path()
    path = os.pathsep.join([str(site), str(engine)])
    program = "import sys; from recipe_engine.cli.main import main; sys.exit(main())"
    shown = run(sys.executable, "-c", program, "connectors", "corner_shop", cwd=tmp_path, PYTHONPATH=path)
    assert shown.returncode == 0, shown.stderr
    assert "CORNER_SHOP_API_KEY" in shown.stdout
    assert "corner_shop.create_ticket" in shown.stdout
    tested = run(sys.executable, "-m", "pytest", "-q", cwd=project, PYTHONPATH=path)
    assert tested.returncode == 0, tested.stdout
    assert "4 passed" in tested.stdout


def test_its_code_is_clean(project: Path) -> None:
    rules = ["--isolated", "--select", "E,F,I,UP,B,RET,SIM,ANN", "--line-length", "120", "--target-version", "py311"]
    checked = run(sys.executable, "-m", "ruff", "check", *rules, "recipe_corner_shop", "tests", cwd=project)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Corner"], "is no name of a connector"),
        (["hubspot"], "there is a connector 'hubspot' already"),
        (["shop", "--title", 'a"b'], "cannot have quotes"),
        (["shop", "--folder", "."], "is there already and not empty"),
    ],
)
def test_mistakes_are_named(recipe: Any, folder: Path, arguments: list[str], words: str) -> None:
    (folder / "mine.txt").write_text("mine")
    ended = recipe("connectors", "new", *arguments)
    assert ended.code == 2
    assert words in ended.err
