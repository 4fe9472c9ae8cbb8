"""`recipe run`: what is given, what is printed, the exit code."""

import json
import os
import pty
import subprocess
import sys

import pytest

HELLO = """\
slug: hello
name: Hello
description: Says hello.
category: examples
input_schema:
  type: object
  required: [name]
  properties:
    name: {type: string}
    count: {type: integer, default: 1}
    photo: {type: string, format: base64_image}
config:
  properties:
    greeting: {type: string, default: Bonjour}
steps:
  - {id: greeting, name: Greet, type: set, values: {text: "{{ config.greeting }} {{ name }} x{{ count }}"}}
output: {text: "{{ greeting.text }}"}
"""
ASK = """\
slug: ask
name: Ask
description: Asks a person.
category: examples
steps:
  - {id: ok, name: Ask, type: wait, approval: {ask: "Send it?"}}
  - {id: done, name: Done, type: set, values: {by: "{{ ok.by }}"}}
output: {by: "{{ done.by }}"}
"""
FAIL = """\
slug: fails
name: Fails
description: Always fails.
category: examples
steps:
  - {id: first, name: First, type: log, message: one}
  - {id: no, name: No, type: stop, status: failed, message: not today}
"""
WRITE = """\
slug: contact
name: Contact
description: Finds or creates a contact.
category: examples
steps:
  - id: contact
    name: Contact
    type: hubspot.find_or_create_contact
    with: {email: ada@example.org}
output: {id: "{{ contact.id }}"}
"""
CLASSIFY = """\
slug: classify
name: Classify
description: Asks a model.
category: examples
steps:
  - id: kind
    name: Kind
    type: llm_call
    complexity: classify
    user_prompt: Which kind is it?
    output_schema: {type: object, required: [kind], properties: {kind: {enum: [a, b]}}}
output: {kind: "{{ kind.kind }}"}
limits: {cost: 1 USD}
"""


@pytest.fixture(autouse=True)
def recipes(folder):
    for name, text in (("hello", HELLO), ("ask", ASK), ("fails", FAIL), ("contact", WRITE), ("classify", CLASSIFY)):
        (folder / f"{name}.yml").write_text(text)


def test_a_run_shows_its_steps_on_the_error_stream_and_its_output_on_the_other(recipe):
    ended = recipe("run", "hello.yml", "-i", "name=Ada", "-i", "count=3", "-c", "greeting=Salut")
    assert ended.code == 0
    assert ended.out == "\nOutput\n  text: Salut Ada x3\n"
    assert [line.split()[1] for line in ended.err.splitlines()] == ["started", "done", "succeeded"]


def test_json_is_one_object_of_the_agreed_form_and_nothing_else(recipe):
    ended = recipe("run", "hello.yml", "-i", "name=Ada", "--json", "--progress", "none")
    assert (ended.code, ended.err) == (0, "")
    run = json.loads(ended.out)
    assert list(run) == [
        "run_id", "recipe", "status", "output", "error", "steps", "usage", "started_at", "ended_at",
    ]  # fmt: skip
    assert set(run["steps"][0]) == {"path", "type", "status", "attempts", "started_at", "ended_at", "error"}
    assert {"tokens", "cost"} <= set(run["usage"])
    assert (run["recipe"], run["status"], run["output"]) == ("hello", "succeeded", {"text": "Bonjour Ada x1"})
    assert json.loads(recipe("runs", "show", run["run_id"], "--json").out) == run
    [listed] = json.loads(recipe("runs", "list", "--json").out)
    assert listed == {key: value for key, value in run.items() if key != "steps"}


def test_progress_can_be_json_lines_beside_a_json_result(recipe):
    ended = recipe("run", "hello.yml", "-i", "name=Ada", "--json", "--progress", "json")
    assert json.loads(ended.out)["status"] == "succeeded"
    assert [json.loads(line)["what"] for line in ended.err.splitlines()] == ["started", "done", "succeeded"]


