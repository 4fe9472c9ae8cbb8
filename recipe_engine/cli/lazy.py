"""The frame of the command: which commands exist, and a click group that imports one only when it is used.

The one rule: this module imports click and nothing else of weight, so that `recipe --help` and a shell's completion
answer at once. Help lines stand here and are held against the commands themselves by a test.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import click

from recipe_engine.version import VERSION


class Entry(NamedTuple):
    """Where a command is (`module:attribute`), its one line of help, and the heading it stands under."""

    target: str
    help: str
    section: str = ""


_WRITE = "Write a recipe"
_RUN = "Run it"
_OPERATE = "Look after runs"
_LOOK_UP = "Look things up"

COMMANDS: Mapping[str, Entry] = {
    "init": Entry("init_command:init", "Make a small project: a recipe, its test, settings to fill in.", _WRITE),
    "new": Entry("new_command:new", "Write a recipe from a need in plain words, and prove it.", _WRITE),
    "change": Entry("change_command:change", "Change a recipe in plain words; shown before it is written.", _WRITE),
    "improve": Entry("improve_command:improve", "Say what past runs of a recipe show; propose changes.", _WRITE),
    "eval": Entry("eval_command:eval_", "Score the recipes that a model writes for needs.", _WRITE),
    "check": Entry("check_command:check", "Prove recipes before they run; every problem at once.", _WRITE),
    "fmt": Entry("fmt_command:fmt", "Format recipes; comments stay.", _WRITE),
    "test": Entry("test_command:test", "Run the tests of recipes, offline and in virtual time.", _WRITE),
    "preview": Entry("preview_command:preview", "Show the message that a step would send.", _WRITE),
    "graph": Entry("graph_command:graph", "Draw a recipe: Mermaid text, or an SVG file.", _WRITE),
    "run": Entry("run_command:run", "Run a recipe to its end, or until it has to wait.", _RUN),
    "send": Entry("send_command:send", "Send an event to the runs that wait for it.", _RUN),
    "approve": Entry("approve_command:approve", "Answer a run that waits for a person.", _RUN),
    "worker": Entry("worker_command:worker", "Own the database and drive every run that is due.", _OPERATE),
    "runs": Entry("runs_command:runs", "List, show, watch, pause, resume, cancel, retry, resolve runs.", _OPERATE),
    "report": Entry("report_command:report", "What runs cost and saved, by recipe and day.", _OPERATE),
    "prompts": Entry("prompts_command:prompts", "Show what a step asked a language model.", _OPERATE),
    "contacts": Entry("contacts_command:contacts", "Export or erase a person's data; show who did what.", _OPERATE),
    "stop-all": Entry("stop_command:stop_all", "Emergency stop: pause every run, or undo that.", _OPERATE),
    "explain-recipe": Entry("explain_recipe_command:explain_recipe", "Say in sentences what a recipe does.", _LOOK_UP),
    "actions": Entry("actions_command:actions", "List the actions of steps; describe one.", _LOOK_UP),
    "sandbox": Entry("sandbox_command:sandbox", "Serve imitations of the vendors over HTTP.", _LOOK_UP),
    "connectors": Entry("connectors_command:connectors", "List connectors and the settings they miss.", _LOOK_UP),
    "explain": Entry("explain_command:explain", "Explain a diagnostic code, with an example.", _LOOK_UP),
    "schema": Entry("schema_command:schema", "Print the JSON Schema that editors complete recipes with.", _LOOK_UP),
    "docs": Entry("docs_command:docs", "Read the documentation in the terminal.", _LOOK_UP),
    "doctor": Entry("doctor_command:doctor", "Check Python, settings, database and connectors.", _LOOK_UP),
}


@dataclass
class Session:
    """What the options before a command's own say; the context carries it."""

    debug: bool = False


def _set_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Session).debug = True


def debug_option() -> click.Option:
    """`--debug`, understood by every command and before it."""
    return click.Option(
        ["--debug"], is_flag=True, expose_value=False, callback=_set_debug, help="Show tracebacks of errors."
    )


class RecipeCommand(click.Command):
    """A command with an example in its help, and `--debug`."""

    def __init__(self, *args: Any, example: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.example = example
        self.params.append(debug_option())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, one a line, as they would be typed."""
        if self.example:
            with formatter.section("Examples"):
                for line in self.example.strip().splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


class RecipeGroup(click.Group):
    """A group whose commands suggest what was meant when a name is mistyped."""

    command_class = RecipeCommand

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params.append(debug_option())

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first argument.

        Raises UsageError naming the nearest command when there is none of this name.
        """
        name = args[0]
        if name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        command = self.get_command(ctx, name)
        if command is None:
            raise click.UsageError(f"there is no command {name!r}{_meant(name, self.list_commands(ctx))}", ctx)
        return name, command, args[1:]


class LazyGroup(RecipeGroup):
    """The `recipe` command itself: a table of commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the table, and those that plugins added in this process."""
        return [*COMMANDS, *(name for name in self.commands if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; an unknown name is looked for among the plugins' commands."""
        entry = COMMANDS.get(cmd_name)
        if entry is not None:
            return load_command(entry)
        if cmd_name not in self.commands:
            from recipe_engine.cli.plugins import add_plugin_commands

            add_plugin_commands(self)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table under its headings, without importing any command."""
        width = max(len(name) for name in COMMANDS)
        for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
            rows = [(name.ljust(width), entry.help) for name, entry in COMMANDS.items() if entry.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)


def load_command(entry: Entry) -> click.Command:
    """The command of an entry of the table."""
    module, _, attribute = entry.target.partition(":")
    command: click.Command = getattr(import_module(f"recipe_engine.cli.{module}"), attribute)
    return command


def _meant(word: str, known: Iterable[str]) -> str:
    from recipe_engine.diagnostics.suggest import suggest

    near = suggest(word, known)
    return f"; did you mean {near!r}?" if near else "; `recipe --help` lists them"


def _show_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        python = ".".join(str(part) for part in sys.version_info[:3])
        click.echo(f"recipe {VERSION} (Python {python})")
        context.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`recipe COMMAND --help` shows a command's options and examples. New here? `recipe init` and `recipe docs`.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def recipe() -> None:
    """Business automations written as YAML recipes: proved before they run, and run so that nothing is lost or done
    twice."""
