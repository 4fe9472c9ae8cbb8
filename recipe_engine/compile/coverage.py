"""Checks that a branch over the values of an enumeration has thought of all of them.

The one rule: only what is certain is reported: every case compares the same value with words, and there is no `else`.
"""

from __future__ import annotations

import re
from functools import reduce

from recipe_engine.compile.expressions import Expressions
from recipe_engine.compile.names import bare
from recipe_engine.expr import infer_expression
from recipe_engine.expr.types import StringT
from recipe_engine.model import BranchStep, Path

_PART = r"""([A-Za-z_][\w.]*)\s*(?:==\s*('[^']*'|"[^"]*")|in\s*[\[(]((?:\s*(?:'[^']*'|"[^"]*")\s*,?)+)[\])])"""
_COMPARISON = re.compile(rf"\s*{_PART}\s*\Z")
_OR = re.compile(r"\s+or\s+")
_WORD = re.compile(r"""'([^']*)'|"([^"]*)\"""")


def check_coverage(expressions: Expressions, step: BranchStep, path: Path) -> None:
    """Report the values of an enumeration for which a branch without `else` has no case."""
    # `else: []` says that nothing is to be done; read, it is the same as none.
    written = reduce(lambda data, part: data[part], path, expressions.analysis.document.data)
    if "else" in written or len(step.cases) < 2:
        return
    subject, words = None, set()
    for case in step.cases:
        compared = _compared(case.when)
        if compared is None or (subject is not None and compared[0] != subject):
            return
        subject = compared[0]
        words |= compared[1]
    if subject is None:
        return
    type_ = infer_expression(subject, expressions.names, expressions.analysis.functions).type
    if isinstance(type_, StringT) and type_.enum is not None:
        left = [value for value in type_.enum if value not in words]
        if left:
            listed = ", ".join(f"'{value}'" for value in left)
            expressions.analysis.problems.add(
                "R503",
                f"no case of `{step.id}` is for {listed} of `{subject}`",
                (*path, "cases"),
                "add a case, or an `else`",
                key=True,
            )


def _compared(condition: str) -> tuple[str, set[str]] | None:
    """What a condition compares with which words; None when it does anything else."""
    subject, words = None, set()
    for part in _OR.split(bare(condition)):
        found = _COMPARISON.match(part)
        if found is None or (subject is not None and found[1] != subject):
            return None
        subject = found[1]
        words |= {one or other for one, other in _WORD.findall(found[2] or found[3])}
    return None if subject is None else (subject, words)