def test_every_problem_of_the_input_is_said_and_nothing_is_begun(recipe, folder):
    ended = recipe("run", "hello.yml", "-i", "count=three")
    assert ended.code == 2
    assert ended.err == (
        "error: the input does not fit the recipe: 2 problems\n"
        '  count: found "three", expected a whole number\n'
        "  name: found nothing, expected text\n"
    )
    assert json.loads(recipe("runs", "list", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-i", "nam=Ada"], "there is no input 'nam'; did you mean 'name'?"),
        (["-i", "name"], "'name' has no value: write key=value"),
        (["-i", "photo=@none.jpg"], "photo: none.jpg is no such file"),
        (["--input", "none.json"], "cannot read none.json: no such file or directory"),
        (["-c", "greting=x"], "there is no config 'greting'; did you mean 'greeting'?"),
        (["-i", "name=A", "--patience", "soon"], "'soon' is not a duration such as 30s, 15m or 2h"),
        (["--sandbox", "--dry-run"], "exclude each other"),
        (["--answers", "a.yml"], "--answers is for --sandbox"),
        (["--sandbox", "--llm", "sandbox"], "--llm has no say with --sandbox"),
        (["--detach", "--db", ":memory:", "-i", "name=A"], "--detach needs the file of a database"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_anything_is_begun(recipe, folder, arguments, message):
    ended = recipe("run", "hello.yml", *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert not (folder / ".recipe").exists()


def test_an_input_can_come_from_a_file_with_pairs_on_top_and_files_as_base64(recipe, folder):
    (folder / "in.json").write_text('{"name": "Bob", "count": 2}')
    (folder / "p.jpg").write_bytes(b"jpeg")
    text = HELLO.replace('{text: "{{ greeting.text }}"}', '{text: "{{ greeting.text }}", photo: "{{ photo }}"}')
    (folder / "hello.yml").write_text(text.replace("required: [name]", "required: [name, photo]"))
    ended = recipe("run", "hello.yml", "--input", "in.json", "-i", "name=Ada", "-i", "photo=@p.jpg", "--json")
    assert json.loads(ended.out)["output"] == {"text": "Bonjour Ada x2", "photo": "anBlZw=="}


def test_an_input_can_come_from_standard_input(recipe, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO('{"name": "Ada"}'))
    assert recipe("run", "hello.yml", "--input", "-").code == 0


def test_a_csv_file_is_one_run_a_row(recipe, folder):
    (folder / "people.csv").write_text("name,count\nAda,1\nBob,2\n")
    ended = recipe("run", "hello.yml", "--input", "people.csv", "--json", "--progress", "none")
    assert ended.code == 0
    assert [run["output"]["text"] for run in json.loads(ended.out)["runs"]] == ["Bonjour Ada x1", "Bonjour Bob x2"]
    shown = recipe("run", "hello.yml", "--input", "people.csv")
    assert shown.out == "2 runs: 2 succeeded\n"
    assert "row 1" in shown.err


def test_a_csv_file_with_a_bad_row_begins_nothing_and_names_every_bad_row(recipe, folder):
    (folder / "people.csv").write_text("name,count\nAda,1\n,2\nBob,x\n")
    ended = recipe("run", "hello.yml", "--input", "people.csv")
    assert ended.code == 2
    assert "row 2: name: found nothing" in ended.err
    assert 'row 3: count: found "x"' in ended.err
    assert not (folder / ".recipe").exists()


def test_a_failed_run_says_why_and_how_to_retry_with_exit_code_1(recipe):
    ended = recipe("run", "fails.yml")
    assert ended.code == 1
    assert "error: not today" in ended.err
    assert "recipe runs retry" in ended.err
    assert ended.out == ""


def test_a_parked_run_says_how_to_go_on_with_exit_code_3(recipe):
    ended = recipe("run", "ask.yml", "--json")
    run = json.loads(ended.out)
    assert (ended.code, run["status"]) == (3, "waiting")
    shown = recipe("run", "ask.yml")
    assert shown.code == 3
    assert "ok waits for a person" in shown.err
    assert "--yes --by YOU" in shown.err


def test_a_sandbox_run_shows_its_effects(recipe):
    ended = recipe("run", "contact.yml", "--sandbox", "--db", ":memory:")
    assert ended.code == 0
    assert "Effects in the sandboxes" in ended.out
    assert "ada@example.org" in ended.out


def test_a_run_without_its_settings_says_which(recipe):
    ended = recipe("run", "contact.yml")
    assert ended.code == 1
    assert "HUBSPOT_API_KEY is not set" in ended.err


def test_a_model_can_have_a_script(recipe, folder):
    (folder / "answers.yml").write_text("- {step: kind, answer: {kind: b}}\n")
    ended = recipe("run", "classify.yml", "--sandbox", "--answers", "answers.yml", "--json")
    assert json.loads(ended.out)["output"] == {"kind": "b"}
    (folder / "answers.yml").write_text("kind: b\n")
    refused = recipe("run", "classify.yml", "--sandbox", "--answers", "answers.yml")
    assert (refused.code, "holds no list of answers" in refused.err) == (2, True)


def test_a_person_answers_by_files_of_a_folder(recipe, folder):
    asked = recipe("run", "classify.yml", "--llm", "manual", "--answers", "said", "--json")
    assert asked.code == 1
    assert json.loads(asked.out)["error"]["code"] == "no_answer"
    prompt = next((folder / "said").glob("*.prompt.md"))
    prompt.with_name(prompt.name.replace(".prompt.md", ".answer.txt")).write_text('{"kind": "b"}')
    ended = recipe("run", "classify.yml", "--llm", "manual", "--answers", "said", "--json")
    assert (ended.code, json.loads(ended.out)["output"]["kind"]) == (0, "b")


def test_llm_names_who_answers(recipe):
    assert recipe("run", "classify.yml", "--llm", "sandbox").code == 0
    refused = recipe("run", "classify.yml", "--llm", "nobody")
    assert refused.code == 1
    assert "nobody" in refused.err


def test_a_detached_run_is_recorded_and_done_by_the_next_worker(recipe):
    ended = recipe("run", "hello.yml", "-i", "name=Ada", "--detach")
    assert ended.code == 0
    assert "recorded" in ended.err
    run = ended.out.strip()
    assert recipe("worker", "--until-idle").code == 0
    assert json.loads(recipe("runs", "show", run, "--json").out)["status"] == "succeeded"


def test_a_read_only_place_is_said_to_be_one(recipe, folder, monkeypatch):
    (folder / "file").write_text("")
    ended = recipe("run", "hello.yml", "-i", "name=Ada", "--db", "file/runs.db")
    assert ended.code == 1
    assert "file" in ended.err
    assert "--db or RECIPE_DB names another place" in ended.err


def test_a_database_of_a_newer_version_is_refused(recipe, folder):
    import sqlite3

    connection = sqlite3.connect(folder / "new.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    ended = recipe("run", "hello.yml", "-i", "name=Ada", "--db", "new.db")
    assert ended.code == 1
    assert "newer version" in ended.err


@pytest.mark.parametrize(("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_on_a_terminal_progress_is_live_and_the_result_can_still_be_piped(folder, settings, coloured):
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "recipe_engine.cli.main", "run", "hello.yml", "-i", "name=Ada", "--json"]
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    env |= {"TERM": "xterm", "PYTHONUTF8": "1"} | settings
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=its_end) as process:
        os.close(its_end)
        out, _ = process.communicate(timeout=60)
    shown = _read_all(terminal)
    assert json.loads(out)["status"] == "succeeded"
    assert "✓" in shown
    assert "greeting" in shown
    assert ("\x1b[32m" in shown) is coloured


def _read_all(terminal):
    """What a program has written to a terminal whose other end is closed."""
    read = b""
    try:
        while part := os.read(terminal, 65_536):
            read += part
    except OSError:  # Linux says so where others give an empty read
        pass
    finally:
        os.close(terminal)
    return read.decode()
