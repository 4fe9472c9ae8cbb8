"""`recipe explain`: the page of a diagnostic code."""

from __future__ import annotations

import click

from recipe_engine.cli.lazy import RecipeCommand


@click.command(
    cls=RecipeCommand,
    example="""
    recipe explain R204      what the code means, a bad and a good example
    recipe explain           every code with its title
    """,
)
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def explain(codes: tuple[str, ...]) -> int:
    """Explain a diagnostic code, with an example of the mistake and of its cure. Without a code, list them all."""
    from recipe_engine.diagnostics.docs import explain as page_of

    if not codes:
        _list_all()
        return 0
    pages = {code: page_of(code) for code in codes}
    click.echo("\n".join(_wrapped(page) for page in pages.values() if page), nl=False)
    unknown = [code for code, page in pages.items() if page is None]
    if unknown:
        raise click.UsageError(f"there is no diagnostic code {', '.join(unknown)}; `recipe explain` lists them all")
    return 0


def _wrapped(page: str) -> str:
    """The page with its sentences wrapped to the terminal; examples, which are indented, stay as they are."""
    import shutil
    import textwrap

    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    return "\n".join(
        line if line.startswith(" ") or len(line) <= width else textwrap.fill(line, width) for line in page.split("\n")
    )


def _list_all() -> None:
    from recipe_engine.diagnostics.codes import CODES, RANGES

    for prefix, title in RANGES.items():
        rows = [code for code in CODES.values() if code.code.startswith(prefix)]
        if rows:
            click.secho(f"{prefix}xx: {title}", bold=True)
            for code in rows:
                click.echo(f"  {code.code}  {code.severity:<7}  {code.title}")
