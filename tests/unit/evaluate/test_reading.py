"""Files of needs: everything that is wrong is told at once, with its place, before anything is paid for."""

from __future__ import annotations

import pytest

from recipe_engine.cli.main import main
from tests.unit.evaluate.conftest import read

GOOD = """\
needs:
  - id: one
    language: en
    need: Do it.
    scenarios: [{name: s, expect: {}}]
"""


def test_a_file_that_is_right():
    found, problems = read(GOOD)
    assert problems == []
    assert found is not None
    assert (found.needs[0].id, found.lines) == ("one", (2,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("need: x\n", ["R702 1 a file of needs has no field `need`", "R701 1 the file has no `needs`, which it must have"]),
        ("needs: []\n", ["R703 1 `needs`: found an empty list, expected a list of needs"]),
        (GOOD.replace("need: Do it.", "ned: Do it."), ["R702 4 the need `one` has no field `ned`", "R701 2 the need `one` has no `need`, which it must have"]),
        (GOOD.replace("language: en", "language: de"), ["R703 3 `language`: found `de`, expected one of `en`, `fr`"]),
        (GOOD.replace("    scenarios: [{name: s, expect: {}}]\n", ""), ["R701 2 the need `one` has no `scenarios`"]),
        (GOOD + "    expect: {cannot: [harmful]}\n", ["R703 5 the need `one` cannot be met, so that no scenario is run"]),
        (GOOD.replace("{name: s, expect: {}}", "{name: s}"), ["R701 5 the scenario `s` has no `expect`, which it must have"]),
        (GOOD.replace("expect: {}", "expect: {outputs: 1}"), ["R702 5 `expect` has no field `outputs`"]),
        (GOOD.replace("expect: {}", "expect: {steps: {a: succeeded}}"), ["R702 5 `expect` has no field `steps`"]),
        (GOOD.replace("expect: {}", "expect: {effects: [{connector: emial}]}"), ["R707 5 there is no connector `emial` with a sandbox"]),
        (GOOD.replace("expect: {}", "expect: {effects: [{any_of: [{action: x}]}]}"), ["R701 5 an effect has no `connector`, which it must have"]),
        (GOOD.replace("expect: {}", "expect: {output: {a: {gt: x}}}"), ["R703 5 `gt`: a number is expected"]),
        (GOOD.replace("expect: {}", "faults: [{vendor: desk}], expect: {}"), ["R707 5 there is no connector `desk` with a sandbox"]),
        (GOOD.replace("expect: {}", "arrives: {body: {}, event: {}}, expect: {}"), ["R703 5 `arrives`: found `body`, `event`, expected one of body, event, form, item, scheduled_at"]),
        (GOOD.replace("expect: {}", "model: [{step: a, answer: x}], expect: {}"), ["R702 5 an entry of `model` has no field `step`"]),
        (GOOD.replace("expect: {}", "events: [{at: soon, event: x}], expect: {}"), ["R704 5 `at`: found `soon`, expected a duration after the start such as 23h, or a moment such as 2026-03-02T10:00:00+01:00"]),
        (GOOD + "    expect: {fires: [monday]}\n", ["R704 6 `fires`: found `monday`, expected a moment such as 2026-03-02T10:00:00+01:00"]),
        (GOOD + GOOD.removeprefix("needs:\n"), ["R708 6 there is another need `one`, in line 2"]),
        ("needs: [x, 3]\n", ["R703 1 found `x`, expected an object", "R703 1 found `3`, expected an object"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text, said):
    found, problems = read(text)
    assert found is None
    assert sorted(problems) == sorted(said)


def test_the_command_shows_the_line_with_a_caret(tmp_path, capsys):
    path = tmp_path / "needs.yml"
    path.write_text(GOOD.replace("language: en", "langage: en"), encoding="utf-8")
    assert main(["eval", str(path)]) == 2
    out = capsys.readouterr().out
    assert "the need `one` has no field `langage`" in out
    assert "    langage: en" in out
    assert "^^^" in out
    assert "did you mean `language`?" in out


def test_the_schema_for_editors_takes_what_the_reader_takes():
    import jsonschema
    import yaml

    from recipe_engine.evaluate.reference import schema
    from recipe_engine.resources import evals_dir

    validator = jsonschema.Draft202012Validator(schema())
    bundled = yaml.safe_load((evals_dir() / "small.yml").read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(bundled)] == []
    for wrong in (GOOD.replace("language: en", "language: de"), GOOD.replace("{name: s, expect: {}}", "{name: s}")):
        assert not validator.is_valid(yaml.safe_load(wrong))
