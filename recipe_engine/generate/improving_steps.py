"""What the runs show of one step.

The one rule: each look is at one thing, and what is seen too rarely to mean something is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Perform, Plan, Wait
from recipe_engine.expr import format_duration
from recipe_engine.generate.improving_found import EXAMPLES, FEW, Finding, advice_for, count, out_of
from recipe_engine.generate.improving_seen import StepSeen

_OFTEN, _MOSTLY, _NEARLY_ALWAYS = 0.2, 0.5, 0.8
_ATTEMPTS = 1.2
_SLOW_SECONDS = 20.0
_SURE = 0.6
_UNSURE_WORDS = frozenset({"low", "faible", "bas", "basse", "incertain", "unsure"})
_CLOSED = frozenset({"boolean", "number", "integer"})


def of_step(seen: StepSeen, plan: Plan) -> Iterator[Finding]:
    """Everything that a step shows."""
    for look in (_fails, _retries, _stands_in, _sent_back, _slow, _waits, _doubts):
        yield from look(seen)
    yield from _unsure(seen, plan)
    yield from _cheaper(seen, plan)


def _fails(seen: StepSeen) -> Iterator[Finding]:
    if not seen.failed:
        return
    troubles = sorted(seen.failed.values(), key=lambda it: -it.times)
    runs = list(dict.fromkeys(run for trouble in troubles for run in trouble.runs))
    all_ = max(len(seen.runs), len(runs))
    handled = "" if seen.step.on_error == "fail" else "; its on_error took over"
    codes = ", ".join(f"{it.times} × {it.code} ({it.title})" for it in troubles)
    yield Finding(
        "fails", seen.where, f"`{seen.where}` failed in {out_of(len(runs), all_)}: {codes}{handled}",
        {"runs": all_, "failed": len(runs), "codes": {it.code: it.times for it in troubles}, "handled": bool(handled)},
        advice_for(troubles), line=seen.step.line, runs=tuple(runs[:EXAMPLES]), troubles=tuple(troubles),
        weight=(60 if handled else 80) + len(runs) / all_,
    )  # fmt: skip


def _retries(seen: StepSeen) -> Iterator[Finding]:
    if not seen.retried or seen.times < FEW:
        return
    each = seen.attempts / seen.times
    if each < _ATTEMPTS:
        return
    troubles = sorted(seen.retried.values(), key=lambda it: -it.times)
    codes = ", ".join(f"{it.times} × {it.code}" for it in troubles)
    runs = tuple(dict.fromkeys(run for trouble in troubles for run in trouble.examples))[:EXAMPLES]
    yield Finding(
        "retries", seen.where,
        f"`{seen.where}` needed {each:.1f} attempts on average ({seen.attempts} for {count(seen.times, 'time')}), because of {codes}",
        {"times": seen.times, "attempts": seen.attempts, "average": round(each, 2), "codes": {it.code: it.times for it in troubles}},
        advice_for(troubles), line=seen.step.line, runs=runs, troubles=tuple(troubles), weight=50 + each,
    )  # fmt: skip


def _stands_in(seen: StepSeen) -> Iterator[Finding]:
    if not seen.stood_in:
        return
    all_ = len(seen.runs)
    yield Finding(
        "fallback", seen.where, f"`{seen.where}` was answered by its fallback in {out_of(len(seen.stood_in), all_)}",
        {"runs": all_, "fallback": len(seen.stood_in)},
        "give the model more time or tries, ask for less at once, or make the answer that stands in a better one"
        if all_ >= FEW and len(seen.stood_in) / all_ >= _OFTEN else "",
        line=seen.step.line, runs=tuple(seen.stood_in)[:EXAMPLES], weight=45 + len(seen.stood_in) / all_,
    )  # fmt: skip


def _sent_back(seen: StepSeen) -> Iterator[Finding]:
    if not seen.sent_back:
        return
    all_ = len(seen.runs)
    yield Finding(
        "repairs", seen.where,
        f"answers of `{seen.where}` did not fit its schema and were sent back in {out_of(len(seen.sent_back), all_)}",
        {"runs": all_, "repaired": len(seen.sent_back), "rounds": sum(seen.sent_back.values())},
        "describe in output_schema what each field is, ask for fewer at once, or show an example"
        if all_ >= FEW and len(seen.sent_back) / all_ >= _OFTEN else "",
        line=seen.step.line, runs=tuple(seen.sent_back)[:EXAMPLES], weight=30 + len(seen.sent_back) / all_,
    )  # fmt: skip


def _slow(seen: StepSeen) -> Iterator[Finding]:
    if len(seen.seconds) < FEW:
        return
    middle, slow, limit = median(seen.seconds), _percentile(seen.seconds, 95), seen.step.timeout
    near = limit is not None and slow >= _NEARLY_ALWAYS * limit
    if not near and middle < _SLOW_SECONDS:
        return
    against = "" if limit is None else f", of a timeout of {format_duration(limit)}"
    yield Finding(
        "slow", seen.where,
        f"an attempt of `{seen.where}` takes {_time(middle)} at the median and {_time(slow)} at the 95th percentile{against}",
        {"attempts": len(seen.seconds), "median": round(middle, 3), "p95": round(slow, 3), "timeout": limit},
        "give it a longer timeout, or less to do at once" if near else "", line=seen.step.line, weight=35 if near else 15,
    )  # fmt: skip


def _waits(seen: StepSeen) -> Iterator[Finding]:
    do = seen.step.do
    ended = sum(seen.waits.values())
    if not isinstance(do, Wait) or (do.event is None and do.approval is None) or ended < FEW:
        return
    what = "approval" if do.approval is not None else f"event {do.event}"
    late, refused = seen.waits["timeout"], seen.waits["refused"]
    counts: JSONObject = {"waits": ended, **seen.waits}
    if late / ended >= _NEARLY_ALWAYS:
        yield Finding(
            "wait_times_out", seen.where, f"`{seen.where}` got no answer in {late} of {count(ended, 'wait')} for the {what}",
            counts, "ask whether the event is sent and matched as it arrives, wait longer, or do without the wait",
            line=seen.step.line, runs=tuple(seen.runs)[:EXAMPLES], weight=48 + late / ended,
        )  # fmt: skip
    answered = ended - late
    if refused and answered >= FEW and refused / answered >= _MOSTLY:
        yield Finding(
            "refused", seen.where, f"people said no at `{seen.where}` {refused} of {count(answered, 'time')}", counts,
            "find out sooner what people refuse, so that they are not asked in vain", line=seen.step.line, weight=30,
        )  # fmt: skip
    for name, times in seen.edited.items():
        if answered >= FEW and times / answered >= _OFTEN:
            yield Finding(
                "edited", seen.where, f"people changed `{name}` at `{seen.where}` {times} of {count(answered, 'time')}",
                {"answers": answered, "edited": times, "field": name}, f"propose a better value of `{name}`",
                line=seen.step.line, weight=32 + times / answered,
            )  # fmt: skip


def _doubts(seen: StepSeen) -> Iterator[Finding]:
    if not seen.doubts:
        return
    all_ = max(len(seen.runs), len(seen.doubts))
    settled = ", ".join(f"{times} × {outcome}" for outcome, times in seen.resolved.items())
    yield Finding(
        "in_doubt", seen.where,
        f"whether `{seen.where}` had happened was in doubt in {out_of(len(seen.doubts), all_)}"
        + (f"; people settled it: {settled}" if settled else ""),
        {"runs": all_, "in_doubt": len(seen.doubts), "resolved": dict(seen.resolved)},
        "say `idempotent: true` where the vendor honours an idempotency key, or send with an action that can look"
        if seen.step.type == "http" else "",
        line=seen.step.line, runs=tuple(seen.doubts)[:EXAMPLES], weight=70,
    )  # fmt: skip


def _unsure(seen: StepSeen, plan: Plan) -> Iterator[Finding]:
    for name, values in seen.sure.items():
        if len(values) < FEW:
            continue
        line_, told = _threshold(plan, seen.step.id, name, values)
        low = sum(_is_low(value, line_) for value in values)
        if low / len(values) < _OFTEN:
            continue
        numbers = [float(value) for value in values if not isinstance(value, str)]
        middle = f" (median {median(numbers):g})" if numbers else ""
        yield Finding(
            "unsure", seen.where, f"`{seen.where}.{name}` was low {low} of {count(len(values), 'time')}{middle}, {told}",
            {"answers": len(values), "low": low, "threshold": line_, "median": median(numbers) if numbers else None},
            "tell the model more clearly what decides, show it examples, or give it a higher complexity",
            line=seen.step.line, runs=tuple(seen.runs)[:EXAMPLES], weight=38 + low / len(values),
        )  # fmt: skip


def _cheaper(seen: StepSeen, plan: Plan) -> Iterator[Finding]:
    do = seen.step.do
    if not isinstance(do, Perform) or do.action != "llm_call" or not isinstance(do.params, dict):
        return
    params, fine = do.params, seen.answers >= FEW and not seen.stood_in and not seen.failed and seen.cost > 0
    complexity = str(params.get("complexity") or "analyze")
    fields = _closed_fields(params.get("output_schema"))
    if (
        not fine
        or params.get("model")
        or complexity not in ("analyze", "reason")
        or not fields
        or any(_unsure(seen, plan))
    ):
        return
    yield Finding(
        "cheaper", seen.where,
        f"`{seen.where}` answers only with {', '.join(f'`{it}`' for it in fields)}, of a closed list each, and never failed in "
        f"{count(seen.answers, 'answer')}, at ${seen.cost / seen.answers:.4f} each with complexity {complexity}",
        {"answers": seen.answers, "cost_per_answer": round(seen.cost / seen.answers, 6), "complexity": complexity},
        "try complexity `classify`, which is made for such answers and costs less", line=seen.step.line, weight=25,
    )  # fmt: skip


# --- parts ------------------------------------------------------------------------------------------------------------


def _percentile(values: Sequence[float], percent: int) -> float:
    """The value below which `percent` of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * percent // 100), 1) - 1]


