"""Runs one case: starts the recipe, lets happen what the case says, and gathers what there is to look at.

The one rule: whatever goes wrong is something to report about the case, never an exception for the runner.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from recipe_engine.attachments import attached
from recipe_engine.core import events as ev
from recipe_engine.core.advance import replay
from recipe_engine.core.events import Entry
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Plan
from recipe_engine.core.state import State
from recipe_engine.errors import InvalidInput, RecipeError
from recipe_engine.inputs import fitted
from recipe_engine.plugin import ActionError, Catalog, Effect
from recipe_engine.runtime.protocol import RunView
from recipe_engine.testing.matching import Miss
from recipe_engine.testing.model import ApprovalAt, Case, EventAt
from recipe_engine.testing.world import LogLine, World

RUN = "test"
# A case of ten days takes milliseconds; one that takes this long (in real seconds) does not end.
LONGEST = 60.0
_UNSCRIPTED = "no_scripted_answer"


@dataclass(slots=True)
class Outcome:
    """What a case came to. `view` and `state` are None when no run began; `refused` lists the fields of an input that was
    refused; `troubles` are what went wrong with the case itself."""

    view: RunView | None = None
    state: State | None = None
    journal: list[Entry] = field(default_factory=list)
    refused: list[str] | None = None
    effects: list[Effect] = field(default_factory=list)
    logged: list[LogLine] = field(default_factory=list)
    model_requests: list[JSONObject] = field(default_factory=list)
    vendors: JSONObject = field(default_factory=dict)
    troubles: list[Miss] = field(default_factory=list)
    seconds: float = 0.0
    virtual_seconds: float = 0.0


async def run(plan: Plan, case: Case, catalog: Catalog) -> Outcome:
    """What a case comes to."""
    outcome = Outcome()
    began = time.perf_counter()
    try:
        world = World(catalog, case)
    except (ValueError, ActionError) as error:
        outcome.troubles.append(Miss("vendors", "state that the sandbox can keep", str(error)))
    else:
        await _run_in(world, plan, case, outcome)
    outcome.seconds = time.perf_counter() - began
    return outcome


async def _run_in(world: World, plan: Plan, case: Case, outcome: Outcome) -> None:
    await world.runtime.open()
    await world.keep(case.kept)
    try:
        async with asyncio.timeout(LONGEST):
            given = await _given(world, plan, case, outcome)
            if given is not None:
                await _live_through(world, plan, case, given, outcome)
    except TimeoutError:
        outcome.troubles.append(Miss("the case", "an end", f"still going on after {LONGEST:g} real seconds"))
    finally:
        _look(world, case, outcome)
        await world.runtime.close()


async def _given(world: World, plan: Plan, case: Case, outcome: Outcome) -> tuple[JSON, JSON] | None:
    """Input and config as a run takes them; None when they were refused."""
    try:
        given = await attached(plan.input_schema, case.input, world.blobs)
        return fitted("input", plan.input_schema, given), fitted("config", plan.config_schema, case.config)
    except InvalidInput as error:
        if error.what == "input" and case.expect.invalid_input is not None:
            outcome.refused = [problem.path for problem in error.problems]
        else:
            outcome.troubles += [Miss(_dotted(error.what, it.path), it.expected, it.found) for it in error.problems]
    except RecipeError as error:
        outcome.troubles.append(Miss("input", "an input that can be read", error.message))
    return None


def _dotted(what: str, path: str) -> str:
    return f"{what}.{path}" if path else what


async def _live_through(world: World, plan: Plan, case: Case, given: tuple[JSON, JSON], outcome: Outcome) -> None:
    """The run from its start until nothing is left to wait for."""
    await world.runtime.start(plan, given[0], config=given[1], run_id=RUN, mode={"sandbox": True})
    happenings: list[EventAt | ApprovalAt] = [*case.events, *case.approvals]
    for happening in sorted(happenings, key=lambda item: item.at.moment(case.start)):
        await _pass_time(world, case, happening.at.moment(case.start))
        await _let_happen(world, case, happening, outcome)
    await _pass_time(world, case, None)
    outcome.view = await world.runtime.get(RUN)
    outcome.journal = await world.runtime.journal(RUN)
    outcome.state = replay(plan, outcome.journal)
    outcome.virtual_seconds = outcome.journal[-1].at - outcome.journal[0].at
    outcome.troubles += _unscripted(outcome.journal)


async def _let_happen(world: World, case: Case, happening: EventAt | ApprovalAt, outcome: Outcome) -> None:
    if isinstance(happening, EventAt):
        await world.runtime.send(happening.event, happening.data, event_id=happening.id)
        return
    try:
        await world.runtime.approve(RUN, happening.step, happening.approved, happening.by, happening.fields)
    except RecipeError as error:
        number = case.approvals.index(happening)
        outcome.troubles.append(Miss(f"approvals[{number}]", "a step that waits for an approval then", error.message))


async def _pass_time(world: World, case: Case, until: float | None) -> None:
    """Let virtual time pass, up to `until`, or until nothing is left to wait for."""
    if not case.crash:
        await world.runtime.until_idle(until)
        return
    while True:
        await world.runtime.until_idle(world.clock.now())
        if (await world.runtime.get(RUN)).status == "waiting":
            await world.crash()
            await world.runtime.until_idle(world.clock.now())
        due = world.clock.next_due()
        if due is None or (until is not None and due > until):
            await world.runtime.until_idle(until)
            return
        await world.runtime.until_idle(due)


def _unscripted(journal: list[Entry]) -> Iterator[Miss]:
    """Requests that the case has no answer for: always worth telling, though the recipe may have coped with them."""
    seen: set[str] = set()
    for event in (event for entry in journal for event in entry.events):
        if isinstance(event, ev.ActionFailed) and event.failure.code == _UNSCRIPTED and event.path not in seen:
            seen.add(event.path)
            found = ": ".join(part for part in (event.failure.title, event.failure.detail) if part)
            yield Miss(f"steps.{event.path}", "a scripted answer", found)


def _look(world: World, case: Case, outcome: Outcome) -> None:
    """Gather what is left in the world."""
    outcome.effects = list(world.effects)
    outcome.logged = list(world.logged)
    outcome.model_requests = world.model_requests()
    outcome.vendors = {name: world.host.sandbox(name).state() for name in case.expect.vendors}
