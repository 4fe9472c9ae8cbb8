"""Reading a document reports every error of shape, and keeps all that can be kept."""

from textwrap import dedent

import pytest

from recipe_engine import source
from recipe_engine.model import (
    MAX_DEPTH,
    ActionStep,
    ActionTypes,
    BranchStep,
    BrokenStep,
    GroupStep,
    Reading,
    WaitStep,
    read_recipe,
)

HEAD = "slug: test\nname: Test\ndescription: A test.\ncategory: test\n"
ACTIONS = {"http": True, "desk.create_ticket": False}
TYPES = ActionTypes(ACTIONS.get, lambda: ACTIONS)


def read(text: str) -> Reading:
    document, diagnostics = source.load(text, "test.yml")
    assert document is not None, diagnostics
    return read_recipe(document, TYPES)


def steps(body: str) -> Reading:
    return read(HEAD + "steps:\n" + dedent(body))


def told(reading: Reading) -> list[tuple[str, int, int]]:
    return [(item.code, item.span.line, item.span.column) for item in reading.diagnostics]


def test_a_recipe_without_errors_is_read_whole():
    reading = steps("""\
        - {id: pause, type: wait, duration: 15m}
        - {id: call, type: http, name: Call, url: "https://example.org", retry: {attempts: 2}}
        - id: ticket
          type: desk.create_ticket
          with: {subject: Panne}
          on_error: [{id: again, type: wait, duration: 1m}]
    """)
    assert not reading.diagnostics
    pause, call, ticket = reading.recipe.steps
    assert isinstance(pause, WaitStep)
    assert pause.duration == "15m"
    assert isinstance(call, ActionStep)
    assert (call.name, call.params, call.params_path) == ("Call", {"url": "https://example.org"}, ())
    assert isinstance(ticket, ActionStep)
    assert (ticket.params, ticket.params_path) == ({"subject": "Panne"}, ("with",))
    assert isinstance(ticket.on_error, tuple)


def test_all_errors_are_told_at_once_each_at_its_place():
    reading = read(
        dedent("""\
        slug: Not A Slug
        name: Test
        descripton: misspelt
        category: test
        limits: {cost: free, tokns: 5}
        triggers:
          - {type: cron}
          - {type: schedule, cron: never}
        steps:
          - {id: one, type: wait, duration: soon}
          - {id: Two, type: http, url: x}
          - {id: three, type: branch, cases: [{steps: []}], otherwise: []}
          - just text
          - {id: five, type: unknown}
        """)
    )
    codes = [item.code for item in reading.diagnostics]
    assert sorted(codes) == sorted(
        [
            "R304",  # slug
            "R302",  # descripton
            "R301",  # description
            "R310",  # cost
            "R302",  # tokns
            "R318",  # cron
            "R311",  # never
            "R309",  # soon
            "R306",  # Two
            "R317",  # steps: []
            "R301",  # when
            "R302",  # otherwise
            "R303",  # just text
            "R305",  # unknown
        ]
    )


def test_one_bad_step_hides_no_other():
    reading = steps("""\
        - {id: one, type: wait, duration: soon}
        - {id: two, type: wait, duration: 5m}
    """)
    one, two = reading.recipe.steps
    assert one.id == "one"
    assert isinstance(two, WaitStep)
    assert [item.code for item in reading.diagnostics] == ["R309"]


def test_a_refused_field_is_left_out_and_the_step_read_without_it():
    reading = steps("- {id: one, type: wait, duration: 5m, timeout: soon, colour: red}")
    [one] = reading.recipe.steps
    assert isinstance(one, WaitStep)
    assert (one.duration, one.timeout) == ("5m", None)
    assert [item.code for item in reading.diagnostics] == ["R309", "R302"]


def test_a_broken_step_keeps_its_name_and_its_inner_steps():
    reading = steps("""\
        - id: route
          type: brnch
          cases: [{when: a, steps: [{id: one, type: wait, duration: 1m}]}]
          else: [{id: two, type: nothing}]
    """)
    [route] = reading.recipe.steps
    assert isinstance(route, BrokenStep)
    assert route.id == "route"
    paths = {path for path, _ in route.blocks()}
    assert paths == {("else",), ("cases", 0, "steps")}
    assert [item.code for item in reading.diagnostics] == ["R305", "R305"]


