"""The command is killed (SIGKILL) while it sends an SMS, and goes on afterwards: never two SMS."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.plugin import SandboxRequest, SandboxResponse
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.testing import sandbox_context
from recipe_engine.testing.server import SandboxServer
from recipe_plugins.twilio import register_connectors

[CONNECTOR] = register_connectors()
ACCOUNT = {
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "canary-token",
    "TWILIO_PHONE_NUMBER": "+33939980000",
}
STEPS = {
    "action": '{id: texto, type: twilio.send_sms, with: {to: "+33639980001", body: Bonjour}}',
    "notify": '{id: texto, type: notify, channels: [sms], to: "+33639980001", message: Bonjour}',
}


class Killing:
    """Twilio's sandbox; it kills the sender at its first message, before or after the message is there."""

    def __init__(self, moment: str) -> None:
        self.sandbox = sandbox_context(CONNECTOR, ACCOUNT, clock=SystemClock()).sandbox
        self.moment = moment
        self.process: asyncio.subprocess.Process | None = None

    def answer(self, request: SandboxRequest) -> SandboxResponse:
        doomed = self.process is not None and request.method == "POST"
        answered = SandboxResponse(500) if doomed and self.moment == "before" else self.sandbox.answer(request)
        if doomed:
            assert self.process is not None
            self.process.send_signal(signal.SIGKILL)
            self.process = None
        return answered


async def recipe(folder: Path, url: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("recipe"),
        *arguments,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "RECIPE_DB": "runs.db", "TWILIO_BASE_URL": url, **ACCOUNT},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def told(folder: Path, url: str, *arguments: str) -> dict[str, Any]:
    output, _ = await (await recipe(folder, url, *arguments, "--json")).communicate()
    return json.loads(output)


@pytest.mark.parametrize(
    ("kind", "moment", "status", "sent"),
    [
        ("action", "after", "succeeded", 1),
        # Nothing is listed, but not a minute has passed: a person decides.
        ("action", "before", "in_doubt", 0),
        ("notify", "after", "succeeded", 1),
        ("notify", "before", "in_doubt", 0),
    ],
)
async def test_an_sms_is_sent_once_however_the_process_dies(
    tmp_path: Path, kind: str, moment: str, status: str, sent: int
) -> None:
    text = f"slug: texto\nname: Texto\ndescription: Un SMS.\ncategory: test\nsteps:\n  - {STEPS[kind]}\n"
    (tmp_path / "texto.yml").write_text(text)
    killing = Killing(moment)
    async with SandboxServer(killing.answer) as server:
        run_id = (await told(tmp_path, server.url, "run", "texto.yml", "--detach"))["run_id"]
        killing.process = process = await recipe(tmp_path, server.url, "worker", "--until-idle")
        await process.communicate()
        assert process.returncode == -signal.SIGKILL
        for _ in range(2):
            await (await recipe(tmp_path, server.url, "worker", "--until-idle")).communicate()
        run = await told(tmp_path, server.url, "runs", "show", run_id)
    assert (run["status"], len(killing.sandbox.messages)) == (status, sent)
    assert b"canary-token" not in (tmp_path / "runs.db").read_bytes()