def _threshold(plan: Plan, step: str, name: str, values: Sequence[float | str]) -> tuple[float | None, str]:
    """From which number on an answer counts as sure: what the recipe compares it with, else a usual one."""
    if any(isinstance(value, str) for value in values):
        return None, "by its own word"
    compared = rf"\b{re.escape(step)}\.{re.escape(name)}\s*(?:<=?|>=?)\s*(\d+(?:\.\d+)?)"
    found = re.search(compared, json.dumps(plan.to_json(), ensure_ascii=False))
    if found is not None:
        return float(found[1]), f"below the {found[1]} that the recipe asks for"
    line = _SURE * (100 if any(float(value) > 1 for value in values) else 1)
    return line, f"below {line:g} (the recipe names no threshold)"


def _is_low(value: float | str, threshold: float | None) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in _UNSURE_WORDS
    return threshold is not None and value < threshold


def _closed_fields(schema: JSON) -> list[str]:
    """The fields of a schema when each is a word of a list, a number, or yes or no; none otherwise."""
    properties: Any = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return []
    closed = [
        name
        for name, part in properties.items()
        if isinstance(part, dict) and ("enum" in part or part.get("type") in _CLOSED)
    ]
    return closed if len(closed) == len(properties) and any("enum" in part for part in properties.values()) else []


def _time(seconds: float) -> str:
    return format_duration(round(seconds, 1) if seconds >= 1 else round(seconds, 3))
