"""What steps that hold other steps do: branches, loops, lanes, groups, called recipes."""

from __future__ import annotations

from recipe_engine.core import events as ev
from recipe_engine.core.commands import PerformAction, SetTimer
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
    Step,
    Stop,
    Wait,
)
from tests.unit.core.helpers import BUSY, LOST, Hand, act, plan, step


def test_branch_takes_the_first_case_that_holds_and_gives_its_last_output():
    made = plan([step("b", Branch((Case("n > 5", 1), Case("n > 1", 2)), 1))], [act("big")], [act("small")])
    run = Hand(made, {"n": 3})
    run.answer("small", "s")
    assert run.state.output == "s"
    assert "big" not in run.state.steps


def test_branch_without_a_case_that_holds_gives_no_value():
    made = plan([step("b", Branch((Case("false", 1),))), step("c", Set("{{ b.x | default('nothing') }}"))], [act("a")])
    assert Hand(made).state.output == "nothing"


def test_steps_of_a_taken_arm_are_in_scope_afterwards():
    made = plan([step("b", Branch((Case("true", 1),))), act("c", {"x": "{{ a.id }}"})], [act("a")])
    run = Hand(made)
    run.answer("a", {"id": 1})
    assert run.asked("c").params == {"x": 1}


def loop(**fields) -> Plan:
    fields = {"items": "items", "as_": "it", "body": 1} | fields
    return plan([step("each", ForEach(**fields))], [act("a", {"n": "{{ it }}"})])


def test_for_each_runs_at_most_its_concurrency_and_keeps_the_order():
    run = Hand(loop(concurrency=2), {"items": [10, 20, 30]})
    assert [c.path for c in run.commands] == ["each[0]/a", "each[1]/a"]
    assert [c.path for c in run.answer("each[1]/a", "B")] == ["each[2]/a"]
    run.answer("each[2]/a", "C")
    run.answer("each[0]/a", "A")
    assert run.state.output == {"results": ["A", "B", "C"], "errors": []}


def test_for_each_collects_errors_beside_results():
    run = Hand(loop(concurrency=3, on_item_error="collect"), {"items": [10, 20, 30]})
    run.answer("each[0]/a", "A")
    run.fail("each[1]/a")
    run.answer("each[2]/a", "C")
    assert run.state.output["results"] == ["A", "C"]
    assert [(e["index"], e["item"], e["error"]["code"]) for e in run.state.output["errors"]] == [(1, 20, "refused")]


def test_for_each_fails_at_the_first_item_and_withdraws_the_others():
    run = Hand(loop(concurrency=3), {"items": [1, 2, 3]})
    commands = run.fail("each[1]/a")
    assert {c.path for c in commands} == {"each[0]/a", "each[2]/a"}
    assert run.state.failure.step == "each[1]/a"
    assert run.status("each[0]/a") == "cancelled"


def test_for_each_of_nothing_ends_at_once():
    assert Hand(loop(), {"items": []}).state.output == {"results": [], "errors": []}


def test_for_each_of_something_else_says_what_it_found():
    assert Hand(loop(), {"items": "abc"}).state.failure.code == "not_a_list"


def test_pace_spreads_the_starts():
    run = Hand(loop(concurrency=10, pace_count=2, pace_seconds=60.0), {"items": [1, 2, 3]})
    assert [type(c) for c in run.commands] == [PerformAction, PerformAction, SetTimer]
    assert run.commands[-1].at == 1060.0
    assert [c.path for c in run.fire("each", 60)] == ["each[2]/a"]


def test_repeat_goes_round_until_its_condition_holds():
    made = plan([step("job", Repeat("poll.done", 1, every=30.0))], [act("poll")])
    run = Hand(made)
    run.answer("job[0]/poll", {"done": False})
    assert run.state.next_wake == 1030.0
    run.fire("job", 30)
    run.answer("job[1]/poll", {"done": True, "url": "u"})
    assert run.state.output == {"done": True, "url": "u"}


def test_repeat_timeout_runs_its_block():
    made = plan([step("job", Repeat("false", 1, every=30.0, on_timeout=2), timeout=45.0)], [act("poll")], [act("late")])
    run = Hand(made)
    run.answer("job[0]/poll", {})
    timeout = next(p for p in run.state.pending.values() if p.purpose == "timeout")
    run.feed(ev.TimerFired("job", timeout.seq), 45)
    assert run.asked("late")
    run.answer("late", "gave up")
    assert run.state.output == "gave up"


def test_parallel_runs_lanes_together_and_gives_an_object():
    made = plan([step("p", Parallel((Lane("x", 1), Lane("y", 2))))], [act("a")], [act("b")])
    run = Hand(made)
    assert len(run.commands) == 2
    run.answer("b", 2)
    run.answer("a", 1)
    assert run.state.output == {"x": 1, "y": 2}


def test_parallel_failure_cancels_the_other_lanes_deep_inside():
    made = plan(
        [step("p", Parallel((Lane("x", 1), Lane("y", 2))))],
        [act("a")],
        [step("g", Group(3))],
        [step("w", Wait(duration="2d"))],
    )
    run = Hand(made)
    run.fail("a")
    assert run.status("w") == run.status("g") == "cancelled"
    assert not run.state.pending


def test_group_always_runs_after_success_and_after_failure():
    made = plan([step("g", Group(1, 2))], [act("a")], [act("clean")])
    run = Hand(made)
    run.answer("a", "kept")
    run.answer("clean", "ignored")
    assert run.state.output == "kept"
    run = Hand(made)
    run.fail("a")
    run.answer("clean")
    assert run.state.failure.step == "a"


