"""Reports in words: for a terminal, and for the message of a failed assertion.

The one rule: a failure shows what was expected and what was found, then what the run did, so that nobody has to run it
again to see why.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from recipe_engine.core.json import JSON
from recipe_engine.expr import format_duration
from recipe_engine.testing.coverage import Coverage
from recipe_engine.testing.matching import Miss, shown
from recipe_engine.testing.report import CaseReport, FileReport, StepLine, Totals

Style = Callable[[str, str], str]
_VALUE = 80


def plain(text: str, _style: str) -> str:
    """The style of a place without colours."""
    return text


def case_in_words(case: CaseReport, style: Style = plain) -> Iterator[str]:
    """A case: one line when it passed; else what it missed, the story of its run and its effects."""
    times = f"{case.seconds * 1000:.0f} ms" + (f", {_passed(case)} virtual" if case.virtual_seconds else "")
    if case.passed:
        yield f"  {style('ok', 'good')}    {case.name} {style(f'({times})', 'dim')}"
        return
    yield f"  {style('FAIL', 'bad')}  {style(case.name, 'strong')} {style(f'({times})', 'dim')}"
    for miss in case.misses:
        yield from (f"        {line}" for line in _miss(miss, style))
    if case.story:
        yield style("        what happened", "dim")
        width = max(len(step.path) for step in case.story)
        yield from (f"          {_step(step, width)}" for step in case.story)
        yield style("        effects", "dim")
        yield from (f"          {line}" for line in _effects(case))


def file_in_words(report: FileReport, style: Style = plain, *, coverage: bool = False) -> Iterator[str]:
    """A file: its cases, then what they cover; with `coverage`, also what they do not."""
    yield style(str(report.path), "strong")
    for case in report.cases:
        yield from case_in_words(case, style)
    if report.coverage is not None and report.cases and not report.chosen:
        yield from coverage_in_words(report.coverage, style, missing=coverage)


def coverage_in_words(coverage: Coverage, style: Style = plain, *, missing: bool) -> Iterator[str]:
    """What is covered, and with `missing` each step and way that is not, with its line."""
    steps, all_steps, ways, all_ways = coverage.counts()
    told = f"coverage {coverage.percent:.0f} %: {steps} of {all_steps} steps, {ways} of {all_ways} branches"
    yield "  " + style(told, "dim" if not coverage.missing else "warn")
    if missing:
        for point in coverage.missing:
            yield f"    line {point.line}: {point.what}"


def totals_in_words(totals: Totals) -> str:
    """The last line."""
    passed = totals.cases - totals.failed
    counts = [f"{passed} passed"] + ([f"{totals.failed} failed"] if totals.failed else [])
    invalid = f", {totals.invalid} not run because of errors" if totals.invalid else ""
    virtual = (
        f" ({format_duration(round(totals.virtual_seconds))} of virtual time)" if totals.virtual_seconds >= 1 else ""
    )
    return (
        f"{_count(totals.files, 'file')}{invalid}, {_count(totals.cases, 'case')}: {', '.join(counts)} "
        f"in {totals.seconds:.2f} s{virtual}"
    )


def _miss(miss: Miss, style: Style) -> Iterator[str]:
    yield style(miss.path, "strong")
    if "\\n" not in miss.expected or "\\n" not in miss.found:
        yield f"  expected  {style(miss.expected, 'good')}"
        yield f"  found     {style(miss.found, 'bad')}"
        return
    # Long texts line by line; JSON shows a line break as \n.
    one, two = (text.replace("\\n", "\n").splitlines() for text in (miss.expected, miss.found))
    for line in difflib.unified_diff(one, two, "expected", "found", lineterm="", n=2):
        yield "  " + style(line, "good" if line.startswith("-") else "bad" if line.startswith("+") else "dim")


def _step(step: StepLine, width: int) -> str:
    status = step.status.replace("_", " ") + (f" after {step.attempts} attempts" if step.attempts > 1 else "")
    return f"+{format_duration(round(step.at, 3)):8} {step.path:{width}}  {status}" + (
        f": {step.error}" if step.error else ""
    )


def _effects(case: CaseReport) -> Iterator[str]:
    if not case.effects:
        yield "none"
    for effect in case.effects:
        fields = ", ".join(f"{name}: {_value(value)}" for name, value in effect.data.items())
        yield f"{effect.connector}  {effect.action}  {fields}"


def _value(value: JSON) -> str:
    text = shown(value)
    return text if len(text) <= _VALUE else f"{text[: _VALUE - 3]}..."


def _passed(case: CaseReport) -> str:
    return format_duration(round(case.virtual_seconds)) if case.virtual_seconds >= 1 else "no time"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
