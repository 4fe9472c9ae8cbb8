"""ClickUp's actions over its sandbox, every request and answer held against the vendor's description.

Answers leniently: the description types some of them from examples, and is wrong about lists of people and tags.
"""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.testing import START, ActionFailure, SandboxContext, sandbox_context
from recipe_plugins.clickup import register_connectors
from recipe_plugins.clickup.actions import MOST_PAGES_TO_RECONCILE
from tests.support.vendor_specs import hold_to_spec

[CONNECTOR] = register_connectors()
PARENT = "86parent"


@pytest.fixture
def bench() -> SandboxContext:
    bench = sandbox_context(CONNECTOR)
    hold_to_spec(bench.sandbox, "clickup", lenient=True)
    return bench


async def test_a_task_is_created_with_words_and_moments_not_numbers(bench: SandboxContext) -> None:
    task = await bench.call(
        "create_task",
        list_id="901",
        name="Devis Dupont",
        description="Voir **le plan**",
        priority="urgent",
        status="in progress",
        due="2026-12-01T18:00:00+01:00",
        assignees=[183],
        tags=["3d"],
        custom_fields=[{"id": "f1", "value": "DEV-12"}],
    )
    sent = bench.sandbox.requests[-1].json()
    assert (sent["priority"], sent["due_date"], sent["due_date_time"]) == (1, 1_796_144_400_000, True)
    assert (task["priority"], task["status"], task["list_id"]) == ("urgent", "in progress", "901")
    assert task["due"] == "2026-12-01T17:00:00+00:00"
    assert task["url"] == f"https://app.clickup.com/t/{task['id']}"
    [effect] = bench.effects
    assert (effect.action, effect.data["name"]) == ("create task", "Devis Dupont")