def test_group_timeout_cancels_inside_and_still_cleans():
    made = plan([step("g", Group(1, 2), timeout=10.0)], [act("a")], [act("clean")])
    run = Hand(made)
    run.fire("g", 10)
    assert run.status("a") == "cancelled"
    run.answer("clean")
    assert run.state.failure.code == "timeout"


def test_group_retry_runs_all_of_it_again_under_new_keys():
    made = plan([step("g", Group(1), retry=Retry(2, 5.0, "none"))], [act("a", effect="keyed"), act("b")])
    run = Hand(made)
    first = run.asked("a").key
    run.answer("a")
    run.fail("b", BUSY)
    run.fire("g", 5)
    assert run.asked("a").key == first + "~g.2"
    run.answer("a")
    run.answer("b", "ok")
    assert run.state.output == "ok"


def test_attempts_of_nested_groups_never_share_a_key():
    made = plan(
        [step("outer", Group(1), retry=Retry(2, 1.0))],
        [step("inner", Group(2), retry=Retry(2, 1.0)), act("b")],
        [act("a", effect="once")],
    )
    run = Hand(made)
    keys = [run.asked("a").key]
    run.fail("a", BUSY)
    run.fire("inner", 1)
    keys.append(run.asked("a").key)
    run.answer("a")
    run.fail("b", BUSY)
    run.fire("outer", 1)
    keys.append(run.asked("a").key)
    assert len(set(keys)) == 3


CALLED = Plan(
    "called",
    "Called",
    (act("x", {"n": "{{ n }}", "d": "{{ d }}"}), act("alert")),
    ((0,), (1,)),
    0,
    input_schema={"properties": {"d": {"default": 5}}},
    output={"got": "{{ x.v }}"},
    has_output=True,
)


def calling(called: Plan = CALLED, **fields) -> Plan:
    return plan([step("c", Call("called", {"n": "{{ n }}"}), **fields)], recipes={"called": called})


def test_called_recipe_has_its_own_scope_and_gives_its_output():
    run = Hand(calling(), {"n": 1, "secret": 2})
    assert run.asked("c/x").params == {"n": 1, "d": 5}
    run.answer("c/x", {"v": 3})
    assert run.state.output == {"got": 3}


def test_called_recipe_runs_its_own_handler_then_fails_the_step():
    called = Plan("called", "Called", CALLED.steps, CALLED.blocks, 0, on_error=1, input_schema=CALLED.input_schema)
    run = Hand(calling(called, on_error="continue"), {"n": 1})
    run.fail("c/x")
    run.answer("c/alert")
    assert run.state.status == "succeeded"
    assert run.status("c") == "failed"


def test_stop_in_a_called_recipe_ends_only_that():
    called = Plan("called", "Called", (step("s", Stop(output=7, has_output=True)),), ((0,),), 0)
    made = plan([step("c", Call("called", {})), act("after", {"x": "{{ c }}"})], recipes={"called": called})
    assert Hand(made).asked("after").params == {"x": 7}


def test_limit_of_a_called_recipe_counts_only_its_own():
    called = Plan("called", "Called", (act("x"), act("y")), ((0, 1),), 0, limits=Limits(cost=0.5))
    made = plan([act("before"), step("c", Call("called", {}))], recipes={"called": called})
    run = Hand(made)
    run.answer("before", usage=ev.Usage(cost=3))
    assert run.asked("c/x").cost_left == 0.5
    run.answer("c/x", usage=ev.Usage(cost=0.4))
    run.answer("c/y", usage=ev.Usage(cost=0.4))
    assert run.state.status == "succeeded"


def test_stop_inside_a_loop_inside_lanes_ends_the_run():
    made = plan(
        [step("p", Parallel((Lane("x", 1), Lane("y", 2))))],
        [act("slow")],
        [step("each", ForEach("items", "it", 3))],
        [step("s", Stop(output="{{ it }}", has_output=True))],
    )
    run = Hand(made, {"items": [5, 6]})
    assert run.state.output == 5
    assert run.status("slow") == "cancelled"
    assert run.state.status == "succeeded"


def test_doubt_in_one_lane_does_not_stop_the_other():
    made = plan([step("p", Parallel((Lane("x", 1), Lane("y", 2))))], [act("a", effect="once")], [act("b"), act("c")])
    run = Hand(made)
    run.fail("a", LOST)
    assert run.state.status == "running"
    run.answer("b")
    run.answer("c")
    assert run.state.status == "in_doubt"
    run.feed(ev.StepResolved("a", run.seq("a"), "done", "ops", 1))
    assert run.state.status == "succeeded"


def test_ten_thousand_steps_in_a_row_need_no_deep_stack():
    steps = tuple(Step(f"s{i}", "S", "set", Set(i)) for i in range(10_000))
    made = Plan("long", "Long", steps, (tuple(range(10_000)),), 0)
    assert Hand(made).state.output == 9_999


def test_ten_thousand_items_need_no_deep_stack():
    made = plan([step("each", ForEach("items", "it", 1))], [step("a", Set("{{ it }}"))])
    run = Hand(made, {"items": list(range(10_000))})
    assert len(run.state.output["results"]) == 10_000


def test_failure_of_an_item_is_handled_by_the_loop_handler():
    made = plan([step("each", ForEach("items", "it", 1), on_error=2)], [act("a")], [step("r", Set("{{ error.step }}"))])
    run = Hand(made, {"items": [1]})
    run.fail("each[0]/a", Failure("boom", "boom"))
    assert run.state.output == "each[0]/a"
