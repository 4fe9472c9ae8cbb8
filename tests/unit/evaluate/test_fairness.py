"""A recipe is judged by what it does: names that its need leaves open do not decide, what is missing does."""

from __future__ import annotations

import pytest

from recipe_engine.evaluate.meanings import Meanings
from recipe_engine.generate import Refusal
from tests.unit.evaluate.conftest import missed, scored

SENTIMENT = """\
also: {email: [mail], negative: [unhappy, mauvais], sentiment: [mood]}
scenarios:
  - name: unhappy
    input: {email: ada@example.org, review: Bad}
    model: [{answer: {sentiment: negative}}]
    expect: {output: {sentiment: negative}, effects: [{connector: email, data: {to: [boss@example.org]}}], no_other_effects: true}
  - name: happy
    input: {email: ada@example.org, review: Good}
    model: [{answer: {sentiment: positive}}]
    expect: {no_other_effects: true}
"""
WORDS = """\
input_schema: {type: object, required: [mail, review], properties: {mail: {type: string}, review: {type: string}}}
steps:
  - id: look
    type: llm_call
    user_prompt: "{{ review }}"
    output_schema: SCHEMA
  - {id: tell, type: notify, if: CONDITION, channels: [email], to: boss@example.org, message: "{{ mail }}"}
output: {mood: "{{ 'negative' if CONDITION else 'positive' }}"}
"""
SHAPES = [
    ("{type: object, required: [sentiment], properties: {sentiment: {enum: [positive, negative]}}}", "look.sentiment == 'negative'"),
    ("{type: object, required: [mood], properties: {mood: {enum: [happy, unhappy]}, confidence: {type: number}}}",
     "look.mood == 'unhappy' and look.confidence >= 0.7"),
    ("{type: object, required: [is_negative], properties: {is_negative: {type: boolean}, why: {type: string}}}", "look.is_negative"),
    ("{type: object, required: [label], properties: {label: {enum: [bon, mauvais]}}}", "look.label == 'mauvais'"),
    ("{type: object, required: [result], properties: {result: {type: object, required: [sentiment], properties: {sentiment: {type: string}}}}}",
     "look.result.sentiment == 'negative'"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "condition"), SHAPES)
async def test_the_model_says_it_in_the_shape_that_the_step_asks_for(schema, condition):
    recipe = WORDS.replace("SCHEMA", schema).replace("CONDITION", condition)
    verdict = await scored(SENTIMENT, recipe)
    assert missed(verdict) == []
    assert verdict.result == "passed"


async def test_a_text_is_for_steps_that_ask_for_a_text():
    need = """\
scenarios:
  - name: answered
    model: [{answer: Merci beaucoup}, {answer: {urgent: true}}]
    expect: {output: {reply: Merci beaucoup, urgent: true}}
"""
    recipe = """\
steps:
  - {id: write, type: llm_call, user_prompt: Écris}
  - {id: sort, type: llm_call, user_prompt: Trie, output_schema: {type: object, required: [urgent], properties: {urgent: {type: boolean}}}}
output: {reply: "{{ write }}", urgent: "{{ sort.urgent }}"}
"""
    assert missed(await scored(need, recipe)) == []


async def test_a_step_with_tools_is_told_what_the_model_says():
    need = "scenarios: [{name: s, model: [{answer: {kind: low}}], expect: {output: {kind: low}}}]"
    recipe = """\
steps:
  - id: ask
    type: llm_call
    user_prompt: Which?
    tools: [{action: store.get, with: {table: notes}}]
    output_schema: {type: object, required: [kind], properties: {kind: {enum: [high, low]}}}
output: {kind: "{{ ask.kind }}"}
"""
    assert missed(await scored(need, recipe)) == []


async def test_what_is_heard_in_a_recording():
    need = """\
scenarios:
  - name: s
    input: {voice: {name: a.mp3, base64: SUQzBAAAAAAA}}
    model: [{transcript: La cave est sous l'eau}, {match: La cave, answer: {urgent: true}}]
    expect: {output: {urgent: true}}
"""
    recipe = """\
input_schema: {type: object, required: [voice], properties: {voice: {type: object, format: audio}}}
steps:
  - {id: sort, type: llm_call, user_prompt: "{{ voice }}", output_schema: {type: object, required: [urgent], properties: {urgent: {type: boolean}}}}
output: {urgent: "{{ sort.urgent }}"}
"""
    assert missed(await scored(need, recipe)) == []


async def test_what_the_model_says_may_depend_on_the_prompt():
    need = """\
scenarios:
  - name: each by itself
    input: {rows: [good, bad]}
    model: [{match: bad, answer: {kind: low}}, {answer: {kind: high}}]
    expect: {output: {kinds: [high, low]}}
"""
    recipe = """\
input_schema: {type: object, required: [rows], properties: {rows: {type: array, items: {type: string}}}}
steps:
  - id: each
    type: for_each
    items: rows
    as: row
    steps:
      - {id: ask, type: llm_call, user_prompt: "{{ row }}", output_schema: {type: object, required: [kind], properties: {kind: {enum: [low, high]}}}}
output: {kinds: "{{ each.results | map('kind') }}"}
"""
    assert missed(await scored(need, recipe)) == []


async def test_events_are_sent_under_the_name_and_the_fields_that_the_recipe_waits_for():
    need = """\
also: {answered: [customer.replied], email: [mail]}
scenarios:
  - name: heard
    input: {email: ada@example.org}
    events: [{at: 2h, event: answered, data: {email: ada@example.org}}]
    expect: {output: {heard: true}, duration: 2h}
"""
    recipe = """\
input_schema: {type: object, required: [mail], properties: {mail: {type: string}}}
steps:
  - {id: reply, type: wait, event: customer.replied, match: {mail: "{{ mail }}"}, timeout: 5h}
output: {heard: "{{ reply is defined }}"}
"""
    assert missed(await scored(need, recipe)) == []


