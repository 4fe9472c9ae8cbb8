"""Reads a document into models, and reports everything that has the wrong shape at once.

The one rule: an error stays where it is. A step that cannot be read becomes a `BrokenStep` that keeps its name and its
inner blocks, so that one bad step hides no other; a field that is refused is left out and its step read without it.

Steps are told apart by their `type` by hand: it is fast, and a message never lists what all other types expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from recipe_engine.diagnostics import Diagnostic, suggest
from recipe_engine.model.problems import Path, Problems
from recipe_engine.model.recipe import Recipe
from recipe_engine.model.steps import (
    COMMON_FIELDS,
    CONTROL_STEPS,
    ActionStep,
    BranchCase,
    BrokenStep,
    Part,
    Step,
)
from recipe_engine.model.triggers import TRIGGERS, Trigger
from recipe_engine.model.values import is_identifier, shown
from recipe_engine.source import Document

# Less than what the reader of YAML allows for any nesting of groups, so that this is what an author is told.
MAX_DEPTH = 40

P = TypeVar("P", bound=Part)
_BLOCKS = ("steps", "else", "on_timeout", "always")
_NESTED = (*_BLOCKS, "cases", "branches")
# Taken for the required fields of a recipe that lacks them, so that the rest of it is checked all the same.
_STANDS_FOR: dict[str, Any] = {"slug": "recipe", "name": "?", "description": "?", "category": "?", "steps": ()}


@dataclass(frozen=True, slots=True)
class ActionTypes:
    """What the reader has to know of the actions: `at_step` says of a type whether its parameters are written on the
    step itself, None for a type that is no action; `names` gives all types for suggestions."""

    at_step: Callable[[str], bool | None]
    names: Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A document read: with errors, `recipe` is what could be read. `incomplete` are the paths of the steps of which
    something had to be left out: what they lack may be what was refused."""

    recipe: Recipe
    diagnostics: list[Diagnostic]
    incomplete: frozenset[Path] = frozenset()


def read_recipe(document: Document, types: ActionTypes) -> Reading:
    """Read a document as a recipe. Never raises for what an author can write."""
    reader = _Reader(Problems(document), types)
    recipe = reader.recipe(document.data)
    return Reading(recipe, reader.problems.found, frozenset(reader.incomplete))


