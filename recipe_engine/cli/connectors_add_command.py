"""`recipe connectors add`: an OpenAPI document becomes a connector of the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.lazy import RecipeCommand

if TYPE_CHECKING:
    from recipe_engine.openapi.adding import Added

_LARGEST = 100_000_000


@click.command(
    "add",
    cls=RecipeCommand,
    example="""
    recipe connectors add ./intercom.yaml --name intercom --auth bearer:INTERCOM_TOKEN
    recipe connectors add https://api.example.org/openapi.json --name shop --auth header:X-Api-Key:SHOP_KEY
    recipe connectors add ./crm.json --name crm --auth oauth2:https://crm.example/token:CRM_ID:CRM_SECRET
    """,
)
@click.argument("document")
@click.option("--name", metavar="NAME", help="What its actions begin with; the document's title without it.")
@click.option(
    "--auth",
    default="",
    metavar="HOW",
    help="bearer:SETTING, header:NAME:SETTING, query:NAME:SETTING, basic:USER_SETTING:PASSWORD_SETTING, "
    "oauth2:TOKEN_URL:ID_SETTING:SECRET_SETTING or none. Without it, as the document says.",
)
@click.option("--server", default="", metavar="URL", help="The base URL, when it is not the document's first server.")
@click.option("--force", is_flag=True, help="Replace the document of a connector added before; its settings stay.")
def add(document: str, name: str | None, auth: str, server: str, force: bool) -> int:
    """Add an API to the project: DOCUMENT is the file or the address of an OpenAPI description (3.0 or 3.1, JSON or YAML).

    It is copied to connectors/NAME. Says what of it is left out, and why.
    """
    from recipe_engine.openapi.adding import Wanted
    from recipe_engine.openapi.adding import add as write

    content = _read(document)
    chosen = name or _name_of(content, document)
    folder = Path("connectors") / chosen
    _refuse_taken(chosen, folder, force=force)
    kept = (folder / "connector.yml").read_text(encoding="utf-8") if (folder / "connector.yml").exists() else None
    added = write(Wanted(content, document, chosen, auth, server), folder)
    if kept is not None and not auth and not server:
        (folder / "connector.yml").write_text(kept, encoding="utf-8")
    _tell(added)
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
            raise click.UsageError(f"{folder} is there already; --force replaces its document")
        return
    from recipe_engine.installed import installed

    if name in installed().catalog.connectors:
        raise click.UsageError(f"there is a connector {name!r} already; choose another --name")


def _tell(added: Added) -> None:
    config, entries = added.config, added.index.entries
    count = len(entries)
    click.secho(f"{config.name}: {count} action{'s' if count > 1 else ''} in {added.folder}", bold=True)
    for remark in added.remarks:
        click.echo(f"  {remark}")
    from recipe_engine.openapi.auth import Credentials

    names = [setting.name for setting in Credentials.parse(config.auth).declared()]
    if names:
        click.echo(f"Set {', '.join(names)} in the environment or in .env (auth: {config.auth}).")
    click.echo(
        f"`recipe actions {config.name}` lists them; `recipe actions {config.name}.{entries[0].name}` describes one."
    )
