"""Which steps and ways count as covered."""

from __future__ import annotations

from tests.unit.testing.support import ran

RECIPE = """
input_schema: {type: object, properties: {n: {type: integer, default: 0}}}
steps:
  - id: route
    type: branch
    cases:
      - when: n == 1
        steps: [{id: one, type: set, values: {a: 1}}]
      - when: n == 2
        steps:
          - id: answer
            type: wait
            event: reply
            timeout: 1h
            on_timeout: [{id: late, type: set, values: {a: 2}}]
    else:
      - id: order
        type: http
        url: https://shop.example/
        on_error: [{id: handled, type: set, if: n > 5, values: {a: 3}}]
  - {id: last, type: set, if: n < 5, values: {a: 4}}
output: 1
"""
HTTP = 'http: [{url: "https://shop.example/", json: {}}]'


def ways(report):
    """What is missing, as step and way."""
    return [(point.step, point.way) for point in report.coverage.missing]


async def test_nothing_is_covered_by_no_run(tmp_path):
    report = await ran(tmp_path, RECIPE, "cases: [{name: refused, input: {n: x}, expect: {invalid_input: [n]}}]")
    assert report.coverage.counts() == (0, 7, 0, 9)
    assert report.coverage.percent == 0


async def test_each_case_adds_what_it_took(tmp_path):
    report = await ran(tmp_path, RECIPE, f"cases: [{{name: one, input: {{n: 1}}}}, {{name: none, {HTTP}}}]")
    assert report.passed
    assert ways(report) == [
        ("answer", ""),
        ("route", "case 2: n == 2"),
        ("answer", "its time passes (on_timeout)"),
        ("late", ""),
        ("handled", ""),
        ("handled", "its `if` does not hold"),
        ("handled", "its `if` holds"),
        ("order", "it fails (on_error)"),
        ("last", "its `if` does not hold"),
    ]


async def test_all_ways_together_are_whole(tmp_path):
    report = await ran(
        tmp_path,
        RECIPE,
        """
        cases:
          - {name: one, input: {n: 1}}
          - {name: two, input: {n: 2}}
          - {name: handled, input: {n: 6}, faults: [{vendor: http, status: 404}]}
          - {name: not handled, input: {n: 4}, faults: [{vendor: http, status: 404}]}
        """,
    )
    assert report.passed
    assert report.coverage.missing == []
    assert report.coverage.percent == 100
    assert report.coverage.to_json()["steps"] == {"covered": 7, "total": 7}


async def test_rounds_that_are_over_count(tmp_path):
    report = await ran(
        tmp_path,
        """
steps:
  - id: job
    type: repeat
    until: state.body.done
    max_rounds: 9
    steps:
      - {id: state, type: http, url: "https://shop.example/"}
      - {id: first, type: set, if: not state.body.done, values: {a: 1}}
""",
        """
        cases:
          - name: two rounds
            http:
              - {url: "https://shop.example/", json: {done: false}}
              - {url: "https://shop.example/", json: {done: true}}
        """,
    )
    assert report.passed, report.cases
    assert report.coverage.missing == []
