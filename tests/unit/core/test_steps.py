"""What single steps do: values, conditions, errors, retries, waits."""

from __future__ import annotations

from recipe_engine.core import events as ev
from recipe_engine.core.commands import AwaitEvent, PerformAction, RequestApproval, SetTimer, Withdraw
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Limits, Perform, Plan, Retry, Set, Stop, Wait
from tests.unit.core.helpers import BUSY, LOST, REFUSED, Hand, act, plan, step


def test_output_of_one_step_reaches_the_next():
    run = Hand(
        plan([act("first"), act("second", {"id": "{{ first.id }}", "who": "for {{ name }}"})]), {"name": "Camille"}
    )
    run.answer("first", {"id": 7})
    assert run.asked("second").params == {"id": 7, "who": "for Camille"}
    run.answer("second", "done")
    assert run.state.status == "succeeded"
    assert run.state.output == "done"


def test_intent_is_recorded_with_the_result_before_it():
    run = Hand(plan([act("first"), act("second")]))
    run.answer("first")
    assert [type(event).__name__ for event in run.entries[-1].events] == ["ActionSucceeded", "StepStarted"]


def test_key_is_stable_over_attempts_and_names_the_origin():
    run = Hand(plan([act("a", retry=Retry(2), effect="keyed")]), origin="r0")
    first = run.asked("a").key
    run.fail("a", BUSY)
    run.fire("a", 1)
    assert run.asked("a").key == first == "r0/a"
    assert run.asked("a").attempt == 2


def test_skipped_step_is_undefined_but_has_defaults():
    made = plan(
        [act("a", if_="false"), step("b", Set({"x": "{{ a.id | default('none') }}"}))],
        output="{{ b.x }}",
        has_output=True,
    )
    run = Hand(made)
    assert run.status("a") == "skipped"
    assert run.state.output == "none"


def test_using_a_skipped_step_fails_and_says_why():
    run = Hand(plan([act("a", if_="false"), step("b", Set({"x": "{{ a.id }}"}))]))
    assert run.state.status == "failed"
    assert run.state.failure.code == "expression_undefined"
    assert run.state.failure.step == "b"


def test_failure_is_retried_after_its_delay_and_no_earlier_than_the_vendor_asks():
    run = Hand(plan([act("a", retry=Retry(3, 2.0, "exponential"))]))
    run.fail("a", Failure("unavailable", "slow down", retryable=True, retry_after=9.0))
    assert run.state.status == "waiting"
    assert run.state.next_wake == 1009.0
    assert isinstance(run.fire("a", 9)[0], PerformAction)
    run.fail("a", BUSY)
    assert run.state.next_wake == 1009.0 + 4.0
    run.fire("a", 4)
    run.fail("a", BUSY)
    assert run.state.status == "failed"
    assert run.state.steps["a"].attempts == 3


PUT_OFF = Failure("rate_limit", "slow down", retryable=True, retry_after=60.0)


def test_being_put_off_costs_no_attempt_up_to_a_number_of_times():
    run = Hand(plan([act("a", retry=Retry(2, 1.0, "none"))]))
    for _ in range(5):
        run.fail("a", PUT_OFF)
        run.fire("a", 60)
    run.fail("a", BUSY)
    run.fire("a", 1)
    run.fail("a", BUSY)
    assert (run.state.status, run.state.steps["a"].attempts) == ("failed", 7)
    endless = Hand(plan([act("a", retry=Retry(2))]))
    while endless.state.status != "failed":
        endless.fail("a", PUT_OFF)
        if endless.state.status == "waiting":
            endless.fire("a", 60)
    assert endless.state.steps["a"].attempts == 31


def test_a_step_that_is_not_retried_is_not_put_off_either():
    for retry in (None, Retry(1)):
        run = Hand(plan([act("a", retry=retry)]))
        run.fail("a", PUT_OFF)
        assert run.state.status == "failed"


def test_retry_on_names_the_codes_that_are_retried():
    run = Hand(plan([act("a", retry=Retry(3, on=("timeout",)))]))
    run.fail("a", BUSY)
    assert run.state.status == "failed"


def test_terminal_failure_is_not_retried():
    run = Hand(plan([act("a", retry=Retry(3))]))
    run.fail("a", REFUSED)
    assert run.state.failure.code == "refused"


def test_on_error_continue_goes_on_without_a_value():
    run = Hand(plan([act("a", on_error="continue"), act("b", {"x": "{{ a.id | default(1) }}"})]))
    run.fail("a")
    assert run.asked("b").params == {"x": 1}


def test_on_error_block_sees_the_error_and_gives_the_value():
    run = Hand(
        plan(
            [act("a", on_error=1), act("b", {"x": "{{ a.rescued }}"})],
            [step("r", Set({"rescued": "{{ error.code }}"}))],
        )
    )
    run.fail("a")
    assert run.asked("b").params == {"x": "refused"}
    assert run.status("a") == "failed"


def test_every_field_of_an_error_is_there_even_when_it_is_empty():
    handler = step("r", Set("{{ error.detail }}/{{ error.retryable }}/{{ error.happened }}/{{ error.step }}"))
    run = Hand(plan([act("a", on_error=1)], [handler]))
    run.fail("a")
    assert run.state.output == "/false/no/a"


def test_failing_handler_fails_the_run_with_its_own_failure():
    run = Hand(plan([act("a", on_error=1)], [act("r")]))
    run.fail("a")
    run.fail("r", Failure("worse", "worse"))
    assert run.state.failure.code == "worse"


