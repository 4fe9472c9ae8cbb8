"""Asks a model, as a run of a small recipe with one `llm_call`.

The one rule: everything that a call needs (who answers, retries, money counted and checked before it is spent) is
what `llm_call` does; nothing of it is done again here.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from recipe_engine.core.json import JSONObject
from recipe_engine.core.plan import Limits, Plan
from recipe_engine.engine import Engine
from recipe_engine.errors import RecipeError
from recipe_engine.runtime.protocol import ENDED
from recipe_engine.source import load
from recipe_engine.wiring import MEMORY, Parts, Wanted, open_parts

_RECIPE = """\
slug: generate
name: Generate a recipe
description: One question to a model.
category: engine
input_schema: {{type: object, required: [system, prompt], properties: {{system: {{type: string}}, prompt: {{type: string}}}}}}
limits: {{tokens: 10000000}}
steps:
  - id: {step}
    type: llm_call
    complexity: reason
    system_prompt: "{{{{ system }}}}"
    user_prompt: "{{{{ prompt | trusted }}}}"
    max_tokens: {max_tokens}
    timeout: {timeout}
"""
# Enough for a long recipe with its tests, and for thinking about them.
MAX_TOKENS = 16_000
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
# Answers that were paid for, by their question: text, cost and tokens of each.
Memory = MutableMapping[str, JSONObject]
_PATIENCE, _PATIENCE_WITH_PEOPLE = "15m", "7d"


class Unanswered(RecipeError):
    """The model gave no answer: `failure` is what the step recorded. `spent` is what was paid up to then, in US dollars."""

    def __init__(self, failure: JSONObject) -> None:
        detail = str(failure.get("detail") or "").partition("\n")[0].removesuffix(" and begins:")
        super().__init__(f"the model gave no answer: {failure['title']}", detail or None)
        self.code: str = failure["code"]
        self.spent = 0.0


class Asking:
    """A model that can be asked, several times, with a budget. `async with Asking(engine, 0.50) as model:`.

    `budget` is in US dollars, None for no limit; `provider` takes the place of the one that RECIPE_LLM names. `spent` is
    what the answers have cost so far, `tokens` what they consumed. What `memory` holds the answer to is not asked again,
    and what is asked is put there.
    """

    def __init__(
        self, engine: Engine, budget: float | None, provider: Any = None, memory: Memory | None = None
    ) -> None:
        self.spent = 0.0
        self.tokens = 0
        self._engine = engine
        self._budget = budget
        self._memory = {} if memory is None else memory
        self._services = {} if provider is None else {"llm": provider}
        self._parts: Parts | None = None

    async def __aenter__(self) -> Self:
        engine = self._engine
        wanted = Wanted(MEMORY, engine.plugins, engine.settings, engine.clock, services=self._services, engine=engine)
        self._parts = await open_parts(wanted)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parts is not None:
            await self._parts.close()

    async def ask(self, step: str, system: str, prompt: str, *, max_tokens: int = MAX_TOKENS) -> str:
        """The model's answer as text. `step` names the question where it is shown or scripted.

        Raises Unanswered; with the code `limit_cost` when the answer could cost more than is left.
        """
        assert self._parts is not None
        question = hashlib.sha256("\0".join((step, system, prompt, str(max_tokens))).encode()).hexdigest()
        said = self._memory.get(question)
        if said is not None:
            self.spent += said["cost"]
            self.tokens += said["tokens"]
            return str(said["text"])
        runtime = self._parts.runtime
        run = await runtime.start(self._plan(step, max_tokens), {"system": system, "prompt": prompt}, config={})
        view = await runtime.wait(run, ENDED)
        cost, tokens = float(view.usage.get("cost") or 0.0), sum(int(view.usage.get(name) or 0) for name in _TOKENS)
        self.spent += cost
        self.tokens += tokens
        if view.error is not None:
            raise Unanswered(view.error)
        self._memory[question] = {"text": str(view.output), "cost": cost, "tokens": tokens}
        return str(view.output)

    def _plan(self, step: str, max_tokens: int) -> Plan:
        by_hand = self._engine.settings.get("RECIPE_LLM") == "manual"
        patience = _PATIENCE_WITH_PEOPLE if by_hand else _PATIENCE
        document, problems = load(_RECIPE.format(step=step, max_tokens=max_tokens, timeout=patience), "generate.yml")
        assert document is not None, problems
        left = None if self._budget is None else max(self._budget - self.spent, 0.0)
        return replace(self._engine.compile(document), limits=Limits(cost=left))
