"""What a for_each with `batch: true` becomes: its questions are handed over together, then its steps run as ever.

    _each_asked     for_each    the fields of the llm_call, of every item
    _each_sent      llm.send_batch
    _each_answered  repeat      llm.batch_status, until the batches have ended
    each            for_each    the author's own, whose llm_call looks for its answer in the batches first

The one rule: all of it stands in one group that has the author's `if`, time limit and `on_error`. Names that begin with
`_` are the engine's: no author can write one.
"""

from __future__ import annotations

from dataclasses import replace

from recipe_engine.compile.context import Analysis
from recipe_engine.core import plan as core
from recipe_engine.model import ActionStep, ForEachStep, Path

# How often the vendor is asked (seconds), and how often at most: batches end within 24 hours.
EVERY = 60.0
_ROUNDS = 60 * 25
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
        asked = core.Set({"item": f"{{{{ {do.as_} }}}}", "question": model.do.params})
        questions = core.ForEach(do.items, do.as_, self._block((self._new(f"{name}_question", asked),)))
        sent = core.Perform(
            "llm.send_batch", {"questions": f"{{{{ {name}_asked.results | map('question') }}}}"}, "read"
        )
        status = core.Perform("llm.batch_status", {"ids": f"{{{{ {name}_sent.ids }}}}"}, "read")
        watched = core.Repeat(
            f"{name}_status.ended",
            self._block((self._new(f"{name}_status", status, "llm.batch_status"),)),
            every=EVERY,
            max_rounds=_ROUNDS,
        )
        batched = f"{{'ids': {name}_sent.ids, 'place': {name}_index}}"
        self._steps[first] = replace(
            model,
            do=replace(
                model.do,
                params=f"{{{{ {name}_asked.results[{name}_index].question | merge({{'batched': {batched}}}) }}}}",
            ),
        )
        inner = replace(do, items=f"{name}_asked.results | map('item')", index_as=f"{name}_index")
        body = self._block(
            (
                self._new(f"{name}_asked", questions),
                self._new(f"{name}_sent", sent, "llm.send_batch"),
                self._new(f"{name}_answered", watched),
                self._add(replace(loop, do=inner, if_=None, timeout=None)),
            )
        )
        return core.Step(
            f"{name}_batch", loop.name, core.BETWEEN, core.Group(body),
            if_=loop.if_, timeout=loop.timeout, on_error=loop.on_error, line=loop.line,
        )  # fmt: skip

    def _add(self, step: core.Step) -> int:
        self._steps.append(step)
        return len(self._steps) - 1

    def _block(self, steps: tuple[int, ...]) -> int:
        self._blocks.append(steps)
        return len(self._blocks) - 1

    def _new(self, id_: str, do: core.Do, type_: str = core.BETWEEN) -> int:
        retry = core.Retry(attempts=5, wait=5.0) if isinstance(do, core.Perform) else None
        timeout = 600.0 if isinstance(do, core.Perform) else None
        return self._add(core.Step(id_, id_, type_, do, retry=retry, timeout=timeout, line=self._loop.line))
