"""The plan of a recipe says everything that was decided before the run."""

import json

import pytest

from recipe_engine.compile import lower
from recipe_engine.core.plan import (
    Branch,
    Call,
    Case,
    ForEach,
    Group,
    Lane,
    Limits,
    Parallel,
    Perform,
    Plan,
    Repeat,
    Retry,
    Set,
    Step,
    Stop,
    Transform,
    Wait,
)
from tests.unit.compile.support import CATALOG, document, plan, recipe
from tests.unit.compile.test_checks import IMAGE, REFUND


def only(body: str) -> Step:
    found = plan(body)
    return found.steps[found.blocks[found.root][0]]


def ids(found: Plan, block: int | None) -> list[str]:
    assert block is not None
    return [found.steps[index].id for index in found.blocks[block]]


def test_a_plan_says_what_the_recipe_says():
    found = plan("""\
        input_schema: {type: object, properties: {email: {type: string, default: a}}}
        output_schema: {type: object}
        config: {properties: {limit: {type: integer}}}
        triggers: [{type: form}]
        goal: {event: lead.converted, within: 72h, target: 65%}
        limits:
          cost: 0.50 USD
          tokens: 5000
          duration: 30d
          concurrency: {key: "{{ email }}", max: 2, when_full: refuse}
        steps: [{id: one, type: set, values: {a: 1}}]
        output: {a: "{{ one.a }}"}
        on_error: [{id: two, type: set, values: {a: "{{ error.code }}"}}]
        """)
    assert (found.slug, found.name) == ("test", "Test")
    assert found.config_schema == {"type": "object", "properties": {"limit": {"type": "integer"}}}
    assert (found.has_output, found.output) == (True, {"a": "{{ one.a }}"})
    assert found.limits == Limits(0.5, 5000, 2592000, {"max": 2, "when_full": "refuse", "key": "email"})
    assert ids(found, found.on_error) == ["two"]
    assert found.about == {
        "description": "A test.",
        "category": "test",
        "triggers": [{"type": "form"}],
        "goal": {"event": "lead.converted", "within": "72h", "target": "65%"},
    }
    assert [step.line for step in found.steps] == [15, 17]


def test_a_plan_is_plain_json_and_its_digest_does_not_depend_on_the_file():
    body = "steps: [{id: one, type: set, values: {a: 1}}]"
    one = plan(body)
    assert Plan.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert lower(document(recipe(body), "elsewhere.yml"), CATALOG).digest == one.digest


def test_lowering_a_recipe_with_errors_names_the_first():
    with pytest.raises(ValueError, match=r"test.yml:5: R301"):
        lower(document(recipe("steps: [{type: wait}]")), CATALOG)


def test_an_action_has_its_effect_its_retry_and_its_time_limit():
    step = only("steps: [{id: a, type: http, name: Call, url: 'https://example.org', method: POST, idempotent: true}]")
    params = {"url": "https://example.org", "method": "POST", "idempotent": True}
    assert step.do == Perform("http", params, "keyed")
    assert (step.name, step.type, step.retry, step.timeout) == ("Call", "http", Retry(attempts=3), 30.0)


def test_what_the_author_writes_completes_the_retry_of_the_action():
    step = only("""\
        steps:
          - id: a
            type: llm_call
            user_prompt: Bonjour
            timeout: 90s
            retry: {attempts: 5, backoff: linear, max_wait: 1m, on: [timeout]}
        """)
    assert step.retry == Retry(attempts=5, wait=2.0, backoff="linear", max_wait=60.0, on=("timeout",))
    assert step.timeout == 90.0


def test_a_pause_that_is_written_is_never_cut_by_the_longest_pause_of_the_action():
    step = only("""\
        steps:
          - id: a
            type: llm_call
            user_prompt: Bonjour
            retry: {attempts: 5, wait: 10m}
        """)
    assert (step.retry.wait, step.retry.max_wait) == (600.0, 600.0)


def test_parameters_of_connectors_stand_under_with():
    step = only("steps: [{id: a, type: desk.create_ticket, with: {subject: Panne}}]")
    assert step.do == Perform("desk.create_ticket", {"subject": "Panne"}, "once")
    assert step.name == "a"


def test_conditions_lose_their_braces():
    step = only("steps: [{id: a, type: set, if: '{{ run.id }}', values: {b: '{{ run.id }}'}, on_error: continue}]")
    assert step.if_ == "run.id"
    assert step.do == Set({"b": "{{ run.id }}"})
    assert step.on_error == "continue"
    assert step.retry is None


def test_blocks_refer_to_each_other_by_number():
    found = plan("""\
        steps:
          - id: route
            type: branch
            cases:
              - {when: run.id == 'a', steps: [{id: one, type: wait, duration: 1m}]}
              - {when: run.id == 'b', steps: [{id: two, type: wait, duration: 1m}]}
            else: [{id: three, type: wait, duration: 1m}]
            on_error: [{id: four, type: wait, duration: 1m}]
          - id: both
            type: parallel
            branches: {x: [{id: five, type: wait, duration: 1m}], y: [{id: six, type: wait, duration: 1m}]}
          - id: all
            type: group
            steps: [{id: seven, type: wait, duration: 1m}]
            always: [{id: eight, type: wait, duration: 1m}]
        """)
    assert ids(found, found.root) == ["route", "both", "all"]
    route, both, group = (found.steps[index] for index in found.blocks[found.root])
    assert isinstance(route.do, Branch)
    assert [case.when for case in route.do.cases] == ["run.id == 'a'", "run.id == 'b'"]
    assert [ids(found, case.block) for case in route.do.cases] == [["one"], ["two"]]
    assert ids(found, route.do.otherwise) == ["three"]
    assert isinstance(route.on_error, int)
    assert ids(found, route.on_error) == ["four"]
    assert isinstance(both.do, Parallel)
    assert [(lane.name, ids(found, lane.block)) for lane in both.do.lanes] == [("x", ["five"]), ("y", ["six"])]
    assert isinstance(group.do, Group)
    assert (ids(found, group.do.body), ids(found, group.do.always)) == (["seven"], ["eight"])
    assert {Case, Lane}