async def test_a_subtask_goes_under_the_task_of_the_settings_into_its_list(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tasks": [{"id": "86other", "name": "Autre", "list": "902"}]})
    one = await bench.call("create_subtask", name="Modèle", description="https://app.hubspot.com/x")
    two = await bench.call("create_subtask", name="Modèle", parent="86other")
    assert (one["parent"], one["list_id"]) == (PARENT, "901")
    assert (two["parent"], two["list_id"]) == ("86other", "902")
    assert [effect.action for effect in bench.effects] == ["create subtask", "create subtask"]
    assert bench.effects[0].data["description"].startswith("https://app.hubspot.com/x\n\nref ")


async def test_without_a_parent_anywhere_it_says_which_setting_is_missing() -> None:
    bench = sandbox_context(CONNECTOR, {"CLICKUP_PARENT_TASK_ID": ""})
    failure = await bench.failure("create_subtask", name="Modèle")
    assert failure.code == "not_configured"
    assert "CLICKUP_PARENT_TASK_ID" in failure.title


async def test_a_task_is_read_updated_and_commented(bench: SandboxContext) -> None:
    await bench.call("update_task", id=PARENT, name="Demandes", description="", status="complete", add_assignees=[1, 2])
    await bench.call("update_task", id=PARENT, remove_assignees=[1], priority="low", archived=True)
    comment = await bench.call("add_comment", id=PARENT, text="Fait", assignee=2)
    task = await bench.call("get_task", id=PARENT)
    assert (task["name"], task["status"], task["priority"], task["archived"]) == ("Demandes", "complete", "low", True)
    assert [each["id"] for each in task["assignees"]] == [2]
    assert comment["id"].isdigit()
    assert [effect.action for effect in bench.effects] == ["update task", "update task", "comment on task"]
    assert bench.sandbox.state()["tasks"][0]["comments"] == [{"id": comment["id"], "text": "Fait"}]


async def test_all_pages_up_to_the_limit_newest_first(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tasks": [{"id": f"t{n}", "name": f"n° {n}", "list": "77"} for n in range(250)]})
    whole = await bench.call("list_tasks", list_id="77", limit=1000)
    some = await bench.call("list_tasks", list_id="77", limit=101)
    assert [each["id"] for each in whole["tasks"]] == [f"t{n}" for n in reversed(range(250))]
    assert len(some["tasks"]) == 101
    assert [request.query["page"] for request in bench.sandbox.requests] == ["0", "1", "2", "0", "1"]


async def test_a_list_is_filtered(bench: SandboxContext) -> None:
    bench.sandbox.seed(
        {
            "lists": [
                {"id": "901", "name": "Demandes"},
                {"id": "77", "name": "Chantiers", "statuses": ["à faire", "fini"]},
            ],
            "tasks": [
                {"id": "a", "name": "A", "list": "77", "tags": ["urgent"]},
                {"id": "b", "name": "B", "list": "77", "status": "fini"},
                {"id": "c", "name": "C", "list": "77", "parent": "a"},
            ],
        }
    )

    async def found(**params: Any) -> list[str]:
        return [each["id"] for each in (await bench.call("list_tasks", list_id="77", **params))["tasks"]]

    assert await found() == ["a"]
    assert await found(include_closed=True) == ["b", "a"]
    assert await found(include_closed=True, statuses=["fini"]) == ["b"]
    assert await found(subtasks=True) == ["c", "a"]
    assert await found(tags=["urgent", "later"]) == ["a"]
    assert await found(created_after="2026-11-20T09:00:00+00:00") == []
    assert await found(updated_after="2026-11-20T08:59:59+00:00") == ["a"]


@pytest.mark.parametrize(
    ("action", "params", "code", "says", "ecode"),
    [
        ("get_task", {"id": "nope"}, "http_404", "Task not found", "ITEM_015"),
        ("update_task", {"id": PARENT, "status": "nope"}, "http_400", "Status does not exist", "CRTSK_001"),
        ("create_task", {"list_id": "902", "name": "x"}, "http_401", "Team not authorized", "OAUTH_027"),
        ("create_subtask", {"name": "x", "parent": "nope"}, "http_404", "Task not found", "ITEM_015"),
    ],
)
async def test_what_clickup_refuses_is_refused_in_its_words(
    bench: SandboxContext, action: str, params: dict[str, Any], code: str, says: str, ecode: str
) -> None:
    bench.sandbox.seed({"lists": [{"id": "901"}]})
    failure = await bench.failure(action, **params)
    assert (failure.code, failure.title, failure.detail) == (code, f"ClickUp: {says}", ecode)
    assert (failure.retryable, failure.happened, bench.effects) == (False, "no", [])


async def test_a_wrong_token_is_refused() -> None:
    bench = sandbox_context(CONNECTOR)
    bench.sandbox.settings["CLICKUP_API_KEY"] = "another"
    failure = await bench.failure("get_task", id="x")
    assert (failure.code, failure.detail) == ("http_401", "OAUTH_025")


async def test_after_a_429_the_whole_queue_waits_for_the_reset(bench: SandboxContext) -> None:
    bench.host.inject("clickup", Fault(status=429))
    failure = await bench.failure("get_task", id=PARENT)
    assert (failure.code, failure.retryable, failure.detail) == ("rate_limit", True, "APP_001")
    too_early = await bench.failure("get_task", id=PARENT)
    assert (too_early.code, too_early.retry_after) == ("rate_limit", 60.0)
    assert bench.sandbox.requests == []
    bench.clock.advance_to(START + 61)
    assert (await bench.call("get_task", id=PARENT))["id"] == PARENT


class TestAfterACrash:
    """The process died, or the connection did, while a task was created."""

    @pytest.mark.parametrize(
        ("action", "params"),
        [("create_subtask", {"name": "Modèle"}), ("create_task", {"list_id": "901", "name": "Modèle"})],
    )
    async def test_a_lost_answer_is_found_by_the_reference_in_its_text(
        self, bench: SandboxContext, action: str, params: dict[str, Any]
    ) -> None:
        bench.host.inject("clickup", Fault(method="POST", drop="after"))
        task = await bench.call(action, **params)
        assert task["name"] == "Modèle"
        assert len(bench.effects) == 1

    async def test_what_was_created_before_the_crash_is_not_created_again(self, bench: SandboxContext) -> None:
        await bench.call("create_subtask", step_key="run-1/other", name="Modèle")
        before = await bench.call("create_subtask", step_key="run-1/subtask", name="Modèle", description="Plan")
        for _ in range(250):
            bench.sandbox._add({"name": "plus récente", "list": "901"})
        after = await bench.call("create_subtask", step_key="run-1/subtask", recovered=True, name="Modèle")
        assert after["id"] == before["id"]
        assert len(bench.effects) == 2

    async def test_what_was_not_created_before_the_crash_is_created(self, bench: SandboxContext) -> None:
        await bench.call("create_subtask", step_key="run-1/other", name="Modèle")
        await bench.call("create_subtask", step_key="run-1/subtask", recovered=True, name="Modèle")
        assert len(bench.effects) == 2

    async def test_a_list_too_long_to_search_leaves_it_in_doubt(self, bench: SandboxContext) -> None:
        for _ in range(MOST_PAGES_TO_RECONCILE * 100 + 1):
            bench.sandbox._add({"name": "x", "list": "901"})
        with pytest.raises(ActionFailure) as unknown:
            await bench.call("create_subtask", recovered=True, name="Modèle")
        assert (unknown.value.failure.code, unknown.value.failure.happened) == ("interrupted", "maybe")
        assert bench.effects == []
