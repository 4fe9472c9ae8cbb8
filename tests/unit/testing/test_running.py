"""What happens in a case: time, events, people, vendors, the model; and what a miss shows."""

from __future__ import annotations

import os

import pytest

from recipe_engine.testing import run_file
from recipe_engine.testing.running import LONGEST
from tests.unit.testing.support import missed, ran, written

WAITING = """
input_schema: {type: object, required: [email], properties: {email: {type: string, format: email}}}
steps:
  - {id: pause, type: wait, duration: 10d}
  - id: answer
    type: wait
    event: contact.replied
    match: {email: "{{ email }}"}
    timeout: 24h
    on_timeout: [{id: late, type: set, values: {done: true}}]
output: {at: "{{ now() | iso }}", late: "{{ late is defined }}"}
"""


async def test_ten_days_pass_in_virtual_time_and_events_arrive_on_their_hour(tmp_path):
    report = await ran(
        tmp_path,
        WAITING,
        """
        defaults: {input: {email: ada@example.org}}
        cases:
          - name: in time
            start: 2026-03-02T09:00:00+01:00
            events: [{at: 2026-03-13T08:00:00+01:00, event: contact.replied, data: {email: ada@example.org}}]
            expect: {output: {at: 2026-03-13T07:00:00+00:00, late: false}, duration: 10d23h}
          - name: too late
            events: [{at: 11d1h, event: contact.replied, data: {email: ada@example.org}}]
            expect: {output: {late: true}, duration: 11d}
          - name: before the wait, it is kept
            events: [{at: 1h, event: contact.replied, data: {email: ada@example.org}}]
            expect: {output: {late: false}, duration: 10d}
        """,
    )
    assert missed(report) == {"in time": [], "too late": [], "before the wait, it is kept": []}
    assert sum(case.seconds for case in report.cases) < LONGEST


async def test_a_run_finds_what_earlier_runs_kept(tmp_path):
    report = await ran(
        tmp_path,
        """
steps:
  - {id: last, type: store.get, with: {table: cursor, key: orders, default: 0}}
  - {id: entries, type: store.list, with: {table: cursor}}
output: {last: "{{ last.value }}", keys: "{{ entries.entries | map('key') }}"}
        """,
        """
        cases:
          - {name: the first run, expect: {output: {last: 0, keys: []}}}
          - name: a later one
            kept: {cursor: {orders: 17, carts: {open: 2}}}
            expect: {output: {last: 17, keys: [carts, orders]}}
        """,
    )
    assert missed(report) == {"the first run": [], "a later one": []}


async def test_a_run_that_still_waits_says_for_what(tmp_path):
    report = await ran(
        tmp_path,
        """
steps:
  - {id: answer, type: wait, event: contact.replied, timeout: 365d}
  - {id: ok, type: wait, approval: {ask: "Ja?"}}
        """,
        """
        cases:
          - {name: never ends, events: [{at: 1h, event: contact.replied}]}
          - {name: ends there, events: [{at: 1h, event: contact.replied}], expect: {status: waiting, steps: {ok: waiting}}}
        """,
    )
    assert missed(report) == {
        "never ends": [("status", "succeeded", "waiting: ok waits for an approval")],
        "ends there": [],
    }


async def test_people_answer_and_an_answer_that_nobody_waits_for_is_told(tmp_path):
    report = await ran(
        tmp_path,
        """
steps:
  - {id: ok, type: wait, timeout: 3d, approval: {ask: "Oui ?", fields: {type: object, properties: {price: {type: number}}}}}
output: {approved: "{{ ok.approved }}", by: "{{ ok.by }}", price: "{{ ok.fields.price | default(0) }}"}
        """,
        """
        cases:
          - name: yes with an edit
            approvals: [{at: 2h, step: ok, by: Grace, fields: {price: 12}}]
            expect: {output: {approved: true, by: Grace, price: 12}, duration: 2h}
          - name: an edit that does not fit
            approvals: [{at: 2h, fields: {price: dear}}, {at: 3h, approved: false}]
            expect: {output: {approved: false}}
          - name: too late
            approvals: [{at: 4d}]
            expect: {status: failed, error: {code: timeout}}
        """,
    )
    found = missed(report)
    assert found["yes with an edit"] == []
    [(path, expected, said)] = found["an edit that does not fit"]
    assert (path, expected) == ("approvals[0]", "a step that waits for an approval then")
    assert "price" in said
    assert found["too late"] == [
        ("approvals[0]", "a step that waits for an approval then", "run test has failed already")
    ]


