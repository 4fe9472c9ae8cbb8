"""Comments, attachments and custom fields over ClickUp's sandbox, held against the vendor's description."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault, FileValue
from recipe_engine.testing import START, ActionFailure, SandboxContext, sandbox_context
from recipe_plugins.clickup import register_connectors
from tests.support.vendor_specs import hold_to_spec

[CONNECTOR] = register_connectors()
PARENT = "86parent"


@pytest.fixture
def bench() -> SandboxContext:
    bench = sandbox_context(CONNECTOR)
    hold_to_spec(bench.sandbox, "clickup", lenient=True)
    return bench


async def test_comments_come_newest_first_in_pages(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tasks": [{"id": "t1", "name": "A", "comments": [f"n° {n}" for n in range(60)]}]})
    whole = (await bench.call("list_comments", id="t1", limit=1000))["comments"]
    some = (await bench.call("list_comments", id="t1", limit=26))["comments"]
    assert [each["text"] for each in whole] == [f"n° {n}" for n in reversed(range(60))]
    assert (whole[0]["author"], whole[0]["date"]) == ("Sandbox", "2026-11-20T09:00:00+00:00")
    assert (len(some), len(bench.sandbox.requests)) == (26, 3 + 2)
    assert await bench.call("list_comments", id=PARENT) == {"comments": []}


@pytest.mark.parametrize("size", [7, 3_000_000])
async def test_a_file_is_attached_as_a_stream(bench: SandboxContext, size: int) -> None:
    file = await bench.blobs.save_bytes(b"x" * size, 'plan "n° 1".glb', "model/gltf-binary")
    attached = await bench.call("attach_file", id=PARENT, file=file.model_dump())
    assert attached["url"].startswith("https://")
    [request] = bench.sandbox.requests
    assert request.headers["content-length"] == str(request.size)
    assert request.size > size
    [effect] = bench.effects
    assert (effect.action, effect.data) == ("attach file to task", {"task": PARENT, "name": "plan %22n° 1%22.glb"})
    task = await bench.call("get_task", id=PARENT)
    assert [each["id"] for each in task["attachments"]] == [attached["id"]]


async def test_a_file_that_clickup_would_not_take_is_not_sent(bench: SandboxContext) -> None:
    file = FileValue(digest=f"sha256:{'0' * 64}", name="a.bin", media_type="application/octet-stream", size=10**9 + 1)
    failure = await bench.failure("attach_file", id=PARENT, file=file.model_dump())
    assert (failure.code, failure.happened, bench.sandbox.requests) == ("file_too_large", "no", [])


class TestAfterACrash:
    """The process died, or the connection did, while something was put on a task."""

    @pytest.fixture
    async def steps(self, bench: SandboxContext) -> dict[str, dict[str, Any]]:
        file = await bench.blobs.save_bytes(b"x", 'un "plan".txt', "text/plain")
        return {
            "add_comment": {"id": PARENT, "text": "Vu"},
            "attach_file": {"id": PARENT, "file": file.model_dump()},
        }

    @pytest.mark.parametrize("action", ["add_comment", "attach_file"])
    async def test_a_lost_answer_is_found(self, bench: SandboxContext, steps: Any, action: str) -> None:
        bench.inject(Fault(method="POST", drop="after"))
        done = await bench.call(action, step_key="run-1/a", **steps[action])
        again = await bench.call(action, step_key="run-1/a", recovered=True, **steps[action])
        assert (done["id"], len(bench.effects)) == (again["id"], 1)

    @pytest.mark.parametrize("action", ["add_comment", "attach_file"])
    async def test_what_another_step_did_is_not_taken_for_it(
        self, bench: SandboxContext, steps: Any, action: str
    ) -> None:
        await bench.call(action, step_key="run-2/a", **steps[action])
        bench.inject(Fault(method="POST", status=504))
        lost = await bench.failure(action, step_key="run-1/a", **steps[action])
        with pytest.raises(ActionFailure, match="may still come to be shown") as unknown:
            await bench.call(action, step_key="run-1/a", recovered=True, **steps[action])
        assert (lost.happened, unknown.value.failure.happened) == ("maybe", "maybe")
        bench.clock.advance_to(START + 61)
        await bench.call(action, step_key="run-1/a", recovered=True, **steps[action])
        assert len(bench.effects) == 2

    async def test_what_was_there_before_is_not_taken_for_it(self, bench: SandboxContext, steps: Any) -> None:
        bench.sandbox.seed({"tasks": [{"id": "t1", "name": "A", "comments": ["Vu"]}]})
        bench.clock.advance_to(START + 3600)
        bench.inject(Fault(method="POST", status=504))
        await bench.failure("add_comment", step_key="run-1/a", id="t1", text="Vu")
        bench.clock.advance_to(START + 3700)
        await bench.call("add_comment", step_key="run-1/a", recovered=True, id="t1", text="Vu")
        assert len(bench.effects) == 1

    async def test_without_a_note_a_person_decides(self, bench: SandboxContext, steps: Any) -> None:
        with pytest.raises(ActionFailure, match="not noted"):
            await bench.call("add_comment", recovered=True, **steps["add_comment"])
        assert bench.effects == []


async def test_a_custom_field_is_set_dated_and_cleared(bench: SandboxContext) -> None:
    bench.sandbox.seed({"fields": {"f1": "number", "f2": "date"}})
    await bench.call("set_custom_field", id=PARENT, field_id="f1", value=12.5)
    await bench.call("set_custom_field", id=PARENT, field_id="f2", date="2026-12-01T18:00:00+01:00")
    sent = bench.sandbox.requests[-1].json()
    assert sent == {"value": 1_796_144_400_000, "value_options": {"time": True}}
    task = await bench.call("get_task", id=PARENT)
    assert task["custom_fields"] == [{"id": "f1", "value": 12.5}, {"id": "f2", "value": 1_796_144_400_000}]
    await bench.call("set_custom_field", id=PARENT, field_id="f1", clear=True)
    task = await bench.call("get_task", id=PARENT)
    assert [each["id"] for each in task["custom_fields"]] == ["f2"]
    assert [effect.action for effect in bench.effects] == [
        "set custom field",
        "set custom field",
        "clear custom field",
    ]


@pytest.mark.parametrize("given", [{}, {"value": 1, "clear": True}, {"value": 1, "date": "2026-12-01T18:00:00+01:00"}])
async def test_a_custom_field_takes_one_of_value_date_and_clear(bench: SandboxContext, given: dict[str, Any]) -> None:
    failure = await bench.failure("set_custom_field", id=PARENT, field_id="f1", **given)
    assert failure.code == "validation"
    assert "one of value, date and clear" in failure.detail


@pytest.mark.parametrize(
    ("action", "params", "code"),
    [
        ("list_comments", {"id": "nope"}, "http_404"),
        ("set_custom_field", {"id": "nope", "field_id": "f1", "value": 1}, "http_404"),
        ("set_custom_field", {"id": PARENT, "field_id": "f9", "value": 1}, "http_404"),
        ("set_custom_field", {"id": PARENT, "field_id": "f1", "value": "twelve"}, "http_400"),
        ("set_custom_field", {"id": PARENT, "field_id": "f1", "value": True}, "http_400"),
    ],
)
async def test_what_clickup_refuses_is_refused(
    bench: SandboxContext, action: str, params: dict[str, Any], code: str
) -> None:
    bench.sandbox.seed({"fields": {"f1": "number"}})
    failure = await bench.failure(action, **params)
    assert (failure.code, bench.effects) == (code, [])
    assert failure.title.startswith("ClickUp: ")
