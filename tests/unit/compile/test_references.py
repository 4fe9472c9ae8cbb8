"""Names, types and doubts along the steps of a recipe."""

import pytest

from tests.unit.compile.support import codes, problems, recipe

INPUT = """\
input_schema:
  type: object
  required: [email, mood]
  properties:
    email: {type: string}
    mood: {enum: [happy, sad]}
    urgent: {type: boolean, default: false}
    note: {type: string}
"""


def steps(text: str) -> list[str]:
    return codes(recipe(INPUT) + recipe(f"steps:\n{text}", head=""))


def test_a_misspelt_field_of_an_answer_is_found_two_steps_away():
    [problem] = problems("""\
        limits: {cost: 0.10 USD}
        input_schema: {type: object, required: [message], properties: {message: {type: string}}}
        steps:
          - id: classify
            type: llm_call
            user_prompt: "{{ message }}"
            output_schema:
              type: object
              required: [category]
              properties: {category: {type: string}}
          - {id: pause, type: wait, duration: 15m}
          - id: ticket
            type: desk.create_ticket
            with:
              subject: "Demande : {{ classify.categroy }}"
        """)
    assert problem.code == "R204"
    assert problem.hint is not None
    assert "category" in problem.hint
    assert (problem.span.line, problem.span.column) == (19, 39)


def test_a_misspelt_field_of_an_action_is_found_too():
    assert steps("""
- {id: tickets, type: desk.list_tickets}
- {id: text, type: set, values: {n: "{{ tickets.totl }}"}}
""") == ["R204"]  # fmt: skip


@pytest.mark.parametrize(
    "use",
    [
        "{{ ticket.id | default('none') }}",
        "{{ ticket.id if ticket is defined else 'none' }}",
    ],
)
def test_a_skipped_step_may_be_asked_for(use):
    assert steps(f"""
- {{id: ticket, type: desk.create_ticket, if: urgent, with: {{subject: Panne}}}}
- {{id: text, type: set, values: {{n: "{use}"}}}}
""") == []  # fmt: skip


@pytest.mark.parametrize(
    "condition",
    ["urgent", "urgent and mood == 'sad'", "ticket is defined", "mood == 'sad' and urgent"],
)
def test_a_step_under_the_same_condition_sees_it(condition):
    assert steps(f"""
- {{id: ticket, type: desk.create_ticket, if: urgent, with: {{subject: Panne}}}}
- {{id: text, type: set, if: "{condition}", values: {{n: "{{{{ ticket.id }}}}"}}}}
""") == []  # fmt: skip


def test_a_skipped_step_printed_bare_is_an_error():
    assert steps("""
- {id: ticket, type: desk.create_ticket, if: urgent, with: {subject: Panne}}
- {id: text, type: set, if: mood == 'sad', values: {n: "{{ ticket.id }}"}}
""") == ["R203"]  # fmt: skip


def test_a_step_that_may_fail_has_no_certain_value():
    assert steps("""
- {id: ticket, type: desk.create_ticket, on_error: continue, with: {subject: Panne}}
- {id: text, type: set, values: {n: "{{ ticket.id }}"}}
""") == ["R203"]  # fmt: skip


def test_the_steps_of_a_handler_give_the_value_of_the_step():
    assert steps("""
- id: ticket
  type: desk.create_ticket
  with: {subject: Panne}
  on_error: [{id: nobody, type: set, values: {id: "{{ error.code }}", number: 0}}]
- {id: text, type: set, values: {n: "{{ ticket.id }}"}}
""") == []  # fmt: skip


def test_the_steps_of_a_handler_cannot_be_read_outside():
    assert steps("""
- id: ticket
  type: desk.create_ticket
  with: {subject: Panne}
  on_error: [{id: nobody, type: set, values: {id: "{{ error.code }}"}}]
- {id: text, type: set, values: {n: "{{ nobody.id | default('') }}", m: "{{ error.code }}"}}
""") == ["R205", "R205"]  # fmt: skip


def test_an_optional_input_printed_bare_is_a_warning():
    [problem] = problems(recipe(INPUT) + 'steps:\n  - {id: text, type: set, values: {n: "{{ note }}"}}\n')
    assert (problem.code, problem.severity) == ("R203", "warning")


def test_arms_may_be_skipped_afterwards_and_see_each_other_inside():
    assert steps("""
- id: route
  type: branch
  cases:
    - when: urgent
      steps:
        - {id: first, type: set, values: {a: 1}}
        - {id: second, type: set, values: {a: "{{ first.a }}"}}
  else:
    - {id: third, type: set, values: {a: "{{ first.a | default(0) }}"}}
- {id: text, type: set, values: {n: "{{ first.a | default(0) + third.a | default(0) }}", m: "{{ route.a }}"}}
- {id: more, type: set, if: urgent, values: {n: "{{ first.a }}"}}
- {id: bad, type: set, values: {n: "{{ first.a }}", m: "{{ third.a }}"}}
""") == ["R203", "R203"]  # fmt: skip


