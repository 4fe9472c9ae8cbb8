"""The entry point of `recipe`: runs a command and turns whatever it raises into a message and an exit code.

The one rule: nobody sees a traceback without `--debug`. Exit codes: 0 succeeded, 1 failed, 2 invalid recipe or usage,
3 parked (waiting, paused, interrupted) or in doubt.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

import click

from recipe_engine.cli.lazy import Session, recipe
from recipe_engine.cli.show.colour import in_colour

# A command makes thousands of classes and functions that stay: looking among them for garbage is a tenth of its start.
_RARELY = 50_000
SUCCEEDED, FAILED, USAGE, PARKED = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the process's exit code."""
    session = Session()
    thresholds = gc.get_threshold()
    gc.set_threshold(_RARELY)
    try:
        answer = _invoke(arguments, session)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.format_message())
        return SUCCEEDED
    except click.UsageError as error:
        _usage(error)
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return PARKED
    except BrokenPipeError:
        # The reader of a pipe left (`recipe runs list | head`): nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCEEDED
    except Exception as error:  # the outermost frame: every error becomes a message
        if session.debug:
            raise
        from recipe_engine.cli.failures import explain

        return explain(error)
    finally:
        gc.set_threshold(*thresholds)
    return answer if isinstance(answer, int) else SUCCEEDED


def _invoke(arguments: Sequence[str] | None, session: Session) -> object:
    """What the command answers. (`recipe.main` would also decide about errors and broken pipes, which is done here.)"""
    if "_RECIPE_COMPLETE" in os.environ:
        return recipe.main(arguments, prog_name="recipe")
    given = list(sys.argv[1:] if arguments is None else arguments)
    colour = None if in_colour("stdout") else False
    with recipe.make_context("recipe", given, obj=session, color=colour) as context:
        return recipe.invoke(context)


def _usage(error: click.UsageError) -> None:
    """What was mistyped, then where the help is."""
    colour = in_colour("stderr")
    click.echo(click.style("error: ", fg="red", bold=True) + _sentence(error), err=True, color=colour)
    if error.ctx is not None:
        click.echo(f"{click.style('help:', bold=True)} {error.ctx.command_path} --help", err=True, color=colour)


def _sentence(error: click.UsageError) -> str:
    text = error.format_message()
    return text.removesuffix(".") if text.count(".") == 1 else text


if __name__ == "__main__":
    sys.exit(main())
