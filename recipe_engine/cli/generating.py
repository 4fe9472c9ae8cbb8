"""What the commands that ask a model for a recipe share: their options, the files they write, what they tell.

The one rule: a draft never has the name of a recipe.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from recipe_engine.engine import Engine
    from recipe_engine.generate import Bounds, Generated
    from recipe_engine.generate.phrases import Voice

NOT_DONE = 1


def generating_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that asks a model for a recipe."""
    options = [
        click.option("--llm", metavar="NAME", help="Who answers (replaces RECIPE_LLM); `manual` is you."),
        click.option(
            "--answers",
            type=click.Path(file_okay=False, path_type=Path),
            help="With --llm manual: the folder of prompts and answers.",
        ),
        click.option(
            "--rounds",
            type=click.IntRange(1, 20),
            default=4,
            show_default=True,
            help="Questions to the model, at most.",
        ),
        click.option(
            "--budget",
            type=click.FloatRange(0),
            default=1.0,
            show_default=True,
            metavar="USD",
            help="Money for the model, at most, in US dollars; 0 for no limit (a model without a known price).",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def engine_for(asked: dict[str, Any]) -> Engine:
    """The engine whose settings say who answers."""
    from recipe_engine.engine import Engine

    if asked["answers"] is not None and asked["llm"] not in (None, "manual"):
        raise click.UsageError("--answers is a folder for --llm manual")
    env = dict(os.environ)
    if asked["llm"]:
        env["RECIPE_LLM"] = asked["llm"]
    if asked["answers"] is not None:
        env |= {"RECIPE_LLM": "manual", "RECIPE_LLM_ANSWERS": str(asked["answers"])}
    return Engine(":memory:", env=env)


def bounds_of(asked: dict[str, Any]) -> Bounds:
    """The budget of rounds and money."""
    from recipe_engine.generate import Bounds

    return Bounds(asked["rounds"], asked["budget"] or None)


def answered(work: Coroutine[Any, Any, Generated]) -> Generated | None:
    """What generating came to; None when the model could not be asked, which is told."""
    import asyncio

    from recipe_engine.generate import Unanswered

    try:
        return asyncio.run(work)
    except Unanswered as error:
        click.echo(click.style("error: ", fg="red", bold=True) + error.message, err=True)
        if error.hint:
            click.echo(click.style("hint: ", bold=True) + error.hint, err=True)
        return None


def write_files(made: Generated, folder: Path) -> list[Path]:
    """Write recipe and tests; those of a draft under names that nobody takes for a recipe's."""
    if not made.recipe:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    stem = made.slug if made.passed else f"{made.slug}.draft"
    recipe, tests = folder / f"{stem}.yml", folder / f"{stem}.test.yml"
    recipe.write_text(made.recipe if made.passed else _as_draft(made), encoding="utf-8")
    written = [recipe]
    if made.tests:
        tests.write_text(made.tests, encoding="utf-8")
        written.append(tests)
    return written


def _as_draft(made: Generated) -> str:
    """The text of a draft, below what is wrong with it."""
    lines = [
        "A draft: it does not pass. What is wrong (lines are counted below these comments):",
        *made.wrong.splitlines(),
    ]
    if made.stopped:
        lines.append(f"No further round: {made.stopped}")
    return "".join(f"# {line}".rstrip() + "\n" for line in lines) + "\n" + made.recipe


def tell_refusal(made: Generated, *, as_json: bool) -> int:
    """Why the need cannot be met, and what can be done."""
    if as_json:
        _print_json(made, [])
    elif made.refusal is not None:
        click.secho(made.refusal.why, bold=True)
        if made.refusal.nearest:
            click.echo(_voice(made).say("nearest", what=made.refusal.nearest))
        click.echo(f"nothing was written ({made.refusal.reason.replace('_', ' ')})", err=True)
    return NOT_DONE


def tell_result(made: Generated, written: list[Path], *, as_json: bool) -> None:
    """Everything that a person needs to decide whether this is what was meant."""
    if as_json:
        _print_json(made, written)
        return
    say = _voice(made).say
    if made.summary:
        click.echo(made.summary)
    _list(say("assumptions"), made.assumptions)
    _list(say("settings"), [f"{name}: {about}" for name, about in made.settings.items()])
    _list(say("advice"), made.warnings)
    if made.diagram:
        click.echo(f"{say('diagram')}\n\n{made.diagram.rstrip()}\n")
    if made.passed and written:
        _list(say("next"), _what_next(made, written[0]))
    if not made.passed:
        click.secho(say("wrong"), fg="red", bold=True)
        click.echo(made.wrong)
    if made.stopped:
        click.echo(f"no further round: {made.stopped}", err=True)
    cover = "" if made.coverage is None else f", coverage {made.coverage:.0f} %"
    money = f", ${made.cost:.4f}" if made.cost else ""
    state = "passed" if made.passed else "draft"
    click.secho(
        f"{state}: {made.cases} cases{cover}; {made.rounds} round{'s' if made.rounds != 1 else ''}{money}",
        fg="green" if made.passed else "red",
        bold=True,
    )
    for path in written:
        click.echo(f"wrote {path}", err=True)


def _what_next(made: Generated, recipe: Path) -> list[str]:
    """The commands that a person may want now."""
    schema = made.proof.plan.input_schema if made.proof is not None and made.proof.plan is not None else None
    inputs = "".join(f" -i {name}=..." for name in (schema or {}).get("required", ()))
    say = _voice(made).say
    return [
        say("try_it", command=f"recipe run {recipe} --sandbox{inputs}"),
        say("read_again", command=f'recipe change {recipe} "..."'),
        say("start_it", command=f"recipe run {recipe}{inputs}"),
    ]


def _voice(made: Generated) -> Voice:
    from recipe_engine.generate.phrases import Voice

    return Voice(made.language)


def _list(title: str, items: Any) -> None:
    if items:
        click.secho(title, bold=True)
        click.echo("".join(f"- {item}\n" for item in items))


def _print_json(made: Generated, written: list[Path]) -> None:
    import json

    click.echo(json.dumps({**made.to_json(), "files": [str(path) for path in written]}, ensure_ascii=False, indent=2))
