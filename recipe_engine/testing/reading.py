"""Reads test files, and reports everything that is wrong with them at once.

The one rule: what a file says is held against the recipe and the catalog before anything runs, so that a misspelt step
or field is a diagnostic with its place and never a test that passes because it looks at nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from recipe_engine.builtin.http_sandbox import ScriptedExchange
from recipe_engine.builtin.llm.scripted import ScriptedAnswer
from recipe_engine.core.plan import Plan
from recipe_engine.diagnostics import Diagnostic, report, suggest
from recipe_engine.model.problems import Path as Place
from recipe_engine.model.problems import Problems
from recipe_engine.model.values import shown
from recipe_engine.source import Document
from recipe_engine.testing.building import Builder
from recipe_engine.testing.matching import bad_matchers, is_matcher
from recipe_engine.testing.model import (
    ApprovalAt,
    Case,
    CaseFile,
    EffectExpected,
    EventAt,
    Expect,
    Setup,
    StepExpected,
    VendorFault,
)

SUFFIXES = (".test.yml", ".test.yaml")

# The codes of recipes and what they are called in test files.
_CODES: Mapping[str, str] = {"R301": "R701", "R302": "R702", "R303": "R703", "R304": "R703", "R309": "R704"}
_LISTS: Mapping[str, type[BaseModel]] = {
    "model": ScriptedAnswer,
    "http": ScriptedExchange,
    "faults": VendorFault,
    "events": EventAt,
    "approvals": ApprovalAt,
}
_EFFECTS = ("effects", "effects_exactly", "no_effects")
_TOP = ("recipe", "defaults", "cases")


def read_cases(document: Document) -> tuple[CaseFile | None, list[Diagnostic]]:
    """The cases of a test file with its defaults merged into them, and everything that is wrong with its shape.

    None when there are errors. Never raises for what an author can write.
    """
    reader = _Reader(_Problems(document))
    found = reader.file(document.data)
    broken = any(problem.severity == "error" for problem in reader.problems.found)
    return None if broken else found, reader.problems.found


def hold_against(document: Document, plan: Plan, vendors: Collection[str]) -> list[Diagnostic]:
    """What a test file says of steps that the recipe does not have, and of vendors that nobody has a sandbox for."""
    problems = _Problems(document)
    steps = set(_step_ids(plan))
    for place in _places(document):
        for path, name in _named_steps(document, place):
            if _id(name) not in steps:
                near = suggest(_id(name), steps)
                hint = f"did you mean `{near}`?" if near else f"its steps are {', '.join(sorted(steps))}"
                problems.add("R706", f"the recipe {plan.slug} has no step `{name}`", path, hint, key=True)
        for path, name in _named_vendors(document, place):
            if name not in vendors:
                known = sorted(vendors)
                near = suggest(name, known)
                hint = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
                problems.add("R707", f"there is no connector `{name}` with a sandbox", path, hint, key=True)
    return problems.found


def recipe_path(test_file: Path, recipe: str | None) -> Path:
    """The recipe of a test file: the one that it names, relative to itself, else that of the same name."""
    if recipe is not None:
        return test_file.parent / recipe
    stem = next(test_file.name.removesuffix(suffix) for suffix in SUFFIXES if test_file.name.endswith(suffix))
    return test_file.with_name(f"{stem}.yml")


def no_recipe(document: Document, path: Path) -> Diagnostic:
    """The diagnostic of a test file whose recipe is not there."""
    beside = (
        [other.name for other in path.parent.glob("*.yml") if "." not in other.stem] if path.parent.is_dir() else []
    )
    near = suggest(path.name, beside)
    hint = f"did you mean `{near}`?" if near else "`recipe: other.yml` names the recipe that is tested"
    return report("R705", f"there is no recipe {path}", document, document.span(("recipe",)), hint)


class _Problems(Problems):
    """Problems under the codes of test files."""

    def add(self, code: str, *args: Any, **options: Any) -> None:
        super().add(_CODES.get(code, code), *args, **options)

    def missing(
        self, field: str, path: Place, owner: str, data: Mapping[str, Any], present: Iterable[str] = ()
    ) -> None:
        near = suggest(field, present)
        hint = f"did you mean `{field}` where `{near}` is written?" if near else f"add `{field}:`"
        self.add("R701", f"{owner} has no `{field}`, which it must have", (), hint, span=self.anchor(path, data))


class _Reader(Builder):
    def __init__(self, problems: _Problems) -> None:
        super().__init__(problems)

    def file(self, data: dict[str, Any]) -> CaseFile | None:
        for name in data.keys() - set(_TOP):
            self.problems.unknown_field(name, (name,), "a test file", _TOP)
        recipe = data.get("recipe")
        if "recipe" in data and not isinstance(recipe, str):
            self.problems.add("R703", f"`recipe`: found {shown(recipe)}, expected a file's name", ("recipe",))
        raw = data.get("cases")
        if "cases" not in data:
            self.problems.missing("cases", (), "the test file", data, data)
        elif not isinstance(raw, list) or not raw:
            found = "an empty list" if raw == [] else shown(raw)
            self.problems.add("R703", f"`cases`: found {found}, expected a list of cases", ("cases",))
        defaults = data.get("defaults", {})
        read = self.setup(Setup, defaults, ("defaults",), "`defaults`") if defaults else Setup.model_validate({})
        if not isinstance(raw, list) or read is None:
            return None
        cases = [self.case(item, defaults, ("cases", index)) for index, item in enumerate(raw)]
        self.names(raw)
        lines = tuple(self.problems.document.span(("cases", index)).line for index in range(len(raw)))
        return CaseFile(recipe, tuple(case for case in cases if case is not None), lines)

    def case(self, data: Any, defaults: dict[str, Any], path: Place) -> Case | None:
        owner = f"the case `{data['name']}`" if isinstance(data, dict) and "name" in data else "a case"
        if self.setup(Case, data, path, owner) is None:
            return None
        silent = _Reader(_Problems(self.problems.document))
        merged = silent.setup(
            Case, _merged({k: v for k, v in defaults.items() if k != "description"}, data), path, owner
        )
        assert isinstance(merged, Case)
        return merged

    def names(self, cases: list[Any]) -> None:
        seen: dict[str, int] = {}
        for index, case in enumerate(cases):
            name = case.get("name") if isinstance(case, dict) else None
            if isinstance(name, str) and name in seen:
                first = self.problems.document.span(("cases", seen[name], "name")).line
                self.problems.add("R708", f"there is another case `{name}`, in line {first}", ("cases", index, "name"))
            elif isinstance(name, str):
                seen[name] = index

    def setup(self, model: type[Setup], data: Any, path: Place, owner: str) -> Setup | None:
        """A case, or the defaults; None when something in it is wrong."""
        if not isinstance(data, dict):
            self.problems.add("R703", f"found {shown(data)}, expected an object", path)
            return None
        before = len(self.problems.found)
        fields = dict(data)
        for name, item in _LISTS.items():
            if name in fields:
                fields[name] = self.items(item, fields[name], (*path, name), f"an entry of `{name}`")
        if isinstance(fields.get("expect"), dict):
            fields["expect"] = self.expect(fields["expect"], (*path, "expect"))
            if fields["expect"] is None:
                del fields["expect"]
        built = self.build(model, fields, path, owner)
        return built if len(self.problems.found) == before else None

    def expect(self, data: dict[str, Any], path: Place) -> Expect | None:
        for place, message in bad_matchers(data):
            self.problems.add("R703", message, (*path, *place))
        fields = dict(data)
        for name in _EFFECTS:
            if name in fields:
                fields[name] = self.items(EffectExpected, fields[name], (*path, name), f"an entry of `{name}`")
        steps = fields.get("steps")
        if isinstance(steps, dict):
            read = {name: self.step(value, (*path, "steps", name)) for name, value in steps.items()}
            fields["steps"] = {name: step for name, step in read.items() if step is not None}
        return self.build(Expect, fields, path, "`expect`")

    def step(self, value: Any, path: Place) -> StepExpected | None:
        """A step's expectation; a text stands for its status."""
        if isinstance(value, dict):
            return self.build(StepExpected, value, path, "a step's expectation")
        return StepExpected.model_validate({"status": value})


