"""Parameters of actions: what is written out, and what templates give."""

import pytest

from tests.unit.compile.support import codes, problems

INPUT = """\
input_schema:
  type: object
  required: [text, number, texts, any, maybe, kind]
  properties:
    text: {type: string}
    number: {type: integer}
    texts: {type: array, items: {type: string}}
    any: {}
    maybe: {type: [string, "null"]}
    kind: {enum: [low, huge]}
"""


def ticket(params: str) -> list[str]:
    return codes(f"slug: a\nname: A\ndescription: A\ncategory: a\n{INPUT}steps:\n"
                 f"  - {{id: ticket, type: desk.create_ticket, with: {params}}}\n")  # fmt: skip


@pytest.mark.parametrize(
    "params",
    [
        "{subject: Panne}",
        "{subject: Panne, priority: high, tags: [a, b], weight: 3, address: {street: Rue}, notify: true}",
        "{subject: Panne, weight: null}",
        '{subject: "{{ text }}"}',
        '{subject: "{{ number }} pannes"}',
        '{subject: "{{ any }}", weight: "{{ any }}", tags: "{{ any }}", address: "{{ any }}"}',
        '{subject: a, weight: "{{ number }}", tags: "{{ texts }}"}',
        '{subject: a, tags: ["{{ text }}", b]}',
        '{subject: a, address: {street: "{{ text }}"}}',
        '{subject: a, priority: "{{ text }}"}',
        '{subject: a, notify: "{{ number > 3 }}"}',
    ],
)
def test_what_fits_is_silent(params):
    assert ticket(params) == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ("{}", ["R403"]),
        ("{subject: a, weight: 0}", ["R405"]),
        ("{subject: a, weight: heavy}", ["R405"]),
        ("{subject: a, priority: urgent}", ["R405"]),
        ("{subject: 5}", ["R405"]),
        ("{subject: a, colour: red}", ["R404"]),
        ("{subject: a, address: {city: Lyon}}", ["R403"]),
        ("{subject: a, address: {street: Rue, town: Lyon}}", ["R404"]),
        ('{subject: a, address: {street: "{{ text }}", town: Lyon}}', ["R404"]),
        ('{subject: a, address: {city: "{{ text }}"}}', ["R403"]),
        ('{subject: "{{ number }}"}', ["R406"]),
        ('{subject: "{{ texts }}"}', ["R406"]),
        ('{subject: "{{ maybe }}"}', ["R406"]),
        ('{subject: a, weight: "{{ text }}"}', ["R406"]),
        ('{subject: a, tags: "{{ text }}"}', ["R406"]),
        ('{subject: a, tags: ["{{ number }}"]}', ["R406"]),
        ('{subject: a, priority: "{{ kind }}"}', ["R406"]),
        ('{subject: a, notify: "{{ text }}"}', ["R406"]),
        ('{prio: "{{ text }}"}', ["R403", "R404"]),
    ],
)
def test_what_cannot_fit_is_reported(params, expected):
    assert ticket(params) == expected


def test_an_unknown_parameter_gets_a_suggestion_at_its_name():
    [problem] = problems("steps: [{id: a, type: desk.create_ticket, with: {subject: Panne, prioriti: high}}]")
    assert problem.hint == "did you mean `priority`?"
    assert problem.span.end_column - problem.span.column == len("prioriti")


def test_fields_of_a_step_are_checked_like_parameters():
    assert codes("steps: [{id: a, type: http, url: 'https://example.org', metod: POST}]") == ["R404"]
    assert codes("steps: [{id: a, type: http, method: FETCH}]") == ["R403", "R405"]


def test_with_under_an_action_of_the_engine_is_explained():
    [problem] = problems("steps: [{id: a, type: http, url: 'https://example.org', with: {method: POST}}]")
    assert problem.code == "R404"
    assert problem.hint == "the parameters of http are written on the step itself"


def test_secrets_stand_where_the_action_allows_them():
    head = "{id: a, type: http, url: 'https://example.org'"
    assert codes(f"steps: [{head}, headers: {{Authorization: 'Bearer {{{{ secrets.KEY }}}}'}}}}]") == []
    assert codes(f"steps: [{head}, json: {{key: '{{{{ secrets.KEY }}}}'}}}}]") == ["R407"]
    assert codes("steps: [{id: a, type: set, values: {key: '{{ secrets.KEY }}'}}]") == ["R407"]
    assert codes(f"steps: [{head}, if: secrets.KEY == 'a'}}]") == ["R407"]


def test_secrets_that_are_not_set_are_a_warning_where_settings_are_known():
    text = (
        "steps: [{id: a, type: http, url: 'https://example.org', headers: {Authorization: 'Bearer {{ secrets.KEY }}'}}]"
    )
    assert codes(text) == []
    assert codes(text, settings={"KEY": "x"}) == []
    assert codes(text, settings={}) == ["R408"]


def test_settings_of_connectors_are_a_warning_where_settings_are_known():
    text = "steps: [{id: a, type: desk.create_ticket, with: {subject: Panne}}]"
    assert codes(text) == []
    assert codes(text, settings={"DESK_TOKEN": "x"}) == []
    assert codes(text, settings={}) == ["R410"]


def test_a_retry_after_an_unknown_end_is_a_warning_for_once_only():
    head = "{id: a, type: http, url: 'https://example.org', retry: {attempts: 3, on: [timeout]}"
    assert codes(f"steps: [{head}}}]") == []
    assert codes(f"steps: [{head}, method: POST}}]") == ["R411"]
    assert codes(f"steps: [{head}, method: POST, idempotent: true}}]") == []
