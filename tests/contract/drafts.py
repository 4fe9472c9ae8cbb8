"""Plans of a few steps, written down by hand."""

from __future__ import annotations

from typing import Any

from recipe_engine.core.plan import Do, Limits, Perform, Plan, Step


class Draft:
    """Collects the flat tables of a plan; a step or a block is named by its index."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.blocks: list[tuple[int, ...]] = []

    def step(self, id: str, do: Do, **fields: Any) -> int:
        self.steps.append(Step(id, id.title(), type(do).__name__.lower(), do, **fields))
        return len(self.steps) - 1

    def act(self, id: str, params: Any = None, effect: Any = "keyed", **fields: Any) -> int:
        """A step that performs the action of the same name."""
        return self.step(id, Perform(id, params, effect), **fields)

    def block(self, *steps: int) -> int:
        self.blocks.append(steps)
        return len(self.blocks) - 1

    def plan(self, *steps: int, slug: str = "demo", limits: Limits | None = None, **fields: Any) -> Plan:
        root = self.block(*steps)
        limits = limits or Limits()
        return Plan(slug, slug.title(), tuple(self.steps), tuple(self.blocks), root, limits=limits, **fields)


def plan_of(*dos: Do, slug: str = "demo", limits: Limits | None = None, **fields: Any) -> Plan:
    """A plan of steps one after another, called s0, s1, ..."""
    draft = Draft()
    return draft.plan(
        *(draft.step(f"s{index}", do, **fields) for index, do in enumerate(dos)), slug=slug, limits=limits
    )
