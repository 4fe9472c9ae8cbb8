"""What the checks of one recipe share: the document, the recipe read from it, the catalog, and the problems found.

The one rule: a check reports through `problems` and changes nothing else of what it was given, but for the notes that
it leaves for lowering (`prompts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from recipe_engine.compile.names import Names
from recipe_engine.core.json import JSONObject
from recipe_engine.expr.types import AnyT, Type
from recipe_engine.model import Block, Path, Problems, Recipe, Step
from recipe_engine.plugin import Catalog
from recipe_engine.source import Document

ResolveRecipe = Callable[[str], Document | None]


class SettingsLike(Protocol):
    """Settings of the deployment, as far as the checks ask them."""

    def get(self, name: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Callee:
    """A recipe that this one calls: what it takes, what it gives, whether it can run, and the chain of calls that leads
    back to its beginning, if there is one."""

    analysis: Analysis
    output: Type
    has_errors: bool
    recursion: str | None = None


@dataclass
class Analysis:
    """A recipe being checked, and what became known of it."""

    document: Document
    recipe: Recipe
    catalog: Catalog
    problems: Problems
    settings: Mapping[str, Any] | SettingsLike | None = None
    functions: Any = None
    call: Callable[[str], Callee | str] = lambda slug: f"there is no recipe {slug}"
    names: Names = field(default_factory=Names)
    # Inputs could not be read, so that an unknown name may be one of them.
    any_name: bool = False
    # Steps with a schema that cannot be used.
    bad_schemas: set[Path] = field(default_factory=set)
    # Steps of which something was refused already: what they lack is not reported again.
    incomplete: frozenset[Path] = frozenset()
    # The type of the recipe's output, once it is known.
    output: Type = field(default_factory=AnyT)
    # The prompts of llm_calls as they are lowered, where they differ from what is written, by the path of the step.
    prompts: dict[Path, JSONObject] = field(default_factory=dict)
    callees: dict[str, Callee] = field(default_factory=dict)

    @cached_property
    def steps(self) -> list[tuple[Step, Path]]:
        """Every step of the recipe with its path, in the order of the document."""
        found = list(_steps(self.recipe.steps, ("steps",)))
        if self.recipe.on_error is not None:
            found += _steps(self.recipe.on_error, ("on_error",))
        return found

    @cached_property
    def answers(self) -> frozenset[Path]:
        """The paths of the steps whose output is the recipe's: the last one, and the last ones inside it."""
        return frozenset(() if self.recipe.has_output else _last(self.recipe.steps, ("steps",)))


def _steps(block: Block, path: Path) -> Iterator[tuple[Step, Path]]:
    for index, step in enumerate(block):
        here = (*path, index)
        yield step, here
        for below, inner in (*step.blocks(), *step.handlers()):
            yield from _steps(inner, (*here, *below))


def ids_in(block: Block) -> Iterator[str]:
    """The ids of the steps of a block and of all inside them."""
    for step in block:
        yield step.id
        for _, inner in (*step.blocks(), *step.handlers()):
            yield from ids_in(inner)


def _last(block: Block, path: Path) -> Iterator[Path]:
    if not block:
        return
    here = (*path, len(block) - 1)
    yield here
    step = block[-1]
    if step.type in ("branch", "group"):
        for below, inner in step.blocks():
            if below != ("always",):
                yield from _last(inner, (*here, *below))
