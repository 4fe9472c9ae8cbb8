"""Requests of whole documents on the wire, held against the documents by another implementation of OpenAPI.

The fast part runs always; RECIPE_OPENAPI_DRAWS=20 draws that many requests for every operation of every vendor as well.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recipe_engine.openapi.adding import Wanted, add
from recipe_engine.openapi.connector import OpenApiConnector, connector_in
from recipe_engine.openapi.examples import sample_of
from recipe_engine.openapi.shapes import params_schema
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.testing import ActionFailure, sandbox_context
from tests.support.vendor_specs import folder
from tests.unit.openapi.another_reader import Reader, Wire
from tests.unit.openapi.drawing import Drawing
from tests.unit.openapi.files import with_files

DRAWS = int(os.environ.get("RECIPE_OPENAPI_DRAWS", "0"))
DOCUMENTS = Path(__file__).parent / "documents"
VENDORS = [path.parent.name for path in sorted(folder().glob("*/openapi*.json"))] if DRAWS else ["resend", "twilio"]
SECRETS = {
    "VENDOR_APP": "an-app",
    "VENDOR_KEY": "a-key",
    "VENDOR_API_KEY": "a-key",
    "VENDOR_TOKEN": "a-token",
    "VENDOR_USER": "u",
    "VENDOR_PASSWORD": "p",
}


def _connector(source: Path, tmp_path: Path) -> tuple[OpenApiConnector, dict[str, Any]]:
    add(Wanted(source.read_bytes(), str(source), "vendor"), tmp_path / "vendor")
    return connector_in(tmp_path / "vendor"), json.loads((tmp_path / "vendor" / "openapi.json").read_bytes())


def _parameters(connector: OpenApiConnector, name: str, draws: int) -> Iterator[Any]:
    """What the plain sample maker comes to, all and only what is required, and what chance does."""
    action: Any = connector.actions[name]
    schema = params_schema(connector.document, connector.operation(action.entry))
    yield sample_of(schema)
    yield sample_of(schema, least=True)
    drawing = Drawing(schema, random.Random(name))
    yield from filter(None, (drawing.value() for _ in range(draws)))


async def _problems(source: Path, tmp_path: Path, draws: int) -> list[str]:
    connector, document = _connector(source, tmp_path)
    found = []
    async with Wire() as wire:
        transport = AiohttpTransport()
        bench = sandbox_context(connector, SECRETS | {"VENDOR_BASE_URL": wire.url}, transport=transport)
        reader = Reader(document, wire.url)
        for name in connector.actions:
            before = len(wire.arrived)
            for params in _parameters(connector, name, draws):
                try:
                    await bench.call(name.partition(".")[2], **await with_files(bench, params))
                except ActionFailure as failed:
                    if failed.failure.code != "validation":
                        raise
                    continue  # drawn: a dot for a path, a file for a body of JSON
                problem = reader.problem(wire.arrived[-1])
                found += [f"{name} {json.dumps(params)[:300]}: {problem}"] if problem else []
            found += [] if len(wire.arrived) > before else [f"{name} was never sent"]
        await bench.close()
        await transport.close()
    return found


async def test_a_nasty_document(tmp_path: Path) -> None:
    assert await _problems(DOCUMENTS / "nasty.yaml", tmp_path, DRAWS or 3) == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_documents_of_vendors(vendor: str, tmp_path: Path) -> None:
    for source in sorted((folder() / vendor).glob("openapi*.json")) or [pytest.skip(f"no description of {vendor}")]:
        assert await _problems(source, tmp_path / source.stem, DRAWS) == []


async def test_a_request_without_a_body_has_no_type(tmp_path: Path) -> None:
    connector, _ = _connector(DOCUMENTS / "nasty.yaml", tmp_path)
    async with Wire() as wire:
        transport = AiohttpTransport()
        bench = sandbox_context(connector, SECRETS | {"VENDOR_BASE_URL": wire.url}, transport=transport)
        await bench.call("bare")
        assert (wire.arrived[-1].content_type, wire.arrived[-1].body) == ("", None)
        assert wire.arrived[-1].parameters.header["X-App"] == "an-app"
        assert dict(wire.arrived[-1].parameters.cookie) == {"key": "a-key"}
        await transport.close()
