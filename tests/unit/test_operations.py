"""Retrying a run: what is taken over, what is done again."""

import pytest

from recipe_engine.core import events as ev
from recipe_engine.core.plan import Branch, Call, Case, ForEach, Perform, Repeat, Set, Wait
from recipe_engine.operations import RetryRefused, continuation
from tests.unit.core.helpers import Hand, act, plan, step


def failed_at(the_plan, path, outputs=None, input=None):
    """A run in which every asked action answers, but the one at `path` fails."""
    hand = Hand(the_plan, input)
    while hand.state.ended is None:
        pending = next(iter(hand.state.pending.values()))
        if pending.path == path:
            hand.fail(path)
        elif pending.kind == "action":
            hand.answer(pending.path, (outputs or {}).get(pending.path, f"did {pending.path}"))
        else:
            hand.fire(pending.path)
    return hand


def test_all_that_succeeded_is_taken_over_and_only_the_failed_step_is_done_again():
    the_plan = plan([act("a"), step("n", Set({"x": 1})), step("w", Wait(duration="5s")), act("b"), act("c")])
    hand = failed_at(the_plan, "b")
    found = continuation(the_plan, hand.entries)
    assert found.reused == {"a": "did a", "n": {"x": 1}, "w": None}
    assert (found.again, found.uncertain) == ((), ())
    retried = Hand(the_plan, found.input, reused=found.reused, origin="r")
    assert [command.path for command in retried.commands] == ["b"]
    assert retried.commands[0].key == hand_key(hand, "b")


def hand_key(hand, path):
    return f"{hand.state.origin}/{path}"


def test_from_a_step_everything_from_it_on_is_done_again():
    the_plan = plan([act("a"), act("b"), act("c"), act("d")])
    found = continuation(the_plan, failed_at(the_plan, "d").entries, start_at="b")
    assert (list(found.reused), found.again) == (["a"], ("b", "c"))


def test_a_step_of_a_loop_is_meant_in_every_round():
    the_plan = plan([act("a"), step("each", ForEach("[1, 2]", "x", 1)), act("z")], [act("one"), act("two")])
    hand = failed_at(the_plan, "z")
    found = continuation(the_plan, hand.entries, start_at="two")
    assert list(found.reused) == ["a", "each[0]/one", "each[1]/one"]
    assert found.again == ("each[0]/two", "each[1]/two")
    assert list(continuation(the_plan, hand.entries, start_at="each[1]/two").reused) == list(found.reused)


def test_blocks_of_branches_loops_and_called_recipes_stand_in_the_order_of_the_text():
    called = plan([act("pay"), act("tell")])
    the_plan = plan(
        [
            step("route", Branch((Case("true", 1),), None)),
            step("poll", Repeat("true", 2, every=1.0, max_rounds=3)),
            step("refund", Call("refund", {})),
            act("z"),
        ],
        [act("arm")],
        [act("ask")],
        recipes={"refund": called},
    )
    hand = failed_at(the_plan, "z")
    assert list(continuation(the_plan, hand.entries, start_at="tell").reused) == ["arm", "poll[0]/ask", "refund/pay"]
    assert list(continuation(the_plan, hand.entries, start_at="refund").reused) == ["arm", "poll[0]/ask"]


def test_what_the_handler_of_the_run_did_is_done_again_when_it_fails_again():
    the_plan = plan([act("a"), act("b")], [act("tell")], on_error=1)
    hand = failed_at(the_plan, "b")
    assert hand.status("tell") == "succeeded"
    assert list(continuation(the_plan, hand.entries).reused) == ["a"]


def test_a_fixed_recipe_takes_over_paid_work_and_evaluates_the_rest_anew():
    before = plan([act("a"), step("n", Set({"x": 1})), act("gone"), act("other"), act("b")])
    other = step("other", Perform("something_else", {}, "once"))
    after = plan([act("a", {"changed": 1}), step("n", Set({"x": 2})), other, act("b")])
    found = continuation(before, failed_at(before, "b").entries, fixed=after)
    assert found.plan is after
    assert list(found.reused) == ["a"]
    assert found.again == found.changed == ("gone", "other")


def test_a_step_cancelled_under_way_is_named_as_uncertain():
    the_plan = plan([act("a"), act("pay", effect="once")])
    hand = Hand(the_plan)
    hand.answer("a")
    hand.feed(ev.RunCancelled("Zoe"))
    assert continuation(the_plan, hand.entries).uncertain == ("pay",)


def test_a_run_that_has_not_ended_or_has_nothing_left_is_refused():
    the_plan = plan([act("a")])
    hand = Hand(the_plan)
    with pytest.raises(RetryRefused, match="has not ended, it is running"):
        continuation(the_plan, hand.entries)
    hand.answer("a")
    with pytest.raises(RetryRefused, match="nothing to do again"):
        continuation(the_plan, hand.entries)
    assert continuation(the_plan, hand.entries, start_at="a").again == ("a",)


def test_an_unknown_or_ambiguous_step_is_refused_with_what_there_is():
    called = plan([act("pay")])
    the_plan = plan(
        [step("one", Call("refund", {})), step("two", Call("refund", {})), act("z")], recipes={"refund": called}
    )
    entries = failed_at(the_plan, "z").entries
    with pytest.raises(RetryRefused) as several:
        continuation(the_plan, entries, start_at="pay")
    assert several.value.hint == "say which: one/pay, two/pay"
    with pytest.raises(RetryRefused) as unknown:
        continuation(the_plan, entries, start_at="tow")
    assert unknown.value.hint == "did you mean two?"
