"""What a step has spent on models, and whether it may ask once more.

The one rule: money is checked before a call with the worst that the call can cost, and reported after it whatever
becomes of the answer.
"""

from __future__ import annotations

from dataclasses import replace

from recipe_engine.builtin.llm import pricing
from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest, Provider, TokenCounter, TokenUsage
from recipe_engine.builtin.llm.request import estimated_tokens
from recipe_engine.builtin.llm.routing import Choice
from recipe_engine.plugin import Context, Terminal


class Spending:
    """The account of one attempt. What the run may still spend was settled when the attempt began."""

    def __init__(self, ctx: Context, choice: Choice) -> None:
        self._ctx = ctx
        self._choice = choice
        self._cost = 0.0
        self._tokens = 0

    async def permit(self, provider: Provider, request: ModelRequest) -> None:
        """Return when the run's limits hold even if this call costs the most it can.

        Input tokens are estimated high; when the estimate does not fit, a provider that counts is asked for the
        exact number. Raises Terminal `limit_tokens` or `limit_cost`.
        """
        if self._ctx.cost_left is None and self._ctx.tokens_left is None:
            return
        worst = TokenUsage(input=estimated_tokens(request), output=request.max_tokens)
        problem = self._problem(worst)
        if problem and isinstance(provider, TokenCounter):
            counted = await provider.count_tokens(request)
            if counted is not None:
                problem = self._problem(replace(worst, input=counted))
        if problem:
            raise problem

    def report(self, answer: ModelAnswer) -> None:
        """Add what an answer consumed to the step."""
        used = answer.usage
        cost = self._price(used)
        self._tokens += _total(used)
        tokens = {
            "input_tokens": used.input,
            "output_tokens": used.output,
            "cache_read_tokens": used.cache_read,
            "cache_write_tokens": used.cache_write_5m + used.cache_write_1h,
        }
        if cost is None:
            self._ctx.report_usage(**tokens)
            if self._tokens:
                self._ctx.log(f"no price is known for the model {self._choice.model}: tokens are counted, money is not")
            return
        self._cost += cost
        self._ctx.report_usage(**tokens, cost=cost)

    def _problem(self, worst: TokenUsage) -> Terminal | None:
        tokens_left, cost_left = self._ctx.tokens_left, self._ctx.cost_left
        numbers = f"up to {_total(worst)} tokens: about {worst.input} in, at most {worst.output} out"
        if tokens_left is not None and _total(worst) > tokens_left - self._tokens:
            return Terminal(
                f"this call could use {_total(worst)} tokens; the run may use {max(tokens_left - self._tokens, 0)} more",
                code="limit_tokens",
                detail=f"{numbers}; lower max_tokens, shorten the prompt or raise limits.tokens",
            )
        if cost_left is None:
            return None
        cost = self._price(worst)
        if cost is None:
            return Terminal(
                f"no price is known for the model {self._choice.model}, so limits.cost cannot be kept",
                code="limit_cost",
                detail="choose a model with a known price, or limit tokens instead (limits.tokens)",
            )
        if cost > cost_left - self._cost:
            return Terminal(
                f"this call could cost ${cost:.6f}; the run may spend ${max(cost_left - self._cost, 0):.6f} more",
                code="limit_cost",
                detail=f"{numbers}; lower max_tokens, shorten the prompt or raise limits.cost",
            )
        return None

    def _price(self, usage: TokenUsage) -> float | None:
        facts = self._choice.facts
        return pricing.cost(facts.prices, usage, self._ctx.now) if facts else None


def _total(usage: TokenUsage) -> int:
    return usage.input + usage.output + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
