"""The frame: help, mistypes, errors, exit codes."""

import os
import subprocess
import sys

import pytest

from recipe_engine.cli import main as main_module
from recipe_engine.cli.lazy import COMMANDS
from recipe_engine.errors import InputProblem, InvalidInput, RecipeError


def test_help_lists_every_command_under_its_heading(recipe):
    ended = recipe("--help")
    assert ended.code == 0
    assert all(f"  {name} " in ended.out for name in COMMANDS)
    assert "Look after runs:" in ended.out


def test_no_command_shows_the_help(recipe):
    ended = recipe()
    assert (ended.code, ended.out.startswith("Usage: recipe")) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "error: there is no command 'rnu'; did you mean 'run'?"),
        (["runs", "resum"], "error: there is no command 'resum'; did you mean 'resume'?"),
        (["run", "x.yml", "--sandboks"], "--sandbox"),
        (["run"], "Missing argument 'RECIPE'"),
        (["check", "--format", "xml"], "'xml' is not one of"),
        (["runs", "list", "--limit", "0"], "0 is not in the range"),
    ],
)
def test_a_mistype_is_answered_with_what_was_meant_and_exit_code_2(recipe, arguments, message):
    ended = recipe(*arguments)
    assert ended.code == 2
    assert message in ended.err
    assert f"help: recipe {arguments[0]}" in ended.err or "help: recipe --help" in ended.err
    assert ended.out == ""


def failing_with(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(main_module.recipe, "invoke", fail)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (RecipeError("no such thing", "try another"), 2, "error: no such thing\nhint: try another\n"),
        (OSError(28, "No space left on device", "runs.db"), 1, "error: runs.db: the disk is full\n"),
        (PermissionError(13, "Permission denied", "x"), 1, "error: x: permission denied\n"),
        (ZeroDivisionError("division by zero"), 1, "error: an error of recipe_engine itself: ZeroDivisionError"),
        (KeyboardInterrupt(), 3, "interrupted\n"),
        (
            InvalidInput("input", [InputProblem("a", "nothing", "text"), InputProblem("", "5", "an object")]),
            2,
            (
                "error: the input does not fit the recipe: 2 problems\n"
                "  a: found nothing, expected text\n"
                "  the whole input: found 5, expected an object\n"
            ),
        ),
    ],
)
def test_an_error_is_a_message_and_an_exit_code_never_a_traceback(recipe, monkeypatch, error, code, told):
    failing_with(monkeypatch, error)
    ended = recipe("check")
    assert ended.code == code
    assert ended.err.startswith(told)
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("arguments", [["--debug", "explain", "R204"], ["explain", "R204", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(recipe, monkeypatch, arguments):
    def fail(_):
        raise ZeroDivisionError

    monkeypatch.setattr("recipe_engine.diagnostics.docs.explain", fail)
    with pytest.raises(ZeroDivisionError):
        recipe(*arguments)
    assert recipe("explain", "R204").code == 1


def test_no_color_takes_colours_away_even_where_they_are_forced(recipe, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in recipe("explain", "XXX").err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in recipe("explain", "XXX").err


def test_a_narrow_terminal_gets_the_whole_help(recipe, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    for name in COMMANDS:
        if name != "test":
            assert recipe(name, "--help").code == 0


def test_a_pipe_whose_reader_leaves_is_no_error(folder):
    command = f"{sys.executable} -m recipe_engine.cli.main schema | head -c 1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "{", "")


def test_shells_can_complete_commands(folder):
    settings = {"_RECIPE_COMPLETE": "bash_complete", "COMP_WORDS": "recipe wor", "COMP_CWORD": "1"}
    command = [sys.executable, "-c", "import sys; from recipe_engine.cli.main import main; sys.exit(main())"]
    ended = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=True)
    assert ended.stdout == "plain,worker\n"


def test_plugins_add_commands(recipe, monkeypatch):
    import click

    from recipe_engine.cli.main import recipe as group
    from recipe_engine.installed import installed
    from recipe_engine.plugin import hookimpl

    class Plugin:
        @hookimpl
        def register_commands(self, group):
            @group.command()
            def greet():
                """Greet."""
                click.echo("Bonjour")

    found = installed()
    found.manager.register(Plugin())
    monkeypatch.setattr("recipe_engine.installed.installed", lambda: found)
    monkeypatch.setattr(group, "commands", {})
    assert recipe("greet").out == "Bonjour\n"
    assert recipe("gret").code == 2
