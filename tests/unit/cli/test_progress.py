"""A run told as happenings, and happenings shown."""

import io
import json

import pytest

from recipe_engine.cli.show.narrate import Happening, Narrator
from recipe_engine.cli.show.progress import LiveProgress, progress
from recipe_engine.cli.show.words import duration, in_a_line
from recipe_engine.core import events as ev
from recipe_engine.core.events import Entry
from recipe_engine.core.failure import Failure
from recipe_engine.core.plan import Branch, Call, Case, ForEach, Perform, Plan, Step, Wait


def plan() -> Plan:
    send = Step("send", "Send the letter", "notify", Perform("notify", {}, "once"))
    inner = Plan("refund", "Refund", (Step("pay", "Pay back", "http", Perform("http", {}, "once")),), ((0,),), 0)
    steps = (
        send,
        Step("each", "Each order", "for_each", ForEach("orders", "order", 1)),
        Step("give_back", "Refund it", "recipe", Call("refund", {})),
        Step("route", "Route", "branch", Branch((Case("score >= 0.7", 2),), 2)),
        Step("pause", "Wait a day", "wait", Wait(duration="1d")),
    )
    return Plan("demo", "Demo", steps, ((0, 1, 3, 4), (2,), ()), 0, recipes={"refund": inner})


def told(*entries):
    narrator = Narrator(plan())
    return [happening for entry in entries for happening in narrator.tell(entry)]


def test_a_step_says_its_name_and_how_long_it_took():
    begun, ended = told(
        Entry(10.0, (ev.StepStarted("send", 1),)),
        Entry(12.5, (ev.ActionSucceeded("send", 1, usage=ev.Usage(input_tokens=40, output_tokens=2, cost=0.01)),)),
    )
    assert begun == Happening(10.0, "running", "send", "Send the letter", "notify")
    assert ended == Happening(12.5, "done", "send", "Send the letter", "notify", 2.5, "42 tokens, 0.0100 USD")


def test_steps_inside_loops_and_called_recipes_have_their_names():
    [happening] = told(Entry(1.0, (ev.StepStarted("each[3]/give_back/pay", 4),)))
    assert (happening.path, happening.name, happening.type) == ("each[3]/give_back/pay", "Pay back", "http")


def test_an_unknown_path_is_told_without_a_name():
    assert told(Entry(1.0, (ev.StepSkipped("gone"),))) == [Happening(1.0, "skipped", "gone")]


@pytest.mark.parametrize(
    ("event", "what", "text"),
    [
        (ev.BranchTaken("route", 0), "branch", "score >= 0.7"),
        (ev.BranchTaken("route", -1), "branch", "else"),
        (ev.BranchTaken("route", None), "branch", "no case held"),
        (ev.LoopStarted("each", [1, 2]), "loop", "2 items"),
        (
            ev.RetryScheduled("send", 1, 15.0, Failure("timeout", "no answer")),
            "retry",
            "no answer [timeout]; again in 5.0 s",
        ),
        (ev.StepInDoubt("send", 1, Failure("interrupted", "cannot tell")), "in_doubt", "cannot tell [interrupted]"),
        (ev.TimerFired("pause", 1), "done", "its time came"),
        (ev.EventReceived("pause", 1, "contact.replied", "e1"), "done", "event contact.replied"),
        (ev.ApprovalGiven("pause", 1, False, "Zoe"), "done", "refused by Zoe"),
        (ev.WaitStarted("pause", 1, event="contact.replied"), "waiting", "for the event contact.replied"),
        (ev.WaitStarted("pause", 1, approval={"ask": "Send  it?"}), "waiting", "for a person: Send it?"),
        (ev.RunPaused("Zoe", "lunch"), "paused", "by Zoe: lunch"),
        (ev.RunFailed(Failure("http_500", "the vendor failed")), "failed", "the vendor failed [http_500]"),
    ],
)
def test_what_happened_is_said_in_words(event, what, text):
    [happening] = told(Entry(10.0, (event,)))
    assert (happening.what, happening.text) == (what, text)


def test_timers_of_the_engine_itself_are_not_told():
    assert told(Entry(1.0, (ev.TimerFired("send", 1), ev.TimerSet("send", 2, 9.0, "timeout")))) == []


def test_plain_progress_is_a_line_a_happening_on_the_error_stream(capsys):
    shown = progress("auto")
    shown.show(Happening(0.0, "running", "send", "Send the letter"))
    shown.show(Happening(1.0, "done", "send", "Send the letter", "notify", 1.0, "42 tokens"))
    shown.close()
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert line.split()[1:] == ["done", "send", "Send", "the", "letter", "1.0", "s", "42", "tokens"]


def test_json_progress_is_one_object_a_line_without_what_is_empty(capsys):
    progress("json").show(Happening(1.0, "skipped", "send", "Send the letter", "notify"))
    line = json.loads(capsys.readouterr().err)
    assert line == {"at": 1.0, "what": "skipped", "path": "send", "name": "Send the letter", "type": "notify"}


@pytest.mark.parametrize("columns", [20, 60, 120])
def test_live_progress_keeps_what_happened_and_fits_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    shown = LiveProgress()
    shown._console.file = io.StringIO()
    for number in range(12):
        shown.show(Happening(0.0, "running", f"each[{number}]/send", "Send the letter"))
    shown.show(Happening(1.0, "failed", "each[0]/send", "Send the letter", "notify", 1.0, "the vendor failed " * 5))
    shown.show(Happening(2.0, "succeeded", ""))
    shown.close()
    text = shown._console.file.getvalue()
    assert "each[0]/send"[: columns - 8] in text
    assert all(len(line) <= columns for line in text.splitlines())


def test_durations_and_values_are_said_shortly():
    assert [duration(s) for s in (0.004, 0.25, 3.21, 65, 7200, 90_000, 864_000)] == [
        "0.00 s", "0.25 s", "3.2 s", "1 min 5 s", "2 h", "1 d 1 h", "10 d",
    ]  # fmt: skip
    assert in_a_line({"a": "é\n b"}) == '{"a": "é\\n b"}'
    assert in_a_line("x" * 200, 10) == "xxxxxxx..."
