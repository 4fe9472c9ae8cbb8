"""The loop: draft, prove, repair, within a budget of rounds and money.

The one rule: nothing is handed over as done that did not pass. A round that makes things worse costs only itself: the
best proof so far is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipe_engine.core.plan import Plan
from recipe_engine.engine import Engine
from recipe_engine.generate.answer import Answer, Refusal, read_answer
from recipe_engine.generate.asking import MAX_TOKENS, Asking, Memory, Unanswered
from recipe_engine.generate.explaining import explain
from recipe_engine.generate.phrases import Language, language_of
from recipe_engine.generate.prompt import Example, Prompt, prompt_for_change, prompt_for_new, prompt_for_repair
from recipe_engine.generate.proving import Draft, Proof, prove
from recipe_engine.generate.result import Generated
from recipe_engine.generate.settings import settings_needed
from recipe_engine.graph import mermaid

ROUNDS = 4
BUDGET = 1.0
Tell = Callable[[str], None]
_SLUG = re.compile(r"^slug:\s*[\"']?([a-z0-9]+(?:-[a-z0-9]+)*)", re.MULTILINE)
_SHOWN = 200
_NOTHING = "the answer has none of the blocks that were asked for"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What generating may take: questions to the model, and US dollars (None for no limit)."""

    rounds: int = ROUNDS
    budget: float | None = BUDGET


async def generate(
    need: str,
    *,
    engine: Engine,
    domain: str = "",
    examples: tuple[Example, ...] = (),
    bounds: Bounds = Bounds(),
    provider: Any = None,
    folder: Path | None = None,
    tell: Tell | None = None,
    memory: Memory | None = None,
) -> Generated:
    """A recipe that does what `need` says (in French or English), with tests that prove it.

    `domain` says what it is about, `examples` are files that show it. `provider` takes the place of the model that
    RECIPE_LLM names. `folder` is where the recipe will stand. `tell` is told of each round. `memory` keeps the
    answers, so that no question is paid for twice. Raises Unanswered when the model cannot be asked at all.
    """
    functions = tuple(engine.plugins.functions)
    prompt = prompt_for_new(engine.catalog, need, domain=domain, examples=examples, functions=functions)
    making = _Making(engine, prompt, folder or Path(), Draft("", ""), tell)
    return await making.run(bounds, provider, memory)


async def change(
    recipe: str,
    tests: str,
    request: str,
    *,
    engine: Engine,
    bounds: Bounds = Bounds(),
    provider: Any = None,
    folder: Path | None = None,
    tell: Tell | None = None,
    memory: Memory | None = None,
    name: str = "",
) -> Generated:
    """An existing recipe and its tests (as texts), changed as `request` says. See `generate`.

    `name` tells the questions of this change from those of another: it begins the names of their steps.
    """
    functions = tuple(engine.plugins.functions)
    prompt = prompt_for_change(engine.catalog, recipe, tests, request, functions=functions)
    making = _Making(engine, prompt, folder or Path(), Draft(recipe, tests), tell, f"{name}_" if name else "")
    return await making.run(bounds, provider, memory)