async def test_settings_are_those_of_the_case_and_the_environment_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFICATION_EMAIL", "real@example.org")
    (tmp_path / ".env").write_text("NOTIFICATION_EMAIL=real@example.org\n")
    report = await ran(
        tmp_path,
        "steps: [{id: told, type: notify, channels: [email], message: Bonjour}]",
        """
        cases:
          - name: invented
            expect: {effects_exactly: [{connector: email, data: {to: [{not: real@example.org}]}}]}
          - name: given
            settings: {NOTIFICATION_EMAIL: case@example.org}
            expect: {effects: [{connector: email, action: send email, data: {to: [case@example.org]}}]}
          - name: unset
            settings: {SMTP_HOST: null}
            expect: {output: {sent: false}, effects_exactly: [], log: [email is not configured]}
        """,
    )
    assert missed(report) == {"invented": [], "given": [], "unset": []}
    assert os.environ["NOTIFICATION_EMAIL"] == "real@example.org"


SHOP = """
steps:
  - {id: order, type: http, url: "https://shop.example/orders/7", retry: {attempts: 4, wait: 10s, backoff: none}, timeout: 5h}
output: {state: "{{ order.body.state }}"}
"""


async def test_faults_are_met_and_retries_wait_in_virtual_time(tmp_path):
    report = await ran(
        tmp_path,
        SHOP,
        """
        defaults: {http: [{url: "https://shop.example/orders/7", json: {state: paid}}], expect: {output: {state: paid}}}
        cases:
          - name: down and up
            faults: [{vendor: http, status: 503, times: 2, headers: {Retry-After: "60"}}]
            expect: {steps: {order: {status: succeeded, attempts: 3}}, duration: 120s}
          - name: slow
            faults: [{vendor: http, delay: 2h}]
            events: [{at: 1h, event: nothing.to.see}]
            expect: {duration: 2h}
          - name: lost before
            faults: [{vendor: http, drop: before, method: get, path: /orders}]
            expect: {steps: {order: {attempts: 2}}}
          - name: another path is not met
            faults: [{vendor: http, status: 503, path: /customers}]
            expect: {steps: {order: {attempts: 1}}}
          - name: for good
            faults: [{vendor: http, status: 503, times: 9}]
            expect: {status: failed, output: null, error: {code: unavailable, step: order}}
        """,
    )
    assert missed(report) == {
        "down and up": [],
        "slow": [],
        "lost before": [],
        "another path is not met": [],
        "for good": [],
    }


async def test_a_request_without_an_answer_fails_the_case_though_the_recipe_copes(tmp_path):
    report = await ran(
        tmp_path,
        """
steps:
  - {id: order, type: http, url: "https://shop.example/orders/7", on_error: continue}
  - {id: ask, type: llm_call, user_prompt: Bonjour, on_error: continue}
limits: {cost: 1 USD}
output: fine
        """,
        "cases: [{name: unscripted}]",
    )
    [order, ask] = missed(report)["unscripted"]
    assert order[:2] == ("steps.order", "a scripted answer")
    assert "nothing answers GET https://shop.example/orders/7" in order[2]
    assert ask[0] == "steps.ask"
    assert "no scripted answer fits step ask" in ask[2]


async def test_steps_in_loops_are_looked_at_together(tmp_path):
    report = await ran(
        tmp_path,
        """
steps:
  - id: each
    type: for_each
    items: "[1, 2, 3]"
    on_item_error: collect
    steps:
      - {id: double, type: set, if: item != 2, values: {n: "{{ item * 2 }}"}}
        """,
        """
        cases:
          - name: right
            expect:
              steps:
                each: succeeded
                double: {times: 2}
                "each[0]/double": {status: succeeded, output: {n: 2}}
                "each[1]/double": skipped
          - name: wrong
            expect: {steps: {double: succeeded}, not_steps: [double]}
        """,
    )
    found = missed(report)
    assert found["right"] == []
    assert found["wrong"] == [
        ("steps.double (each[1]/double).status", "succeeded", "skipped"),
        ("not_steps.double", "a step that does not run", "succeeded"),
    ]


async def test_effects_are_found_in_order_and_the_nearest_one_shows_the_difference(tmp_path):
    report = await ran(
        tmp_path,
        """
steps:
  - {id: contact, type: hubspot.find_or_create_contact, with: {email: ada@example.org, lastname: Lovelace}}
  - {id: ticket, type: hubspot.create_ticket, with: {subject: Panne, contact_id: "{{ contact.id }}"}}
        """,
        """
        cases:
          - name: subset
            expect:
              effects: [{connector: hubspot, action: create ticket, data: {subject: {contains: ann}}}]
              no_effects: [{connector: clickup}, {connector: hubspot, action: create note}]
              vendors: {hubspot: {tickets: [{subject: Panne}], contacts: {contains: {lastname: Lovelace}}}}
          - name: order
            expect: {effects: [{connector: hubspot, action: create ticket}, {connector: hubspot, action: create contact}]}
          - name: data
            expect: {effects: [{connector: hubspot, action: create contact, data: {lastname: Byron}}]}
          - name: all
            expect: {effects_exactly: [{connector: hubspot}], no_effects: [{connector: hubspot, data: {subject: Panne}}]}
        """,
    )
    found = missed(report)
    assert found["subset"] == []
    assert found["order"] == [("effects[1]", '{"connector": "hubspot", "action": "create contact"}', "no further one")]
    assert found["data"] == [("effects[0].data.lastname", '"Byron"', '"Lovelace"')]
    assert found["all"] == [
        ("no_effects[0]", "no such effect", "hubspot: create ticket"),
        ("effects_exactly", "1 in all", "2: hubspot: create contact, hubspot: create ticket"),
    ]