def test_a_branch_without_else_may_have_no_output():
    assert steps("""
- id: route
  type: branch
  cases: [{when: urgent, steps: [{id: first, type: set, values: {a: 1}}]}]
- {id: text, type: set, values: {n: "{{ route.a }}"}}
""") == ["R203"]  # fmt: skip


def test_an_arm_that_ends_the_run_leaves_the_other_certain():
    assert steps("""
- id: route
  type: branch
  cases: [{when: urgent, steps: [{id: end, type: stop}]}]
  else: [{id: first, type: set, values: {a: 1}}]
- {id: text, type: set, values: {n: "{{ first.a }}", m: "{{ route.a }}"}}
""") == []  # fmt: skip


def test_a_branch_that_may_be_skipped_makes_nothing_certain():
    assert steps("""
- id: route
  type: branch
  if: urgent
  cases: [{when: mood == 'sad', steps: [{id: end, type: stop}]}]
  else: [{id: first, type: set, values: {a: 1}}]
- {id: text, type: set, values: {n: "{{ first.a }}"}}
""") == ["R203"]  # fmt: skip


def test_a_condition_about_null_holds_in_what_stands_under_it():
    text = """\
        input_schema: {type: object, required: [note], properties: {note: {type: [string, "null"]}}}
        steps:
          - {id: a, type: notify, if: note != none, to: "{{ note }}", message: a}
          - id: route
            type: branch
            cases: [{when: note == none, steps: [{id: end, type: stop}]}]
          - {id: b, type: notify, to: "{{ note }}", message: a}
        """
    assert codes(text) == []
    assert codes(text.replace("if: note != none, ", "")) == ["R406"]
    assert codes(text.replace("when: note == none", "when: run.id == 'a'")) == ["R406"]


def test_a_stop_without_a_value_makes_it_certain():
    assert steps("""
- {id: end, type: stop, if: note is not defined}
- {id: text, type: set, values: {n: "{{ note }}"}}
""") == []  # fmt: skip


def test_lanes_cannot_see_each_other_but_are_seen_afterwards():
    assert steps("""
- id: both
  type: parallel
  branches:
    a: [{id: one, type: set, values: {x: 1}}]
    b: [{id: two, type: set, values: {x: "{{ one.x }}"}}]
- {id: text, type: set, values: {n: "{{ one.x + two.x + both.a.x }}"}}
""") == ["R205"]  # fmt: skip


def test_loops_have_a_scope_of_their_own():
    assert steps("""
- {id: tickets, type: desk.list_tickets}
- id: each
  type: for_each
  items: tickets.data
  as: found
  steps:
    - {id: one, type: set, values: {x: "{{ found.number + 1 }}"}}
    - {id: two, type: set, values: {x: "{{ one.x }}"}}
- {id: text, type: set, values: {n: "{{ each.results[0].x }}", m: "{{ each.errors[0].error.code }}"}}
- {id: bad, type: set, values: {n: "{{ two.x }}", m: "{{ found.number }}"}}
""") == ["R205", "R201"]  # fmt: skip


def test_a_round_is_readable_in_until_and_its_output_afterwards():
    assert steps("""
- id: job
  type: repeat
  timeout: 2h
  until: state.status == 'closed'
  steps:
    - {id: listed, type: desk.list_tickets}
    - {id: state, type: set, values: {status: "{{ listed.data[0].status }}"}}
- {id: text, type: set, values: {n: "{{ job.status }}", m: "{{ state.status }}"}}
""") == ["R205"]  # fmt: skip


def test_steps_after_a_failure_in_a_group_are_in_doubt():
    assert steps("""
- id: both
  type: group
  on_error: continue
  steps:
    - {id: one, type: set, values: {x: 1}}
    - {id: two, type: set, values: {x: "{{ one.x }}"}}
- {id: text, type: set, values: {n: "{{ one.x }}", m: "{{ both.x }}"}}
""") == ["R203", "R203"]  # fmt: skip


def test_always_cannot_count_on_the_steps_of_its_group_but_what_follows_can():
    assert steps("""
- id: both
  type: group
  steps: [{id: one, type: set, values: {x: 1}}]
  always: [{id: last, type: set, values: {x: "{{ one.x }}"}}]
- {id: text, type: set, values: {n: "{{ one.x }}", m: "{{ last.x }}"}}
""") == ["R203"]  # fmt: skip


def test_the_handler_of_the_run_cannot_count_on_any_step():
    text = (
        recipe(INPUT)
        + """\
steps: [{id: one, type: set, values: {x: 1}}]
output: {x: "{{ one.x }}"}
on_error:
  - {id: tell, type: notify, to: "{{ email }}", message: "{{ error.title }} {{ one.x }}"}
"""
    )
    assert codes(text) == ["R203"]