def test_recipe_handler_runs_and_the_run_stays_failed():
    run = Hand(plan([act("a")], [act("alert", {"why": "{{ error.title }}"})], on_error=1))
    run.fail("a")
    assert run.asked("alert").params == {"why": "no"}
    run.answer("alert")
    assert run.state.status == "failed"
    assert run.state.failure.step == "a"


def test_once_with_a_lost_answer_is_in_doubt_even_with_retries():
    run = Hand(plan([act("a", effect="once", retry=Retry(5))]))
    run.fail("a", LOST)
    assert run.state.status == "in_doubt"
    run.feed(ev.StepResolved("a", run.seq("a"), "done", "ops", {"id": 3}))
    assert run.state.status == "succeeded"
    assert run.state.output == {"id": 3}


def test_doubt_resolved_by_retry_sends_again_under_the_same_key():
    run = Hand(plan([act("a", effect="once")]))
    key = run.asked("a").key
    run.fail("a", LOST)
    run.feed(ev.StepResolved("a", run.seq("a"), "retry", "ops"))
    assert run.asked("a").key == key


def test_keyed_with_a_lost_answer_is_retried():
    run = Hand(plan([act("a", effect="keyed", retry=Retry(2))]))
    run.fail("a", LOST)
    assert run.state.status == "waiting"


def test_wait_has_one_winner_and_the_late_timer_is_dropped():
    run = Hand(
        plan(
            [
                step("w", Wait(event="replied", match={"email": "{{ email }}"}), timeout=60.0),
                act("b", {"d": "{{ w.text }}"}),
            ]
        ),
        {"email": "a@example.org"},
    )
    assert AwaitEvent("w", 1, "replied", {"email": "a@example.org"}) in run.commands
    assert SetTimer("w", 1, 1060.0) in run.commands
    run.feed(ev.EventReceived("w", 1, "replied", "e1", {"text": "oui"}))
    assert run.asked("b").params == {"d": "oui"}
    assert run.feed(ev.TimerFired("w", 1)) == []
    assert len(run.entries) == 2


def test_wait_timeout_runs_its_block():
    run = Hand(plan([step("w", Wait(event="replied", on_timeout=1), timeout=60.0)], [act("remind")]))
    run.fire("w", 60)
    run.answer("remind", "sent")
    assert run.state.output == "sent"


def test_wait_timeout_without_block_fails():
    run = Hand(plan([step("w", Wait(approval={"ask": "ok?"}), timeout=60.0)]))
    assert isinstance(run.commands[0], RequestApproval)
    run.fire("w", 60)
    assert run.state.failure.code == "timeout"


def test_approval_gives_its_answer():
    run = Hand(plan([step("w", Wait(approval={"ask": "ok?", "to": "a@example.org"}))]))
    run.feed(ev.ApprovalGiven("w", 1, True, "Dominique", {"amount": 12}))
    assert run.state.output == {"approved": True, "by": "Dominique", "fields": {"amount": 12}}


def test_pause_lets_what_is_under_way_end_and_starts_nothing():
    run = Hand(plan([act("a"), act("b")]))
    run.feed(ev.RunPaused("ops"))
    assert run.answer("a") == []
    assert run.state.status == "paused"
    run.feed(ev.RunResumed("ops"))
    assert run.asked("b")


def test_cancel_withdraws_and_marks_what_may_have_happened():
    run = Hand(plan([act("a", effect="once")]))
    assert run.feed(ev.RunCancelled("ops", "mistake")) == [Withdraw("a", 1)]
    assert run.state.status == "cancelled"
    assert run.state.steps["a"].error.code == "outcome_unknown"
    assert run.feed(ev.ActionSucceeded("a", 1)) == []


def test_stop_ends_the_run_with_its_output():
    run = Hand(plan([step("s", Stop(output={"n": "{{ n }}"}, has_output=True)), act("never")]), {"n": 4})
    assert run.state.status == "succeeded"
    assert run.state.output == {"n": 4}
    assert "never" not in run.state.steps


def test_stop_as_failed_runs_the_handler():
    run = Hand(plan([step("s", Stop("failed", "no stock"))], [act("alert")], on_error=1))
    run.answer("alert")
    assert run.state.failure.title == "no stock"


def test_cost_limit_is_checked_before_the_next_action():
    run = Hand(plan([act("a"), act("b")], limits=Limits(cost=0.5)))
    assert run.asked("a").cost_left == 0.5
    run.answer("a", usage=ev.Usage(cost=0.6))
    assert run.state.failure.code == "limit_cost"


def test_duration_limit_ends_the_run():
    run = Hand(plan([step("w", Wait(duration="10d"))], limits=Limits(duration=3600.0)))
    run.feed(ev.TimerFired("", run.seq("")), 3600)
    assert run.state.failure.code == "limit_duration"


def test_outputs_of_the_retried_run_are_taken_over():
    run = Hand(plan([act("a"), act("b", {"id": "{{ a.id }}"})]), reused={"a": {"id": 9}}, origin="r0")
    assert run.asked("b").params == {"id": 9}
    assert run.asked("b").key == "r0/b"


def test_secrets_are_markers_in_parameters():
    run = Hand(plan([step("a", Perform("http", {"headers": {"x": "Bearer {{ secrets.TOKEN }}"}}, "read"))]))
    assert run.asked("a").params == {"headers": {"x": "Bearer \x02secret:seed:TOKEN\x03"}}


def test_empty_recipe_succeeds():
    assert Hand(Plan("e", "E", (), ((),), 0)).state.status == "succeeded"
