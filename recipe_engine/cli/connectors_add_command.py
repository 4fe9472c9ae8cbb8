"""`recipe connectors add`: an OpenAPI document or an MCP server becomes a connector of the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recipe_engine.openapi.adding import Added

_LARGEST = 100_000_000


@click.command(
    "add",
    cls=RecipeCommand,
    example="""
    recipe connectors add ./intercom.yaml --name intercom --auth bearer:INTERCOM_TOKEN
    recipe connectors add https://api.example.org/openapi.json --name shop --auth header:X-Api-Key:SHOP_KEY
    recipe connectors add ./crm.json --name crm --auth oauth2:https://crm.example/token:CRM_ID:CRM_SECRET
    recipe connectors add mcp:https://mcp.example.org/mcp --name notes --auth bearer:NOTES_TOKEN
    recipe connectors add "mcp:npx -y @example/tickets-mcp" --name tickets --env TICKETS_KEY
    """,
)
@click.argument("document")
@click.option(
    "--name", metavar="NAME", help="What its actions begin with; without it, what the document or server calls itself."
)
@click.option(
    "--auth",
    default="",
    metavar="HOW",
    help="bearer:SETTING, header:NAME:SETTING, query:NAME:SETTING, cookie:NAME:SETTING, basic:USER_SETTING:PASSWORD_SETTING, "
    "oauth2:TOKEN_URL:ID_SETTING:SECRET_SETTING or none; several keys with commas. Without it, as the document says.",
)
@click.option("--server", default="", metavar="URL", help="The base URL, when it is not the document's first server.")
@click.option(
    "--env",
    multiple=True,
    metavar="SETTING",
    help="A setting that an MCP server which is a command is given as environment variable. May be repeated.",
)
@click.option("--force", is_flag=True, help="Take what there is now for a connector added before; what you set stays.")
def add(document: str, name: str | None, auth: str, server: str, env: tuple[str, ...], force: bool) -> int:
    """Add an API to the project: DOCUMENT is the file or the address of an OpenAPI description (3.0 or 3.1, JSON or YAML), or
    `mcp:` with the URL or the command of an MCP server.

    What it describes is copied to connectors/NAME. Says what of it is left out, and why.
    """
    if document.startswith("mcp:"):
        return _add_server(document, name, auth, server, env, force=force)
    if env:
        raise click.UsageError("--env is for MCP servers that are commands (mcp:COMMAND)")
    from recipe_engine.openapi.adding import Wanted
    from recipe_engine.openapi.adding import add as write

    content = _read(document)
    chosen = name or _name_of(content, document)
    folder = Path("connectors") / chosen
    _refuse_taken(chosen, folder, force=force)
    if (folder / "mcp.json").exists():
        raise click.UsageError(f"{folder} holds the connector of an MCP server; choose another --name")
    kept = (folder / "connector.yml").read_text(encoding="utf-8") if (folder / "connector.yml").exists() else None
    added = write(Wanted(content, document, chosen, auth, server), folder)
    if kept is not None and not auth and not server:
        (folder / "connector.yml").write_text(kept, encoding="utf-8")
    _tell(added)
    return 0


def _add_server(document: str, name: str | None, auth: str, server: str, env: tuple[str, ...], *, force: bool) -> int:
    """Add an MCP server."""
    if server:
        raise click.UsageError("--server is for OpenAPI documents; the URL of an MCP server follows mcp:")
    from recipe_engine.cli.connectors_add_mcp import add_server
    from recipe_engine.mcp.adding import Wanted

    added = add_server(
        Wanted(document, auth, env), name, Path("connectors"), lambda *place: _refuse_taken(*place, force=force)
    )
    _tell_head(added.connector.name, len(added.connector.actions), added.folder, added.remarks)
    _tell_next(added.connector.name, next(iter(added.connector.actions)))
    return 0


def _read(document: str) -> bytes:
    """The document's content. Raises UsageError when there is none."""
    if document.startswith(("https://", "http://")):
        return _fetched(document)
    path = Path(document)
    if not path.is_file():
        raise click.UsageError(f"there is no file {document}; a file or an address (https://...) is expected")
    return path.read_bytes()


def _fetched(url: str) -> bytes:
    import asyncio

    from recipe_engine.errors import RecipeError
    from recipe_engine.plugin import ActionError, Request
    from recipe_engine.runtime.http import AiohttpTransport

    async def fetch() -> bytes:
        transport = AiohttpTransport()
        try:
            response = await transport.send(Request("GET", url, {"Accept": "*/*"}, trusted=True))
            if not response.ok:
                raise RecipeError(f"{url} answered {response.status}")
            return await response.read(_LARGEST)
        except ActionError as error:
            raise RecipeError(f"{url} cannot be read: {error.failure.title}") from error
        finally:
            await transport.close()

    return asyncio.run(fetch())


def _name_of(content: bytes, source: str) -> str:
    """A name from the document's title."""
    from recipe_engine.openapi.document import mapping, read_document
    from recipe_engine.openapi.names import snake

    title = str(mapping(read_document(content, source).data.get("info")).get("title") or "")
    words = [
        word for word in snake(title).split("_") if word not in ("api", "rest", "the", "v1", "v2", "v3", "openapi")
    ]
    if not words:
        raise click.UsageError("the document has no title to name the connector by; say --name")
    return "_".join(words)


def _refuse_taken(name: str, folder: Path, *, force: bool) -> None:
    """Raises UsageError for a name that cannot be used."""
    import re

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise click.UsageError(f"{name!r} is no name of a connector: small letters, digits and _ are expected")
    if (folder / "connector.yml").exists():
        if not force:
            raise click.UsageError(f"{folder} is there already; --force takes what there is now")
        return
    from recipe_engine.installed import installed

    if name in installed().catalog.connectors:
        raise click.UsageError(f"there is a connector {name!r} already; choose another --name")


def _tell(added: Added) -> None:
    config, entries = added.config, added.index.entries
    _tell_head(config.name, len(entries), added.folder, added.remarks)
    from recipe_engine.openapi.auth import Credentials

    names = [setting.name for setting in Credentials.parse(config.auth).declared()]
    if names:
        click.echo(f"Set {', '.join(names)} in the environment or in .env (auth: {config.auth}).")
    _tell_next(config.name, f"{config.name}.{entries[0].name}")


def _tell_head(name: str, count: int, folder: Path, remarks: Sequence[str]) -> None:
    click.secho(f"{name}: {count} action{'s' if count > 1 else ''} in {folder}", bold=True)
    for remark in remarks:
        click.echo(f"  {remark}")


def _tell_next(name: str, action: str) -> None:
    click.echo(f"`recipe actions {name}` lists them; `recipe actions {action}` describes one.")
