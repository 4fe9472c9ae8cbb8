"""Every connector against a vendor that answers 429 with Retry-After to every third call: all succeed, none early, none
twice. A connector that is added without a line here fails.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from recipe_engine import Engine
from recipe_engine.plugin import Fault, SandboxRequest, SandboxResponse
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.testing import START
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH
from tests.support.action_cases import ADA, CASES, CHANNEL, PAGE, SEEDS
from tests.support.every_action import IN_SANDBOX, VENDORS

WAIT = 7.0
RUNS = 20
# One action that reads and one that writes, with what makes each write its own. What a connector has no reading action for,
# it writes twice.
STEPS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "clickup": ("clickup.list_comments", "clickup.create_task", {"list_id": "901", "name": "{{ n }}"}),
    "cloudflare_r2": ("cloudflare_r2.list_files", "cloudflare_r2.delete_file", {"key": "plans/{{ n }}"}),
    "hubspot": ("hubspot.get_ticket", "hubspot.create_ticket", {"subject": "{{ n }}"}),
    "notion": ("notion.get_page", "notion.create_page", {"page_id": PAGE, "title": "{{ n }}"}),
    "resend": ("resend.send_batch", "resend.send", {"to": "ada@example.org", "subject": "{{ n }}", "text": "Oui"}),
    "slack": ("slack.update", "slack.post_message", {"channel": CHANNEL, "text": "{{ n }}"}),
    "twilio": ("twilio.list_messages", "twilio.send_sms", {"to": ADA, "body": "{{ n }}"}),
    "whatsapp_cloud": ("whatsapp_cloud.send_template", "whatsapp_cloud.send_text", {"to": ADA, "body": "{{ n }}"}),
    "zoho_crm": ("zoho_crm.get_deal", "zoho_crm.add_note", {"deal_id": "9001", "content": "{{ n }}"}),
    "zoho_desk": ("zoho_desk.get_ticket", "zoho_desk.add_comment", {"ticket_id": "1001", "content": "{{ n }}"}),
}


def test_every_connector_is_tried() -> None:
    assert STEPS.keys() == VENDORS.keys() - IN_SANDBOX


def recipe(folder: Path, name: str) -> Path:
    read, write, params = STEPS[name]
    steps = [
        {"id": "one", "name": "One", "type": read, "with": CASES[read][0]},
        {"id": "two", "name": "Two", "type": write, "with": params},
    ]
    about = {"slug": "limited", "name": "L", "description": "L.", "category": "examples"}
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "string"}}}
    file = folder / "limited.yml"
    file.write_text(json.dumps(about | {"input_schema": schema, "steps": steps}, ensure_ascii=False))
    return file


@pytest.mark.parametrize("name", STEPS)
async def test_all_succeed_none_early_none_twice(name: str, tmp_path: Path) -> None:
    clock = VirtualClock(START)
    async with Engine(":memory:", env={}, sandbox=True, clock=clock, folder=tmp_path) as engine:
        assert engine.parts.sandboxes is not None
        sandbox = engine.parts.sandboxes.sandbox(name)
        sandbox.seed(deepcopy(SEEDS.get(name, {})))
        answered = sandbox.answer
        calls, early, closed_until = 0, 0, 0.0

        def answer(request: SandboxRequest) -> SandboxResponse:
            nonlocal calls, early, closed_until
            if request.path == TOKEN_PATH:
                return answered(request)
            calls += 1
            early += clock.now() < closed_until
            if calls % 3:
                return answered(request)
            closed_until = clock.now() + WAIT
            return sandbox.fault_status(Fault(status=429, headers={"Retry-After": f"{WAIT:.0f}"}))

        sandbox.answer = answer  # type: ignore[method-assign]  # this very object is under test
        file = recipe(tmp_path, name)
        started = [await engine.start(file, {"n": f"n° {number}"}) for number in range(RUNS)]
        ended = [await engine.follow(run) for run in started]
        assert [each.error for each in ended if each.status != "succeeded"] == []
        assert early == 0
        written = [json.dumps(effect.data, ensure_ascii=False) for effect in sandbox.effects]
        once = [sum(f'n° {number}"' in each for each in written) for number in range(RUNS)]
        assert name == "cloudflare_r2" or once == [1] * RUNS


@pytest.mark.parametrize(("wait", "attempts"), [("5", 31), ("600", 3)])
async def test_a_vendor_that_never_gives_in_fails_the_step_in_the_end(wait: str, attempts: int, tmp_path: Path) -> None:
    """Short waits cost no attempts, up to thirty of them; long ones are the step's own retries. Both wait durably."""
    clock = VirtualClock(START)
    async with Engine(":memory:", env={}, sandbox=True, clock=clock, folder=tmp_path) as engine:
        assert engine.parts.sandboxes is not None
        sandbox = engine.parts.sandboxes.sandbox("twilio")
        sandbox.faults.append(Fault(status=429, times=10_000, headers={"Retry-After": wait}))
        view = await engine.run(recipe(tmp_path, "twilio"), {"n": "1"})
        state = await engine.see_through(view.run_id)
    assert (view.status, view.error and view.error["code"]) == ("failed", "rate_limit")
    assert next(iter(state.steps.values())).attempts == attempts
    assert sandbox.effects == []
    assert clock.now() - START < 3 * 3600
