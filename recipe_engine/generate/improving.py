"""What past runs show of a recipe: findings, each with its evidence.

The one rule: shares of a handful of runs are not taken for more than that: with few runs only what failed is told, and that
there are few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from recipe_engine.core.json import JSONObject
from recipe_engine.core.plan import Branch, ForEach, Step
from recipe_engine.generate.improving_found import EXAMPLES, FEW, MANY, Finding, Findings, advice_for, count, out_of
from recipe_engine.generate.improving_seen import Evidence, StepSeen, recipe_of
from recipe_engine.generate.improving_steps import of_step

_MOSTLY = 0.5


def findings(evidence: Evidence) -> Findings:
    """What the evidence shows."""
    found = list(_of_the_recipe(evidence))
    for seen in evidence.steps.values():
        other = recipe_of(evidence.plan, seen.where)
        found += [_elsewhere(each, other) if other else each for each in of_step(seen, evidence.plan)]
    found += _never(evidence)
    return Findings(tuple(sorted(found, key=lambda each: -each.weight)), tuple(_notes(evidence)))


def _elsewhere(finding: Finding, other: str) -> Finding:
    """A finding about a step of a recipe that this one calls: nothing to change here."""
    return replace(finding, said=f"{finding.said} (in `{other}`, which it calls)", advice="", line=0)


def _notes(evidence: Evidence) -> Iterator[str]:
    if evidence.runs < FEW:
        yield (
            f"{count(evidence.runs, 'run')} {'is' if evidence.runs == 1 else 'are'} too few to say more than what failed: "
            f"shares and times are told from {FEW} runs on"
        )
    elif evidence.runs < MANY:
        yield f"what never happens is told from {MANY} runs on; there are {evidence.runs}"
    if evidence.older:
        note = f"{evidence.older} of {count(evidence.runs, 'run')} ran an earlier version of the recipe"
        changed = ", ".join(f"`{where}`" for where in sorted(evidence.changed))
        yield note + (f"; steps that have changed since are judged by later runs alone: {changed}" if changed else "")
    going_on = evidence.runs - len(evidence.ended)
    if going_on:
        yield f"{going_on} of {count(evidence.runs, 'run')} have not ended yet"


# --- the recipe as a whole --------------------------------------------------------------------------------------------


def _of_the_recipe(evidence: Evidence) -> Iterator[Finding]:
    for trouble in evidence.limits.values():
        share = len(trouble.runs) / evidence.runs
        yield Finding(
            "run_fails", "", f"{out_of(len(trouble.runs), evidence.runs)} ended with {trouble.code} ({trouble.title})",
            {"runs": evidence.runs, "failed": len(trouble.runs), "codes": {trouble.code: trouble.times}},
            advice_for([trouble]), runs=tuple(trouble.examples), troubles=(trouble,), weight=90 + share,
        )  # fmt: skip
    if evidence.cancelled:
        by: dict[str, int] = {}
        for _, who, _reason in evidence.cancelled:
            by[who] = by.get(who, 0) + 1
        reasons = sorted({reason for _, _, reason in evidence.cancelled if reason})
        told = f": {'; '.join(reasons[:EXAMPLES])}" if reasons else ""
        people = ", ".join(f"{who} {times}" for who, times in by.items())
        yield Finding(
            "cancelled", "", f"people cancelled {out_of(len(evidence.cancelled), evidence.runs)} by hand ({people}){told}",
            {"runs": evidence.runs, "cancelled": len(evidence.cancelled), "by": by},
            runs=tuple(run for run, _, _ in evidence.cancelled[:EXAMPLES]), weight=40,
        )  # fmt: skip
    if evidence.cost > 0 and evidence.runs >= FEW:
        yield _cost(evidence)


def _cost(evidence: Evidence) -> Finding:
    each = evidence.cost / evidence.runs
    spent = sorted(evidence.steps.values(), key=lambda seen: -seen.cost)
    shares = {seen.where: round(seen.cost / evidence.cost, 4) for seen in spent if seen.cost > 0}
    most = next(iter(shares), "")
    told = f"; `{most}` spends {shares[most] * 100:.0f} % of it" if most else ""
    return Finding(
        "cost", most if shares and shares[most] >= _MOSTLY else "",
        f"a run costs ${each:.4f} on average (${evidence.cost:.4f} for {count(evidence.runs, 'run')}){told}",
        {"runs": evidence.runs, "cost_per_run": round(each, 6), "cost": round(evidence.cost, 6), "shares": shares},
        weight=10,
    )  # fmt: skip


# --- what never happens -----------------------------------------------------------------------------------------------


def _never(evidence: Evidence) -> Iterator[Finding]:
    for where, step in evidence.known_steps():
        seen = evidence.steps.get(where)
        if seen is None:
            continue
        if seen.times == 0 and seen.skipped >= MANY:
            yield _unreached(
                where,
                step,
                f"`{where}` never ran: its `if` ({step.if_}) did not hold {seen.skipped} times",
                seen.skipped,
            )
        if seen.times < MANY:
            continue
        if isinstance(step.do, Branch):
            yield from _arms(where, step, step.do, seen)
        elif isinstance(step.do, ForEach) and not any(other.startswith(f"{where}/") for other in evidence.steps):
            yield _unreached(where, step, f"`{where}` never had an item in {seen.times} times", seen.times)


def _arms(where: str, step: Step, do: Branch, seen: StepSeen) -> Iterator[Finding]:
    for index, case in enumerate(do.cases):
        if not seen.cases[index]:
            said = f"`{where}` never took the case `{case.when}` in {seen.times} times"
            yield _unreached(where, step, said, seen.times, f"case {index + 1}")
    if do.otherwise is not None and not seen.cases[-1]:
        yield _unreached(where, step, f"`{where}` never took its `else` in {seen.times} times", seen.times, "else")


def _unreached(where: str, step: Step, said: str, times: int, arm: str = "") -> Finding:
    evidence: JSONObject = {"times": times, **({"arm": arm} if arm else {})}
    advice = "ask whether the condition means what was meant, or drop what never runs"
    return Finding("never", where, said, evidence, advice, line=step.line, weight=20)
