"""Generated files follow from the code; the table of commands says what the commands say."""

import click
import pytest

from recipe_engine.cli.lazy import COMMANDS, load_command
from scripts.generate import GENERATED, stale


def test_generated_files_follow_from_the_code():
    assert GENERATED
    assert stale() == [], "run `make generate`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_line_in_the_table_a_help_and_an_example(name):
    command = load_command(COMMANDS[name])
    assert command.name == name
    assert command.help
    parts = [command]
    if isinstance(command, click.Group):
        parts = [command.commands[inner] for inner in command.commands]
    for part in parts:
        assert getattr(part, "example", ""), f"{part.name} shows no example"
        assert all(option.help for option in part.params if isinstance(option, click.Option)), part.name


@pytest.mark.parametrize("name", COMMANDS)
def test_a_line_of_the_table_fits_a_terminal(name):
    assert len(COMMANDS[name].help) <= 66
