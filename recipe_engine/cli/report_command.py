"""`recipe report`: what runs cost and what they saved.

The one rule: money is what was reported for each call when it was made, at the price of that day; sandbox runs and dry
runs count nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from recipe_engine.cli import options
from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON, JSONObject
    from recipe_engine.runtime.protocol import Runtime, RunView

_MOST_RUNS = 1_000_000
_HEAD = ("recipe", "day", "runs", "succeeded", "failed", "tokens", "cost", "fallbacks", "saved")


@dataclass(frozen=True, slots=True)
class Worth:
    """What a succeeded run of a recipe saves: minutes, and their price an hour."""

    minutes: float = 0.0
    rate: float | None = None
    currency: str = ""

    @classmethod
    def from_about(cls, about: JSON) -> Worth:
        """From a plan's roi_metrics; nothing where the recipe says nothing."""
        metrics = about.get("roi_metrics") if isinstance(about, dict) else None
        if not isinstance(metrics, dict):
            return cls()
        minutes, price = metrics.get("minutes_saved_per_run") or 0, metrics.get("hourly_rate")
        if not isinstance(price, str):
            return cls(float(minutes))
        amount, _, currency = price.strip().partition(" ")
        return cls(float(minutes), float(amount), currency.strip())


@dataclass(slots=True)
class Line:
    """The sums of some runs."""

    recipe: str
    day: str
    runs: int = 0
    succeeded: int = 0
    failed: int = 0
    tokens: int = 0
    cost: float = 0.0
    fallbacks: int = 0
    minutes_saved: float = 0.0
    money_saved: dict[str, float] = field(default_factory=dict)

    def add(self, run: RunView, worth: Worth) -> None:
        """Count a run in."""
        usage = run.usage
        self.runs += 1
        self.tokens += usage["tokens"]
        self.cost += usage["cost"]
        self.fallbacks += usage.get("fallbacks", 0)
        self.failed += run.status == "failed"
        if run.status == "succeeded":
            self.succeeded += 1
            self.minutes_saved += worth.minutes
            if worth.rate is not None:
                saved = self.money_saved.get(worth.currency, 0.0) + worth.minutes / 60 * worth.rate
                self.money_saved[worth.currency] = saved

    def to_json(self) -> JSONObject:
        """The line for programs. Cost is in US dollars, savings in the currency of the recipe's hourly rate."""
        return {
            "recipe": self.recipe,
            "day": self.day,
            "runs": self.runs,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "tokens": self.tokens,
            "cost": round(self.cost, 6),
            "fallbacks": self.fallbacks,
            "minutes_saved": round(self.minutes_saved, 2),
            "money_saved": {name: round(amount, 2) for name, amount in self.money_saved.items()},
        }


@click.command(
    cls=RecipeCommand,
    example="""
    recipe report
    recipe report --days 7 --recipe request-handler --daily
    recipe report --json
    """,
)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far back, today included."
)
@click.option("--recipe", "slug", metavar="SLUG", help="Only runs of this recipe.")
@click.option("--daily", is_flag=True, help="A line for every recipe and day.")
@options.as_json
@options.database
def report(days: int, slug: str | None, daily: bool, as_json: bool, db: str | None) -> int:
    """Show what runs cost (language models, US dollars) beside what they saved (roi_metrics of their recipes).

    Days are those on which runs began, in UTC. Runs in sandboxes and dry runs are left out.
    """
    from recipe_engine.cli.operating import looking

    async def found() -> tuple[list[RunView], dict[str, Worth]]:
        async with looking(db) as runtime:
            runs = [run for run in await runtime.list(recipe=slug, limit=_MOST_RUNS) if _counts(run, days)]
            return runs, await _worths(runtime, runs)

    runs, worths = finish(found())
    by_day = lines_of(runs, worths, daily=True)
    lines = by_day if daily else lines_of(runs, worths, daily=False)
    if as_json:
        shown = {"days": days, "recipes": lines_of(runs, worths, daily=False), "daily": by_day}
        told = {
            name: [line.to_json() for line in item] if isinstance(item, list) else item for name, item in shown.items()
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif not lines:
        click.echo(f"no runs began in the last {days} days")
    else:
        _table(lines, daily=daily)
    return 0


def lines_of(runs: Iterable[RunView], worths: dict[str, Worth], *, daily: bool) -> list[Line]:
    """The sums by recipe, or by recipe and day, in the order of their names."""
    lines: dict[tuple[str, str], Line] = {}
    for run in runs:
        day = (run.started_at or "")[:10] if daily else ""
        lines.setdefault((run.recipe, day), Line(run.recipe, day)).add(run, worths.get(run.recipe, Worth()))
    return [lines[key] for key in sorted(lines)]


def _counts(run: RunView, days: int) -> bool:
    from datetime import UTC, datetime, timedelta

    first = (datetime.now(UTC) - timedelta(days=days - 1)).date().isoformat()
    return not run.rehearsal and (run.started_at or "")[:10] >= first


async def _worths(runtime: Runtime, runs: list[RunView]) -> dict[str, Worth]:
    """What a run of each recipe saves, as its newest run's plan says."""
    newest = {run.recipe: run.run_id for run in reversed(runs)}
    return {slug: Worth.from_about((await runtime.plan(run)).about) for slug, run in newest.items()}


def _table(lines: list[Line], *, daily: bool) -> None:
    from recipe_engine.cli.show.columns import columns

    total = Line("total", "")
    for line in lines:
        for name in ("runs", "succeeded", "failed", "tokens", "cost", "fallbacks", "minutes_saved"):
            setattr(total, name, getattr(total, name) + getattr(line, name))
        for currency, amount in line.money_saved.items():
            total.money_saved[currency] = total.money_saved.get(currency, 0.0) + amount
    rows = [_HEAD, *(_row(line) for line in [*lines, total])]
    shown = rows if daily else [(row[0], *row[2:]) for row in rows]
    click.echo(columns(shown, indent=""))


def _row(line: Line) -> tuple[str, ...]:
    saved = [f"{line.minutes_saved:g} min"] if line.minutes_saved else []
    saved += [f"{amount:.2f} {currency}" for currency, amount in line.money_saved.items()]
    counts = (line.runs, line.succeeded, line.failed)
    return (
        line.recipe,
        line.day,
        *(str(count) for count in counts),
        f"{line.tokens:,}",
        f"${line.cost:.4f}",
        str(line.fallbacks),
        ", ".join(saved) or "-",
    )
