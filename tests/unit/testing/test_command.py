"""`recipe test`: what it finds, what it shows, how it ends."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from recipe_engine.cli.main import main
from tests.unit.testing.support import HEAD, written

RECIPE = """\
input_schema: {type: object, properties: {n: {type: integer, default: 1}}}
steps:
  - {id: told, type: notify, if: n > 0, channels: [email], subject: Bonjour, message: "Ligne 1\\nLigne {{ n }}"}
output: {n: "{{ n }}"}
"""
GOOD = "cases:\n  - name: it works\n    expect: {output: {n: 1}}\n"
BAD = GOOD + '  - name: Text differs\n    expect: {effects: [{connector: email, data: {text: "Ligne 1\\nLigne 2"}}]}\n'


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")


def test_a_file_that_passes(tmp_path, capsys):
    written(tmp_path, RECIPE, GOOD)
    assert main(["test", "sample.test.yml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sample.test.yml"
    assert lines[1].startswith("  ok    it works (")
    assert lines[2] == "  coverage 67 %: 1 of 1 steps, 1 of 2 branches"
    assert lines[3].startswith("1 file, 1 case: 1 passed in ")


def test_a_miss_shows_what_was_expected_what_was_found_and_what_happened(tmp_path, capsys):
    written(tmp_path, RECIPE, BAD)
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    assert "  FAIL  Text differs (" in out
    assert "        effects[0].data.text\n" in out
    assert '          -Ligne 2"\n          +Ligne 1"\n' in out
    assert "          +0s       told  succeeded\n" in out
    assert "          email  send email  id: " in out
    assert "2 cases: 1 passed, 1 failed" in out


def test_what_is_not_covered_is_listed_with_its_line_and_may_be_too_little(tmp_path, capsys):
    written(tmp_path, RECIPE, GOOD)
    assert main(["test", "--coverage"]) == 0
    assert "    line 7: step `told`: its `if` does not hold\n" in capsys.readouterr().out
    assert main(["test", "--min-coverage", "70"]) == 1
    assert "sample.yml is covered to 66.7 %, 70 % is asked" in capsys.readouterr().out
    assert main(["test", "--min-coverage", "60"]) == 0


def test_cases_are_chosen_by_a_part_of_their_name(tmp_path, capsys):
    written(tmp_path, RECIPE, BAD)
    assert main(["test", "-k", "WORKS"]) == 0
    out = capsys.readouterr().out
    assert "Text differs" not in out
    assert "coverage" not in out
    assert main(["test", "-k", "nothing"]) == 2
    assert "no case" in capsys.readouterr().err
    assert main(["test", "-k", "x", "--min-coverage", "1"]) == 2


@pytest.mark.parametrize("target", ["sample.yml", "sample", "recipes", "recipes/sample.test.yml"])
def test_a_target_is_a_recipe_a_slug_a_folder_or_a_test_file(tmp_path, capsys, target):
    (tmp_path / "recipes").mkdir()
    written(tmp_path / "recipes", RECIPE, GOOD)
    if target == "sample.yml":
        written(tmp_path, RECIPE, GOOD)
    assert main(["test", target]) == 0
    assert "1 file, 1 case: 1 passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("sample.yml", "sample.yml has no tests"),
        (".", "there is no test file below ."),
        ("other.test.yml", "there is no test file other.test.yml"),
        ("other.yml", "there is no file other.yml"),
    ],
)
def test_nothing_to_run_is_said_with_what_to_do(tmp_path, capsys, target, message):
    (tmp_path / "sample.yml").write_text(HEAD + RECIPE)
    assert main(["test", target]) == 2
    assert message in capsys.readouterr().err


def test_errors_of_a_file_are_shown_like_those_of_a_recipe_and_the_other_files_run(tmp_path, capsys):
    written(tmp_path, RECIPE, "cases: [{name: a, expct: {}}]")
    (tmp_path / "more.test.yml").write_text("recipe: sample.yml\n" + GOOD)
    assert main(["test"]) == 2
    out = capsys.readouterr().out
    assert "sample.test.yml:1:19: error R702: the case `a` has no field `expct`" in out
    assert "did you mean `expect`?" in out
    assert "2 files, 1 not run because of errors, 1 case: 1 passed" in out


def test_json_for_programs(tmp_path, capsys):
    written(tmp_path, RECIPE, BAD)
    assert main(["test", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["passed"], found["cases"], found["failed"]) == (False, 2, 1)
    [file] = found["files"]
    assert file["coverage"]["missing"] == [{"line": 7, "step": "told", "way": "its `if` does not hold"}]
    assert [case["passed"] for case in file["cases"]] == [True, False]
    assert file["cases"][1]["line"] == 4
    assert file["cases"][1]["misses"][0]["path"] == "effects[0].data.text"
    assert file["cases"][1]["effects"][0]["data"]["subject"] == "Bonjour"


def test_junit_for_servers(tmp_path, capsys):
    written(tmp_path, RECIPE, BAD)
    (tmp_path / "z.test.yml").write_text("recipe: sample.yml\ncases: 1")
    assert main(["test", "--format", "junit"]) == 2
    root = ET.fromstring(capsys.readouterr().out)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "1", "1")
    cases = list(root.iter("testcase"))
    assert [case.get("name") for case in cases] == ["it works", "Text differs", "is valid"]
    [failure] = root.iter("failure")
    assert failure.get("message").startswith("effects[0].data.text: expected")
    assert "what happened" in failure.text
    [error] = root.iter("error")
    assert "R703" in error.text


def test_control_characters_do_not_break_junit(tmp_path, capsys):
    written(
        tmp_path, 'steps: [{id: a, type: set, values: {b: "\\x01"}}]', "cases: [{name: x, expect: {output: {b: 1}}}]"
    )
    assert main(["test", "--format", "junit"]) == 1
    [failure] = ET.fromstring(capsys.readouterr().out).iter("failure")
    assert failure.text