async def test_the_model_is_held_to_what_it_was_asked_and_what_it_cost(tmp_path):
    report = await ran(
        tmp_path,
        """
limits: {cost: 1 USD}
steps:
  - {id: ask, type: llm_call, complexity: classify, system_prompt: Tu tries., user_prompt: "Bonjour {{ 1 + 1 }}"}
        """,
        """
        defaults: {model: [{step: ask, match: bonjour, answer: Salut, usage: {input_tokens: 10, output_tokens: 5}}]}
        cases:
          - name: right
            expect:
              output: Salut
              model_requests: [{step: ask, system: Tu tries., prompt: Bonjour 2, media: []}]
              usage: {tokens: 15, cost: {gt: 0, lt: 0.01}}
          - name: wrong
            expect: {model_requests: [{prompt: Bonjour 3}, {step: ask}]}
          - name: none
            expect: {model_requests: {length: 0}}
        """,
    )
    found = missed(report)
    assert found["right"] == []
    assert found["wrong"] == [("model_requests[0].prompt", '"Bonjour 3"', '"Bonjour 2"')]
    assert [miss[0] for miss in found["none"]] == ["model_requests"]


async def test_a_crash_whenever_the_run_waits_changes_nothing(tmp_path, monkeypatch):
    from recipe_engine.runtime.driver import EmbeddedRuntime

    opened = []
    really_open = EmbeddedRuntime.open

    async def counted(runtime):
        opened.append(runtime)
        await really_open(runtime)

    monkeypatch.setattr(EmbeddedRuntime, "open", counted)
    report = await ran(
        tmp_path,
        WAITING,
        """
        defaults: {input: {email: ada@example.org}, crash: true}
        cases:
          - name: crashes
            events: [{at: 10d5h, event: contact.replied, data: {email: ada@example.org}}]
            expect: {output: {late: false}, duration: 10d5h}
        """,
    )
    assert missed(report) == {"crashes": []}
    assert len(opened) >= 3


@pytest.mark.parametrize(
    ("case", "miss"),
    [
        ("input: {email: ada}", ("input.email", "text in the form of email", '"ada"')),
        ("input: {email: ada}\n    expect: {invalid_input: [mail]}", ("invalid_input", "mail", "email")),
        (
            "input: {email: a@example.org}\n    expect: {invalid_input: [email]}",
            ("invalid_input", "the input is refused for email", "the run began"),
        ),
    ],
)
async def test_an_input_that_does_not_fit_is_told(tmp_path, case, miss):
    report = await ran(tmp_path, WAITING, f"cases:\n  - name: input\n    {case}\n")
    assert missed(report) == {"input": [miss]}


async def test_a_state_that_a_sandbox_cannot_keep_is_told(tmp_path):
    report = await ran(
        tmp_path,
        "steps: [{id: a, type: set, values: {b: 1}}]",
        "cases: [{name: seed, vendors: {hubspot: {contact: []}}}]",
    )
    [(path, _, found)] = missed(report)["seed"]
    assert path == "vendors"
    assert "no state named contact" in found


async def test_a_state_in_a_form_that_a_sandbox_does_not_take_is_told(tmp_path):
    report = await ran(
        tmp_path,
        "steps: [{id: a, type: set, values: {b: 1}}]",
        "cases: [{name: seed, vendors: {clickup: {lists: ['901']}}}]",
    )
    [(path, _, found)] = missed(report)["seed"]
    assert path == "vendors"
    assert "vendors.clickup is not in the form in which its sandbox takes it: TypeError" in found


def test_a_file_can_be_run_without_an_event_loop(tmp_path):
    path = written(
        tmp_path, "steps: [{id: a, type: set, values: {b: 1}}]", "cases: [{name: runs, expect: {output: {b: 1}}}]"
    )
    assert run_file(path).passed


async def test_chance_is_the_same_every_time(tmp_path):
    recipe = "steps: [{id: a, type: set, values: {number: '{{ random_int(1, 1000000) }}', id: '{{ uuid() }}'}}]"
    first = await ran(tmp_path, recipe, "cases: [{name: a, expect: {output: {number: 0, id: 0}}}]")
    again = await ran(tmp_path, recipe, "cases: [{name: a, expect: {output: {number: 0, id: 0}}}]")
    assert missed(first) == missed(again)
    assert len(missed(first)["a"]) == 2
