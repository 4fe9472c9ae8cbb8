"""Looking after runs: with nobody driving them, in the foreground, and through a worker in another process."""

import json
import signal
import subprocess
import sys

import pytest

ASK = """\
slug: ask
name: Ask
description: Asks a person.
category: examples
steps:
  - id: ok
    name: May it be sent?
    type: wait
    approval: {ask: "Send it?", fields: {type: object, properties: {price: {type: number}}}}
  - {id: done, name: Done, type: set, values: {by: "{{ ok.by }}", price: "{{ ok.fields.price | default(0) }}"}}
output: {by: "{{ done.by }}", price: "{{ done.price }}"}
"""
REPLY = """\
slug: reply
name: Reply
description: Waits for a reply.
category: examples
steps:
  - {id: answer, name: Answer, type: wait, event: contact.replied, match: {email: ada@example.org}, timeout: 3d}
output: {said: "{{ answer.text }}"}
"""
FAIL = """\
slug: fails
name: Fails
description: Fails in the middle.
category: examples
steps:
  - {id: first, name: First, type: log, message: one}
  - {id: gate, name: Gate, type: stop, status: failed, message: not today}
  - {id: last, name: Last, type: log, message: two}
"""


@pytest.fixture(autouse=True)
def recipes(folder):
    for name, text in (("ask", ASK), ("reply", REPLY), ("fails", FAIL)):
        (folder / f"{name}.yml").write_text(text)


@pytest.fixture
def start(recipe):
    """Starts a run and gives its name; it parks or fails."""

    def run(name: str) -> str:
        return json.loads(recipe("run", f"{name}.yml", "--json", "--progress", "none").out)["run_id"]

    return run


@pytest.fixture
def status(recipe):
    return lambda run: json.loads(recipe("runs", "show", run, "--json").out)["status"]


# --- nobody drives the runs -------------------------------------------------------------------------------------------


def test_an_approval_is_recorded_and_carried_out_by_the_next_worker(recipe, start, status):
    run = start("ask")
    ended = recipe("approve", run, "--yes", "--by", "zoe", "--set", "price=12.5")
    assert ended.code == 0
    assert ended.err.startswith("recorded: nobody drives the runs")
    assert f"recipe runs resume {run}" in ended.err
    assert status(run) == "waiting"
    assert recipe("worker", "--until-idle").code == 0
    assert json.loads(recipe("runs", "show", run, "--json").out)["output"] == {"by": "zoe", "price": 12.5}


def test_an_approval_can_be_driven_here(recipe, start):
    run = start("ask")
    ended = recipe("approve", run, "ok", "--no", "--by", "zoe", "--drive")
    assert ended.code == 0
    assert "refused ok of run" in ended.err
    assert ended.out == "\nOutput\n  by: zoe\n  price: 0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{run}"], "ok asks: Send it? -- answer with --yes or --no"),
        (["{run}", "nope", "--yes"], "step 'nope' of run {run} does not: ok does"),
        (["{run}", "--yes", "--set", "prize=3"], "there is no field 'prize'; did you mean 'price'?"),
        (["{run}", "--yes", "--set", "price=much"], 'price: found "much", expected a number'),
        (["0000000000000000", "--yes"], "there is no run '0000000000000000'"),
    ],
)
def test_an_approval_that_does_not_fit_is_refused_at_once(recipe, start, arguments, message):
    run = start("ask")
    ended = recipe("approve", *(argument.format(run=run) for argument in arguments))
    assert ended.code == 2
    assert message.format(run=run) in ended.err


def test_a_run_that_asks_nobody_cannot_be_approved(recipe, start):
    run = start("reply")
    ended = recipe("approve", run, "--yes")
    assert ended.code == 2
    assert f"no step of run {run} waits for an approval: it is waiting" in ended.err


def test_an_event_wakes_the_run_that_waits_for_it(recipe, start, status):
    run = start("reply")
    other = recipe("send", "contact.replied", "--data", '{"email": "bob@example.org"}', "--drive")
    assert (other.code, status(run)) == (0, "waiting")
    ended = recipe(
        "send", "contact.replied", "--data", '{"email": "ada@example.org", "text": "oui"}', "--run", run, "--drive"
    )
    assert ended.code == 0
    assert "said: oui" in ended.out


def test_an_event_whose_data_is_no_json_is_refused(recipe, start):
    ended = recipe("send", "x", "--data", "{email: ada}")
    assert ended.code == 2
    assert "it is not JSON" in ended.err
    assert "quote it for the shell" in ended.err


def test_pausing_and_resuming(recipe, start, status):
    run = start("ask")
    recipe("runs", "pause", run, "--by", "zoe", "--reason", "wrong prices")
    recipe("worker", "--until-idle")
    assert status(run) == "paused"
    assert "paused already, by zoe" in recipe("runs", "pause", run).err
    shown = recipe("runs", "show", run)
    assert f"recipe runs resume {run}" in shown.err
    resumed = recipe("runs", "resume", run)
    assert (resumed.code, status(run)) == (3, "waiting")
    assert "ok waits for a person" in resumed.err


