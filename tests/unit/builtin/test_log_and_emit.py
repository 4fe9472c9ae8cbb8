"""The steps `log` and `emit`."""

import pytest

from recipe_engine.builtin.emit import emit
from recipe_engine.builtin.log import log
from tests.unit.perform.kit import Rig


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ({"message": "done"}, ("done", {"level": "info"})),
        ({"message": {"n": 1}, "level": "warning"}, ('{"n":1}', {"level": "warning"})),
        ({"message": 7, "data": {"a": [1]}}, ("7", {"level": "info", "data": {"a": [1]}})),
    ],
)
async def test_a_line_is_shown(params, line):
    rig = Rig(log)
    assert await rig.output("log", params) == {"message": line[0]}
    assert rig.logged == [line]


async def test_a_dry_run_logs():
    rig = Rig(log)
    assert await rig.output("log", {"message": "x"}, dry_run=True) == {"message": "x"}


async def test_an_event_bears_the_steps_key():
    rig = Rig(emit)
    output = await rig.output("emit", {"event": "lead.converted", "data": {"email": "a@b.example"}})
    assert output == {"event": "lead.converted", "event_id": "run-1/step"}
    assert rig.emitted == [("lead.converted", {"email": "a@b.example"}, "run-1/step")]


async def test_an_event_can_have_a_key_of_its_own():
    rig = Rig(emit)
    await rig.output("emit", {"event": "invoice.seen", "key": "F-7"})
    assert rig.emitted == [("invoice.seen", None, "invoice.seen:F-7")]


async def test_a_dry_run_sends_no_event():
    rig = Rig(emit)
    await rig.output("emit", {"event": "x"}, dry_run=True)
    assert rig.emitted == []


async def test_a_runtime_without_events_says_so():
    rig = Rig(emit)
    rig.performer.deliver_events_to(None)  # type: ignore[arg-type]
    assert (await rig.failure("emit", {"event": "x"})).code == "not_available"


async def test_an_event_needs_a_name():
    assert (await Rig(emit).failure("emit", {"event": ""})).code == "validation"
