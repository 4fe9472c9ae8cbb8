"""Keeps the outcome of a check by what it was made from, so that an unchanged recipe is neither read nor checked again.

The one rule: an entry is used only when everything that it depends on is unchanged: the text and the name of the file,
the catalog, the engine's version and the texts of the recipes that it calls. An entry that cannot be read is no
entry; it is written anew.

It is looked at before anything of the checker is imported, so nothing heavy is imported here either.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from recipe_engine.diagnostics.diagnostic import Diagnostic, Severity, Span
from recipe_engine.version import VERSION

if TYPE_CHECKING:
    from recipe_engine.core.plan import Plan
    from recipe_engine.plugin import Action, Catalog

# What reading an entry can raise when it is missing, damaged, or of another form.
_UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)
_DAY = 86_400
ReadText = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check. `called` maps the slugs of called recipes to their texts."""

    plan: Plan | None
    diagnostics: list[Diagnostic]
    called: Mapping[str, str] = field(default_factory=dict)


def fingerprint(catalog: Catalog) -> str:
    """A digest of what the checks read of a catalog."""
    return _digest(orjson.dumps([_facts(catalog.actions[name]) for name in sorted(catalog.actions)]))


def _facts(action: Action) -> list[object]:
    return [
        action.name,
        action.effect,
        action.params_schema,
        action.result_schema,
        action.secret_params,
        action.fields_at_step,
        None if action.retry is None else astuple(action.retry),
        action.timeout,
        [[setting.name, setting.required, setting.default] for setting in action.connector.settings],
    ]


class CheckCache:
    """Outcomes of checks in a folder.

    `made_from` is the fingerprint of the catalog, with whatever else the checks were given (a digest of the settings,
    the names of the plugins that add checks).
    """

    def __init__(self, folder: Path, made_from: str) -> None:
        self.folder = folder
        self._made_from = f"{VERSION}\n{made_from}\n"

    def get(self, file: str, text: str, read_called: ReadText = lambda _: None) -> Checked | None:
        """The outcome kept for this text, or None. `read_called` gives the text of a called recipe by its slug."""
        from recipe_engine.core.plan import Plan

        try:
            data = self._read(file, text, read_called)
            plan = None if data["plan"] is None else Plan.from_json(data["plan"])
            return Checked(plan, [_diagnostic(*item) for item in data["diagnostics"]])
        except _UNREADABLE:
            return None

    def diagnostics(self, file: str, text: str, read_called: ReadText = lambda _: None) -> list[Diagnostic] | None:
        """The diagnostics of the outcome kept for this text, or None: `get` for those who want no plan."""
        try:
            return [_diagnostic(*item) for item in self._read(file, text, read_called)["diagnostics"]]
        except _UNREADABLE:
            return None

    def _read(self, file: str, text: str, read_called: ReadText) -> Any:
        """The entry of a text. Raises one of _UNREADABLE when there is none that still holds."""
        data = orjson.loads(self._path(file, text).read_bytes())
        for slug, digest in data["called"].items():
            called = read_called(slug)
            if called is None or _digest(called.encode()) != digest:
                raise LookupError(slug)
        return data

    def put(self, file: str, text: str, checked: Checked) -> None:
        """Keep an outcome. A folder that cannot be written is no error: the check will be done again."""
        data = {
            "plan": None if checked.plan is None else checked.plan.to_json(),
            "diagnostics": [_told(item) for item in checked.diagnostics],
            "called": {slug: _digest(called.encode()) for slug, called in checked.called.items()},
        }
        path = self._path(file, text)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Another process or thread may be writing the same entry: each has a file of its own, the last one stays.
            new = path.with_name(f".{path.stem}.{os.getpid()}.{threading.get_ident()}")
            new.write_bytes(orjson.dumps(data))
            new.replace(path)
        except OSError:
            return

    def sweep(self) -> None:
        """Once a day, forget entries that were written more than thirty days ago."""
        mark = self.folder / ".swept"
        now = time.time()
        try:
            if mark.exists() and now - mark.stat().st_mtime < _DAY:
                return
            mark.touch()
            for entry in self.folder.glob("*/*.json"):
                if now - entry.stat().st_mtime > 30 * _DAY:
                    entry.unlink(missing_ok=True)
        except OSError:
            return

    def _path(self, file: str, text: str) -> Path:
        name = _digest(f"{self._made_from}{file}\n{text}".encode())
        return self.folder / name[:2] / f"{name[2:]}.json"


def _diagnostic(
    code: str, severity: Severity, message: str, file: str, place: list[int], hint: str | None
) -> Diagnostic:
    return Diagnostic(code, severity, message, file, Span(*place), hint)


def _told(item: Diagnostic) -> list[object]:
    span = item.span
    place = [span.line, span.column, span.end_line, span.end_column]
    return [item.code, item.severity, item.message, item.file, place, item.hint]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
