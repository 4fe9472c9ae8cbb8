"""What is said of test files that cannot be meant so, all at once; and how defaults are merged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine import source
from recipe_engine.builtin.http_sandbox import ScriptedExchange
from recipe_engine.builtin.llm.scripted import ScriptedAnswer
from recipe_engine.testing import check_file
from recipe_engine.testing.matching import MATCHER_DOCS
from recipe_engine.testing.model import (
    ApprovalAt,
    Case,
    EffectExpected,
    EventAt,
    Expect,
    StepExpected,
    VendorFault,
)
from recipe_engine.testing.reading import read_cases
from tests.unit.testing.support import ENGINE, missed, ran, written

RECIPE = "steps: [{id: classify, type: set, values: {a: 1}}]"


def said(text):
    """Code, line and message of everything that is wrong with a text."""
    document, problems = source.load(text, "x.test.yml")
    assert document is not None
    file, found = read_cases(document)
    assert file is None
    return [(it.code, it.span.line, it.message) for it in [*problems, *found]]


def test_everything_is_said_at_once_each_at_its_place():
    found = said(
        """\
recipe: 3
case: []
cases:
  - input: {}
  - name: two
    faults:
      - {vendr: hubspot, status: 1000, delay: 3}
    events: [{at: tomorrow, event: replied}]
    approvals: yes
    model: [{step: a, anser: 1}]
    expect:
      status: success
      duration: soon
      output: {matches: "("}
      steps: {a: {state: succeeded}, b: succeeded}
      effects: [{action: create}]
      log: text
  - name: two
  - 7
"""
    )
    assert sorted((line, code) for code, line, _ in found) == [
        (1, "R703"),
        (2, "R702"),
        (4, "R701"),
        (7, "R701"),
        (7, "R702"),
        (7, "R703"),
        (7, "R704"),
        (8, "R704"),
        (9, "R703"),
        (10, "R702"),
        (12, "R703"),
        (13, "R704"),
        (14, "R703"),
        (15, "R702"),
        (16, "R701"),
        (17, "R703"),
        (18, "R708"),
        (19, "R703"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cases: []", "`cases`: found an empty list, expected a list of cases"),
        ("recipe: a.yml", "the test file has no `cases`, which it must have"),
        ("cases: [{name: a, expect: {status: success}}]", "`status`: found `success`, expected one of"),
        ("cases: [{name: a, events: [{at: 3, event: b}]}]", "`at`: found `3`, expected a duration after the start"),
        ("cases: [{name: a, start: 2026-03-02T99:00}]", "`start`: found `2026-03-02T99:00`, expected a moment"),
        ("cases: [{name: a, expect: {duration: '> 3'}}]", "`duration`: found `> 3`, expected a duration such as 15m"),
        ("defaults: {expct: {}}\ncases: [{name: a}]", "`defaults` has no field `expct`"),
        ("cases: [{name: a, expect: {output: {gt: high}}}]", "`gt`: a number is expected"),
    ],
)
def test_what_was_found_and_what_was_expected(text, message):
    assert message in said(text)[0][2]


def test_steps_and_vendors_that_do_not_exist_are_found_before_anything_runs(tmp_path):
    path = written(
        tmp_path,
        RECIPE,
        """\
defaults:
  model: [{step: clasify, answer: 1}]
cases:
  - name: one
    vendors: {hubspt: {}}
    faults: [{vendor: clickupp}]
    approvals: [{at: 1h, step: ok}]
    expect:
      steps: {"each[0]/classify": succeeded, classfy: succeeded}
      not_steps: [other]
      effects: [{connector: mail}]
      vendors: {hubspot: {}, store: {}}
""",
    )
    found = check_file(path, ENGINE)
    assert [(it.code, it.span.line) for it in found] == [
        ("R706", 2),
        ("R706", 9),
        ("R706", 10),
        ("R706", 7),
        ("R707", 5),
        ("R707", 12),
        ("R707", 6),
        ("R707", 11),
    ]
    assert found[0].hint == "did you mean `classify`?"
    assert found[4].hint == "did you mean `hubspot`?"


def test_a_recipe_with_errors_is_told_with_its_own_diagnostics(tmp_path):
    path = written(tmp_path, "steps: [{id: a, type: sett}]", "cases: [{name: one}]")
    [problem] = check_file(path, ENGINE)
    assert (problem.code, problem.file) == ("R305", str(tmp_path / "sample.yml"))


def test_a_recipe_that_is_not_there_is_told(tmp_path):
    path = written(tmp_path, RECIPE, "recipe: smple.yml\ncases: [{name: one}]")
    [problem] = check_file(path, ENGINE)
    assert (problem.code, problem.hint) == ("R705", "did you mean `sample.yml`?")


async def test_a_test_file_may_name_another_recipe(tmp_path):
    written(tmp_path, RECIPE, "cases: [{name: one}]")
    (tmp_path / "more.test.yml").write_text("recipe: sample.yml\ncases: [{name: one, expect: {output: {a: 1}}}]")
    from recipe_engine.testing import run_file_async

    report = await run_file_async(tmp_path / "more.test.yml", engine=ENGINE)
    assert report.passed
    assert report.recipe == str(tmp_path / "sample.yml")


async def test_defaults_are_merged_field_by_field_and_lists_are_replaced(tmp_path):
    report = await ran(
        tmp_path,
        """
input_schema: {type: object, properties: {a: {}, b: {}, list: {}}}
config: {properties: {x: {type: integer}}}
steps: [{id: all, type: set, values: {a: "{{ a }}", b: "{{ b }}", list: "{{ list }}", x: "{{ config.x }}"}}]
""",
        """
        defaults:
          description: for all
          input: {a: {one: 1, two: 2}, b: 1, list: [1, 2]}
          config: {x: 1}
          expect: {output: {b: 1, x: 1}}
        cases:
          - {name: defaults, expect: {output: {a: {exactly: {one: 1, two: 2}}, list: [1, 2]}}}
          - name: merged
            input: {a: {two: 3}, list: []}
            config: {x: 2}
            expect: {output: {a: {exactly: {one: 1, two: 3}}, list: [], x: 2}}
          - name: matchers
            expect: {output: {length: 3}}
        """,
    )
    found = missed(report)
    assert (found["defaults"], found["merged"]) == ([], [])
    assert [miss[:2] for miss in found["matchers"]] == [("output", "a length of 3")]


MODELS = (
    Case,
    Expect,
    EventAt,
    ApprovalAt,
    VendorFault,
    StepExpected,
    EffectExpected,
    ScriptedAnswer,
    ScriptedExchange,
)
WORDS = sorted({name for model in MODELS for name in model.model_fields} | {word for word, _, _ in MATCHER_DOCS})
VALUES = (
    st.none() | st.booleans() | st.integers(-3, 600) | st.sampled_from(["", "a", "1h", "(", "2026-03-02", "succeeded"])
)
TREES = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=20,
)
CASES = st.dictionaries(st.sampled_from([*Case.model_fields]), TREES, max_size=6)


@given(TREES, st.lists(CASES | TREES, max_size=3), CASES | TREES)
def test_nothing_that_an_author_can_write_makes_it_raise(tree, cases, defaults):
    for data in (tree, {"cases": cases, "defaults": defaults}, {"cases": cases}):
        document, _ = source.load(json.dumps(data), "x.test.yml")
        if document is not None:
            file, problems = read_cases(document)
            assert (file is None) == any(problem.severity == "error" for problem in problems)
