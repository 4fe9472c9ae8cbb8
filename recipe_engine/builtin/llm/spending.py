"""What a step has spent on models, and whether it may ask once more.

The one rule: money is checked before a call with the worst that the call can cost, and reported after it whatever
becomes of the answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from recipe_engine.builtin.llm import pricing
from recipe_engine.builtin.llm.ledger import Ledger, Purse, Share
from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest, Provider, TokenCounter, TokenUsage
from recipe_engine.builtin.llm.providers import hosted_model
from recipe_engine.builtin.llm.reading import tells_usage
from recipe_engine.builtin.llm.request import estimated_tokens
from recipe_engine.builtin.llm.routing import Choice
from recipe_engine.builtin.llm.sandbox import SandboxModel
from recipe_engine.plugin import Context, Terminal

DAILY_SETTING = "RECIPE_DAILY_COST_LIMIT"
DAILY_TABLE = "llm.cost"
_KEPT = 40 * 86_400.0


class Spending:
    """The account of one model in one attempt of a step. `free` is for who costs nothing: there is nothing to check.
    `share` is what is paid of the list's prices: half of them in batches."""

    def __init__(self, ctx: Context, choice: Choice, *, free: bool = False, share: float = 1.0) -> None:
        self._ctx = ctx
        self._share = share
        self._choice = choice
        self._free = free
        # Answers of tests, sandboxes and people say what they want; a vendor that says nothing is counted by estimate.
        self._estimates = not (free or hosted_model(ctx) is not None)
        self._asked: ModelRequest | None = None
        self._daily_limit = None if ctx.sandbox or free else _daily_limit(ctx)
        self._day = datetime.fromtimestamp(ctx.now, UTC).date().isoformat()

    @asynccontextmanager
    async def permitted(self, provider: Provider, request: ModelRequest) -> AsyncIterator[None]:
        """The time of one call, in which the most that it can cost is set aside.

        Input tokens are estimated high; when the estimate does not fit, a provider that counts is asked for the
        exact number. Raises Terminal `limit_tokens`, `limit_cost` or `limit_daily_cost`.
        """
        self._asked = None if isinstance(provider, SandboxModel) else request
        shares = [] if self._free else await self._reserved(provider, request)
        try:
            yield
        finally:
            if shares:
                self._ledger.release(shares)

    @asynccontextmanager
    async def all_permitted(self, requests: Sequence[ModelRequest]) -> AsyncIterator[None]:
        """The time in which questions are handed over that are all asked: the most that they can cost together is set
        aside. Raises as `permitted`."""
        each = [_worst(request, estimated_tokens(request)) for request in requests]
        costs = [self._price(worst) for worst in each]
        cost = None if None in costs else sum(cost for cost in costs if cost is not None)
        shares = [] if self._free else await self._set_aside(_sum(each), cost)
        try:
            yield
        finally:
            if shares:
                self._ledger.release(shares)

    @asynccontextmanager
    async def sum_permitted(self, cost: float) -> AsyncIterator[None]:
        """The time of a call that is not paid by tokens: what it can cost is set aside. Raises as `permitted`."""
        shares = await self._set_aside(TokenUsage(), cost)
        try:
            yield
        finally:
            self._ledger.release(shares)

    async def report(self, answer: ModelAnswer) -> None:
        """Add what an answer consumed to the step, the run's purses and the day."""
        used = self._used(answer)
        cost = self._price(used)
        tokens = {
            "input_tokens": used.input,
            "output_tokens": used.output,
            "cache_read_tokens": used.cache_read,
            "cache_write_tokens": used.cache_write_5m + used.cache_write_1h,
        }
        if cost is None:
            self._ctx.report_usage(**tokens)
            if _total(used):
                self._ctx.log(f"no price is known for the model {self._choice.model}: tokens are counted, money is not")
        else:
            self._ctx.report_usage(**tokens, cost=cost)
        self._add(("tokens", self._ctx.run_id), _total(used))
        await self._spent(cost or 0.0)

    async def report_sum(self, cost: float) -> None:
        """Add what a call cost that is not paid by tokens."""
        self._ctx.report_usage(cost=cost)
        await self._spent(cost)

    async def _spent(self, cost: float) -> None:
        self._add(("cost", self._ctx.run_id), cost)
        if self._daily_limit is not None and cost:
            purse = await self._day_purse(self._daily_limit)
            purse.spent += cost
            spent = self._daily_limit - purse.limit + purse.spent
            await self._ctx.store.put(DAILY_TABLE, self._day, round(spent, 9), _KEPT)

    def _used(self, answer: ModelAnswer) -> TokenUsage:
        """What an answer consumed: what its vendor says or, where nothing is said, an estimate that is rather too high."""
        if not self._estimates or self._asked is None or tells_usage(answer):
            return answer.usage
        self._ctx.log("the model's service does not say what the answer consumed: tokens are estimated")
        return TokenUsage(input=estimated_tokens(self._asked), output=estimated_output(answer, self._asked.max_tokens))

    @property
    def _ledger(self) -> Ledger:
        ledger: Ledger = self._ctx.tokens.setdefault("llm.ledger", Ledger())
        return ledger

    def _add(self, key: tuple[str, str], amount: float) -> None:
        purse = self._ledger.known(key)
        if purse is not None:
            purse.spent += amount

    async def _reserved(self, provider: Provider, request: ModelRequest) -> list[Share]:
        worst = _worst(request, estimated_tokens(request))
        shares = await self._shares(worst, self._price(worst))
        if isinstance(provider, TokenCounter) and any(share.amount > share.told for share in shares):
            counted = await provider.count_tokens(request)
            if counted is not None:
                worst = _worst(request, counted)
        return await self._set_aside(worst, self._price(worst))

    async def _set_aside(self, worst: TokenUsage, cost: float | None) -> list[Share]:
        shares = await self._shares(worst, cost)
        with self._ctx.untimed():
            short = await self._ledger.reserve(shares)
        if short is not None:
            raise self._refusal(short, worst)
        return shares

    async def _shares(self, worst: TokenUsage, cost: float | None) -> list[Share]:
        """What a call may take of the run's tokens, of its money and of the day's. `cost` is what it costs at worst, None
        when no price is known."""
        ctx, shares = self._ctx, []
        if ctx.tokens_left is not None:
            purse = self._ledger.purse(("tokens", ctx.run_id), ctx.tokens_left)
            shares.append(Share(purse, min(ctx.tokens_left, purse.limit - purse.spent), _total(worst)))
        if ctx.cost_left is None and self._daily_limit is None:
            return shares
        if cost is None:
            limit = "limits.cost" if ctx.cost_left is not None else DAILY_SETTING
            raise Terminal(
                f"no price is known for the model {self._choice.model}, so {limit} cannot be kept",
                code="limit_cost",
                detail="give its price in the file of RECIPE_MODELS (0 for a model of your own), choose a model with a "
                "known price, or limit tokens instead (limits.tokens)",
            )
        if ctx.cost_left is not None:
            purse = self._ledger.purse(("cost", ctx.run_id), ctx.cost_left)
            shares.append(Share(purse, min(ctx.cost_left, purse.limit - purse.spent), cost))
        if self._daily_limit is not None:
            purse = await self._day_purse(self._daily_limit)
            shares.append(Share(purse, purse.limit - purse.spent, cost))
        return shares

    async def _day_purse(self, limit: float) -> Purse:
        """The purse of this day: the limit less what the database says was spent before this process."""
        key = ("day", self._day)
        known = self._ledger.known(key)
        if known is None:
            spent = await self._ctx.store.get(DAILY_TABLE, self._day)
            known = self._ledger.purse(key, limit - (spent if isinstance(spent, int | float) else 0.0))
        return known

    def _refusal(self, short: Share, worst: TokenUsage) -> Terminal:
        numbers = f"up to {_total(worst)} tokens: about {_prompt(worst)} in, at most {worst.output} out"
        left = max(short.purse.free(short.told), 0)
        advice = "lower max_tokens, shorten the prompt or raise"
        if not _total(worst):
            numbers, advice = "the recording is paid by its length", "shorten it or raise"
        if short.purse is self._ledger.known(("tokens", self._ctx.run_id)):
            return Terminal(
                f"this call could use {_total(worst)} tokens; the run may use {left:.0f} more",
                code="limit_tokens",
                detail=f"{numbers}; {advice} limits.tokens",
            )
        if short.purse is self._ledger.known(("cost", self._ctx.run_id)):
            return Terminal(
                f"this call could cost ${short.amount:.6f}; the run may spend ${left:.6f} more",
                code="limit_cost",
                detail=f"{numbers}; {advice} limits.cost",
            )
        return Terminal(
            f"this call could cost ${short.amount:.6f}; all runs may spend ${left:.6f} more today",
            code="limit_daily_cost",
            detail=f"{numbers}; the day ends at midnight UTC; {advice} {DAILY_SETTING}",
        )

    def _price(self, usage: TokenUsage) -> float | None:
        facts = self._choice.facts
        return pricing.cost(facts.prices, usage, self._ctx.now) * self._share if facts and facts.prices else None