class _Making:
    """One need on its way to a recipe."""

    def __init__(
        self, engine: Engine, prompt: Prompt, folder: Path, begun: Draft, tell: Tell | None, name: str = ""
    ) -> None:
        self.engine = engine
        self.prompt = prompt
        self.folder = folder
        self.draft = begun
        self.tell = tell or (lambda _: None)
        self.name = name
        self.assumptions: tuple[str, ...] = ()
        self.refusal: Refusal | None = None
        self.best: Proof | None = None
        self.words = ""
        self.trouble = ""
        self.stopped = ""
        self.stopped_by = ""
        self.rounds = 0

    async def run(self, bounds: Bounds, provider: Any, memory: Memory | None) -> Generated:
        async with Asking(self.engine, bounds.budget, provider, memory) as model:
            question, max_tokens, polished = self.prompt.need, MAX_TOKENS, False
            while self.rounds < bounds.rounds and self.refusal is None:
                try:
                    answer = await self._ask(model, question, max_tokens)
                except Unanswered as error:
                    self.rounds -= 1
                    if error.code == "truncated" and max_tokens == MAX_TOKENS:
                        max_tokens = 2 * MAX_TOKENS
                        continue
                    if self.best is None:
                        error.spent = model.spent
                        raise
                    self.stopped_by = error.code
                    self.stopped = error.message + (f" ({error.hint})" if error.hint else "")
                    break
                proof = await self._take(answer)
                if proof is not None and proof.passed:
                    if not proof.warnings or polished:
                        break
                    polished = True
                elif polished:
                    break
                question = self._repair(proof)
            return self._result(model)

    async def _ask(self, model: Asking, question: str, max_tokens: int) -> Answer:
        step = self.name + ("draft" if self.rounds == 0 else f"repair_{self.rounds}")
        self.rounds += 1
        self.tell(f"round {self.rounds}: asking the model")
        self.words = await model.ask(step, self.prompt.system, question, max_tokens=max_tokens)
        return read_answer(self.words)

    async def _take(self, answer: Answer) -> Proof | None:
        """The proof of what an answer brings; None when it brings nothing."""
        self.refusal = answer.refusal
        if self.refusal is not None:
            return None
        if answer.recipe is None and answer.tests is None:
            self.trouble = f"{_NOTHING}; it begins: {' '.join(self.words.split())[:_SHOWN]}"
            self.tell(f"round {self.rounds}: {_NOTHING}")
            return None
        self.trouble = f"the block <{answer.cut}> of the answer has no end: it was cut off" if answer.cut else ""
        self.draft = Draft(answer.recipe or self.draft.recipe, answer.tests or self.draft.tests)
        self.assumptions = answer.assumptions if answer.assumptions is not None else self.assumptions
        proof = await prove(self.draft, self.engine, self.folder)
        self.draft = proof.draft
        if self.best is None or _worth(proof) >= _worth(self.best):
            self.best = proof
        self.tell(f"round {self.rounds}: {_told(proof)}")
        return proof

    def _repair(self, proof: Proof | None) -> str:
        """The next question: the first one, what came of it, and what is wrong with that."""
        if proof is None and not self.draft.recipe:
            return f"{self.prompt.need}\n\nYour last answer could not be read: {self.trouble}."
        findings = "\n".join(part for part in (self.trouble, proof.in_words() if proof else "") if part)
        return f"{self.prompt.need}\n\n{prompt_for_repair(self.draft.recipe, self.draft.tests, findings)}"

    def _result(self, model: Asking) -> Generated:
        spent = {"rounds": self.rounds, "cost": model.spent, "tokens": model.tokens}
        if self.refusal is not None:
            language = language_of(self.refusal.why)
            return Generated("refused", refusal=self.refusal, language=language, **spent)  # type: ignore[arg-type]  # numbers by name
        if self.best is None:
            return Generated("draft", wrong=self.trouble, **spent)  # type: ignore[arg-type]
        proof, plan = self.best, self.best.plan
        language = "en" if plan is None else _language(plan)
        slug = _SLUG.search(proof.draft.recipe)
        return Generated(
            "passed" if proof.passed else "draft",
            slug=slug[1] if slug else "recipe",
            recipe=proof.draft.recipe,
            tests=proof.draft.tests,
            language=language,
            summary="" if plan is None else explain(plan, self.engine.catalog, language=language),
            diagram="" if plan is None else mermaid(plan),
            coverage=None if proof.coverage is None else proof.coverage.percent,
            cases=len(proof.cases),
            assumptions=self.assumptions,
            settings={} if plan is None else settings_needed(plan, self.engine.catalog, self.engine.settings),
            warnings=tuple(f"{it.code}: {it.message}" for it in proof.warnings),
            wrong="" if proof.passed else proof.in_words(),
            stopped=self.stopped,
            stopped_by=self.stopped_by,
            proof=proof,
            **spent,  # type: ignore[arg-type]  # numbers by name
        )


def _worth(proof: Proof) -> tuple[bool, bool, float, int]:
    """How far a proof got: passed, runnable, share of cases that pass, few warnings."""
    passing = sum(case.passed for case in proof.cases) / len(proof.cases) if proof.cases else 0.0
    return proof.passed, proof.plan is not None, passing, -len(proof.errors) - len(proof.warnings)


def _told(proof: Proof) -> str:
    if proof.errors:
        return f"{len(proof.errors)} errors"
    failed = sum(not case.passed for case in proof.cases)
    cover = "" if proof.coverage is None else f", coverage {proof.coverage.percent:.0f} %"
    warnings = f", {len(proof.warnings)} warnings" if proof.warnings else ""
    return f"{len(proof.cases) - failed} of {len(proof.cases)} cases pass{cover}{warnings}"


def _language(plan: Plan) -> Language:
    """The language that a recipe is written in, as far as its names and its description tell."""
    return language_of(
        " ".join([plan.name, str((plan.about or {}).get("description", "")), *(step.name for step in plan.steps)])
    )
