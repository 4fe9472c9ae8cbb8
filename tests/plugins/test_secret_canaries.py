"""A canary in every secret setting of every connector; every action as a run, with vendors that behave and that do not.

Nothing that anybody can look at afterwards may hold a canary: not the files of the database and the blobs, not what was
logged, not what the commands print, not what `recipe doctor` says; and no other host may be sent one.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from recipe_engine import Engine
from recipe_engine.cli.main import main
from recipe_engine.cli.probing import answers
from recipe_engine.plugin import SandboxRequest, SandboxResponse
from recipe_engine.runtime.clock import VirtualClock
from recipe_engine.runtime.sandboxing import SandboxHost
from recipe_engine.testing import START
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH
from tests.support.action_cases import CASES, FILES, MESSAGE, SEEDS, SETTINGS
from tests.support.every_action import CATALOG, IN_SANDBOX, VENDORS
from tests.support.mischief import BEHAVIOURS, Behaviour, MischiefServer
from tests.support.vendors import settings_for

CORE = "cnry7f3a"
# Characters that look different in a URL, in JSON, in base64 and in HTML.
TAIL = '"q/+&=é'
ACCESS_TOKEN = f"{CORE}-access-token"
LITERALS = {
    "@contact": "1",
    "@token": "x.y",
    "@mail": "1-1",
    "@message": MESSAGE,
    "@scheduled": MESSAGE,
    "@email": "e1",
    "@media": "m1",
}
# What needs no answer, and what takes any answer for the content of a file.
ANSWERED = {"cloudflare_r2.presigned_url", "cloudflare_r2.get_file", "clickup.set_custom_field", "zoho_crm.query"}
OVER_HTTP = [name for name in VENDORS if name not in IN_SANDBOX]


def canaries() -> dict[str, str]:
    """A canary for every secret setting; in a header there is nothing but ASCII."""
    secret = [each.name for connector in VENDORS.values() for each in connector.settings if each.secret]
    return {name: f"{CORE}-{name.lower()}{TAIL.removesuffix('é')}" for name in secret}


PLANTED = canaries()


def forms() -> Iterable[bytes]:
    """The canary as it is, and inside base64 at any offset."""
    yield CORE.encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + CORE.encode())
        yield encoded[(0, 2, 3)[offset] : -4 if (offset + len(CORE)) % 3 else None]


def found_in(what: str, data: bytes | str) -> list[str]:
    """Where a canary stands in `data`, with what is around it."""
    raw = data.encode() if isinstance(data, str) else data
    return [f"{what}: ...{raw[max(0, at - 80) : at + 60]!r}" for form in forms() if (at := raw.find(form)) >= 0]


def filled(value: Any) -> Any:
    if isinstance(value, str):
        return LITERALS.get(value, value)
    return [filled(each) for each in value] if isinstance(value, list) else value


def recipe(folder: Path, name: str, number: int) -> Path:
    """A recipe of one action, in a file."""
    params = {key: filled(value) for key, value in CASES[name][number].items()}
    slug = f"{name}-{number}".replace(".", "-").replace("_", "-")
    step = {"id": "act", "name": "Act", "type": name, "with": params}
    about = {"slug": slug, "name": slug, "description": "One action.", "category": "examples"}
    file = folder / f"{slug}.yml"
    file.write_text(json.dumps(about | {"steps": [step]}, ensure_ascii=False), encoding="utf-8")
    return file


@asynccontextmanager
async def world(
    behave: Behaviour | None, clock: VirtualClock
) -> AsyncIterator[tuple[dict[str, str], list[MischiefServer]]]:
    """Settings that lead to servers of all vendors; without a behaviour they do what their sandboxes do."""
    host = SandboxHost(CATALOG, clock, PLANTED | SETTINGS)
    async with AsyncExitStack() as opened:
        values: dict[str, str] = dict(PLANTED)
        servers = []
        for name in OVER_HTTP:
            connector = VENDORS[name]
            sandbox = host.sandbox(name)
            sandbox.seed(json.loads(json.dumps(SEEDS.get(name, {}))))
            server = await opened.enter_async_context(MischiefServer(behave or sandbox.answer))
            servers.append(server)
            values |= settings_for(connector, host.settings, server.url)
            if "SLACK_WEBHOOK" in values and name == "slack":
                path = f"/services/T0/B0/{CORE}-slack-webhook"
                values["SLACK_WEBHOOK"] = sandbox.settings["SLACK_WEBHOOK"] = server.url + path
        yield values, servers


async def run_all(values: dict[str, str], folder: Path, clock: VirtualClock, connectors: Iterable[str]) -> set[str]:
    """Every action of these connectors in a run of its own; those that succeeded."""
    async with Engine(folder / "runs.db", env=values, clock=clock, folder=folder) as engine:
        for each in FILES:
            await engine.parts.blobs.save_bytes(*each)
        names = [name for name in CASES if name.partition(".")[0] in connectors]
        recipes = {recipe(folder, name, number): name for name in names for number in range(len(CASES[name]))}
        started = {await engine.start(file): name for file, name in recipes.items()}
        return {name for run, name in started.items() if (await engine.follow(run)).status == "succeeded"}


def files_in(folder: Path) -> list[str]:
    return [leak for path in folder.rglob("*") if path.is_file() for leak in found_in(path.name, path.read_bytes())]


async def printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the commands that look at runs print."""
    database = ("--db", str(folder / "runs.db"))
    shown: list[str] = []
    for command in (("runs", "list", "--limit", "500", "--json"), ("report", "--json"), ("report",)):
        await asyncio.to_thread(main, [*command, *database])
        captured = capsys.readouterr()
        shown += found_in(" ".join(command), captured.out + captured.err)
    return shown