def estimated_output(answer: ModelAnswer, most: int) -> int:
    """Tokens of an answer whose vendor does not count them: never more than were asked for."""
    return min(-(-len(answer.text.encode()) // 2), most)


def _worst(request: ModelRequest, prompt: int) -> TokenUsage:
    """The most that a request can consume; writing the vendor's cache costs more than reading the prompt."""
    if request.cached:
        return TokenUsage(cache_write_5m=prompt, output=request.max_tokens)
    return TokenUsage(input=prompt, output=request.max_tokens)


def _sum(usages: Sequence[TokenUsage]) -> TokenUsage:
    return TokenUsage(sum(_prompt(usage) for usage in usages), sum(usage.output for usage in usages))


def _prompt(usage: TokenUsage) -> int:
    return usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h


def _total(usage: TokenUsage) -> int:
    return _prompt(usage) + usage.output


def _daily_limit(ctx: Context) -> float | None:
    """Raises Terminal `not_configured` when the setting is no amount."""
    text = ctx.settings.get(DAILY_SETTING)
    if not text:
        return None
    try:
        limit = float(text.removesuffix("USD").removeprefix("$").strip())
    except ValueError:
        limit = -1.0
    if not 0 <= limit < float("inf"):
        raise Terminal(
            f"{DAILY_SETTING} is {text!r}; expected an amount in US dollars such as 5.00", code="not_configured"
        )
    return limit