async def test_an_input_that_the_need_does_not_give_is_what_is_wrong():
    need = "scenarios: [{name: started, input: {email: ada@example.org, extra: 1}, expect: {}}]"
    recipe = """\
input_schema: {type: object, required: [email, shoe_size], properties: {email: {type: string}, shoe_size: {type: number}}}
steps: [{id: a, type: set, values: {x: "{{ shoe_size }}"}}]
"""
    verdict = await scored(need, recipe)
    assert missed(verdict) == ["started: input.shoe_size: a number / nothing"]
    assert verdict.scenarios[0].left_out == ("input.extra",)


TWO = """\
steps:
  - {id: a, type: notify, channels: [email], to: a@example.org, message: one}
  - {id: b, type: notify, channels: [email], to: b@example.org, message: two}
"""


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("effects: [{connector: email, data: {to: [b@example.org]}}, {connector: email, data: {to: [a@example.org]}}]", []),
        ("effects: [{connector: email}, {connector: email, data: {to: [a@example.org]}}], no_other_effects: true", []),
        ("effects: [{connector: email, data: {to: [b@example.org]}}, {connector: email, data: {to: [a@example.org]}}], in_order: true",
         ["effects[1]"]),
        ("effects: [{connector: email}, {connector: email}, {connector: email}]", ["effects[2]"]),
        ("effects: [{any_of: [{connector: slack}, {connector: email, data: {text: {contains: two}}}]}]", []),
        ("effects: [{connector: slack, action: post message}]", ["effects[0]"]),
        ("effects: [{connector: email}], no_other_effects: true", ["no_other_effects"]),
        ("no_effects: [{connector: email, data: {to: [b@example.org]}}]", ["no_effects[0]"]),
        ("takes: [[slack.post_message, notify]], takes_not: [http]", []),
        ("takes: [branch], takes_not: [notify]", ["takes", "takes_not"]),
        ("status: [failed, succeeded]", []),
        ("status: failed", ["status"]),
    ],
)  # fmt: skip
async def test_effects_and_ways(expect, said):
    verdict = await scored(f"scenarios: [{{name: s, expect: {{{expect}}}}}]", TWO)
    assert [miss.path for miss in verdict.scenarios[0].report.misses] == said


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("uses: [notify, ['slack.*', 'notify']], uses_not: [http]", []),
        ("uses: [http], uses_not: ['not*']", ["uses", "uses_not"]),
        ("triggers: [{type: webhook, path: /orders}]", ["triggers[0]"]),
        ("fires: ['2026-03-02T08:00:00+01:00']", ["fires"]),
        ("cannot: [harmful]", None),
    ],
)
async def test_the_recipe_as_it_is_written(expect, said):
    scenarios = "" if said is None else "\nscenarios: [{name: s, expect: {}}]"
    verdict = await scored(f"expect: {{{expect}}}{scenarios}", TWO)
    assert [miss.path for miss in verdict.misses] == (["cannot"] if said is None else said)


HOOK = """\
input_schema: {type: object, required: [email], properties: {email: {type: string}}}
config: {properties: {least: {type: number, default: 10}}}
triggers:
  - {type: webhook, path: /orders, if: body.total >= config.least, input: {email: "{{ body.customer.email }}"}}
steps: [{id: a, type: set, values: {to: "{{ email }}"}}]
"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("arrives: {body: {total: 12, customer: {email: ada@example.org}}}, expect: {output: {to: ada@example.org}}", []),
        ("arrives: {body: {total: 9}}, expect: {starts: false}", []),
        ("arrives: {body: {total: 9}}, expect: {}", ["s: arrives: a run / no trigger's condition holds"]),
        ("arrives: {body: {total: 9}}, config: {least: 5}, expect: {starts: false}",
         ["s: arrives: a trigger that can read what arrives / `body` has no field `customer`"]),
        ("arrives: {event: {total: 9}}, expect: {}", ["s: arrives: a trigger of type event / the recipe's triggers: webhook"]),
        ("arrives: {body: {total: 12, customer: {email: ada}}}, expect: {starts: false}",
         ["s: arrives: nothing is started / a trigger starts a run"]),
    ],
)  # fmt: skip
async def test_what_arrives_goes_through_the_trigger_of_the_recipe(given, said):
    verdict = await scored(f"scenarios: [{{name: s, {given}}}]", HOOK)
    assert [line.partition(";")[0] for line in missed(verdict)] == said


async def test_a_refusal_is_held_against_its_reasons():
    need = "expect: {cannot: [no_connector, other], nearest: {contains: http}}"
    assert (await scored(need, Refusal("no_connector", "No.", "an http step"))).passed
    assert missed(await scored(need, Refusal("harmful", "", "nothing"))) == [
        "cannot: no_connector or other / harmful",
        "cannot: a reason in words / none",
        'nearest: something that contains "http" / "nothing"',
    ]


def test_names_that_mean_the_same():
    meanings = Meanings({"email": ["mail", "adresse"], "name": ["nom"]})
    assert meanings.same("Adresse", "mail")
    assert meanings.same("rendez-vous", "rendez_vous")
    assert meanings.same("évènement", "evenement")
    assert not meanings.same("mail", "nom")
    assert meanings.among("email", ["nom", "mail"]) == "mail"
    assert meanings.among("email", ["mail", "email"]) == "email"
    assert meanings.among("phone", ["mail"]) is None
