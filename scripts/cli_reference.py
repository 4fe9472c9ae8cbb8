"""The page docs/reference/cli.md, made from the commands themselves."""

from __future__ import annotations

import click

from recipe_engine.cli.lazy import COMMANDS, load_command, recipe

_WIDTH = 96
_HEAD = """# The command

Exit codes: 0 succeeded, 1 failed, 2 invalid recipe or usage, 3 parked (waiting, paused, interrupted) or in doubt.
Results go to standard output, progress and messages to standard error. `--debug` shows tracebacks, `NO_COLOR=1` takes
colours away. Settings are read from the environment, then from `.env` in the working folder.
"""


def markdown() -> str:
    """Every command with its help, as `recipe COMMAND --help` prints it, under the headings of `recipe --help`."""
    parts = [_HEAD]
    for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
        parts.append(f"## {section}\n")
        for name, entry in COMMANDS.items():
            if entry.section == section:
                parts += _command(name, load_command(entry), None)
    return "\n".join(parts).rstrip() + "\n"


def _command(name: str, command: click.Command, parent: click.Context | None) -> list[str]:
    parent = parent or click.Context(recipe, info_name="recipe", **recipe.context_settings)
    context = click.Context(command, info_name=name, parent=parent, terminal_width=_WIDTH, color=False)
    level = "#" * (2 + len(context.command_path.split()) - 1)
    parts = [f"{level} `{context.command_path}`\n", f"```text\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                parts += _command(inner, found, context)
    return parts
