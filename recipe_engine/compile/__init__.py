"""From a document to a plan: every check, then lowering.

check.py        the order of the checks; called recipes
context.py      what the checks share
schemas.py      JSON Schemas in the recipe          ids.py         names that steps and loops are given
forms.py        fields that only fit together       flow.py        conditions, loops, money
references.py   the walk with the names in scope    names.py       scopes and why a value may be missing
expressions.py  problems of expressions             outputs.py     what steps leave behind
actions.py      parameters, secrets, settings       params.py      values with templates against a schema
coverage.py     branches over enumerations          media.py       prompts that show images and files
triggers.py     what starts a run                   facts.py       what is known of an action
includes.py     texts of other files                lower.py       recipe -> plan
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from recipe_engine.compile.check import CheckResult, ExtraCheck, analyse, check, has_errors
from recipe_engine.compile.context import ResolveRecipe, SettingsLike
from recipe_engine.compile.includes import ReadFile, read_file
from recipe_engine.compile.lower import lower_analysis
from recipe_engine.core.plan import Plan
from recipe_engine.diagnostics import Diagnostic
from recipe_engine.plugin import Catalog
from recipe_engine.source import Document

__all__ = [
    "CheckResult",
    "ExtraCheck",
    "ResolveRecipe",
    "check",
    "compile_recipe",
    "lower",
]


def compile_recipe(
    document: Document,
    catalog: Catalog,
    *,
    settings: Mapping[str, Any] | SettingsLike | None = None,
    resolve_recipe: ResolveRecipe | None = None,
    extra_checks: Iterable[ExtraCheck] = (),
    functions: Any = None,
    read: ReadFile = read_file,
) -> tuple[Plan | None, list[Diagnostic]]:
    """Check a document, and lower it when there are no errors. Arguments as of `check`."""
    analysis, diagnostics = analyse(
        document,
        catalog,
        settings=settings,
        resolve_recipe=resolve_recipe,
        extra_checks=extra_checks,
        functions=functions,
        read=read,
    )
    if has_errors(diagnostics):
        return None, diagnostics
    return lower_analysis(analysis), diagnostics


def lower(document: Document, catalog: Catalog, resolve_recipe: ResolveRecipe | None = None) -> Plan:
    """The plan of a recipe without errors.

    Raises ValueError, naming the first error, for a recipe that has some.
    """
    plan, diagnostics = compile_recipe(document, catalog, resolve_recipe=resolve_recipe)
    if plan is None:
        first = next(item for item in diagnostics if item.severity == "error")
        raise ValueError(f"{first.file}:{first.span.line}: {first.code} {first.message}")
    return plan