def test_waits_loops_and_stops_are_lowered():
    found = plan("""\
        input_schema: {type: object, required: [rows, at], properties: {rows: {type: array}, at: {type: string, format: date-time}}}
        steps:
          - {id: a, type: wait, duration: 15m}
          - {id: b, type: wait, until: "{{ at }}", if_past: skip}
          - {id: c, type: wait, event: told, match: {n: "{{ run.id }}"}, timeout: 1d, on_timeout: [{id: d, type: stop}]}
          - {id: e, type: wait, approval: {ask: Oui ?, to: a@example.org}, timeout: 1d}
          - {id: f, type: for_each, items: rows, concurrency: 4, pace: 20/1m, on_item_error: collect, steps: [{id: g, type: wait, duration: 1s}]}
          - {id: h, type: repeat, until: i.a, every: 30s, timeout: 1h, steps: [{id: i, type: set, values: {a: true}}]}
          - {id: j, type: transform, items: rows, as: r, where: r.a, sort: -a, limit: 3, values: "{{ r.b }}"}
          - {id: k, type: stop, if: run.id == 'a', status: failed, message: "{{ run.id }}"}
          - {id: l, type: stop, if: run.id == 'b', output: null}
        """)
    do = {step.id: step.do for step in found.steps}
    assert do["a"] == Wait(duration="15m")
    assert do["b"] == Wait(until="at", if_past="skip")
    assert isinstance(do["c"], Wait)
    assert (do["c"].event, do["c"].match, ids(found, do["c"].on_timeout)) == ("told", {"n": "{{ run.id }}"}, ["d"])
    assert do["e"] == Wait(approval={"ask": "Oui ?", "to": "a@example.org"})
    assert isinstance(do["f"], ForEach)
    assert (do["f"].items, do["f"].as_, do["f"].concurrency, do["f"].pace_count, do["f"].pace_seconds) == (
        "rows", "item", 4, 20, 60.0,
    )  # fmt: skip
    assert do["f"].on_item_error == "collect"
    assert isinstance(do["h"], Repeat)
    assert (do["h"].until, do["h"].every, do["h"].max_rounds) == ("i.a", 30.0, None)
    assert do["j"] == Transform("rows", "r", where="r.a", sort=("-a",), limit=3, values="{{ r.b }}", has_values=True)
    assert do["k"] == Stop("failed", "{{ run.id }}")
    assert do["l"] == Stop("succeeded", None, None, has_output=True)


def test_called_recipes_are_in_the_plan_those_that_they_call_too():
    between = (
        "slug: between\nname: B\ndescription: B\ncategory: b\n"
        "steps: [{id: x, type: recipe, recipe: refund, with: {amount: 5}}]\n"
    )
    found = plan("steps: [{id: a, type: recipe, recipe: between}]", recipes={"between": between, "refund": REFUND})
    assert found.steps[0].do == Call("between", {})
    assert set(found.recipes) == {"between", "refund"}
    assert not found.recipes["between"].recipes


def test_an_image_in_a_prompt_becomes_a_part_of_it():
    [step] = plan(IMAGE).steps
    assert isinstance(step.do, Perform)
    assert step.do.params["user_prompt"] == [
        {"text": "Image: "},
        {"media": "{{ product_image }}", "kind": "image", "name": "product_image"},
    ]
    assert step.do.params["output_schema"]["required"] == ["title"]


def test_files_of_other_steps_are_shown_too_in_the_order_of_the_text():
    found = plan("""\
        input_schema:
          type: object
          required: [sound, who]
          properties: {sound: {type: string, format: audio}, who: {type: string}}
        limits: {cost: 0.10 USD}
        steps:
          - {id: doc, type: desk.download}
          - {id: ask, type: llm_call, user_prompt: "{{doc}}Pour {{ who }} : {{ sound }}."}
        """)
    step = found.steps[1]
    assert isinstance(step.do, Perform)
    assert step.do.params["user_prompt"] == [
        {"media": "{{ doc }}", "kind": "file", "name": "doc"},
        {"text": "Pour {{ (who) | as_data('who') }} : "},
        {"media": "{{ sound }}", "kind": "audio", "name": "sound"},
        {"text": "."},
    ]


def test_only_an_answer_that_is_the_recipes_output_takes_its_schema():
    body = """\
        output_schema: {type: object, properties: {a: {type: string}}}
        limits: {cost: 0.10 USD}
        steps:
          - {id: first, type: llm_call, user_prompt: Bonjour}
          - id: last
            type: branch
            cases: [{when: first == 'a', steps: [{id: inner, type: llm_call, user_prompt: Bonjour}]}]
            else: [{id: other, type: llm_call, user_prompt: Bonjour, output_schema: {type: object}}]
        """
    params = {step.id: step.do.params for step in plan(body).steps if isinstance(step.do, Perform)}
    assert "output_schema" not in params["first"]
    assert params["inner"]["output_schema"] == {"type": "object", "properties": {"a": {"type": "string"}}}
    assert params["other"]["output_schema"] == {"type": "object"}
    with_output = plan(body + "output: {a: '{{ first }}'}\n")
    params = {step.id: step.do.params for step in with_output.steps if isinstance(step.do, Perform)}
    assert "output_schema" not in params["inner"]