def test_waits_give_what_they_waited_for():
    assert steps("""
- id: ok
  type: wait
  timeout: 3d
  approval: {ask: Oui ?, fields: {type: object, properties: {amount: {type: number}}, required: [amount]}}
  on_timeout: [{id: late, type: stop}]
- {id: text, type: set, if: ok.approved, values: {by: "{{ ok.by }}", amount: "{{ ok.fields.amount + 1 }}"}}
- {id: bad, type: set, values: {by: "{{ ok.bye }}"}}
""") == ["R204"]  # fmt: skip


def test_the_variable_of_a_loop_is_typed_by_its_items():
    assert steps("""
- id: each
  type: for_each
  items: "['a', 'b']"
  as: letter
  steps: [{id: one, type: set, values: {x: "{{ letter.name }}"}}]
""") == ["R206"]  # fmt: skip


def test_a_transform_is_typed_item_by_item():
    assert steps("""
- {id: tickets, type: desk.list_tickets}
- id: names
  type: transform
  items: tickets.data
  as: found
  where: found.status == 'open'
  values: {title: "{{ found.subject }}"}
- {id: text, type: set, values: {n: "{{ names[0].title }}"}}
- {id: bad, type: set, values: {n: "{{ names[0].subject }}"}}
""") == ["R204"]  # fmt: skip


def test_a_transform_sees_its_expressions_checked():
    assert steps("""
- {id: tickets, type: desk.list_tickets}
- {id: names, type: transform, items: tickets.data, as: found, where: found.state == 'open'}
""") == ["R204"]  # fmt: skip


def test_config_has_to_be_declared():
    text = """\
        config: {properties: {limit: {type: integer, default: 3}}}
        steps: [{id: text, type: set, values: {a: "{{ config.limit + 1 }}", b: "{{ config.limits }}"}}]
        """
    assert codes(text) == ["R409"]


def test_config_may_not_be_read_where_there_is_none():
    assert codes('steps: [{id: text, type: set, values: {a: "{{ config.limit }}"}}]') == ["R409"]


def test_a_broken_step_makes_no_further_trouble():
    found = codes("""\
        steps:
          - {id: first, type: desk.creat_ticket, with: {subject: Panne}}
          - {id: text, type: set, values: {n: "{{ first.id }}"}}
        """)
    assert found == ["R401"]


def test_inputs_that_cannot_be_read_make_no_further_trouble():
    found = codes("""\
        input_schema: nonsense
        steps: [{id: text, type: set, values: {n: "{{ email }}"}}]
        """)
    assert found == ["R303"]


def test_the_output_is_held_against_its_schema():
    text = """\
        output_schema: {type: object, required: [n], properties: {n: {type: integer}}}
        steps: [{id: text, type: set, values: {n: 5, more: 6}}]
        """
    assert codes(text) == []
    assert codes(text + "output: {n: '{{ text.more }}'}\n") == []
    assert codes(text + "output: {n: many}\n") == ["R211"]
    assert codes(text + "output: '{{ text }}'\n") == []
    assert codes(text + "output: '{{ text.n }}'\n") == ["R211"]
    assert codes(text.replace("n: 5", "m: 5")) == ["R211"]


def test_a_last_answer_takes_the_schema_of_the_recipe():
    text = """\
        limits: {cost: 0.10 USD}
        input_schema: {type: object, required: [email], properties: {email: {type: string}}}
        output_schema: {type: object, required: [n], properties: {n: {type: integer}}}
        steps:
          - id: first
            type: llm_call
            user_prompt: "{{ email }}"
          - id: last
            type: llm_call
            user_prompt: "{{ first }}"
        """
    assert codes(text) == []


def test_a_trigger_sees_what_arrived_and_nothing_else():
    text = """\
        input_schema: {type: object, required: [email], properties: {email: {type: string}}}
        output_schema: {type: object, required: [n], properties: {n: {type: integer}}}
        triggers:
          - type: webhook
            path: /a
            if: body.kind == 'a' and headers['x-kind']
            key: body.id
            input: {email: "{{ body.email }}"}
            respond: {when: done, json: {n: "{{ output.n }}", id: "{{ run.id }}"}}
          - {type: schedule, cron: "0 9 * * *", input: {email: "{{ scheduled_at }}"}}
          - {type: event, event: told, input: "{{ event }}"}
          - {type: poll, every: 5m, action: desk.list_tickets, items: data, key: id, input: {email: "{{ item.subject }}"}}
        steps: [{id: one, type: set, values: {n: 5}}]
        """
    assert codes(text) == []
    assert codes(text.replace("key: body.id", "key: one.n")) == ["R205"]
    assert codes(text.replace("output.n", "output.m")) == ["R204"]
    assert codes(text.replace("items: data", "items: dat")) == ["R201"]
    assert codes(text.replace("item.subject", "item.sbject")) == ["R204"]
    assert codes(text.replace("item.subject", "item.number")) == ["R321"]
