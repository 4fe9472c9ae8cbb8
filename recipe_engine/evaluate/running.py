"""All needs of a file: asked, a few at a time, within one purse, and scored.

The one rule: whatever becomes of one need, the others go on. Money is reserved before a need is begun, so that needs
asked at the same time cannot spend it twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from recipe_engine.engine import Engine
from recipe_engine.evaluate.model import Need
from recipe_engine.evaluate.results import Results, Said
from recipe_engine.evaluate.scoring import score
from recipe_engine.evaluate.verdict import Verdict, totals
from recipe_engine.generate import Bounds, Example, Generated, Unanswered, generate

# The engine whose settings say who answers this need, and a provider in its place.
EngineFor = Callable[[Need], Engine]
Provider = object
ProviderFor = Callable[[Need], Provider | None]
Tell = Callable[[str], None]


# Ways in which a model's last answer may end that are its own doing, or ours: no reason to ask again.
_ENDS = frozenset({"limit_cost", "limit_tokens", "truncated", "refused", "context_too_long", "no_scripted_answer"})


def _no_provider(_: Need) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Terms:
    """What an evaluation may take: rounds and US dollars for each need, dollars for all (None for no limit), and how many
    needs are asked at the same time."""

    bounds: Bounds = field(default_factory=Bounds)
    limit: float | None = None
    jobs: int = 2


@dataclass(slots=True)
class Evaluation:
    """An evaluation under way. `engine_for` gives the engine of a need, `provider_for` what answers instead of the model
    that its settings name."""

    engine_for: EngineFor
    results: Results
    terms: Terms = field(default_factory=Terms)
    provider_for: ProviderFor = _no_provider
    tell: Tell = lambda _: None
    remembers: bool = True
    _purse: _Purse = field(init=False)

    async def run(self, needs: Sequence[Need]) -> list[Verdict]:
        """What the needs came to, in their order."""
        self._purse = _Purse(self.terms.limit, self.terms.bounds.budget)
        places = asyncio.Semaphore(self.terms.jobs)

        async def one(need: Need) -> Verdict:
            async with places:
                verdict = await self._one(need)
            self.results.keep(need.id, verdict.to_json())
            self.tell(f"{need.id}: {verdict.result}" + (f": {verdict.reason}" if verdict.reason else ""))
            return verdict

        found = await asyncio.gather(*(one(need) for need in needs))
        self.results.verdicts = {verdict.need: self.results.verdicts[verdict.need] for verdict in found}
        self.results.totals = totals(found)
        self.results.write()
        return list(found)

    async def _one(self, need: Need) -> Verdict:
        budget = await self._purse.take()
        if budget == 0.0:
            return _without(need, "stopped", "the limit of cost is reached")
        said = self.results.memory(need.id) if self.remembers else None
        began, spent = time.perf_counter(), 0.0
        try:
            engine = self.engine_for(need)
            made = await self._made(need, engine, said, budget)
            spent = made.cost
            verdict = await score(need, made, engine)
            if verdict.result == "draft" and made.stopped_by and made.stopped_by not in _ENDS:
                verdict = replace(verdict, result="unanswered", why=made.stopped)
        except Unanswered as error:
            spent = error.spent
            short = error.code == "limit_cost" and budget != self.terms.bounds.budget
            verdict = replace(_without(need, "stopped" if short else "unanswered", _told(error)), cost=spent)
        finally:
            await self._purse.settle(budget, spent - (said.again if said is not None else 0.0))
        return replace(verdict, seconds=time.perf_counter() - began)

    async def _made(self, need: Need, engine: Engine, said: Said | None, budget: float | None) -> Generated:
        return await generate(
            need.need,
            engine=engine,
            domain=need.domain,
            examples=tuple(Example(name, text) for name, text in need.examples.items()),
            bounds=replace(self.terms.bounds, budget=budget),
            provider=self.provider_for(need),
            folder=Path(),
            tell=lambda line: self.tell(f"{need.id}: {line}"),
            memory=said,
        )


class _Purse:
    """The money for all needs. A need waits for its share while others that hold theirs may give some back."""

    def __init__(self, limit: float | None, share: float | None) -> None:
        self._left = limit
        self._share = share
        self._held = 0
        self._changed = asyncio.Condition()

    async def take(self) -> float | None:
        """The budget of one need; 0 when nothing is left."""
        async with self._changed:
            if self._left is None:
                return self._share
            await self._changed.wait_for(lambda: self._held == 0 or self._has_a_whole_share())
            taken = self._left if self._share is None else min(self._share, self._left)
            if taken <= 0:
                return 0.0
            self._left -= taken
            self._held += 1
            return taken

    def _has_a_whole_share(self) -> bool:
        return self._left is not None and self._share is not None and self._left >= self._share

    async def settle(self, taken: float | None, spent: float) -> None:
        """Put back what was not spent in this sitting."""
        async with self._changed:
            if self._left is not None and taken is not None:
                self._left += taken - spent
                self._held -= 1
            self._changed.notify_all()


def _told(error: Unanswered) -> str:
    return error.message + (f" ({error.hint})" if error.hint else "")


def _without(need: Need, result: str, why: str) -> Verdict:
    return Verdict(need.id, need.language, need.level, result, why=why)  # type: ignore[arg-type]  # one of its words


async def evaluate(needs: Sequence[Need], evaluation: Evaluation) -> list[Verdict]:
    """What needs came to; see Evaluation."""
    return await evaluation.run(needs)
