"""Nothing heavy is imported before it is used: held by what is imported, not by a clock."""

import subprocess
import sys

import pytest

HEAVY = {
    "aiohttp", "anthropic", "asyncio", "babel", "email", "httpx2", "importlib.metadata", "jinja2", "jsonschema_rs",
    "multiprocessing", "openpyxl", "pluggy", "pydantic", "rich", "sqlite3", "ssl", "yaml",
}  # fmt: skip


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


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["run", "--help"], ["check", "--help"]])
def test_version_and_help_import_click_and_nothing_heavy(arguments):
    assert imported(*arguments) & HEAVY == set()


def test_importing_the_package_imports_nothing_but_its_version():
    program = "import sys, recipe_engine; print([name for name in sys.modules if name.startswith('recipe_engine')])"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "['recipe_engine.version', 'recipe_engine']"
