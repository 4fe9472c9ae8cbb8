"""The page "Write a connector" is followed: its files are written, loaded and used."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from recipe_engine.plugin import Fault
from recipe_engine.plugin.loading import load_catalog
from recipe_engine.testing import ActionFailure, SandboxContext, sandbox_context

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-connector.md"
FILES = re.findall(r"^```(?:python|toml) (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    for name, text in FILES:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("desk")
    for name in ("desk", "desk.sandbox"):
        sys.modules.pop(name, None)


@pytest.fixture
def bench(desk: ModuleType) -> SandboxContext:
    return sandbox_context(desk.desk)


def test_the_plugin_is_loaded_as_its_distribution_announces_it(desk: ModuleType) -> None:
    [project] = [tomllib.loads(text)["project"] for name, text in FILES if name == "pyproject.toml"]
    assert project["entry-points"]["recipe_engine"] == {"desk": desk.__name__}
    loaded = load_catalog(extra=[desk])
    action = loaded.catalog.actions["desk.create_ticket"]
    assert action.summary == "Open a ticket, with a file attached if you like."
    assert action.params_schema["properties"]["subject"]["maxLength"] == 200


def test_the_connector_is_one_screen_of_code() -> None:
    sizes = {name: text.count("\n") for name, text in FILES}
    assert sizes["desk/__init__.py"] < 100
    assert sizes["desk/sandbox.py"] < 70


def test_its_own_tests_pass(desk: ModuleType, tmp_path: Path) -> None:
    arguments = ["-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "test_desk.py"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert "2 passed" in ended.stdout


async def test_a_ticket_is_created_with_its_file(bench: SandboxContext) -> None:
    plan = await bench.blobs.save_bytes(b"x" * 2_000_000, "plan.pdf", "application/pdf")
    ticket = await bench.call("create_ticket", subject="Panne", plan=plan.model_dump())
    assert ticket["subject"] == "Panne"
    assert [(effect.action, effect.data) for effect in bench.effects] == [
        ("create ticket", {"id": "1", "subject": "Panne"}),
        ("attach plan", {"ticket": "1", "size": 2_000_000}),
    ]


async def test_all_pages_are_read(bench: SandboxContext) -> None:
    bench.sandbox.seed({"tickets": [{"id": str(n), "subject": f"n° {n}"} for n in range(5)]})
    assert len((await bench.call("list_tickets"))["tickets"]) == 5
    assert len((await bench.call("list_tickets", limit=3))["tickets"]) == 3


async def test_a_lost_answer_is_reconciled_and_never_doubled(bench: SandboxContext) -> None:
    bench.host.inject("desk", Fault(method="POST", drop="after"))
    first = await bench.call("create_ticket", step_key="run-1/a", subject="Panne")
    again = await bench.call("create_ticket", step_key="run-1/a", recovered=True, subject="Panne")
    assert first["id"] == again["id"] == "1"
    other = await bench.call("create_ticket", step_key="run-1/b", recovered=True, subject="Panne")
    assert other["id"] == "2"


async def test_refusals_are_in_the_vendors_words(bench: SandboxContext) -> None:
    bench.sandbox.settings["DESK_API_KEY"] = "another"
    failure = await bench.failure("list_tickets")
    assert (failure.code, failure.title, failure.detail) == ("http_401", "Desk: bad key", "unauthorized")
    bench.host.inject("desk", Fault(status=503, body={"code": "busy", "message": "come back"}))
    with pytest.raises(ActionFailure) as busy:
        await bench.call("create_ticket", subject="Panne")
    assert busy.value.failure.retryable


def test_a_seed_that_is_misspelt_is_refused(bench: SandboxContext) -> None:
    with pytest.raises(ValueError, match="no state named tikets"):
        bench.sandbox.seed({"tikets": []})
