"""`recipe preview`: a message as people will see it.

The one rule: nothing is sent and nothing is kept; the page that it writes loads nothing and runs nothing.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON
    from recipe_engine.preview import Given, Preview

_PAGE = """<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-src 'self'">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; margin: 24px; color: #1c2a33; }}
th {{ text-align: left; padding-right: 16px; font-weight: normal; color: #5b6770; }}
iframe {{ width: 100%; max-width: 760px; height: 720px; border: 1px solid #c8cfd4; }}
iframe.phone {{ max-width: 390px; }}
pre {{ max-width: 760px; padding: 16px; border: 1px solid #c8cfd4; white-space: pre-wrap; }}
</style>
</head>
<body>
<table>
{rows}
</table>
{parts}
</body>
</html>
"""


@click.command(
    cls=RecipeCommand,
    example="""
    recipe preview urgent-quote receipt -i name=Camille -c company="Atelier Exemple"
    recipe preview urgent-quote details -i name=Camille -o details.html
    recipe preview site-follow-up by_whatsapp -s stage.name=Carrelage
    """,
)
@click.argument("recipe")
@click.argument("step")
@click.option(
    "-i", "pairs", multiple=True, metavar="KEY=VALUE", help="An input. What is required and missing is made up."
)
@click.option("-c", "config_pairs", multiple=True, metavar="KEY=VALUE", help="A value of the recipe's config.")
@click.option(
    "-s",
    "step_pairs",
    multiple=True,
    metavar="STEP.FIELD=VALUE",
    help="What an earlier step gave, such as an event's data.",
)
@click.option("-o", "output", metavar="FILE", help="Where an e-mail is written (default: RECIPE.STEP.html).")
def preview(
    recipe: str,
    step: str,
    pairs: tuple[str, ...],
    config_pairs: tuple[str, ...],
    step_pairs: tuple[str, ...],
    output: str | None,
) -> int:
    """Show the message that STEP of RECIPE would send: an e-mail as a file to open in a browser, an SMS with its segments.

    The recipe is run against the sandboxes, and time jumps over its waits; a step that this does not reach (after a reply, in
    another branch) is shown with examples of what the steps before it answer.
    """
    shown = finish(_made(recipe, step, (pairs, config_pairs, step_pairs)))
    if output is not None and shown.html is None:
        raise click.UsageError(f"the step {step} has no HTML: leave out -o, and it is printed")
    if shown.invented:
        click.echo(f"made up: {', '.join(shown.invented)}", err=True)
    if not shown.reached:
        click.echo("a run with this input does not get there by itself; shown with examples", err=True)
    if shown.html is not None:
        target = Path(output or f"{Path(recipe).stem}.{step}.html")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_page(shown), encoding="utf-8")
        click.echo(f"wrote {target}: open it in a browser", err=True)
    for channel in shown.channels:
        if shown.html is None or channel != "email":
            _print(channel, shown)
    return 0


async def _made(recipe: str, step: str, pairs: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]) -> Preview:
    import time

    from recipe_engine.engine import Engine
    from recipe_engine.preview import preview as message_of
    from recipe_engine.runtime.clock import VirtualClock

    engine = Engine(":memory:", sandbox=True, clock=VirtualClock(time.time()))
    plan = engine.compile(recipe)
    async with engine:
        return await message_of(engine, plan, step, _given(plan.input_schema, plan.config_schema, pairs))


def _given(
    input_schema: JSON, config_schema: JSON, pairs: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
) -> Given:
    from recipe_engine.cli.given import from_pairs
    from recipe_engine.preview import Given

    return Given(
        from_pairs(pairs[0], input_schema),
        from_pairs(pairs[1], config_schema, "config"),
        from_pairs(pairs[2], None, "step"),
    )


def _print(channel: str, shown: Preview) -> None:
    from recipe_engine.plugin.segments import segments

    click.echo(f"{channel} to {_recipient(shown.to)}")
    if shown.subject:
        click.echo(f"subject: {shown.subject}")
    click.echo(shown.text)
    if channel != "sms":
        click.echo(f"{len(shown.text)} characters")
        return
    took = segments(shown.text)
    odd = f" because of {' '.join(took.odd)}" if took.odd else ""
    plural = "s" if took.count > 1 else ""
    click.echo(f"{took.count} segment{plural}, {took.encoding}{odd}, {len(shown.text)} characters")


def _recipient(to: JSON) -> str:
    if to is None:
        return "the channel's own recipient"
    return to if isinstance(to, str) else json.dumps(to, ensure_ascii=False)


def _page(shown: Preview) -> str:
    """A page with the e-mail as a computer and as a phone would show it, and its text part."""
    rows = {"À": _recipient(shown.to), "Objet": shown.subject, "Canaux": ", ".join(shown.channels)}
    frame = '<iframe sandbox class="{kind}" srcdoc="{document}"></iframe>'
    document = html.escape(shown.html or "", quote=True)
    parts = [
        "<h2>HTML</h2>",
        frame.format(kind="computer", document=document),
        "<h2>HTML, téléphone</h2>",
        frame.format(kind="phone", document=document),
        "<h2>Texte</h2>",
        f"<pre>{html.escape(shown.text or 'fait à partir du HTML')}</pre>",
    ]
    return _PAGE.format(
        title=html.escape(shown.subject or "message"),
        rows="\n".join(f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in rows.items()),
        parts="\n".join(parts),
    )
