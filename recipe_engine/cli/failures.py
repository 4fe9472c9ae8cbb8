"""What a person is told when a command could not do its work, and the exit code that goes with it."""

from __future__ import annotations

import errno

import click

from recipe_engine.cli.show.colour import in_colour
from recipe_engine.errors import InvalidInput, InvalidRecipe, RecipeError

_FAILED, _USAGE = 1, 2
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the folder is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "no such file or folder",
}


def explain(error: Exception) -> int:
    """Say on the error stream what went wrong and what to do; gives the exit code."""
    match error:
        case InvalidRecipe():
            _show_diagnostics(error)
            return _USAGE
        case InvalidInput():
            _show_problems(error)
            return _USAGE
        case RecipeError():
            _error(error.message, error.hint)
            return _FAILED if _is_trouble(error) else _USAGE
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            _error(f"{where}{_REASONS.get(error.errno or 0, error.strerror or str(error))}")
            return _FAILED
        case RecursionError():
            _error("nested too deeply to be worked on")
            return _FAILED
        case _:
            _error(
                f"an error of recipe_engine itself: {type(error).__name__}: {error}",
                "the same command with --debug shows where; nothing that was recorded is lost",
            )
            return _FAILED


def _is_trouble(error: RecipeError) -> bool:
    """Whether it is the machine or a vendor that stands in the way, not what was typed."""
    from recipe_engine.runtime.errors import DatabaseOwned, NotAnswered, StorageError
    from recipe_engine.runtime.login_index import LoginFailed

    return isinstance(error, StorageError | DatabaseOwned | NotAnswered | LoginFailed)


def _error(message: str, hint: str | None = None) -> None:
    _write(click.style("error: ", fg="red", bold=True) + message)
    if hint:
        _write(click.style("hint: ", bold=True) + hint)


def _write(line: str) -> None:
    click.echo(line, err=True, color=in_colour("stderr"))


def _show_diagnostics(error: InvalidRecipe) -> None:
    from recipe_engine.diagnostics.render import text

    _write(text(error.diagnostics, error.sources, color=in_colour("stderr")).rstrip("\n"))


def _show_problems(error: InvalidInput) -> None:
    count = len(error.problems)
    _error(f"the {error.what} does not fit the recipe: {count} problem{'s' if count > 1 else ''}")
    for problem in error.problems:
        name = click.style(problem.path or f"the whole {error.what}", bold=True)
        _write(f"  {name}: found {problem.found}, expected {problem.expected}")
