"""What a step asked, as far as its recorded parameters do not tell: who was asked, and the answers that were sent back.

The one rule: as little as will do. The journal has the parameters, and the same code builds the same question of them; so what
is kept is the choice that settings made (once for a step of a run), and the text of answers that did not fit (where
there were any), for forty days, in the values of the database, where a person's traces are erased as everywhere.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

from recipe_engine.builtin.llm.answer import bounded
from recipe_engine.builtin.llm.words import ASKED_IN_WORDS, NO_EFFORT

if TYPE_CHECKING:
    from recipe_engine.builtin.llm.fallback import Candidate
    from recipe_engine.builtin.llm.provider import ModelAnswer
    from recipe_engine.plugin import Context, JSONObject

TABLE = "llm.asked"
KEPT = 40 * 86_400.0
# Of one answer that was sent back (characters), of one step (models asked, the last ones), of steps remembered here.
MAX_TEXT = 20_000
MAX_ASKED = 6
_MOST_STEPS = 1024
_INDEX = re.compile(r"\[\d+\]")


def key_of(run: str, path: str) -> str:
    """Where what the step at `path` asked is kept."""
    return f"{run}/{path}"


def key_of_all(run: str, path: str) -> str:
    """Where the choice is kept that holds for all items of a loop."""
    return key_of(run, _INDEX.sub("[]", path))


class Record:
    """What one attempt of a step asks."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._asked: list[JSONObject] = []

    def asks(self, candidate: Candidate) -> None:
        """A model is asked."""
        choice = candidate.choice
        self._asked.append(
            {
                "provider": candidate.provider,
                "model": choice.model,
                "max_tokens": choice.max_tokens,
                "effort": choice.effort,
                "thinking": choice.thinking,
                "rejected": [],
            }
        )

    def answered(self, answer: ModelAnswer) -> None:
        """It answered; a server that took the question only in another form says so in its notes."""
        last = self._asked[-1]
        last |= {"in_words": True} if any(ASKED_IN_WORDS in note for note in answer.notes) else {}
        last |= {"no_effort": True} if any(NO_EFFORT in note for note in answer.notes) else {}

    def rejects(self, answer: ModelAnswer) -> None:
        """Its answer does not fit and is sent back."""
        self._asked[-1]["rejected"].append(bounded(answer.text, MAX_TEXT))

    async def keep(self) -> None:
        """Keep what was asked."""
        ctx = self._ctx
        if ctx.sandbox or not self._asked:
            return
        if len(self._asked) == 1 and not self._asked[0]["rejected"] and await self._is_the_usual(self._asked[0]):
            return
        key = key_of(ctx.run_id, ctx.path)
        earlier = await ctx.store.get(TABLE, key)
        asked = [*(earlier["asked"] if isinstance(earlier, dict) else ()), *self._asked][-MAX_ASKED:]
        await ctx.store.put(TABLE, key, {"asked": asked}, KEPT)

    async def _is_the_usual(self, choice: JSONObject) -> bool:
        """Whether this choice is what is kept for the step in all items of a loop; it is when nothing was kept yet."""
        ctx, key = self._ctx, key_of_all(self._ctx.run_id, self._ctx.path)
        known: _Known = ctx.tokens.setdefault("llm.asked", _Known())
        usual = known.of(key)
        if usual is None:
            found = await ctx.store.get(TABLE, key)
            usual = found["asked"][0] if isinstance(found, dict) else choice
            if found is None:
                await ctx.store.put(TABLE, key, {"asked": [choice]}, KEPT)
            known.keep(key, usual)
        return usual == choice


class _Known:
    """The usual choices that this process kept, the longest unused forgotten first."""

    def __init__(self) -> None:
        self._choices: OrderedDict[str, JSONObject] = OrderedDict()

    def of(self, key: str) -> JSONObject | None:
        """The choice kept under a key, None when it is not remembered."""
        if key in self._choices:
            self._choices.move_to_end(key)
        return self._choices.get(key)

    def keep(self, key: str, choice: JSONObject) -> None:
        """Remember a choice."""
        self._choices[key] = choice
        if len(self._choices) > _MOST_STEPS:
            self._choices.popitem(last=False)
