"""Recipes at hand: found, read, checked, lowered; and what was found out about them kept.

The one rule: a recipe is checked once for as long as nothing that its check depends on has changed.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from recipe_engine.errors import InvalidRecipe
from recipe_engine.library import Library

if TYPE_CHECKING:
    from recipe_engine.check_cache import CheckCache
    from recipe_engine.core.plan import Plan
    from recipe_engine.diagnostics import Diagnostic
    from recipe_engine.installed import Place
    from recipe_engine.source import Document

# A path, the slug of a recipe of the project or the package, or a document that was read already.
Source: TypeAlias = "str | Path | Document"

# Among the texts that an outcome depends on, before the path of an included one; no slug has a colon.
_FILE = "file:"


class Recipes:
    """The recipes of a place."""

    def __init__(self, place: Place) -> None:
        self.library = Library(place.folder)
        self._place = place

    def load(self, source: Source) -> Document:
        """The document of a recipe. Raises RecipeNotFound, and InvalidRecipe when the text cannot be read."""
        if not isinstance(source, str | Path):
            return source
        path = self.library.find(source)
        document, problems = self.library.read(path)
        if document is None:
            raise InvalidRecipe(str(path), problems, self.library.texts)
        return document

    def check(self, source: Source, *, with_settings: bool = False) -> list[Diagnostic]:
        """Everything that is wrong with a recipe. See `Engine.check`."""
        cached = None if with_settings else self._cached(source)
        if cached is None:
            return self._checked(source, with_settings=with_settings)[1]
        cache, path, text = cached
        found = cache.diagnostics(str(path), text, lambda slug: self._called_text(slug, path.parent))
        return found if found is not None else self._check_anew(cache, path, text)[1]

    def compile(self, source: Source) -> Plan:
        """The plan of a recipe. Raises InvalidRecipe when it has errors."""
        plan, problems = self._compiled(source)
        if plan is None:
            name = str(source) if isinstance(source, str | Path) else source.file
            raise InvalidRecipe(name, problems, self.library.texts)
        return plan

    def _compiled(self, source: Source) -> tuple[Plan | None, list[Diagnostic]]:
        cached = self._cached(source)
        if cached is None:
            return self._checked(source)[:2]
        cache, path, text = cached
        found = cache.get(str(path), text, lambda slug: self._called_text(slug, path.parent))
        return (found.plan, found.diagnostics) if found is not None else self._check_anew(cache, path, text)

    # --- keeping

    @cached_property
    def _cache(self) -> CheckCache | None:
        """Outcomes of earlier checks; None when they are not kept."""
        folder, made_from = self._place.cache_folder, self._place.stamp
        if folder is None or made_from is None:
            return None
        from recipe_engine.check_cache import CheckCache

        return CheckCache(folder, made_from)

    def _cached(self, source: Source) -> tuple[CheckCache, Path, str] | None:
        """The cache to look a recipe up in, with its file and text; None when its check is not kept."""
        if not isinstance(source, str | Path) or self._cache is None:
            return None
        path = self.library.find(source)
        text = self.library.text(path)
        return None if text is None else (self._cache, path, text)

    def _check_anew(self, cache: CheckCache, path: Path, text: str) -> tuple[Plan | None, list[Diagnostic]]:
        from recipe_engine.check_cache import Checked

        plan, problems, called = self._checked(path)
        cache.put(str(path), text, Checked(plan, problems, called))
        cache.sweep()
        return plan, problems

    def _called_text(self, slug: str, beside: Path) -> str:
        if slug.startswith(_FILE):
            return self.library.text(Path(slug.removeprefix(_FILE))) or ""
        path = self.library.near(slug, beside)
        return "" if path is None else self.library.text(path) or ""

    # --- checking

    def _checked(
        self, source: Source, *, with_settings: bool = False
    ) -> tuple[Plan | None, list[Diagnostic], dict[str, str]]:
        """A recipe read, checked and lowered: its plan, what is wrong with it, the texts it depends on."""
        from recipe_engine.compile import compile_recipe

        document, problems = self._read(source)
        if document is None:
            return None, problems, {}
        plugins = self._place.plugins
        beside, called = Path(document.file).parent, {}

        def resolve(slug: str) -> Document | None:
            path = self.library.near(slug, beside)
            found = None if path is None else self.library.read(path)[0]
            called[slug] = found.text if found is not None else ""
            return found

        def include(path: Path) -> str | None:
            text = self.library.text(path)
            called[f"{_FILE}{path}"] = text or ""
            return text

        plan, found = compile_recipe(
            document,
            plugins.catalog,
            settings=self._place.settings if with_settings else None,
            resolve_recipe=resolve,
            extra_checks=[self._plugin_checks] if plugins.manager.hook.check_recipe.get_hookimpls() else [],
            functions=plugins.function_table,
            read=include,
        )
        problems = [*problems, *found]
        broken = any(problem.severity == "error" for problem in problems)
        return None if broken else plan, problems, called

    def _read(self, source: Source) -> tuple[Document | None, list[Diagnostic]]:
        if not isinstance(source, str | Path):
            self.library.texts[source.file] = source.text
            return source, []
        return self.library.read(self.library.find(source))

    def _plugin_checks(self, recipe: Any, document: Document) -> list[Diagnostic]:
        answers = self._place.plugins.manager.hook.check_recipe(recipe=recipe, document=document)
        return [problem for answer in answers for problem in answer or ()]