class _Reader:
    def __init__(self, problems: Problems, types: ActionTypes) -> None:
        self.problems = problems
        self.types = types
        self.incomplete: set[Path] = set()

    def recipe(self, data: dict[str, Any]) -> Recipe:
        fields = dict(data)
        for name in ("steps", "on_error"):
            if name in fields:
                fields[name] = self.block(fields[name], (name,), 0)
        if "triggers" in fields:
            fields["triggers"] = self.triggers(fields["triggers"])
        recipe = self.build(Recipe, fields, (), "the recipe")
        if recipe is None:
            usable = {name: value for name, value in fields.items() if _fits(name, value)}
            recipe = Recipe.model_validate({**_STANDS_FOR, **usable})
        return recipe

    def build(self, model: type[P], fields: dict[str, Any], path: Path, owner: str) -> P | None:
        """The model of these fields; what is refused is reported and left out. None when too little is left."""
        try:
            return model.model_validate(fields)
        except ValidationError as error:
            refused = self.problems.refused(error, model, fields, path, owner)
        self.incomplete.add(path)
        kept = {name: value for name, value in fields.items() if name not in refused}
        try:
            return model.model_validate(kept)
        except ValidationError:
            return None

    def block(self, value: Any, path: Path, depth: int) -> Any:
        """The steps of a block; anything but a list is handed back for its owner to refuse."""
        if not isinstance(value, list):
            return value
        if not value:
            self.problems.add("R317", f"`{path[-1]}` is an empty list, expected at least one step", path)
        return tuple([self.step(item, (*path, index), depth + 1) for index, item in enumerate(value)])

    def step(self, value: Any, path: Path, depth: int) -> Step:
        if not isinstance(value, dict):
            self.problems.add("R303", f"found {shown(value)}, expected a step: an object with `id` and `type`", path)
            return _broken(None, ())
        if depth > MAX_DEPTH:
            self.problems.add("R316", f"steps are nested more than {MAX_DEPTH} deep", path, "call a recipe instead")
            return _broken(value, ())
        fields = dict(value)
        if isinstance(fields.get("on_error"), list):
            fields["on_error"] = self.block(fields["on_error"], (*path, "on_error"), depth)
        kind = fields.get("type")
        model = CONTROL_STEPS.get(kind) if isinstance(kind, str) else None
        if model is not None:
            self.nested(fields, path, depth)
            return self.build(model, fields, path, _owner(value)) or _broken(value, _inner(fields))
        at_step = self.types.at_step(kind) if isinstance(kind, str) else None
        if at_step is None:
            self.unknown_type(kind, value, path)
            self.nested(fields, path, depth)
            return _broken(value, _inner(fields))
        return self.action(fields, path, at_step=at_step) or _broken(value, _inner(fields))

    def nested(self, fields: dict[str, Any], path: Path, depth: int) -> None:
        """Read the blocks inside a step in place."""
        for name in _NESTED:
            if name not in fields:
                continue
            value, here = fields[name], (*path, name)
            if name == "cases":
                fields[name] = self.cases(value, here, depth)
            elif name == "branches":
                fields[name] = self.lanes(value, here, depth)
            elif name == "else" and value == []:
                # Nothing, said so: what is not written is the same, and `check_coverage` knows that it was thought of.
                fields[name] = None
            else:
                fields[name] = self.block(value, here, depth)

    def cases(self, value: Any, path: Path, depth: int) -> tuple[BranchCase, ...]:
        """The cases in their places, whatever is wrong with one: the paths of those that follow count on it."""
        if not isinstance(value, list) or not value:
            self.problems.add(
                "R303", f"`cases`: found {shown(value) if value else 'no case'}, expected a list of cases", path
            )
            return ()
        found = []
        for index, case in enumerate(value):
            here = (*path, index)
            if not isinstance(case, dict):
                self.problems.add(
                    "R303", f"found {shown(case)}, expected a case: an object with `when` and `steps`", here
                )
                found.append(BranchCase.model_construct(when="", steps=()))
                continue
            fields = {**case, "steps": self.block(case["steps"], (*here, "steps"), depth)} if "steps" in case else case
            built = self.build(BranchCase, fields, here, "the case")
            steps = fields.get("steps")
            found.append(built or BranchCase.model_construct(when="", steps=steps if isinstance(steps, tuple) else ()))
        return tuple(found)

    def lanes(self, value: Any, path: Path, depth: int) -> dict[str, Any]:
        if not isinstance(value, dict) or not value:
            self.problems.add(
                "R303", f"`branches`: found {shown(value) if value else 'none'}, expected lists of steps by name", path
            )
            return {}
        lanes = {}
        for name, block in value.items():
            if not is_identifier(name):
                self.problems.add(
                    "R306",
                    f"found {shown(name)}, expected a name of small letters, digits and `_`",
                    (*path, name),
                    key=True,
                )
            steps = self.block(block, (*path, name), depth)
            if isinstance(steps, tuple):
                lanes[name] = steps
            else:
                self.problems.add("R303", f"`{name}`: found {shown(block)}, expected a list of steps", (*path, name))
        return lanes

    def action(self, fields: dict[str, Any], path: Path, *, at_step: bool) -> ActionStep | None:
        common = {name: fields[name] for name in COMMON_FIELDS if name in fields}
        fields = {name: value for name, value in fields.items() if name not in common}
        owner = _owner(common)
        if at_step:
            return self.build(ActionStep, {**common, "params": fields, "at_step": True}, path, owner)
        params = fields.pop("with", {})
        if not isinstance(params, dict):
            self.problems.add(
                "R303", f"`with`: found {shown(params)}, expected the parameters by name", (*path, "with")
            )
            params = {}
            self.incomplete.add(path)
        for name in fields:
            close = suggest(name, (*COMMON_FIELDS, "with"))
            hint = None if close else f"the parameters of {common['type']} are written under `with`"
            self.problems.unknown_field(name, (*path, name), owner, (*COMMON_FIELDS, "with"), hint)
            self.incomplete.add(path)
        return self.build(ActionStep, {**common, "params": params}, path, owner)

    def unknown_type(self, kind: Any, value: dict[str, Any], path: Path) -> None:
        if "type" not in value:
            self.problems.missing("type", path, _owner(value), value, value)
        elif not isinstance(kind, str):
            self.problems.add("R303", f"`type`: found {shown(kind)}, expected the name of a step type", (*path, "type"))
        else:
            hint = self.meant(kind)
            code, word = ("R401", "action") if "." in kind else ("R305", "step type")
            self.problems.add(code, f"unknown {word} {shown(kind)}", (*path, "type"), hint)

    def meant(self, kind: str) -> str:
        """A hint for the name of a step type that does not exist."""
        close = suggest(kind, [*CONTROL_STEPS, *self.types.names()])
        if close:
            return f"did you mean `{close}`?"
        connector = kind.partition(".")[0] + "."
        others = [name for name in self.types.names() if name.startswith(connector)]
        return f"there is {', '.join(others[:8])}" if others else "`recipe actions` lists what there is"

    def triggers(self, value: Any) -> tuple[Trigger, ...]:
        if not isinstance(value, list):
            self.problems.add("R303", f"`triggers`: found {shown(value)}, expected a list", ("triggers",))
            return ()
        # Triggers keep their places too: a broken one is checked no further.
        return tuple([self.trigger(item, ("triggers", index)) for index, item in enumerate(value)])

    def trigger(self, value: Any, path: Path) -> Trigger:
        broken = Trigger.model_construct(type="", if_=None, key=None, input=None)
        if not isinstance(value, dict):
            self.problems.add("R303", f"found {shown(value)}, expected a trigger: an object with `type`", path)
            return broken
        kind = value.get("type")
        if "type" not in value:
            self.problems.missing("type", path, "the trigger", value, value)
            return broken
        model = TRIGGERS.get(kind) if isinstance(kind, str) else None
        if model is None:
            close = suggest(kind, TRIGGERS) if isinstance(kind, str) else None
            hint = f"did you mean `{close}`?" if close else None
            listed = ", ".join(f"`{name}`" for name in TRIGGERS)
            self.problems.add("R318", f"unknown trigger {shown(kind)}, expected one of {listed}", (*path, "type"), hint)
            return broken
        return self.build(model, value, path, f"the {kind} trigger") or broken


