"""`recipe improve`: what past runs show of a recipe, and changes that answer it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from recipe_engine.cli import options
from recipe_engine.cli.changing import Files, keep_draft, show, wanted
from recipe_engine.cli.generating import NOT_DONE, answered, bounds_of, engine_for, generating_options
from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.core.plan import Plan
    from recipe_engine.engine import Engine
    from recipe_engine.generate import Bounds, Evidence, Finding, Findings, Generated
    from recipe_engine.runtime.protocol import Runtime, RunView

_DONE = 0
_MOST_LISTED = 1_000_000


@click.command(
    cls=RecipeCommand,
    example="""
    recipe improve request-handler --findings-only      what its last 200 runs show, without a model
    recipe improve recipes/quote.yml --since 30d
    recipe improve recipes/quote.yml --llm anthropic --budget 0.50 --most 2
    """,
)
@click.argument("recipe")
@click.option("--since", metavar="WHEN", help="Only runs that began since then: 30d, or 2026-03-01.")
@click.option(
    "--runs",
    "most_runs",
    type=click.IntRange(1, 10_000),
    default=200,
    show_default=True,
    help="The newest runs, at most.",
)
@click.option("--rehearsals", is_flag=True, help="Count runs in sandboxes and dry runs, too.")
@click.option("--findings-only", is_flag=True, help="Ask no model, though one is set.")
@click.option(
    "--most",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    help="Changes to ask for, at most: one a finding.",
)
@click.option("--yes", is_flag=True, help="Write changes that pass without asking.")
@generating_options
@options.database
def improve(recipe: str, **asked: Any) -> int:
    """Say what the past runs of RECIPE show, and propose changes that answer it.

    Failures, retries, fallbacks, money, times, unsure answers, waits that time out, ways never taken: each with how often
    and in which runs. Where a model is set (--llm, RECIPE_LLM, ANTHROPIC_API_KEY), it is asked for a change to each finding;
    changes are proved and shown as `recipe change` does it. The model is told codes, counts and names of fields, and
    nothing of what went through the runs. --budget and --rounds are for each change. Exit code 0 unless a change was asked
    for and none passed.
    """
    from recipe_engine.generate import findings

    engine = engine_for(asked)
    files = Files.of(engine.library.find(recipe))
    evidence = finish(_evidence(engine.compile(files.recipe), asked))
    found = findings(evidence)
    asks = _has_model(engine, asked)
    chosen = [each for each in found.found if each.can_be_changed][: asked["most"]]
    if asked["findings_only"] or not asks:
        chosen = []
    if not asked["as_json"]:
        _tell(evidence, found, asks=asks or asked["findings_only"])
    changes = _changes(engine, files, chosen, evidence.runs, asked)
    if asked["as_json"]:
        _print_json(evidence, found, changes)
    return _DONE if not chosen or any(made is not None and made.passed for _, made in changes) else NOT_DONE


def _has_model(engine: Engine, asked: dict[str, Any]) -> bool:
    """Whether somebody said who answers; the default of a setting is nobody's word."""
    given = asked["llm"] or asked["answers"] or engine.settings.given("RECIPE_LLM")
    return bool(given or engine.settings.get("ANTHROPIC_API_KEY"))


# --- what the runs show -----------------------------------------------------------------------------------------------


async def _evidence(plan: Plan, asked: dict[str, Any]) -> Evidence:
    from recipe_engine.cli.operating import looking
    from recipe_engine.generate import Evidence

    since = _since(asked["since"])
    evidence = Evidence(plan)
    async with looking(asked["db"]) as runtime:
        listed = await runtime.list(recipe=plan.slug, limit=_MOST_LISTED if since else asked["most_runs"])
        chosen = [run for run in listed if (run.started_at or "") >= since]
        real = [run for run in chosen if asked["rehearsals"] or not run.rehearsal]
        for run in real[: asked["most_runs"]]:
            await _add(evidence, runtime, run)
    return evidence


async def _add(evidence: Evidence, runtime: Runtime, run: RunView) -> None:
    evidence.add(run, await runtime.plan(run.run_id), await runtime.journal(run.run_id))