def test_cancelling(recipe, start, status):
    run = start("ask")
    recipe("runs", "cancel", run, "--by", "zoe")
    recipe("worker", "--until-idle")
    assert status(run) == "cancelled"
    again = recipe("runs", "cancel", run)
    assert again.code == 2
    assert f"cannot cancel run {run}: it was cancelled" in again.err
    assert recipe("runs", "resume", run).code == 2


def test_stopping_everything_and_undoing_it(recipe, start, status):
    run = start("reply")
    recipe("stop-all", "--by", "zoe", "--reason", "fire")
    recipe("worker", "--until-idle")
    refused = recipe("run", "ask.yml")
    assert refused.code == 2
    assert "everything was stopped by zoe" in refused.err
    assert "stop-all --undo" in refused.err
    recipe("stop-all", "--undo")
    recipe("worker", "--until-idle")
    assert recipe("run", "ask.yml").code == 3
    assert status(run) == "waiting"


def test_a_failed_run_is_retried_with_a_mended_recipe_and_says_what_it_takes_over(recipe, start, folder):
    run = start("fails")
    planned = recipe("runs", "retry", run, "--plan")
    assert (planned.code, planned.out) == (0, "")
    assert "taken over: first" in planned.err
    assert recipe("runs", "retry", run).code == 1
    mended = FAIL.replace(
        "{id: gate, name: Gate, type: stop, status: failed, message: not today}",
        "{id: gate, name: Gate, type: log, message: ok}",
    )
    (folder / "mended.yml").write_text(mended)
    ended = recipe("runs", "retry", run, "--recipe", "mended.yml", "--json", "--progress", "none")
    assert ended.code == 0
    told = json.loads(ended.out)
    assert [(step["path"], step["attempts"]) for step in told["steps"]] == [("first", 0), ("gate", 1), ("last", 1)]
    again = recipe("runs", "retry", run, "--recipe", "mended.yml", "--from", "first", "--progress", "none")
    assert "done again though they succeeded: first" in again.err


def test_a_retry_that_makes_no_sense_is_refused(recipe, start):
    assert "has not ended, it is waiting" in recipe("runs", "retry", start("ask")).err
    ended = recipe("runs", "retry", start("fails"), "--from", "frist")
    assert (ended.code, "did you mean first?" in ended.err) == (2, True)


def test_lists_can_be_narrowed_and_runs_watched_afterwards(recipe, start):
    waiting, failed = start("ask"), start("fails")
    assert failed not in recipe("runs", "list", "--status", "waiting").out
    assert waiting not in recipe("runs", "list", "--recipe", "fails").out
    watched = recipe("runs", "watch", failed)
    assert watched.code == 1
    assert "not today" in watched.err
    assert "the newest 1; --limit shows more" in recipe("runs", "list", "--limit", "1").err


def test_without_a_database_there_are_no_runs(recipe, folder):
    listed = recipe("runs", "list", "--json")
    assert (listed.code, listed.out) == (0, "[]\n")
    for arguments in (["runs", "show", "x"], ["send", "x"], ["approve", "x", "--yes"], ["stop-all"]):
        ended = recipe(*arguments)
        assert ended.code == 1
        assert "there is no database .recipe/runs.db" in ended.err
    assert not (folder / ".recipe").exists()


# --- another process drives them --------------------------------------------------------------------------------------


@pytest.fixture
def worker(folder, start):
    """A worker in another process, driving the runs of this folder."""
    command = [sys.executable, "-m", "recipe_engine.cli.main", "worker"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "driving the runs of .recipe/runs.db\n"
        yield process
        process.send_signal(signal.SIGTERM)
        assert "everything goes on with the next worker" in process.stderr.read()
        assert process.wait(20) == 0


def test_commands_go_through_the_worker(recipe, worker):
    ended = recipe("run", "ask.yml", "--json", "--progress", "none")
    assert "another process drives this database: the run is handed to it" in ended.err
    run = json.loads(ended.out)["run_id"]
    answered = recipe("approve", run, "--yes", "--by", "zoe")
    assert (answered.code, answered.err) == (0, "")
    assert answered.out == f"approved ok of run {run} for zoe\n"
    assert recipe("runs", "watch", run).code == 0
    assert json.loads(recipe("runs", "show", run, "--json").out)["output"] == {"by": "zoe", "price": 0}


def test_pause_cancel_and_stop_take_effect_at_once_through_the_worker(recipe, worker, status):
    run = json.loads(recipe("run", "reply.yml", "--json", "--progress", "none").out)["run_id"]
    assert recipe("runs", "pause", run).out.startswith(f"paused run {run}")
    assert status(run) == "paused"
    assert recipe("runs", "resume", run).code == 3
    assert recipe("runs", "cancel", run).out == f"cancelled run {run}\n"
    assert status(run) == "cancelled"
    assert "stopped everything" in recipe("stop-all").out
    assert "everything goes on" in recipe("stop-all", "--undo").out


def test_a_second_worker_is_refused_and_told_who_is_the_first(recipe, worker):
    ended = recipe("worker")
    assert ended.code == 1
    assert "another process drives the runs" in ended.err
    assert "a process drives its runs" in recipe("doctor").out
