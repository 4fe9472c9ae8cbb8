"""Whole documents of vendors: every operation becomes an action whose request its own sandbox accepts."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from recipe_engine.compile.facts import facts_of
from recipe_engine.openapi.adding import Wanted, add
from recipe_engine.openapi.connector import connector_in
from recipe_engine.openapi.examples import sample_of
from recipe_engine.openapi.shapes import params_schema
from recipe_engine.testing import sandbox_context
from tests.support.vendor_specs import folder, spec
from tests.unit.openapi.files import with_files

VENDORS = (
    "anthropic", "clickup", "hubspot", "notion", "resend", "slack", "twilio", "whatsapp-cloud", "zoho-crm", "zoho-desk",
)  # fmt: skip


def _document(vendor: str) -> Path:
    found = sorted((folder() / vendor).glob("openapi*.json"))
    if not found:
        pytest.skip(f"no description of {vendor} in {folder()} (RECIPE_VENDOR_SPECS names that folder)")
    return found[-1]


def _operations(path: Path) -> int:
    methods = {"get", "put", "post", "delete", "options", "head", "patch"}
    return sum(len(methods & item.keys()) for item in json.loads(path.read_text())["paths"].values())


@pytest.mark.parametrize("least", [False, True])
@pytest.mark.parametrize("vendor", VENDORS)
async def test_every_operation_is_an_action_that_its_sandbox_accepts(vendor: str, least: bool, tmp_path: Path) -> None:
    source = _document(vendor)
    added = add(
        Wanted(source.read_bytes(), source.name, "vendor", server="https://vendor.example"), tmp_path / "vendor"
    )
    assert added.index.left_out == ()
    assert len(added.index.entries) == _operations(source)
    connector = connector_in(tmp_path / "vendor")
    for name, action in connector.actions.items():
        # Each by itself: what one operation creates, the next one would look for.
        bench = sandbox_context(connector)
        schema = params_schema(connector.document, connector.operation(action.entry))  # type: ignore[attr-defined]
        params = await with_files(bench, sample_of(schema, least=least))
        assert facts_of(action).validator.is_valid(params), name
        result = await bench.call(name.partition(".")[2], **params)
        assert jsonschema_rs.is_valid(action.result_schema, result), name


@pytest.mark.parametrize("vendor", ["clickup", "hubspot", "notion", "resend", "slack", "twilio", "zoho-crm"])
async def test_requests_validate_as_another_reader_of_the_document_sees_them(vendor: str, tmp_path: Path) -> None:
    source = _document(vendor)
    document = json.loads(source.read_text())
    add(Wanted(source.read_bytes(), source.name, "vendor", server=document["servers"][0]["url"]), tmp_path / "vendor")
    connector = connector_in(tmp_path / "vendor")
    described = spec(vendor)
    for name, action in connector.actions.items():
        bench = sandbox_context(connector)
        schema = params_schema(connector.document, connector.operation(action.entry))  # type: ignore[attr-defined]
        params = await with_files(bench, sample_of(schema))
        await bench.call(name.partition(".")[2], **params)
        assert described.request_problems(bench.sandbox.requests[-1]) == [], name
