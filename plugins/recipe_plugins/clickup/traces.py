"""What an interrupted step left on a task: its comment, or its file.

The one rule: before something is put on a task, a note says when; afterwards its id is claimed for the step. So a step that
was interrupted knows since when to look, and never takes what another step put there for its own.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import Context, Retryable

# How long notes and claims are kept (seconds): longer than a process is down.
KEEP = 30 * 86_400.0
BEGUN, TAKEN = "clickup: begun", "clickup: taken"
# How far ClickUp's clock and ours may lie apart (seconds).
SKEW = 120.0
# Until then what is not on the task may still come to be there (seconds).
SETTLED = 60.0


async def begin(ctx: Context) -> None:
    """Note that this step puts something on a task now."""
    if not ctx.dry_run:
        await ctx.store.put(BEGUN, ctx.key, {"at": ctx.now}, KEEP)


async def begun_at(ctx: Context) -> float:
    """Since when to look (seconds since 1970). Raises Retryable when that is not noted."""
    note: Any = await ctx.store.get(BEGUN, ctx.key)
    if note is None:
        raise Retryable("it is not noted when the step began, so ClickUp cannot be asked for what it did")
    at: float = note["at"]
    return at - SKEW


async def claim(ctx: Context, id_: str) -> bool:
    """Whether what has this id is this step's: no other step has claimed it."""
    return await ctx.store.claim(TAKEN, id_, ctx.key, KEEP)


def not_there(ctx: Context, since: float) -> None:
    """Nothing is there. Raises Retryable while that may still change."""
    age = ctx.now - since - SKEW
    if age < SETTLED:
        raise Retryable(f"ClickUp shows nothing {age:.0f} s after the step began; it may still come to be shown")


def seconds_of(answered: Any) -> float:
    """A moment as ClickUp answers it (a number, or a text of one), in seconds since 1970."""
    return int(answered) / 1000
