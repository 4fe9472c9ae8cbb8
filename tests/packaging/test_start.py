"""Nothing heavy is imported before it is used: held by what is imported, not by a clock."""

import subprocess
import sys

import pytest

from recipe_engine.cli.lazy import COMMANDS

HEAVY = {
    "aiohttp", "anthropic", "asyncio", "babel", "email", "httpx2", "importlib.metadata", "jinja2", "jsonschema_rs",
    "multiprocessing", "openpyxl", "pluggy", "pydantic", "rich", "sqlite3", "ssl", "yaml",
}  # fmt: skip

HELLO = """\
slug: hello
name: Hello
description: Says hello.
category: examples
steps:
  - {id: hello, name: Hello, type: log, message: Bonjour}
"""


def imported(*arguments: str) -> set[str]:
    """The modules that a `recipe` command has imported when it ends."""
    program = (
        "import sys\n"
        "from recipe_engine.cli.main import main\n"
        f"main({list(arguments)!r})\n"
        "print('\\n'.join(['', 'modules:', *sys.modules]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(ended.stdout.partition("\nmodules:\n")[2].split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], *([name, "--help"] for name in COMMANDS)])
def test_version_and_help_import_click_and_nothing_heavy(arguments):
    assert imported(*arguments) & HEAVY == set()


def test_an_unchanged_recipe_is_checked_without_importing_the_checker(tmp_path, monkeypatch):
    recipe = tmp_path / "hello.yml"
    recipe.write_text(HELLO)
    monkeypatch.setenv("RECIPE_CACHE", str(tmp_path / "cache"))
    assert "recipe_engine.compile" in imported("check", str(recipe))
    assert imported("check", str(recipe)) & {*HEAVY, "recipe_engine.compile", "recipe_engine.expr"} == set()


def test_a_run_imports_neither_network_nor_models_that_it_does_not_use(tmp_path):
    recipe = tmp_path / "hello.yml"
    recipe.write_text(HELLO)
    found = imported("run", str(recipe), "--db", ":memory:", "--progress", "none")
    assert found & {"aiohttp", "anthropic", "babel", "httpx2", "openpyxl", "recipe_plugins", "rich"} == set()


def test_importing_the_package_imports_nothing_but_its_version():
    program = "import sys, recipe_engine; print([name for name in sys.modules if name.startswith('recipe_engine')])"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "['recipe_engine.version', 'recipe_engine']"
