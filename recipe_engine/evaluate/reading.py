"""Reads files of needs, and reports everything that is wrong with them at once.

The one rule: nothing is paid for before the file is right. A misspelt field, a vendor without a sandbox and a need that
expects nothing are diagnostics with their place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from recipe_engine.builtin.http_sandbox import ScriptedExchange
from recipe_engine.diagnostics import Diagnostic, suggest
from recipe_engine.evaluate.arriving import KINDS
from recipe_engine.evaluate.model import (
    Arrival,
    EffectWanted,
    ModelSays,
    Need,
    NeedExpect,
    NeedsFile,
    Scenario,
    ScenarioExpect,
)
from recipe_engine.expr.moments import looks_like_moment
from recipe_engine.model.problems import Path, Problems
from recipe_engine.model.values import shown
from recipe_engine.source import Document
from recipe_engine.testing.building import Builder
from recipe_engine.testing.matching import bad_matchers
from recipe_engine.testing.model import ApprovalAt, EventAt, VendorFault

# The codes of recipes and what they are called in files of tests and needs.
_CODES: Mapping[str, str] = {"R301": "R701", "R302": "R702", "R303": "R703", "R304": "R703", "R309": "R704"}
_LISTS: Mapping[str, type[BaseModel]] = {
    "model": ModelSays,
    "http": ScriptedExchange,
    "faults": VendorFault,
    "events": EventAt,
    "approvals": ApprovalAt,
}
_MATCHED = ("output", "vendors", "log")
_TOP = ("needs",)


def read_needs(document: Document, vendors: Collection[str]) -> tuple[NeedsFile | None, list[Diagnostic]]:
    """The needs of a file, and everything that is wrong with it; `vendors` are the connectors that have a sandbox.

    None when there are errors. Never raises for what an author can write.
    """
    reader = _Reader(_Problems(document), vendors)
    found = reader.file(document.data)
    broken = any(problem.severity == "error" for problem in reader.problems.found)
    return None if broken else found, reader.problems.found


class _Problems(Problems):
    """Problems under the codes of test files."""

    def add(self, code: str, *args: Any, **options: Any) -> None:
        super().add(_CODES.get(code, code), *args, **options)

    def missing(self, field: str, path: Path, owner: str, data: Mapping[str, Any], present: Iterable[str] = ()) -> None:
        near = suggest(field, present)
        hint = f"did you mean `{field}` where `{near}` is written?" if near else f"add `{field}:`"
        self.add("R701", f"{owner} has no `{field}`, which it must have", (), hint, span=self.anchor(path, data))


class _Reader(Builder):
    def __init__(self, problems: _Problems, vendors: Collection[str]) -> None:
        super().__init__(problems)
        self.vendors = vendors

    def file(self, data: dict[str, Any]) -> NeedsFile | None:
        for name in data.keys() - set(_TOP):
            self.problems.unknown_field(name, (name,), "a file of needs", _TOP)
        raw = data.get("needs")
        if "needs" not in data:
            self.problems.missing("needs", (), "the file", data, data)
            return None
        if not isinstance(raw, list) or not raw:
            found = "an empty list" if raw == [] else shown(raw)
            self.problems.add("R703", f"`needs`: found {found}, expected a list of needs", ("needs",))
            return None
        needs = [self.need(item, ("needs", index)) for index, item in enumerate(raw)]
        self.distinct(raw, ("needs",), "id", "need")
        lines = tuple(self.problems.document.span(("needs", index)).line for index in range(len(raw)))
        return NeedsFile(tuple(need for need in needs if need is not None), lines)

    def need(self, data: Any, path: Path) -> Need | None:
        owner = f"the need `{data['id']}`" if isinstance(data, dict) and "id" in data else "a need"
        if not isinstance(data, dict):
            return self.build(Need, data, path, owner)
        fields = dict(data)
        scenarios = fields.get("scenarios")
        if isinstance(scenarios, list):
            read = [self.scenario(item, (*path, "scenarios", index)) for index, item in enumerate(scenarios)]
            fields["scenarios"] = [item for item in read if item is not None]
            self.distinct(scenarios, (*path, "scenarios"), "name", "scenario")
        if isinstance(fields.get("expect"), dict):
            fields["expect"] = self.of_the_recipe(fields["expect"], (*path, "expect"))
        if fields.get("expect", ...) is None:
            del fields["expect"]
        self.has_something_to_show(data, path, owner)
        return self.build(Need, fields, path, owner)

    def has_something_to_show(self, data: dict[str, Any], path: Path, owner: str) -> None:
        expect = data.get("expect")
        cannot = isinstance(expect, dict) and expect.get("cannot") is not None
        if not data.get("scenarios") and not cannot:
            hint = "or say `expect: {cannot: [no_connector]}` where it cannot be met"
            self.problems.add("R701", f"{owner} has no `scenarios`", (), hint, span=self.problems.anchor(path, data))
        if data.get("scenarios") and cannot:
            self.problems.add(
                "R703", f"{owner} cannot be met, so that no scenario is run", (*path, "scenarios"), key=True
            )

    def of_the_recipe(self, data: dict[str, Any], path: Path) -> NeedExpect | None:
        self.matchers(data, ("nearest", "triggers"), path)
        for name in ("fires", "fires_not"):
            for index, moment in enumerate(data.get(name) or ()):
                if isinstance(moment, str) and not looks_like_moment(moment):
                    found = f"`{name}`: found {shown(moment)}, expected a moment such as 2026-03-02T10:00:00+01:00"
                    self.problems.add("R704", found, (*path, name, index))
        return self.build(NeedExpect, data, path, "`expect`")

    def scenario(self, data: Any, path: Path) -> Scenario | None:
        owner = f"the scenario `{data['name']}`" if isinstance(data, dict) and "name" in data else "a scenario"
        if not isinstance(data, dict):
            return self.build(Scenario, data, path, owner)
        fields = dict(data)
        for name, model in _LISTS.items():
            if name in fields:
                fields[name] = self.items(model, fields[name], (*path, name), f"an entry of `{name}`")
        if "expect" not in data:
            self.problems.missing("expect", path, owner, data, data)
        elif isinstance(data["expect"], dict):
            fields["expect"] = self.expect(data["expect"], (*path, "expect"))
        if isinstance(fields.get("arrives"), dict):
            fields["arrives"] = self.arrival(fields["arrives"], (*path, "arrives"))
        for name in ("expect", "arrives"):
            if fields.get(name, ...) is None:
                del fields[name]
        for name in data.get("vendors") or () if isinstance(data.get("vendors"), dict) else ():
            self.vendor(name, (*path, "vendors", name), key=True)
        for index, fault in enumerate(fields.get("faults") or ()):
            if isinstance(fault, VendorFault):
                self.vendor(fault.vendor, (*path, "faults", index, "vendor"))
        return self.build(Scenario, fields, path, owner)

    def arrival(self, data: dict[str, Any], path: Path) -> Arrival | None:
        given = [name for name in KINDS if name in data]
        if len(given) != 1:
            found = ", ".join(f"`{name}`" for name in given) or "none of them"
            self.problems.add("R703", f"`arrives`: found {found}, expected one of {', '.join(KINDS)}", path)
        return self.build(Arrival, data, path, "`arrives`")

    def expect(self, data: dict[str, Any], path: Path) -> ScenarioExpect | None:
        self.matchers(data, _MATCHED, path)
        fields = dict(data)
        for name in ("effects", "no_effects"):
            if name in fields:
                fields[name] = self.effects(fields[name], (*path, name))
        for name in data.get("vendors") or () if isinstance(data.get("vendors"), dict) else ():
            self.vendor(name, (*path, "vendors", name), key=True)
        return self.build(ScenarioExpect, fields, path, "`expect`")

    def effects(self, value: Any, path: Path) -> Any:
        if not isinstance(value, list):
            return value
        read: list[EffectWanted] = []
        for index, item in enumerate(value):
            here, owner = (*path, index), "an effect"
            fields = dict(item) if isinstance(item, dict) else item
            if isinstance(fields, dict):
                self.matchers(fields, ("action", "data"), here)
                if "any_of" in fields:
                    fields["any_of"] = self.effects(fields["any_of"], (*here, "any_of"))
                elif "connector" not in fields:
                    self.problems.missing("connector", here, owner, item, item)
                if isinstance(fields.get("connector"), str):
                    self.vendor(fields["connector"], (*here, "connector"))
            built = self.build(EffectWanted, fields, here, owner)
            read += [] if built is None else [built]
        return read

    # --- parts

    def vendor(self, name: str, path: Path, *, key: bool = False) -> None:
        if name not in self.vendors:
            known = sorted(self.vendors)
            near = suggest(name, known)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
            self.problems.add("R707", f"there is no connector `{name}` with a sandbox", path, hint, key=key)

    def matchers(self, data: dict[str, Any], names: Iterable[str], path: Path) -> None:
        for name in names:
            for place, message in bad_matchers(data.get(name)):
                self.problems.add("R703", message, (*path, name, *place))

    def distinct(self, items: list[Any], path: Path, field: str, what: str) -> None:
        seen: dict[str, int] = {}
        for index, item in enumerate(items):
            name = item.get(field) if isinstance(item, dict) else None
            if isinstance(name, str) and name in seen:
                line = self.problems.document.span((*path, seen[name], field)).line
                self.problems.add("R708", f"there is another {what} `{name}`, in line {line}", (*path, index, field))
            elif isinstance(name, str):
                seen[name] = index