@pytest.mark.parametrize("kind", ["behaves", *BEHAVIOURS])
async def test_no_canary_is_left_anywhere(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    clock = VirtualClock(START)
    behave = BEHAVIOURS.get(kind)

    def with_tokens(request: SandboxRequest) -> SandboxResponse | None:
        """Zoho's tokens are given, so that its products are reached."""
        if request.path == TOKEN_PATH:
            return SandboxResponse(200, {"access_token": ACCESS_TOKEN, "expires_in": 3600})
        assert behave is not None
        return behave(request)

    async with world(behave and with_tokens, clock) as (values, servers):
        values["CONTACTS_DATABASE_URL"] = f"sqlite:///{tmp_path}/{CORE}-book.db"
        done = await run_all(values, tmp_path, clock, OVER_HTTP)
        await run_all(values, tmp_path, clock, ["contacts"])  # they opt out those who were written to
        doctor = await answers(Engine(env=values).settings, [VENDORS[name] for name in OVER_HTTP], ":memory:")
        if behave is not None:
            for server in servers:
                server.behave = behave
            doctor |= await answers(Engine(env=values).settings, [VENDORS["zoho_desk"]], ":memory:")
    arrived = b"".join(repr(each.headers).encode() for server in servers for each in server.requests)
    assert CORE.encode() in arrived  # or nothing is proved
    over_http = {name for name in CASES if name.partition(".")[0] in OVER_HTTP}
    made_up = {name for name, cases in CASES.items() if any(str(case).count("'@") for case in cases)}
    assert not (over_http - made_up - done if behave is None else done & over_http - ANSWERED)
    leaks = [*files_in(tmp_path), *found_in("log", caplog.text), *found_in("doctor", repr(doctor))]
    leaks += await printed(tmp_path, capsys)
    assert not leaks, "\n".join(leaks[:20])


async def test_a_database_of_contacts_that_is_not_there_leaves_no_canary(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    values = PLANTED | {"CONTACTS_DATABASE_URL": f"postgresql://ada:{CORE}-password@127.0.0.1:1/book"}
    done = await run_all(values, tmp_path, VirtualClock(START), ["contacts"])
    doctor = await answers(Engine(env=values).settings, [VENDORS["contacts"]], ":memory:")
    assert done <= {"contacts.unsubscribe_link"}
    leaks = [*files_in(tmp_path), *found_in("log", caplog.text), *found_in("doctor", repr(doctor))]
    assert not leaks + await printed(tmp_path, capsys)


async def test_a_mail_server_that_repeats_the_password_leaves_no_canary(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """IMAP of the rudest kind: every command is refused in its own words."""
        writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        while line := await reader.readline():
            tag, _, words = line.rstrip().partition(b" ")
            known = words.upper().startswith((b"CAPABILITY", b"LOGOUT"))
            writer.write(b"* CAPABILITY IMAP4rev1\r\n" if known else b"")
            writer.write(tag + (b" OK done" if known else b" NO refused: " + words) + b"\r\n")
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(repeat, "127.0.0.1", 0) as server:
        port = str(server.sockets[0].getsockname()[1])
        values = PLANTED | {"IMAP_HOST": "127.0.0.1", "IMAP_PORT": port, "IMAP_TLS": "none", "IMAP_USERNAME": "ada"}
        done = await run_all(values, tmp_path, VirtualClock(START), ["imap"])
        doctor = await answers(Engine(env=values).settings, [VENDORS["imap"]], ":memory:")
    assert not done
    assert "refused" in repr(doctor)
    leaks = [*files_in(tmp_path), *found_in("log", caplog.text), *found_in("doctor", repr(doctor))]
    assert not leaks + await printed(tmp_path, capsys)


@pytest.mark.parametrize("status", [302, 307])
async def test_a_redirect_takes_no_canary_to_another_host(status: int, tmp_path: Path) -> None:
    async with MischiefServer(lambda _: SandboxResponse(200, {"ok": True})) as elsewhere:

        def sends_away(request: SandboxRequest) -> SandboxResponse:
            if request.path == TOKEN_PATH:
                return SandboxResponse(200, {"access_token": ACCESS_TOKEN, "expires_in": 3600})
            return SandboxResponse(status, headers={"Location": f"{elsewhere.url}/elsewhere"})

        clock = VirtualClock(START)
        async with world(sends_away, clock) as (values, servers):
            values |= {"CONTACTS_DATABASE_URL": "", "RECIPE_HTTP_ALLOW": elsewhere.url.removeprefix("http://")}
            done = await run_all(values, tmp_path, clock, OVER_HTTP)
        assert done <= ANSWERED
        assert all(server.requests for server in servers)
        assert elsewhere.requests  # reads are followed, without what they carried
        assert not found_in("elsewhere", repr(elsewhere.requests))
        kept = {name for each in elsewhere.requests for name in each.headers}
        assert kept <= {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"}