def _since(text: str | None) -> str:
    """The moment from which runs count, as runs tell theirs; empty for all of them."""
    from datetime import UTC, datetime, timedelta

    from recipe_engine.expr import parse_duration

    if text is None:
        return ""
    if re.fullmatch(r"\d{4}-\d\d-\d\d(?:T.*)?", text):
        return text
    try:
        return (datetime.now(UTC) - timedelta(seconds=parse_duration(text))).isoformat()
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is neither a duration such as 30d nor a date", param_hint="--since"
        ) from error


def _tell(evidence: Evidence, found: Findings, *, asks: bool) -> None:
    statuses = ", ".join(f"{times} {status}" for status, times in evidence.by_status.items())
    runs = f"{evidence.runs} run{'' if evidence.runs == 1 else 's'}"
    click.secho(f"{evidence.plan.slug}: {runs}" + (f" ({statuses})" if statuses else ""), bold=True)
    for finding in found.found:
        click.echo(f"- {finding.said}" + (f" (line {finding.line})" if finding.line else ""))
        if finding.advice:
            click.echo(f"    {finding.advice}")
        if finding.runs:
            click.echo(f"    see {', '.join(f'recipe runs show {run}' for run in finding.runs[:1])}"
                       + (f" (also {', '.join(finding.runs[1:])})" if finding.runs[1:] else ""))  # fmt: skip
    if not found.found:
        click.echo("nothing stands out")
    for note in found.notes:
        click.echo(f"note: {note}")
    if not asks and any(finding.can_be_changed for finding in found.found):
        click.echo("--llm NAME asks a model for changes that answer these", err=True)


# --- what answers it --------------------------------------------------------------------------------------------------


def _changes(
    engine: Engine, files: Files, chosen: list[Finding], runs: int, asked: dict[str, Any]
) -> list[tuple[Finding, Generated | None]]:
    """A change to each finding, each from the recipe as the ones before it left it; None where nothing was answered."""
    bounds, done = bounds_of(asked), list[tuple["Finding", "Generated | None"]]()
    for finding in chosen:
        if not asked["as_json"]:
            click.secho(f"\nAn answer to: {finding.said}", bold=True)
        made = _ask(engine, files, finding, runs, bounds)
        done.append((finding, made))
        if made is None:
            break
        if made.passed and _taken(engine, files, made, asked):
            files = Files.of(files.recipe)
        elif made.status == "draft":
            _keep(engine, files, made, finding, as_json=asked["as_json"])
        elif made.refusal is not None and not asked["as_json"]:
            click.echo(f"no change: {made.refusal.why}" + (f" {made.refusal.nearest}" if made.refusal.nearest else ""))
    return done


def _ask(engine: Engine, files: Files, finding: Finding, runs: int, bounds: Bounds) -> Generated | None:
    from recipe_engine.generate import change, request_for

    return answered(
        change(
            *files.before,
            request_for(finding, runs),
            engine=engine,
            bounds=bounds,
            folder=files.recipe.parent,
            name=_name(finding),
            tell=lambda line: click.echo(line, err=True),
        )
    )


def _name(finding: Finding) -> str:
    """What tells the questions and the draft of a finding from those of others."""
    return re.sub(r"[^a-z0-9_]+", "_", f"{finding.kind}_{finding.where}".lower()).strip("_")[:50]


def _taken(engine: Engine, files: Files, made: Generated, asked: dict[str, Any]) -> bool:
    """Whether a change that passes was written."""
    if not asked["as_json"]:
        show(engine, made, files)
    if (made.recipe, made.tests) == files.before:
        click.echo("nothing changes", err=True)
        return False
    if not (asked["yes"] or wanted(as_json=asked["as_json"])):
        click.echo("nothing was written", err=True)
        return False
    files.write(made)
    return True


def _keep(engine: Engine, files: Files, made: Generated, finding: Finding, *, as_json: bool) -> None:
    """Keep a change that does not pass under a name of its own."""
    from dataclasses import replace

    if not as_json:
        show(engine, made, files)
    keep_draft(replace(made, slug=f"{made.slug}.{_name(finding).replace('_', '-')}"), files)


def _print_json(evidence: Evidence, found: Findings, changes: list[tuple[Finding, Generated | None]]) -> None:
    import json

    told: JSONObject = {
        "recipe": evidence.plan.slug,
        "runs": evidence.runs,
        "by_status": dict(evidence.by_status),
        "notes": list(found.notes),
        "findings": [finding.to_json() for finding in found.found],
        "changes": [
            {"finding": finding.to_json(), "change": None if made is None else made.to_json()}
            for finding, made in changes
        ],
    }
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))
