"""`recipe eval`: needs with expectations, answered by a model and scored by running what it wrote."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recipe_engine.cli import options
from recipe_engine.cli.generating import bounds_of
from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.engine import Engine
    from recipe_engine.evaluate import Need, NeedsFile, Verdict
    from recipe_engine.evaluate.results import Results
    from recipe_engine.evaluate.running import ProviderFor

_PASSED, _FAILED, _INVALID, _PARKED = 0, 1, 2, 3
_FREE = ("manual", "scripted")
_FOLDER = Path(".recipe") / "evals"
_LONGEST_REASON = 160
_HEAD = ("need", "in", "level", "result", "rounds", "cost", "scenarios", "why")
_COLOURS = {"passed": "green", "failed": "red", "draft": "red", "refused": "red"}


@click.command(
    "eval",
    cls=RecipeCommand,
    example="""
    recipe eval small --limit-cost 5                   the set that comes with the package
    recipe eval needs.yml --only stale-deals --only harmful
    recipe eval needs.yml --resume                     go on where it stopped; nothing is paid for twice
    recipe eval small --llm manual --answers talk      every question of every need becomes a file
    """,
)
@click.argument("file")
@click.option("--only", multiple=True, metavar="ID", help="Only this need. May be repeated.")
@click.option("--llm", metavar="NAME", help="Who answers (replaces RECIPE_LLM); `manual` is you, `scripted` a folder.")
@click.option(
    "--answers",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --llm manual or scripted: the folder of answers, one folder a need.",
)
@click.option("--rounds", type=click.IntRange(1, 20), default=4, show_default=True, help="Questions a need, at most.")
@click.option(
    "--budget",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    metavar="USD",
    help="Money for each need, at most, in US dollars; 0 for no limit.",
)
@click.option(
    "--limit-cost",
    type=click.FloatRange(0, min_open=True),
    metavar="USD",
    help="Money for all needs together, at most.",
)
@click.option("--jobs", type=click.IntRange(1, 16), default=2, show_default=True, help="Needs asked at the same time.")
@click.option(
    "--results",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where verdicts and answers are kept (default: .recipe/evals/FILE.json).",
)
@click.option("--resume", is_flag=True, help="Go on with the results that are there.")
@click.option(
    "--least",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Succeed when at least so many pass (default: all).",
)
@options.as_json
def eval_(file: str, **asked: Any) -> int:
    """Score recipes that a model writes for the needs of FILE (a path, or the name of a bundled set).

    Each need is answered as `recipe new` answers it. What is handed over first is held against what the need expects:
    actions that are used, triggers, and scenarios that the model never saw, run on imitated vendors in virtual time.
    Exit code 0 when enough passed, 1 when not, 2 when the file has errors, 3 when answers are missing.
    """
    from recipe_engine.evaluate import Evaluation, Terms, totals

    needs_file, path = _read(file)
    if needs_file is None:
        return _INVALID
    needs = _chosen(needs_file.needs, asked["only"])
    _take_settings(asked)
    engines = _engines(asked)
    results = _results(path, asked, engines(needs[0]))
    evaluation = Evaluation(
        engine_for=engines,
        results=results,
        terms=Terms(bounds_of(asked), asked["limit_cost"], asked["jobs"]),
        provider_for=_providers(asked),
        tell=lambda line: click.echo(line, err=True),
        remembers=asked["llm"] not in _FREE,
    )
    verdicts = finish(evaluation.run(needs))
    sums = totals(verdicts)
    if asked["as_json"]:
        import json

        click.echo(json.dumps(results.to_json(), ensure_ascii=False, indent=2))
    else:
        _show(verdicts, sums)
        if results.path is not None:
            click.echo(f"results are in {results.path}", err=True)
    if sums["judged"] < len(verdicts):
        return _PARKED
    return _PASSED if (sums["share"] or 0) * 100 >= (100 if asked["least"] is None else asked["least"]) else _FAILED


# --- what is asked ----------------------------------------------------------------------------------------------------


def _read(file: str) -> tuple[NeedsFile | None, Path]:
    """The needs of a file; None when it has errors, which are told."""
    from recipe_engine.cli.show.colour import in_colour
    from recipe_engine.diagnostics import render
    from recipe_engine.engine import Engine
    from recipe_engine.evaluate import read_needs
    from recipe_engine.resources import evals_dir
    from recipe_engine.source import load_file

    path = Path(file)
    bundled = evals_dir() / f"{file}.yml"
    if not path.is_file() and bundled.is_file():
        path = bundled
    if not path.is_file():
        known = ", ".join(sorted(it.stem for it in evals_dir().glob("*.yml"))) or "none"
        raise click.UsageError(f"there is no file {file}, nor a bundled set of that name (there are: {known})")
    document, problems = load_file(path)
    found = None
    if document is not None:
        connectors = Engine(env={}).catalog.connectors
        found, more = read_needs(document, [name for name, it in connectors.items() if it.sandbox is not None])
        problems = problems + more
    if problems:
        sources = {} if document is None else {document.file: document.text}
        click.echo(render.text(problems, sources, color=in_colour("stdout")).rstrip("\n"))
    return found, path


def _chosen(needs: tuple[Need, ...], only: tuple[str, ...]) -> list[Need]:
    from recipe_engine.diagnostics import suggest

    known = [need.id for need in needs]
    for name in only:
        if name not in known:
            near = suggest(name, known)
            raise click.UsageError(f"there is no need {name!r}" + (f"; did you mean {near!r}?" if near else ""))
    return [need for need in needs if not only or need.id in only]


def _take_settings(asked: dict[str, Any]) -> None:
    """What RECIPE_LLM says of answers by hand, as the options say it."""
    from recipe_engine.engine import Engine

    settings = Engine(":memory:").settings
    if asked["llm"] is None and settings.given("RECIPE_LLM") == "manual":
        asked["llm"] = "manual"
        folder = settings.given("RECIPE_LLM_ANSWERS")
        asked["answers"] = asked["answers"] or (Path(folder) if folder else None)


def _engines(asked: dict[str, Any]) -> Any:
    """What gives the engine of a need: with --llm manual, each has a folder of its own."""
    from recipe_engine.engine import Engine

    if (asked["answers"] is not None) != (asked["llm"] in _FREE):
        raise click.UsageError("--answers is the folder of --llm manual or scripted, which need one")
    first = Engine(":memory:", env=os.environ)

    def engine_for(need: Need) -> Engine:
        env = dict(os.environ)
        if asked["llm"] and asked["llm"] != "scripted":
            env["RECIPE_LLM"] = asked["llm"]
        if asked["llm"] == "manual":
            env["RECIPE_LLM_ANSWERS"] = str(asked["answers"] / need.id)
        return Engine(":memory:", env=env, catalog=first.catalog)

    return engine_for


def _providers(asked: dict[str, Any]) -> ProviderFor:
    """What answers in the model's place: the files of a folder, for --llm scripted."""

    def scripted(need: Need) -> object:
        from recipe_engine.builtin.llm.scripted import ScriptedModel

        folder, end = asked["answers"] / need.id, "-1.answer.txt"
        return ScriptedModel(
            {"step": path.name.removesuffix(end), "answer": path.read_text(encoding="utf-8-sig"), "times": 1}
            for path in sorted(folder.glob(f"*{end}"))
        )

    return scripted if asked["llm"] == "scripted" else lambda _: None


