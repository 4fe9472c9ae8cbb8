"""Checks a recipe: reads it, then runs every check over what was read.

The one rule: a check never stops the others. Whatever an author can write, all that is wrong with it is told at once,
in the order of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from recipe_engine.compile.context import Analysis, Callee, ResolveRecipe, SettingsLike
from recipe_engine.compile.flow import check_flow
from recipe_engine.compile.forms import check_forms
from recipe_engine.compile.ids import check_ids
from recipe_engine.compile.includes import ReadFile, read_file, with_included
from recipe_engine.compile.references import check_references
from recipe_engine.compile.schemas import check_schemas
from recipe_engine.compile.triggers import check_triggers
from recipe_engine.diagnostics import Diagnostic
from recipe_engine.model import ActionTypes, Problems, Recipe, RecipeStep, read_recipe
from recipe_engine.plugin import Catalog
from recipe_engine.source import Document

_REPEAT = "use `repeat` for what is to be done again"
ExtraCheck = Callable[[Recipe, Document], Iterable[Diagnostic] | None]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found, in the order of the text. With errors, `recipe` is what could be read."""

    diagnostics: list[Diagnostic]
    recipe: Recipe

    @property
    def ok(self) -> bool:
        """Whether the recipe can run."""
        return not has_errors(self.diagnostics)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether one of the diagnostics is an error."""
    return any(item.severity == "error" for item in diagnostics)


def check(
    document: Document,
    catalog: Catalog,
    *,
    settings: Mapping[str, Any] | SettingsLike | None = None,
    resolve_recipe: ResolveRecipe | None = None,
    extra_checks: Iterable[ExtraCheck] = (),
    functions: Any = None,
    read: ReadFile = read_file,
) -> CheckResult:
    """Check a document as a recipe.

    `settings` are those of the deployment: what is not set is then a warning. `resolve_recipe` gives the document of a
    recipe by its slug, for `recipe` steps. `extra_checks` are those of plugins (the hook `check_recipe`). `functions`
    are the functions of the expression language, the built-in ones by default. `read` gives the texts of files that the
    recipe includes.
    """
    analysis, diagnostics = analyse(
        document,
        catalog,
        settings=settings,
        resolve_recipe=resolve_recipe,
        extra_checks=extra_checks,
        functions=functions,
        read=read,
    )
    return CheckResult(diagnostics, analysis.recipe)


def analyse(
    document: Document,
    catalog: Catalog,
    *,
    settings: Mapping[str, Any] | SettingsLike | None = None,
    resolve_recipe: ResolveRecipe | None = None,
    extra_checks: Iterable[ExtraCheck] = (),
    functions: Any = None,
    read: ReadFile = read_file,
) -> tuple[Analysis, list[Diagnostic]]:
    """Check a document; what became known of it, for lowering, and the diagnostics."""
    checker = _Checker(catalog, settings, resolve_recipe, functions, read)
    analysis, found = checker.run(document)
    for extra in extra_checks:
        found += extra(analysis.recipe, analysis.document) or ()
    return analysis, sorted(dict.fromkeys(found), key=lambda item: (item.span, item.code))


class _Checker:
    """Checks a recipe and those that it calls, each once."""

    def __init__(
        self,
        catalog: Catalog,
        settings: Mapping[str, Any] | SettingsLike | None,
        resolve: ResolveRecipe | None,
        functions: Any,
        read: ReadFile,
    ) -> None:
        self.catalog = catalog
        self.settings = settings
        self.resolve = resolve
        self.functions = functions
        self.read = read
        self.callees: dict[str, Callee | str] = {}
        self.open: list[str] = []

    def run(self, document: Document) -> tuple[Analysis, list[Diagnostic]]:
        actions = self.catalog.actions
        document, missing = with_included(document, self.read)

        def at_step(name: str) -> bool | None:
            action = actions.get(name)
            return None if action is None else action.fields_at_step

        reading = read_recipe(document, ActionTypes(at_step, lambda: actions))
        problems = Problems(document)
        problems.found = [*missing, *reading.diagnostics]
        analysis = Analysis(
            document,
            reading.recipe,
            self.catalog,
            problems,
            settings=self.settings,
            functions=self.functions,
            call=self.call,
            incomplete=reading.incomplete,
            any_name=reading.recipe.input_schema is None and document.data.get("input_schema") is not None,
        )
        self.open.append(reading.recipe.slug)
        check_schemas(analysis)
        check_ids(analysis)
        check_forms(analysis)
        check_flow(analysis)
        self.calls(analysis)
        check_references(analysis)
        check_triggers(analysis)
        self.open.pop()
        return analysis, problems.found

    def calls(self, analysis: Analysis) -> None:
        """Report calls of recipes that cannot be made."""
        for step, path in analysis.steps:
            if not isinstance(step, RecipeStep):
                continue
            here = (*path, "recipe")
            if step.recipe in self.open:
                chain = " -> ".join((*self.open[self.open.index(step.recipe) :], step.recipe))
                message = f"recipe `{step.recipe}` would call itself without end: {chain}"
                analysis.problems.add("R505", message, here, _REPEAT)
                continue
            found = self.call(step.recipe)
            if isinstance(found, str):
                analysis.problems.add("R506", found, here, "`recipe` takes the slug of a recipe beside this one")
                continue
            analysis.callees[step.recipe] = found
            if found.recursion is not None:
                analysis.problems.add("R505", found.recursion, here, _REPEAT)
            elif found.has_errors:
                message = f"recipe `{step.recipe}` has errors of its own"
                analysis.problems.add(
                    "R507", message, here, f"`recipe check {found.analysis.document.file}` shows them"
                )
            self.config(analysis, found, step.recipe, here)

    def config(self, analysis: Analysis, callee: Callee, slug: str, path: tuple[str | int, ...]) -> None:
        """A called recipe reads the config of the run, which is that of its caller."""
        wanted = (callee.analysis.recipe.config or {}).get("properties")
        own = (analysis.recipe.config or {}).get("properties")
        missing = [name for name in wanted or () if not isinstance(own, dict) or name not in own]
        if missing:
            listed = ", ".join(f"`{name}`" for name in missing)
            message = f"recipe `{slug}` reads config {listed}, which this recipe does not declare"
            analysis.problems.add("R510", message, path, "declare it under `config` here too")

    def call(self, slug: str) -> Callee | str:
        """A called recipe, checked, or why there is none."""
        if slug not in self.callees:
            if slug in self.open:
                return "it is being called"
            self.callees[slug] = self.load(slug)
        return self.callees[slug]

    def load(self, slug: str) -> Callee | str:
        document = self.resolve(slug) if self.resolve is not None else None
        if document is None:
            return f"there is no recipe `{slug}`"
        analysis, found = self.run(document)
        recursion = next((item.message for item in found if item.code == "R505"), None)
        return Callee(analysis, analysis.output, has_errors(found), recursion)
