"""Checks fields of a step that only make sense together, or never do.

The one rule: a field that would have no effect is an error, not silence.
"""

from __future__ import annotations

from recipe_engine.compile.context import Analysis
from recipe_engine.model import Path, RepeatStep, Step, StopStep, WaitStep

_FORMS = ("duration", "until", "event", "approval")
_LISTED = ", ".join(f"`{name}`" for name in _FORMS)
# Steps that the core carries out by itself: they take no time and cannot fail for reasons that pass.
_INSTANT = frozenset({"set", "transform", "stop"})


def check_forms(analysis: Analysis) -> None:
    """Check every step."""
    for step, path in analysis.steps:
        if isinstance(step, WaitStep):
            _wait(analysis, step, path)
        elif isinstance(step, RepeatStep):
            _only_with(analysis, step, path, "on_timeout", "timeout", given=step.timeout is not None)
        elif isinstance(step, StopStep) and "output" in step.model_fields_set and step.status == "failed":
            _refuse(analysis, path, "output", "a run that fails has no output")
        if step.type in _INSTANT:
            for name in ("timeout", "retry"):
                if getattr(step, name) is not None:
                    _refuse(analysis, path, name, f"a step of type {step.type} takes no time and is not repeated")
        elif isinstance(step, WaitStep) and step.retry is not None:
            _refuse(analysis, path, "retry", "a wait is not repeated")


def _wait(analysis: Analysis, step: WaitStep, path: Path) -> None:
    given = [name for name in _FORMS if getattr(step, name) is not None]
    if not given and path in analysis.incomplete:
        return
    if not given:
        span = analysis.problems.anchor(path, {"id": step.id})
        analysis.problems.add("R312", f"`{step.id}` waits for nothing: expected one of {_LISTED}", path, span=span)
        return
    answered = step.event is not None or step.approval is not None
    # With an event or an approval, `until` is no purpose but a bound, like `timeout`.
    bound = answered and step.until is not None
    given = [name for name in given if not (bound and name == "until")]
    for name in given[1:]:
        analysis.problems.add(
            "R312",
            f"`{step.id}` waits for `{given[0]}` and for `{name}`, expected exactly one of {_LISTED}",
            (*path, name),
            "to bound a wait for an event or an approval, use `timeout` or `until`",
            key=True,
        )
    if bound and step.timeout is not None:
        message = f"`{step.id}` is bound by `timeout` and by `until`, expected one of them"
        analysis.problems.add("R312", message, (*path, "timeout"), "remove one of them", key=True)
    if bound and step.if_past is not None:
        _refuse(analysis, path, "if_past", "a moment that is past times out at once")
    _only_with(analysis, step, path, "if_past", "until", given=step.until is not None)
    _only_with(analysis, step, path, "match", "event", given=step.event is not None)
    _only_with(analysis, step, path, "timeout", "event` or `approval", given=answered)
    _only_with(analysis, step, path, "on_timeout", "timeout", given=bound or step.timeout is not None)


def _only_with(analysis: Analysis, step: Step, path: Path, name: str, other: str, *, given: bool) -> None:
    if getattr(step, name) is not None and not given:
        analysis.problems.add(
            "R313", f"`{name}` has no effect without `{other}`", (*path, name), f"add `{other}`, or remove it", key=True
        )


def _refuse(analysis: Analysis, path: Path, name: str, reason: str) -> None:
    analysis.problems.add("R313", f"`{name}` has no effect here: {reason}", (*path, name), "remove it", key=True)
