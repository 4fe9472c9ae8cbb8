"""`recipe connectors login` and `logout`: consent in the browser, and its end.

The one rule: what is printed could be read by anybody. A link, scopes and places are; no token, code or secret ever is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.plugin import Catalog, Connector, Login
    from recipe_engine.runtime.settings import Settings

_FIVE_MINUTES = 300


@click.command(
    "login",
    cls=RecipeCommand,
    example="""
    recipe connectors login zoho
    recipe connectors login hubspot --port 8718
    recipe connectors login zoho --paste            on a machine without a browser
    """,
)
@click.argument("name")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port that the vendor sends the browser back to; 0 for any."
)
@click.option("--no-browser", is_flag=True, help="Print the link instead of opening it; the answer may also be pasted.")
@click.option("--paste", is_flag=True, help="Listen nowhere: paste the address that the browser ends at.")
@click.option(
    "--scope", "scopes", multiple=True, metavar="SCOPE", help="Ask for this instead; may be given repeatedly."
)
@click.option(
    "--timeout", type=click.IntRange(min=1), default=_FIVE_MINUTES, show_default=True, help="Seconds to wait at most."
)
def login(name: str, port: int | None, no_browser: bool, paste: bool, scopes: tuple[str, ...], timeout: int) -> int:
    """Let the connector NAME in by consent in the browser. NAME is a connector or the login that several share. The token
    is kept in the system's keyring, or encrypted in a file when RECIPE_LOGIN_KEY is set."""
    from recipe_engine.cli.logging_in import Way, log_in
    from recipe_engine.cli.loop import finish
    from recipe_engine.installed import installed, settings

    found = installed()
    values = settings(found)
    chosen = login_named(found.catalog, name)
    way = Way(
        port=port, browser=not no_browser and not paste, listen=not paste, paste=no_browser or paste, seconds=timeout
    )
    sharing = connectors_of(found.catalog, chosen)
    if not finish(log_in(chosen, sharing, values, way, scopes)):
        return 1
    return _probe(values, sharing)


@click.command("logout", cls=RecipeCommand, example="recipe connectors logout zoho")
@click.argument("name")
@click.option("--keep-at-vendor", is_flag=True, help="Do not tell the vendor; only forget the token here.")
def logout(name: str, keep_at_vendor: bool) -> int:
    """Forget the login NAME, and have the vendor revoke it.

    Exit code 1 when the vendor did not: the token is forgotten here all the same.
    """
    from recipe_engine.cli.logging_in import log_out
    from recipe_engine.cli.loop import finish
    from recipe_engine.installed import installed, settings

    found = installed()
    return 0 if finish(log_out(login_named(found.catalog, name), settings(found), tell=not keep_at_vendor)) else 1


def login_named(catalog: Catalog, name: str) -> Login:
    """The login of that name or of the connector of that name. Raises UsageError."""
    from recipe_engine.diagnostics import suggest

    with_login = {each.name: each.login for each in catalog.connectors.values() if each.login is not None}
    names = with_login | {each.name: each for each in with_login.values()}
    if name in names:
        return names[name]
    if name in catalog.connectors:
        raise click.UsageError(f"{name} has no login: `recipe connectors {name}` shows the settings that it needs")
    near = suggest(name, names)
    meant = f"did you mean {near}?" if near else f"there are {', '.join(sorted(names))}"
    raise click.UsageError(f"there is no connector or login {name!r}; {meant}")


def connectors_of(catalog: Catalog, login: Login) -> list[Connector]:
    """The connectors that share a login."""
    return [each for each in catalog.connectors.values() if each.login is not None and each.login.name == login.name]


def _probe(values: Settings, sharing: list[Connector]) -> int:
    """One call that only reads to each vendor that names one and has all its settings; exit code 1 when one is refused."""
    from recipe_engine.cli.probing import ask
    from recipe_engine.wiring import database_of

    ready = []
    for connector in sharing:
        unset = [setting.name for setting in connector.settings if setting.missing(values)]
        if unset:
            click.echo(f"  {connector.name}: still misses {', '.join(unset)} (`recipe connectors {connector.name}`)")
        else:
            ready.append(connector)
    refused = 0
    for name, failure in ask(values, ready, database_of(None, values)).items():
        if failure is None:
            click.echo(f"  {name}: the vendor answers")
        else:
            refused = 1
            words = f" ({failure.detail})" if failure.detail else ""
            click.secho(f"  {name}: {failure.title}{words}", fg="red")
    return refused
