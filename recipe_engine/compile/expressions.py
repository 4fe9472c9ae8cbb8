"""Checks the expressions and templates of a recipe against the names in scope, and tells the type of their value.

The one rule: everything an expression can get wrong is reported here, under one code for each kind of problem, at the
characters that are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from recipe_engine.compile.context import Analysis
from recipe_engine.core.json import JSON
from recipe_engine.diagnostics import Severity
from recipe_engine.expr import Inference, Problem, infer_expression, infer_template, is_template
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    IntT,
    NullT,
    NumberT,
    ObjectT,
    SecretT,
    StringT,
    Type,
    assignable,
    union,
)
from recipe_engine.model import Path

CODES: Mapping[str, str] = {
    "unknown_name": "R201",
    "syntax": "R202",
    "may_be_skipped": "R203",
    "unknown_field": "R204",
    "not_yet_run": "R205",
    "wrong_type": "R206",
    "unknown_function": "R207",
    "wrong_arguments": "R208",
    "unknown_filter": "R209",
    "impossible_comparison": "R210",
    "secret_misused": "R407",
}

_SECRETS = re.compile(r"\bsecrets\b(?:\.([A-Za-z_][A-Za-z0-9_]*))?")
_FIRST_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECRETS_TYPE = ObjectT({}, frozenset(), open=True, rest=SecretT())


# The types of the templates in a tree of values, by their path below it.
Leaves = dict[Path, Type]


class Expressions:
    """Infers the expressions of one recipe and reports their problems."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.names = analysis.names
        self._secrets_allowed = False

    # --- bare expressions ---------------------------------------------------------------------------------------------

    def expression(self, text: str, path: Path) -> Type:
        """The type of a bare expression."""
        return self.condition(text, path).type

    def condition(self, text: str, path: Path) -> Inference:
        """A condition: any value will do; the names tell whether it can change."""
        return self._told(infer_expression(text, self.names, self.analysis.functions), text, path)

    def expect(self, text: str, path: Path, target: Type, what: str) -> Inference:
        """A bare expression whose value must fit `target`, called `what` in the message."""
        found = self.condition(text, path)
        reason = assignable(found.type, target)
        if reason is not None:
            hint = _list_inside(found.type, text)
            self.analysis.problems.add("R206", f"`{path[-1]}` must be {what}: {reason}", path, hint)
        return found

    # --- templates ----------------------------------------------------------------------------------------------------

    def text(self, text: str, path: Path) -> Type:
        """The type of a string that may hold templates."""
        if not is_template(text):
            return StringT((text,))
        return self._told(infer_template(text, self.names, self.analysis.functions), text, path).type

    def value(self, value: JSON, path: Path, leaves: Leaves | None = None, below: Path = ()) -> Type:
        """The type of a JSON tree with templates in its strings; `leaves` collects those of the templates."""
        match value:
            case str():
                found = self.text(value, path)
                if leaves is not None and is_template(value):
                    leaves[below] = found
                return found
            case dict():
                properties = {
                    name: self.value(item, (*path, name), leaves, (*below, name)) for name, item in value.items()
                }
                return ObjectT(properties, frozenset(properties))
            case list():
                items = [self.value(item, (*path, index), leaves, (*below, index)) for index, item in enumerate(value)]
                return ArrayT(union(*items))
            case bool():
                return BoolT()
            case int():
                return IntT()
            case float():
                return NumberT()
            case None:
                return NullT()
            case _:
                return AnyT()

    @contextmanager
    def secrets(self, *, allowed: bool) -> Iterator[None]:
        """Inside, `secrets.NAME` may be read when `allowed`."""
        before, self._secrets_allowed = self._secrets_allowed, allowed
        try:
            yield
        finally:
            self._secrets_allowed = before

    def tell(self, inference: Inference, path: Path) -> None:
        """Report the problems of an inference of the text at `path` that was made elsewhere."""
        value: JSON = self.analysis.document.data
        for part in path:
            # One sort key may be written without its list.
            value = value if isinstance(value, str) else value[part]
        self._told(inference, str(value), path)

    # --- problems -----------------------------------------------------------------------------------------------------

    def _told(self, inference: Inference, text: str, path: Path) -> Inference:
        if "secrets" in inference.names:
            self._secrets(text, path)
        for problem in inference.problems:
            if not self._told_as_secret(problem, text):
                self._tell(problem, inference, text, path)
        return inference

    def _told_as_secret(self, problem: Problem, text: str) -> bool:
        about = text[problem.offset : problem.offset + problem.length]
        return not self._secrets_allowed and "secrets" in about and problem.kind in ("secret_misused", "not_yet_run")

    def _tell(self, problem: Problem, inference: Inference, text: str, path: Path) -> None:
        code, hint = CODES[problem.kind], problem.hint
        severity: Severity | None = None
        if problem.kind == "unknown_name" and self.analysis.any_name:
            return
        if problem.kind == "may_be_skipped":
            severity = self._how_sure(problem, text)
        elif problem.kind == "unknown_field" and _of_config(problem, text):
            code, hint = "R409", hint or "declare it under `config`"
        elif problem.kind == "unknown_field" and self.names.may_have_more(inference.names) and not _suggests(hint):
            # The vendor may send more than is documented; only what looks misspelt is surely wrong.
            severity = "warning"
        self.analysis.problems.add_within(code, problem.message, path, problem.offset, problem.length, hint, severity)

    def _how_sure(self, problem: Problem, text: str) -> Severity | None:
        """An input that need not be given is the caller's business: a warning. A skipped step is an error."""
        found = _FIRST_NAME.search(text, problem.offset)
        return "warning" if found and self.names.depends_on(found[0], "input:") else None

    def _secrets(self, text: str, path: Path) -> None:
        settings = self.analysis.settings
        for found in _SECRETS.finditer(text):
            if not self._secrets_allowed:
                self.analysis.problems.add_within(
                    "R407",
                    f"`{found[0]}` may not stand here: secrets are readable only where an action sends them to its vendor",
                    path,
                    found.start(),
                    len(found[0]),
                    "put it into the headers or the auth of an `http` step, or use a connector, which reads its own",
                )
            elif found[1] and settings is not None and settings.get(found[1]) is None:
                self.analysis.problems.add_within(
                    "R408",
                    f"the secret {found[1]} is not set",
                    path,
                    found.start(1),
                    len(found[1]),
                    f"set {found[1]} in the environment or in .env",
                )


def _suggests(hint: str | None) -> bool:
    return hint is not None and "did you mean" in hint


def _of_config(problem: Problem, text: str) -> bool:
    before = text[: problem.offset]
    around = text[problem.offset : problem.offset + problem.length]
    return bool(re.search(r"\bconfig\s*\.\s*\Z", before) or re.match(r"config\s*\.\s*\w+\Z", around))


def _list_inside(found: Type, text: str) -> str | None:
    """A hint for an object where a list is expected: the one list inside it."""
    if isinstance(found, ObjectT):
        lists = [name for name, item in found.properties.items() if isinstance(item, ArrayT)]
        if len(lists) == 1:
            return f"did you mean `{text.strip().removeprefix('{{').removesuffix('}}').strip()}.{lists[0]}`?"
    return None