def test_cases_keep_their_places():
    reading = steps("""\
        - id: route
          type: branch
          cases:
            - nonsense
            - {when: a, steps: [{id: one, type: wait, duration: 1m}]}
    """)
    [route] = reading.recipe.steps
    assert isinstance(route, BranchStep)
    assert route.cases[1].steps[0].id == "one"
    assert told(reading) == [("R303", 9, 7)]


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        ("{id: a, type: wait, duraton: 5m}", "did you mean `duration`?"),
        ("{id: a, type: wiat, duration: 5m}", "did you mean `wait`?"),
        ("{id: a, type: desk.create_tickt}", "did you mean `desk.create_ticket`?"),
        ("{id: a, type: desk.create_ticket, subject: Panne}", "the parameters of desk.create_ticket are written under `with`"),
        ("{id: a, type: desk.create_ticket, timeot: 5m}", "did you mean `timeout`?"),
        ("{id: a, type: for_each, items: b, on_item_error: colect, steps: [{id: b, type: wait, duration: 1m}]}", "did you mean `collect`?"),
        ("{id: a, type: group, steps: [{id: b, type: wait, duration: 1m}], retry: {atempts: 2}}", "did you mean `attempts`?"),
        ("{id: a, type: wait, approval: {ask: Oui ?, too: x}}", "did you mean `to`?"),
    ],
)  # fmt: skip
def test_misspelt_words_get_a_suggestion(step, hint):
    reading = steps(f"- {step}")
    assert hint in [item.hint for item in reading.diagnostics]


def test_words_of_yaml_1_1_are_explained():
    reading = read(HEAD + "limits: {tokens: '50'}\nsteps: [{id: a, type: set, values: {b: 1}, name: 5}]")
    assert [item.hint for item in reading.diagnostics] == ['write it in quotes: "5"', "write the number without quotes"]


def test_a_step_without_id_or_type_is_told_what_is_missing():
    reading = steps("- {type: wait, duration: 5m}\n- {id: a}\n- {}")
    assert [(item.code, item.message) for item in reading.diagnostics] == [
        ("R301", "the step has no `id`, which it must have"),
        ("R301", "step `a` has no `type`, which it must have"),
        ("R301", "the step has no `type`, which it must have"),
    ]


@pytest.mark.parametrize("value", ["5", "text", "{a: b}", "null", "[]", "[5]", "[[]]", "[{}]", "[{id: 5, type: 5}]"])
def test_whatever_stands_for_steps_is_reported_and_never_raised(value):
    reading = read(HEAD + f"steps: {value}")
    assert reading.diagnostics
    for name in ("steps", "cases", "else", "branches", "on_error", "with", "retry", "items", "values", "approval"):
        for kind in ("branch", "parallel", "group", "for_each", "wait", "set", "http", "desk.create_ticket", "recipe"):
            read(HEAD + f"steps: [{{id: a, type: {kind}, {name}: {value}}}]")


def test_a_recipe_with_errors_still_shows_its_steps():
    reading = read("name: 5\nsteps: [{id: a, type: group, steps: [{id: b, type: wait, duration: 5m}]}]")
    [group] = reading.recipe.steps
    assert isinstance(group, GroupStep)


def test_steps_are_nested_at_most_forty_deep():
    def nested(depth: int) -> str:
        lines = [HEAD + "steps:"]
        for index in range(depth - 1):
            pad = "  " * index
            lines += [f"{pad}- id: g{index}", f"{pad}  type: group", f"{pad}  steps:"]
        return "\n".join([*lines, "  " * (depth - 1) + "- {id: last, type: wait, duration: 1m}"])

    assert not read(nested(MAX_DEPTH)).diagnostics
    assert [item.code for item in read(nested(MAX_DEPTH + 1)).diagnostics] == ["R316"]
