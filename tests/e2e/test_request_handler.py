"""The request handler as people run it: by the command, over HTTP and SMTP, with a database; in the sandbox; in tests.

The vendors are the connectors' own sandboxes behind real servers, so that nothing but the accounts is imitated.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from recipe_engine import Engine
from recipe_engine.resources import bundled_recipes, recipes_dir
from recipe_engine.runtime.clock import SystemClock
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.testing.server import SandboxServer
from tests.support.anthropic_server import AnthropicServer, says
from tests.support.vendor_specs import hold_to_spec
from tests.unit.builtin.mail_server import MailServer, mail_server

ROOT = Path(__file__).parents[2]
DEMO = recipes_dir() / "support" / "request-handler.demo.json"
ANSWERS = recipes_dir() / "support" / "request-handler.demo-answers.yml"
BASE_URLS = {"hubspot": "HUBSPOT_BASE_URL", "clickup": "CLICKUP_BASE_URL", "cloudflare_r2": "R2_ENDPOINT_URL"}
SECRETS = {
    "ANTHROPIC_API_KEY": "sk-ant-canary-0001",
    "HUBSPOT_API_KEY": "pat-eu1-canary-0002",
    "CLICKUP_API_KEY": "pk_canary_0003",
    "R2_SECRET_ACCESS_KEY": "r2-canary-0004",
}
SETTINGS = {
    **SECRETS,
    "HUBSPOT_HUB_ID": "424242",
    "HUBSPOT_PIPELINE_ID": "500",
    "HUBSPOT_STAGE_NEW": "501",
    "CLICKUP_PARENT_TASK_ID": "86demandes",
    "R2_ACCESS_KEY_ID": "r2-id",
    "R2_BUCKET_NAME": "demandes",
    "R2_PUBLIC_URL": "https://fichiers.example.org",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_TLS": "none",
    "SMTP_FROM": "recettes@example.org",
    "NOTIFICATION_EMAIL": "equipe@example.org",
}


class Vendors:
    """Everything that the recipe talks to, served on loopback; `settings` lead there."""

    def __init__(self, host: SandboxHost, model: AnthropicServer, mail: MailServer, settings: dict[str, str]) -> None:
        self.host = host
        self.model = model
        self.mail = mail
        self.settings = settings

    @property
    def effects(self) -> list[str]:
        return [f"{effect.connector}: {effect.action}" for effect in self.host.effects]


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    settings = dict(SETTINGS)
    async with AsyncExitStack() as opened:
        servers = {name: await opened.enter_async_context(SandboxServer()) for name in BASE_URLS}
        for name, setting in BASE_URLS.items():
            settings[setting] = servers[name].url + ("/api" if name == "clickup" else "")
        model = await opened.enter_async_context(AnthropicServer())
        mail = await opened.enter_async_context(mail_server())
        settings |= {"ANTHROPIC_BASE_URL": model.url, "SMTP_PORT": str(mail.port)}
        host = SandboxHost(Engine().catalog, SystemClock(), settings)
        for name, server in servers.items():
            server.answer = host.sandbox(name).answer
        hold_to_spec(host.sandbox("hubspot"), "hubspot")
        hold_to_spec(host.sandbox("clickup"), "clickup", lenient=True)
        yield Vendors(host, model, mail, settings)


async def recipe(folder: Path, settings: dict[str, str], *arguments: object) -> tuple[int, str, str]:
    """What the command answers: exit code, standard output, error stream."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "recipe_engine.cli.main",
        *map(str, arguments),
        cwd=folder,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "PATH": "", "PYTHONUTF8": "1", **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_modelling_request_goes_all_the_way_over_the_wire(vendors: Vendors, tmp_path: Path) -> None:
    vendors.model.will(says(value={"category": "MODELISATION", "confidence": 0.97, "reason": "Un objet en 3D."}))
    code, out, err = await recipe(tmp_path, vendors.settings, "run", "request-handler", "--input", DEMO, "--json")
    assert code == 0, err
    run: dict[str, Any] = json.loads(out)
    assert run["status"] == "succeeded"
    assert run["output"]["type"] == "MODELISATION"
    assert run["output"]["notified"] is True
    assert run["output"]["ticket_url"] == "https://app.hubspot.com/contacts/424242/record/0-5/5001"
    assert [url.rpartition("-")[2] for url in run["output"]["files"]] == ["ebauche.glb", "tissu.png"]
    assert vendors.effects == [
        "cloudflare_r2: put object",
        "cloudflare_r2: put object",
        "hubspot: create contact",
        "hubspot: create ticket",
        "clickup: create subtask",
    ]
    [message] = vendors.mail.messages()
    assert (message["To"], message["Subject"]) == ("equipe@example.org", "[MODELISATION] Fauteuil en réalité augmentée")
    assert run["output"]["task_url"] in message.get_body().get_content()
    assert "fauteuil-ebauche.glb, tissu.png" in json.dumps(vendors.model.bodies[0], ensure_ascii=False)
    _no_secret_is_left(tmp_path, out + err)


async def test_bad_credentials_end_the_run_in_the_vendors_words_and_the_team_gets_the_request(
    vendors: Vendors, tmp_path: Path
) -> None:
    vendors.model.will(says(value={"category": "SUPPORT", "confidence": 0.9, "reason": "Une facture."}))
    settings = {**vendors.settings, "HUBSPOT_API_KEY": "pat-eu1-canary-wrong"}
    request = ("-i", "form=contact", "-i", "email=ada@example.org", "-i", "message=Ma facture ?")
    code, out, err = await recipe(tmp_path, settings, "run", "request-handler", *request, "--json")
    assert code == 1
    run = json.loads(out)
    assert (run["error"]["code"], run["error"]["step"]) == ("http_401", "contact")
    assert "The token is invalid" in run["error"]["title"]
    [message] = vendors.mail.messages()
    assert message["Subject"] == "Demande à traiter à la main : Sans objet"
    assert "Ma facture ?" in message.get_body().get_content()
    assert vendors.effects == []
    _no_secret_is_left(tmp_path, out + err)


async def test_the_demonstration_runs_in_the_sandbox_without_any_setting(tmp_path: Path) -> None:
    sandbox = ("--sandbox", "--input", DEMO, "--answers", ANSWERS)
    code, out, err = await recipe(tmp_path, {}, "run", "request-handler", *sandbox)
    assert code == 0, err
    assert "type: MODELISATION" in out
    assert "create subtask" in out


async def test_what_is_missing_from_a_request_is_told_at_once_and_nothing_begins(tmp_path: Path) -> None:
    code, out, err = await recipe(tmp_path, {}, "run", "request-handler", "--sandbox", "-i", "email=camille")
    assert (code, out) == (2, "")
    for field in ("form", "email", "message"):
        assert field in err


async def test_every_bundled_recipe_passes_its_tests_and_is_covered_whole(tmp_path: Path) -> None:
    code, out, err = await recipe(tmp_path, {}, "test", recipes_dir(), "--min-coverage", "100", "--format", "json")
    assert code == 0, out + err
    files = json.loads(out)["files"]
    assert sorted(Path(file["recipe"]).stem for file in files) == sorted(bundled_recipes())


def _no_secret_is_left(folder: Path, shown: str) -> None:
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in SECRETS.values():
        assert secret not in shown
        assert secret.encode() not in kept
