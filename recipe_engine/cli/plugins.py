"""Commands that plugins add (the hook `register_commands`)."""

from __future__ import annotations

import click


def add_plugin_commands(group: click.Group) -> None:
    """Let every installed plugin add its commands to the group."""
    from recipe_engine.installed import installed

    found = installed()
    found.manager.hook.register_commands(group=group)
    for warning in found.warnings:
        click.secho(f"warning: {warning}", fg="yellow", err=True)
