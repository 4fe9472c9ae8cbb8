"""`recipe connectors`: who recipes can talk to, and what is missing before they can."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.connectors_add_command import add
from recipe_engine.cli.connectors_login_command import login, logout
from recipe_engine.cli.connectors_new_command import new
from recipe_engine.cli.lazy import RecipeGroup
from recipe_engine.cli.show import logins
from recipe_engine.cli.show.columns import columns

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.plugin import Connector, Setting
    from recipe_engine.runtime.settings import Settings


class _Connectors(RecipeGroup):
    """Commands by name; any other word is the name of a connector, which `show` describes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`recipe connectors hubspot` and `recipe connectors --json` are short for `recipe connectors show ...`."""
        asks_help = any(word in ctx.help_option_names for word in args)
        named = [word for word in args if not word.startswith("-")]
        if (named and self.get_command(ctx, named[0]) is None) or not (named or asks_help):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Connectors)
def connectors() -> None:
    """List connectors and the settings they miss; describe one by its NAME; add one.

    `recipe connectors` lists them, `recipe connectors NAME` describes one.
    """


connectors.add_command(add)
connectors.add_command(new)
connectors.add_command(login)
connectors.add_command(logout)


@connectors.command(
    "show",
    example="""
    recipe connectors              which are ready, and what the others miss
    recipe connectors hubspot      its settings and how to get them, its actions
    """,
)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str | None, as_json: bool) -> int:
    """List connectors and the settings they miss; describe one by its NAME. Values of settings are never shown."""
    from recipe_engine.installed import installed, settings

    found = installed()
    known = {key: connector for key, connector in found.catalog.connectors.items() if _is_vendor(connector)}
    values = settings(found)
    if name is not None and name not in known:
        from recipe_engine.diagnostics import suggest

        near = suggest(name, known)
        meant = f"; did you mean {near}?" if near else f"; there are {', '.join(known)}"
        raise click.UsageError(f"there is no connector {name!r}{meant}")
    chosen = [known[name]] if name else list(known.values())
    if as_json:
        records = [_record(connector, values) for connector in chosen]
        click.echo(json.dumps(records[0] if name else records, ensure_ascii=False, indent=2))
    elif name:
        _describe(chosen[0], values)
    else:
        _list(chosen, values)
        for warning in found.warnings:
            click.secho(f"warning: {warning}", fg="yellow", err=True)
    return 0


def missing(connector: Connector, values: Settings) -> str | None:
    """What has to be set before the connector works, in words; None when nothing is missing."""
    names = [_asked_for(setting) for setting in connector.settings if setting.missing(values)]
    if names:
        return f"misses {', '.join(names)}"
    unset = [told for channel in connector.channels.values() if (told := channel.missing(values)) is not None]
    return f"not configured: {'; '.join(unset)}" if unset else None


def _asked_for(setting: Setting) -> str:
    return f"{setting.name} (or `recipe connectors login {setting.login}`)" if setting.login else setting.name


def _is_vendor(connector: Connector) -> bool:
    """Whether it needs settings or talks to somebody: the builtin actions of the language do not."""
    return bool(connector.settings or connector.base_url)


def _list(chosen: list[Connector], values: Settings) -> None:
    rows = [
        (connector.name, connector.title, missing(connector, values) or _ready(connector, values))
        for connector in chosen
    ]
    click.echo(columns(rows, indent="", bold_first=True))
    click.echo(
        "\nWithout settings, `recipe run --sandbox` works with all of them. `recipe connectors NAME` says how to get one."
    )


def _ready(connector: Connector, values: Settings) -> str:
    login = logins.in_use(connector, values)
    return f"ready, {logins.summary(login)}" if login else "ready"


def _describe(connector: Connector, values: Settings) -> None:
    click.secho(connector.title, bold=True)
    if connector.docs:
        click.echo(connector.docs)
    click.secho("\nSettings (in the environment, or in .env)", bold=True)
    rows = [(setting.name, _state(setting, values), setting.help) for setting in connector.settings]
    click.echo(columns(rows) or "  none")
    if connector.login is not None:
        click.secho("\nLogin", bold=True)
        for line in logins.lines(connector, values):
            click.echo(f"  {line}")
    if connector.base_url or connector.base_url_setting:
        _describe_address(connector, values)
    if connector.actions:
        click.secho("\nActions", bold=True)
        rows = [(action.name, action.effect, action.summary) for action in connector.actions.values()]
        click.echo(columns(rows))


def _describe_address(connector: Connector, values: Settings) -> None:
    override = connector.base_url_setting or f"{connector.name.upper()}_BASE_URL"
    click.secho("\nAddress", bold=True)
    click.echo(f"  {values.get(override) or _address(connector, values) or 'not set'} (replaced by {override})")
    for limit in connector.limits:
        click.echo(f"  at most {limit.count} requests in {limit.per:g} s")


def _state(setting: Setting, values: Settings) -> str:
    from recipe_engine.plugin.login import is_logged_in

    if values.get(setting.name) is None:
        if setting.missing(values):
            return "missing"
        if is_logged_in(setting.login, values):
            return "not set, logged in"
        return "not set, not needed now" if setting.required else "not set, optional"
    if setting.default is not None and values.get(setting.name) == setting.default:
        return f"default: {'hidden' if setting.secret else setting.default}"
    return "set"


def _address(connector: Connector, values: Settings) -> str:
    """The connector's base URL under these settings; empty when they do not say."""
    from recipe_engine.plugin import Terminal

    try:
        return connector.address(values)
    except Terminal:
        return ""


def _record(connector: Connector, values: Settings) -> JSONObject:
    return {
        "name": connector.name,
        "title": connector.title,
        "ready": missing(connector, values) is None,
        "settings": [
            {
                "name": setting.name,
                "secret": setting.secret,
                "required": setting.required,
                "set": values.get(setting.name) is not None,
                "help": setting.help,
            }
            for setting in connector.settings
        ],
        "login": logins.as_json(connector, values),
        "base_url": _address(connector, values),
        "sandbox": connector.sandbox is not None,
        "actions": list(connector.actions),
    }
