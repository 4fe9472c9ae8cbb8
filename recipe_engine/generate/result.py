"""What generating came to: plain data that a command prints and a program reads.

The one rule: only a recipe that passed is called `passed`; everything else says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from recipe_engine.core.json import JSONObject
from recipe_engine.generate.answer import Refusal
from recipe_engine.generate.phrases import Language
from recipe_engine.generate.proving import Proof

Status = Literal["passed", "draft", "refused"]


@dataclass(frozen=True, slots=True)
class Generated:
    """The end of `generate` or `change`.

    `recipe` and `tests` are texts, empty when there are none. `wrong` says why a draft does not pass; `stopped` why no
    further round was made, where that was neither success nor the number of rounds, and `stopped_by` the code of that.
    `settings` are those still needed, with where to find them. `language` is that of the recipe, or of the refusal. `cost` is in US dollars.
    """

    status: Status
    slug: str = ""
    language: Language = "en"
    recipe: str = ""
    tests: str = ""
    summary: str = ""
    diagram: str = ""
    coverage: float | None = None
    cases: int = 0
    assumptions: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    wrong: str = ""
    stopped: str = ""
    stopped_by: str = ""
    refusal: Refusal | None = None
    rounds: int = 0
    cost: float = 0.0
    tokens: int = 0
    proof: Proof | None = None

    @property
    def passed(self) -> bool:
        """Whether the recipe may be used."""
        return self.status == "passed"

    def to_json(self) -> JSONObject:
        """The result as an object."""
        return {
            "status": self.status,
            "slug": self.slug,
            "language": self.language,
            "recipe": self.recipe,
            "tests": self.tests,
            "summary": self.summary,
            "diagram": self.diagram,
            "coverage": None if self.coverage is None else round(self.coverage, 1),
            "cases": self.cases,
            "assumptions": list(self.assumptions),
            "settings": dict(self.settings),
            "warnings": list(self.warnings),
            "wrong": self.wrong,
            "stopped": self.stopped,
            "refusal": None
            if self.refusal is None
            else {"reason": self.refusal.reason, "why": self.refusal.why, "nearest": self.refusal.nearest},
            "rounds": self.rounds,
            "cost": round(self.cost, 6),
            "tokens": self.tokens,
        }