def _fits(name: str, value: Any) -> bool:
    try:
        Recipe.model_validate({**_STANDS_FOR, name: value})
    except ValidationError:
        return False
    return True


def _owner(value: dict[str, Any]) -> str:
    return f"step `{value['id']}`" if isinstance(value.get("id"), str) else "the step"


def _broken(value: dict[str, Any] | None, inner: tuple[tuple[Path, Any], ...]) -> BrokenStep:
    data = value or {}
    return BrokenStep.model_construct(
        id=data["id"] if is_identifier(data.get("id")) else "",
        type=data["type"] if isinstance(data.get("type"), str) else "",
        inner=inner,
    )


def _inner(fields: dict[str, Any]) -> tuple[tuple[Path, Any], ...]:
    """The blocks of a step that could not be read, with their paths."""
    found: list[tuple[Path, Any]] = [
        ((name,), fields[name]) for name in (*_BLOCKS, "on_error") if isinstance(fields.get(name), tuple)
    ]
    if isinstance(fields.get("cases"), tuple):
        found += [(("cases", index, "steps"), case.steps) for index, case in enumerate(fields["cases"])]
    if isinstance(fields.get("branches"), dict):
        found += [(("branches", name), block) for name, block in fields["branches"].items() if isinstance(block, tuple)]
    return tuple(found)
