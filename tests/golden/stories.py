"""Runs told by hand, one of each kind of thing that can happen; `python -m tests.golden.stories` records those that have no
journal yet. A recorded journal is never written again: it stands for the databases of users."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from recipe_engine.core import events as ev
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import (
    Branch,
    Call,
    Case,
    ForEach,
    Group,
    Lane,
    Limits,
    Parallel,
    Plan,
    Repeat,
    Retry,
    Set,
    Stop,
    Wait,
)
from recipe_engine.core.view import run_view
from tests.unit.core.helpers import BUSY, LOST, Hand, act, plan, step

JOURNALS = Path(__file__).parent / "journals"


def retries_and_a_branch() -> Hand:
    made = plan(
        [
            act("classify", {"text": "{{ message }}"}, retry=Retry(3, 2.0)),
            step("route", Branch((Case("classify.sure", 1),), 2)),
            act("skipped", if_="false"),
        ],
        [act("yes", {"id": "{{ classify.id }}"})],
        [act("no")],
        limits=Limits(cost=1.0, duration=3600.0),
        output={"id": "{{ yes.id }}"},
        has_output=True,
    )
    run = Hand(made, {"message": "Bonjour"}, config={"a": 1}, event={"id": "e"})
    run.fail(
        "classify", Failure("rate_limit", "slow down", "later", retryable=True, retry_after=3.0, data={"status": 429})
    )
    run.fire("classify", 3)
    run.answer("classify", {"sure": True, "id": 4}, ev.Usage(10, 5, 2, 1, 0.01))
    run.answer("yes", {"id": 5})
    return run


def waits_of_every_kind() -> Hand:
    made = plan(
        [
            step("pause", Wait(duration="15m")),
            step("until", Wait(until="when")),
            step("reply", Wait(event="replied", match={"email": "{{ email }}"}, on_timeout=1), timeout=60.0),
            step("ok", Wait(approval={"ask": "ok?", "to": "boss@example.org"}), timeout=60.0),
        ],
        [act("remind")],
    )
    run = Hand(made, {"email": "a@example.org", "when": "2030-01-01T00:00:00Z"})
    run.fire("pause", 900)
    run.fire("until", 2e9)
    run.fire("reply", 60)
    run.answer("remind")
    run.feed(ev.RunPaused("ops", "lunch"))
    run.feed(ev.ApprovalGiven("ok", run.seq("ok"), True, "Dominique", {"n": 1}))
    run.feed(ev.RunResumed("ops"))
    return run


def loops_and_lanes() -> Hand:
    made = plan(
        [
            step(
                "each",
                ForEach("items", "it", 1, concurrency=2, pace_count=2, pace_seconds=5.0, on_item_error="collect"),
            ),
            step("job", Repeat("poll.done", 2, every=30.0), timeout=300.0),
            step("both", Parallel((Lane("a", 3), Lane("b", 4)))),
        ],
        [act("one", {"n": "{{ it }}"})],
        [act("poll")],
        [act("left")],
        [step("right", Set({"x": 1}))],
    )
    run = Hand(made, {"items": [1, 2, 3]})
    run.answer("each[0]/one", "A")
    run.fail("each[1]/one")
    run.fire("each", 5)
    run.answer("each[2]/one", "C")
    run.answer("job[0]/poll", {"done": False})
    run.fire("job", 30)
    run.answer("job[1]/poll", {"done": True})
    run.answer("left", 2)
    return run


def doubt_and_a_hand() -> Hand:
    made = plan([act("pay", effect="once"), act("thank")])
    run = Hand(made)
    run.fail("pay", LOST)
    run.feed(ev.StepResolved("pay", run.seq("pay"), "retry", "ops"))
    run.fail("pay", LOST)
    run.feed(ev.StepResolved("pay", run.seq("pay"), "done", "ops", {"id": 1}))
    run.answer("thank")
    return run


def called_recipe_that_fails_in_a_group() -> Hand:
    called = Plan("refund", "Refund", (act("x"), act("alert")), ((0,), (1,)), 0, on_error=1)
    made = plan(
        [step("g", Group(1, 2), retry=Retry(2, 5.0, "none"), on_error=3)],
        [step("c", Call("refund", {"n": "{{ n }}"}))],
        [act("clean")],
        [step("s", Stop("failed", "gave up: {{ error.code }}"))],
        [act("tell")],
        recipes={"refund": called},
        on_error=4,
    )
    run = Hand(made, {"n": 1})
    for _ in range(2):
        run.fail("c/x", BUSY)
        run.answer("c/alert")
        run.answer("clean")
        if run.state.status == "waiting":
            run.fire("g", 5)
    run.answer("tell")
    return run


def called_recipe_with_an_output() -> Hand:
    called = Plan("add", "Add", (act("x", {"n": "{{ n }}"}),), ((0,),), 0, output={"got": "{{ x }}"}, has_output=True)
    made = plan(
        [step("c", Call("add", {"n": 3})), step("reply", Wait(event="replied", match={"n": 3}))],
        recipes={"add": called},
    )
    run = Hand(made, reused={"none": 1})
    run.answer("c/x", 7)
    run.feed(ev.EventReceived("reply", run.seq("reply"), "replied", "replied/1", {"n": 3, "text": "oui"}))
    return run


def taken_over() -> Hand:
    run = Hand(plan([act("a"), act("b", {"id": "{{ a.id }}"})]), reused={"a": {"id": 9}}, origin="r0")
    run.answer("b", "done")
    return run


def cancelled_under_way() -> Hand:
    run = Hand(plan([act("send", effect="once"), act("never")]), origin="r0", reused={"x": 1})
    run.feed(ev.RunCancelled("ops", "mistake"))
    return run


STORIES: dict[str, Callable[[], Hand]] = {
    story.__name__: story
    for story in (
        retries_and_a_branch,
        waits_of_every_kind,
        loops_and_lanes,
        doubt_and_a_hand,
        called_recipe_that_fails_in_a_group,
        called_recipe_with_an_output,
        taken_over,
        cancelled_under_way,
    )
}


def record() -> None:
    """Write the journals that are missing."""
    JOURNALS.mkdir(exist_ok=True)
    for name, story in STORIES.items():
        path = JOURNALS / f"{name}.json"
        if not path.exists():
            run = story()
            told = {
                "plan": run.state.plan.to_json(),
                "journal": [entry.to_json() for entry in run.entries],
                "view": run_view(run.state),
            }
            path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
