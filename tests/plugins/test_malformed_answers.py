"""Every action against a vendor that answers 200 with what is no answer: an honest failure, and nothing that looks like one
of ours.

What was written before such an answer may have happened: the step is in doubt, or looked up.
"""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from recipe_engine.plugin import SandboxRequest, SandboxResponse
from recipe_engine.testing import ActionFailure
from recipe_engine.testing.server import Answer
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH
from tests.support.action_cases import CASES
from tests.support.every_action import CATALOG, IN_SANDBOX, served

JUNK: dict[str, Any] = {
    **{key: [3] for key in ("data", "results", "messages", "tasks", "comments", "properties", "contacts")},
    **{key: [[]] for key in ("id", "sid", "ts", "status", "list", "channel", "url", "total", "info")},
    "ok": True,
}
BODIES = {
    "html": b"<!doctype html><html><body>Please sign in to this network</body></html>",
    "truncated": b'{"ok": true, "id": "1", "data": [{"id": "1", "resu',
    "list": b'[{"id": "1"}]',
    "object": b"{}",
    "number": b"5",
    "null": b"null",
    "junk": json.dumps(JUNK).encode(),
    "empty": b"",
    "huge": b'{"data": "' + b"x" * 10_000_000 + b'"}',
}
NO_REQUEST = {"cloudflare_r2.presigned_url"}
# The content of an object is whatever it is; these vendors confirm what they did by an object without more, or by nothing.
AN_ANSWER = {
    *(("cloudflare_r2.get_file", body) for body in BODIES),
    ("cloudflare_r2.delete_file", "empty"),
    ("clickup.set_custom_field", "object"),
    ("clickup.set_custom_field", "junk"),
}
READS = ("/search", "/query", "/coql")
HONEST = {"invalid_answer", "response_too_large"}
ACTIONS = [name for name in CASES if name.partition(".")[0] not in IN_SANDBOX and name not in NO_REQUEST]


@pytest.mark.parametrize("name", ACTIONS)
async def test_a_malformed_answer_is_an_honest_failure(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    connector = name.partition(".")[0]
    wrong: list[str] = []
    async with served(connector, held=False, wire=False) as bench:
        params = await bench.filled(CASES[name][0])
        vendor: Answer = bench.vendor.answer
        for kind, body in BODIES.items():
            writes: list[str] = []

            def answer(request: SandboxRequest, body: bytes = body, writes: list[str] = writes) -> SandboxResponse:
                if request.path == TOKEN_PATH:
                    return vendor(request)
                if request.method != "GET" and not request.path.endswith(READS):
                    writes.append(request.path)
                return SandboxResponse(200, body=body, headers={"content-type": "application/json"})

            bench.vendor.answer = answer
            caplog.clear()
            try:
                result = await bench.perform(name, params)
            except ActionFailure as failed:
                wrong += [f"{kind}: {each}" for each in faults(name, failed, wrote=bool(writes))]
            else:
                if (name, kind) not in AN_ANSWER:
                    wrong.append(f"{kind}: succeeded with {str(result)[:200]}")
            wrong += [f"{kind}: logged {record.getMessage()[:300]}" for record in caplog.records if record.exc_info]
            wrong += [f"{kind}: logged {text[:300]}" for text in caplog.messages if "Traceback" in text]
    assert not wrong, "\n".join(wrong)


def faults(name: str, failed: ActionFailure, *, wrote: bool) -> list[str]:
    """What is not honest in a failure."""
    failure, text = failed.failure, str(failed)
    found = [] if failure.code in HONEST else [f"code {failure.code}: {text[:200]}"]
    found += [f"{word} in {text[:200]}" for word in ("KeyError", "TypeError", "Traceback", "mistake") if word in text]
    if len(failure.detail) > 2000:
        found.append("the detail is endless")
    if wrote and CATALOG.actions[name].effect == "once" and failure.happened != "maybe":
        found.append(f"a write whose answer cannot be read is {failure.happened!r}: {text[:200]}")
    return found