def _merged(defaults: dict[str, Any], given: dict[str, Any], *, expected: bool = False) -> dict[str, Any]:
    """Objects are merged field by field; a list or a value of the case takes the place of the default. So does anything
    where a matcher is expected: half of one and half of the other would expect neither."""
    merged = {**defaults, **given}
    for name in defaults.keys() & given.keys():
        one, two = defaults[name], given[name]
        if isinstance(one, dict) and isinstance(two, dict) and not (expected and (is_matcher(one) or is_matcher(two))):
            merged[name] = _merged(one, two, expected=expected or name == "expect")
    return merged


# --- what is named in a file ------------------------------------------------------------------------------------------


def _step_ids(plan: Plan) -> Iterator[str]:
    yield from (step.id for step in plan.steps)
    for called in plan.recipes.values():
        yield from (step.id for step in called.steps)


def _id(name: str) -> str:
    return name.rpartition("/")[2].partition("[")[0]


def _places(document: Document) -> list[Place]:
    """Where the setups of a file are."""
    return [("defaults",), *(("cases", index) for index in range(len(document.data["cases"])))]


def _at(document: Document, path: Place) -> Any:
    here: Any = document.data
    for name in path:
        if isinstance(here, list) and isinstance(name, int):
            here = here[name]
        else:
            here = here.get(name) if isinstance(here, dict) else None
    return here


def _named_steps(document: Document, place: Place) -> Iterator[tuple[Place, str]]:
    expect: Place = (*place, "expect")
    yield from (((*expect, "steps", name), name) for name in _at(document, (*expect, "steps")) or ())
    for index, name in enumerate(_at(document, (*expect, "not_steps")) or ()):
        yield (*expect, "not_steps", index), name
    for section in ("model", "approvals"):
        for index, entry in enumerate(_at(document, (*place, section)) or ()):
            if entry.get("step") is not None:
                yield (*place, section, index, "step"), entry["step"]


def _named_vendors(document: Document, place: Place) -> Iterator[tuple[Place, str]]:
    at_start: Place = (*place, "vendors")
    in_the_end: Place = (*place, "expect", "vendors")
    for section in (at_start, in_the_end):
        yield from (((*section, name), name) for name in _at(document, section) or ())
    for index, fault in enumerate(_at(document, (*place, "faults")) or ()):
        yield (*place, "faults", index, "vendor"), fault["vendor"]
    for kind in _EFFECTS:
        for index, effect in enumerate(_at(document, (*place, "expect", kind)) or ()):
            yield (*place, "expect", kind, index, "connector"), effect["connector"]
