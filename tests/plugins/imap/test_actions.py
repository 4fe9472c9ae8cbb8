"""IMAP's actions over their sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from recipe_engine.plugin import Fault, FileValue
from recipe_engine.testing import SandboxContext, sandbox_context
from recipe_plugins.imap import register_connectors

[CONNECTOR] = register_connectors()
QUOTE = {
    "from": "Jeanne Martin <Jeanne@Example.org>",
    "cc": "paul@example.org",
    "subject": "Devis n° 12",
    "text": "Bonjour",
    "html": "<p>Bonjour</p>",
    "attachments": [{"name": "plan été.txt", "content": "12 m²", "media_type": "text/plain"}],
}


@pytest.fixture
def bench() -> SandboxContext:
    return sandbox_context(CONNECTOR)


async def test_a_message_is_read_with_its_attachments(bench: SandboxContext) -> None:
    bench.sandbox.seed({"messages": [QUOTE]})
    answer = await bench.call("messages")
    [mail] = answer["messages"]
    file = FileValue.model_validate(mail.pop("attachments")[0])
    assert (file.name, file.media_type) == ("plan été.txt", "text/plain")
    assert (await bench.blobs.read(file)).decode().strip() == "12 m²"
    assert (mail.pop("text").strip(), mail.pop("html").strip()) == ("Bonjour", "<p>Bonjour</p>")
    assert mail == {
        "id": "1-1",
        "message_id": "<1@example.org>",
        "from": "jeanne@example.org",
        "from_name": "Jeanne Martin",
        "to": ["boite@example.org"],
        "cc": ["paul@example.org"],
        "reply_to": "",
        "subject": "Devis n° 12",
        "date": "2026-11-20T09:00:00+00:00",
        "received": "2026-11-20T09:00:00+00:00",
        "seen": False,
    }


async def test_reading_marks_nothing_and_marking_twice_is_one_effect(bench: SandboxContext) -> None:
    bench.sandbox.seed({"messages": [QUOTE, {"subject": "Autre"}]})
    for _ in range(2):
        mails = (await bench.call("messages"))["messages"]
    assert [each["subject"] for each in mails] == ["Devis n° 12", "Autre"]
    for _ in range(2):
        await bench.call("mark_seen", ids=[mails[0]["id"]])
    assert [effect.data["subject"] for effect in bench.effects] == ["Devis n° 12"]
    assert [each["subject"] for each in (await bench.call("messages"))["messages"]] == ["Autre"]


async def test_messages_are_chosen_by_time_mark_folder_and_number(bench: SandboxContext) -> None:
    days = [
        {"subject": str(day), "received": f"2026-11-{day:02}T08:00:00+00:00", "seen": day > 3} for day in range(1, 6)
    ]
    bench.sandbox.seed({"messages": [*days, {"subject": "x", "folder": "Archives"}]})

    async def found(**params: Any) -> tuple[int, list[str]]:
        answer = await bench.call("messages", **params)
        return answer["total"], [each["subject"] for each in answer["messages"]]

    assert await found() == (3, ["1", "2", "3"])
    assert await found(unseen=False, limit=2) == (5, ["1", "2"])
    assert await found(since="2026-11-03T09:00:00+01:00") == (1, ["3"])
    assert await found(since="2026-11-03T09:00:01+01:00") == (0, [])
    assert await found(folder="Archives") == (1, ["x"])


RAW = "From: =?utf-8?q?Ren=C3=A9?= <rene@example.org>\r\nDate: hier\r\nSubject: =?utf-9?q?x?=\r\n\r\nBonjour"


async def test_a_message_that_was_written_wrongly_is_read_as_far_as_it_goes(bench: SandboxContext) -> None:
    bench.sandbox.seed({"messages": [{"raw": RAW}, {"raw": ""}]})
    one, empty = (await bench.call("messages"))["messages"]
    assert (one["from"], one["from_name"], one["date"], one["text"]) == ("rene@example.org", "René", None, "Bonjour")
    assert (empty["from"], empty["to"], empty["subject"], empty["attachments"]) == ("", [], "", [])


@pytest.mark.parametrize(
    ("ids", "code"), [(["7"], "validation"), (["2-1"], "renumbered"), (["1-1", "2-1"], "renumbered")]
)
async def test_ids_that_are_none_mark_nothing(bench: SandboxContext, ids: list[str], code: str) -> None:
    bench.sandbox.seed({"messages": [QUOTE]})
    assert (await bench.failure("mark_seen", ids=ids)).code == code
    assert bench.effects == []


async def test_a_folder_that_is_not_there_is_said(bench: SandboxContext) -> None:
    assert (await bench.failure("messages", folder="Nope")).code == "not_found"


@pytest.mark.parametrize(("status", "code", "again"), [(503, "unavailable", True), (401, "unauthorized", False)])
async def test_what_goes_wrong(bench: SandboxContext, status: int, code: str, again: bool) -> None:  # a column
    bench.inject(Fault(status=status))
    failure = await bench.failure("messages")
    assert (failure.code, failure.retryable) == (code, again)
