"""A stand-in server that holds every request against both versions of the API's description where they are at hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from recipe_engine.builtin.llm.action import LlmCall, llm_call
from tests.support.action_context import ActionContext
from tests.support.anthropic_server import AnthropicServer, Received
from tests.support.vendor_specs import Spec, folder

VERSIONS = ("2023-06-01", "2026-10-21")
OPERATIONS = {
    "/v1/messages": "MessageCreateRequest",
    "/v1/messages/count_tokens": "CountTokensRequest",
    "/v1/messages/batches": "BatchCreateRequest",
}


@cache
def described(version: str) -> Spec | None:
    path = folder() / "anthropic" / f"openapi-{version}.json"
    return Spec(json.loads(path.read_text())) if path.exists() else None


def request_problems(received: Received) -> list[str]:
    """What either version of the description forbids in a request; nothing where they are absent."""
    problems = []
    for version in VERSIONS:
        spec = described(version)
        if spec is not None:
            schema = {"$ref": f"#/components/schemas/{OPERATIONS[received.path]}"}
            found = [
                *spec._check(schema, received.body, lenient=False),
                *spec._undeclared(schema, received.body, "body"),
            ]
            problems += [f"{version}: {problem}" for problem in found]
    return problems


def answer_problems(version: str, name: str, body: Any) -> list[str]:
    spec = described(version)
    assert spec is not None
    components = spec.document["components"]
    validator = jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": components})
    return [error.message for error in validator.iter_errors(body)]


@pytest.fixture
async def server() -> AsyncIterator[AnthropicServer]:
    async with AnthropicServer(request_problems) as running:
        yield running
        assert running.problems == []


@pytest.fixture
async def ctx(server: AnthropicServer) -> AsyncIterator[ActionContext]:
    context = ActionContext(ANTHROPIC_API_KEY="sk-test", ANTHROPIC_BASE_URL=server.url)
    yield context
    await context.http.transport.close()


async def ask(context: ActionContext, **fields: Any) -> Any:
    """One llm_call with these fields of the step."""
    return await llm_call(context, LlmCall.model_validate(fields))
