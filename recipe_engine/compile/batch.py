"""What a for_each with `batch: true` becomes: its questions are handed over together, then its steps run as ever.

    _each_asked     for_each    the fields of the llm_call, of every item: what is handed over
    _each_sent      llm.send_batch
    _each_answered  repeat      llm.batch_status, until the batches have ended
    each            for_each    the author's own, whose llm_call looks for its answer in the batches first

The one rule: all of it stands in one group that has the author's `if`, time limit and `on_error`. Names that begin with
`_` are the engine's: no author can write one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from recipe_engine.compile.context import Analysis
from recipe_engine.core import plan as core
from recipe_engine.core.json import JSON
from recipe_engine.model import ActionStep, ForEachStep, Path

# How often the vendor is asked (seconds), and how often at most: batches end within 24 hours.
EVERY = 60.0
_ROUNDS = 60 * 25
_RETRY = core.Retry(attempts=5, wait=5.0)
# An outage of the vendor while answers are waited for costs nothing but time: two days of it at most.
_PATIENT = core.Retry(attempts=600, wait=5.0)
_ASK_ONE_BY_ONE = "`batch` needs an llm_call as the first of the steps, without `if`, `tools` and `conversation`"


def check_batch(analysis: Analysis, step: ForEachStep, path: Path) -> None:
    """Report a batch that cannot be one."""
    if step.batch and not _can_be_one(step):
        analysis.problems.add(
            "R621",
            _ASK_ONE_BY_ONE,
            (*path, "batch"),
            "leave `batch` out, or put what comes before into a loop of its own",
        )


def _can_be_one(step: ForEachStep) -> bool:
    first = step.steps[0] if step.steps else None
    alone = isinstance(first, ActionStep) and first.type == "llm_call" and first.if_ is None
    return alone and isinstance(first, ActionStep) and not first.params.keys() & {"tools", "conversation"}


class Batch:
    """The steps around a lowered for_each, put beside it into the steps and blocks of its plan."""

    def __init__(self, loop: core.Step, steps: list[core.Step], blocks: list[tuple[int, ...]]) -> None:
        self._loop = loop
        self._steps = steps
        self._blocks = blocks

    def around(self) -> core.Step:
        """The group in the place of the loop."""
        loop, do = self._loop, self._loop.do
        assert isinstance(do, core.ForEach)
        name = f"_{loop.id}"
        first = self._blocks[do.body][0]
        model = self._steps[first]
        assert isinstance(model.do, core.Perform)
        assert isinstance(model.do.params, dict)
        batched = {
            "ids": f"{{{{ {name}_sent.ids }}}}",
            "place": f"{{{{ {name}_index }}}}",
            "question": f"{{{{ {name}_asked.results[{name}_index].question }}}}",
        }
        # The author's own fields stay: what is asked directly is asked as ever, and fails as ever.
        self._steps[first] = replace(model, do=replace(model.do, params={**model.do.params, "batched": batched}))
        inner = replace(do, items=f"{name}_asked.results | map('item')", index_as=f"{name}_index")
        body = self._block(
            self._new(f"{name}_asked", self._questions(name, do, model.do.params)),
            self._new(f"{name}_sent", self._sent(name), "llm.send_batch", called="questions handed over"),
            self._new(f"{name}_answered", self._answered(name), on_error="continue"),
            self._add(replace(loop, do=inner, if_=None, timeout=None)),
        )
        return core.Step(
            f"{name}_batch", loop.name, core.BETWEEN, core.Group(body),
            if_=loop.if_, timeout=loop.timeout, on_error=loop.on_error, line=loop.line,
        )  # fmt: skip

    def _questions(self, name: str, loop: core.ForEach, params: JSON) -> core.ForEach:
        """The questions of all items, none of an item whose question cannot be said: its own step will say why."""
        item = f"{{{{ {loop.as_} }}}}"
        none = self._block(self._new(f"{name}_none", core.Set({"item": item, "question": None})))
        asked = self._new(f"{name}_question", core.Set({"item": item, "question": params}), on_error=none)
        return core.ForEach(loop.items, loop.as_, self._block(asked))

    def _sent(self, name: str) -> core.Perform:
        questions = f"{{{{ {name}_asked.results | map('question') }}}}"
        return core.Perform("llm.send_batch", {"questions": questions}, "read")

    def _answered(self, name: str) -> core.Repeat:
        """The wait for the answers. When it fails, there are none, and every question is asked directly."""
        status = core.Perform("llm.batch_status", {"ids": f"{{{{ {name}_sent.ids }}}}"}, "read")
        looked = self._new(
            f"{name}_status", status, "llm.batch_status", retry=_PATIENT, called="are the answers there?"
        )
        return core.Repeat(f"{name}_status.ended", self._block(looked), every=EVERY, max_rounds=_ROUNDS)

    def _add(self, step: core.Step) -> int:
        self._steps.append(step)
        return len(self._steps) - 1

    def _block(self, *steps: int) -> int:
        self._blocks.append(steps)
        return len(self._blocks) - 1

    def _new(
        self,
        id_: str,
        do: core.Do,
        type_: str = core.BETWEEN,
        *,
        called: str = "",
        retry: core.Retry = _RETRY,
        on_error: Literal["fail", "continue"] | int = "fail",
    ) -> int:
        performs = isinstance(do, core.Perform)
        again, timeout = (retry, 600.0) if performs else (None, None)
        line = self._loop.line
        return self._add(core.Step(id_, called or id_, type_, do, None, again, timeout, on_error, line))
