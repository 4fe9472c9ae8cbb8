"""`recipe sandbox`: the connectors' sandboxes over real HTTP, for other programs."""

from __future__ import annotations

import json
import shlex
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.plugin import Connector
    from recipe_engine.runtime.sandboxing import SandboxHost

_FIRST_PORT = 8800


@click.command(
    cls=RecipeCommand,
    example="""
    recipe sandbox                              every connector that has a sandbox, from port 8800 on
    recipe sandbox hubspot clickup --port 9000
    recipe sandbox hubspot --seed vendors.yml   with what the vendors have at the beginning
    """,
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--port",
    type=click.IntRange(0, 65_000),
    default=_FIRST_PORT,
    show_default=True,
    help="The first port; each connector has its own. 0 takes any that are free.",
)
@click.option(
    "--seed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML file: by connector what its vendor has, as `vendors` in test files.",
)
@click.option("--json", "as_json", is_flag=True, help="Print addresses and settings as JSON.")
def sandbox(names: tuple[str, ...], port: int, seed: Path | None, as_json: bool) -> int:
    """Serve the sandboxes of connectors over HTTP on this machine, until Ctrl-C.

    They are imitations: nothing reaches the vendors, and what they keep is gone when this ends. Prints their addresses and
    the settings under which recipes and other programs reach them.
    """
    from recipe_engine.installed import installed
    from recipe_engine.runtime.clock import SystemClock
    from recipe_engine.runtime.sandboxing import SandboxHost

    catalog = installed().catalog
    offered = [name for name, each in catalog.connectors.items() if each.sandbox and _is_reached_by_url(each)]
    for name in names:
        if name not in offered:
            from recipe_engine.diagnostics import suggest

            near = suggest(name, offered)
            meant = f"did you mean {near}?" if near else f"there are {', '.join(offered)}"
            raise click.UsageError(f"no connector {name!r} has a sandbox; {meant}")
    chosen = [catalog.connectors[name] for name in names or offered]
    host = SandboxHost(catalog, SystemClock())
    if seed is not None:
        _seed(host, seed, [connector.name for connector in chosen])
    return finish(_serve(host, chosen, port, as_json=as_json))


def _is_reached_by_url(connector: Connector) -> bool:
    return bool(connector.base_url or connector.base_url_setting or connector.over_http)


def _seed(host: SandboxHost, file: Path, chosen: list[str]) -> None:
    """Give the sandboxes what the file says. Raises UsageError."""
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise click.UsageError(f"{file} is not YAML: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(data, dict) or not all(isinstance(item, dict) for item in data.values()):
        raise click.UsageError(f"{file}: an object by connector is expected")
    for name, state in data.items():
        if name not in chosen:
            raise click.UsageError(f"{file}: {name} is not served; there are {', '.join(chosen)}")
        try:
            host.sandbox(name).seed(state)
        except ValueError as error:
            raise click.UsageError(f"{file}: {name}: {error}") from error


async def _serve(host: SandboxHost, chosen: list[Connector], port: int, *, as_json: bool) -> int:
    from recipe_engine.cli.interrupts import Interrupts
    from recipe_engine.testing.server import SandboxServer

    async with Interrupts() as stop, AsyncExitStack() as opened:
        shown: JSONObject = {}
        shared: dict[str, str] = {}
        for number, connector in enumerate(chosen):
            server = SandboxServer(host.sandbox(connector.name).answer, port=port + number if port else 0)
            await opened.enter_async_context(server)
            shown[connector.name] = {"url": server.url, "settings": _settings(host, connector, server.url, shared)}
        _tell(shown, as_json=as_json)
        await stop.asked()
    return 0


def _settings(host: SandboxHost, connector: Connector, url: str, shared: dict[str, str]) -> dict[str, str]:
    """What to set so that the connector talks to its sandbox. `shared` are the other addresses given so far: connectors of one
    vendor have one address for tokens, and their sandboxes take each other's."""
    values = {
        setting.name: host.settings.get(setting.name) for setting in connector.settings if setting.default is None
    }
    # Addresses of the vendor besides its own (where tokens are): its sandbox answers there as well.
    other = [name for name, value in values.items() if value is None and name.endswith("_BASE_URL")]
    values |= {name: shared.setdefault(name, url) for name in other}
    values |= {name: f"{url}/oauth2/token" for name in values if name.endswith("_TOKEN_URL")}
    values[connector.base_url_setting or f"{connector.name.upper()}_BASE_URL"] = url + _path(host, connector)
    return {name: value for name, value in values.items() if value}


def _path(host: SandboxHost, connector: Connector) -> str:
    """The path of the vendor's own address, under which its sandbox answers too."""
    return urlsplit(connector.address(host.settings)).path.rstrip("/")


def _tell(shown: JSONObject, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    click.echo(
        "# Imitations of the vendors: nothing reaches them, and what is kept here is gone when this ends (Ctrl-C)."
    )
    for name, each in shown.items():
        click.secho(f"\n# {name}: {each['url']}", bold=True)
        for setting, value in each["settings"].items():
            click.echo(f"export {setting}={shlex.quote(value)}")