def _results(path: Path, asked: dict[str, Any], engine: Engine) -> Results:
    """The file of results, gone on with or begun."""
    from recipe_engine.evaluate.results import Results, read

    place: Path = asked["results"] or _FOLDER / f"{path.stem}.json"
    model: JSONObject = {
        "llm": asked["llm"] or engine.settings.get("RECIPE_LLM") or "anthropic",
        "model": engine.settings.get("AGENT_MODEL"),
    }
    if asked["resume"]:
        return Results.go_on(place, str(path), model)
    there = read(place)
    if there is not None and any(there["said"].values()):
        raise click.UsageError(
            f"{place} has answers that were paid for: add --resume to go on with them, or name another file with --results"
        )
    return Results(place, str(path), model)


# --- what is told -----------------------------------------------------------------------------------------------------


def _show(verdicts: list[Verdict], sums: JSONObject) -> None:
    from recipe_engine.cli.show.columns import columns
    from recipe_engine.testing.wording import case_in_words

    for verdict in verdicts:
        failed = [scenario for scenario in verdict.scenarios if not scenario.passed]
        if verdict.misses or failed:
            click.secho(verdict.need, bold=True)
        for miss in verdict.misses:
            click.echo(f"  {miss.path}\n    expected  {miss.expected}\n    found     {miss.found}")
        for scenario in failed:
            click.echo("\n".join(case_in_words(scenario.report)))
            if scenario.left_out:
                click.echo(f"        the recipe has no {', '.join(scenario.left_out)}")
    click.echo(columns([_HEAD, *(_row(verdict) for verdict in verdicts)], indent=""))
    click.secho(_sum(sums), fg="green" if sums["passed"] == sums["needs"] else "red", bold=True)


def _row(verdict: Verdict) -> tuple[str, ...]:
    played = verdict.scenarios
    return (
        verdict.need,
        verdict.language,
        verdict.level,
        click.style(verdict.result, fg=_COLOURS.get(verdict.result, "yellow")),
        str(verdict.rounds) if verdict.rounds else "-",
        f"${verdict.cost:.4f}" if verdict.cost else "-",
        f"{sum(it.passed for it in played)}/{len(played)}" if played else "-",
        textwrap.shorten(verdict.reason, _LONGEST_REASON) or " ",
    )


def _sum(sums: JSONObject) -> str:
    told = [f"{sums['passed']} of {sums['judged']} passed at first hand-over"]
    if sums["share"] is not None:
        told[0] += f" ({sums['share'] * 100:.0f} %)"
        told.append(f"{sums['in_one_round']} in one round, {sums['rounds']:g} rounds on average")
        told += [
            f"{name} {share * 100:.0f} %"
            for kind in ("by_language", "by_level")
            for name, share in sums[kind].items()
            if len(sums[kind]) > 1
        ]
    if sums["judged"] < sums["needs"]:
        told.append(f"{sums['needs'] - sums['judged']} not judged")
    if sums["cost"]:
        told.append(f"${sums['cost']:.4f}")
    return "; ".join(told)
