"""Which settings are missed, by who will be asked; and the harmless question of `recipe doctor`."""

from __future__ import annotations

import pytest
from aiohttp import web

from recipe_engine.builtin.llm.action import llm
from recipe_engine.builtin.llm.listing import ListModels, list_models
from recipe_engine.plugin import Retryable, Terminal
from tests.support.action_context import ActionContext
from tests.unit.compile.support import problems


def missed(action: str = "", params: dict | None = None, **settings: str) -> list[str]:
    return [setting.name for setting in llm.settings if setting.missing(settings, action, params)]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["ANTHROPIC_API_KEY"]),
        ({"ANTHROPIC_API_KEY": "k"}, []),
        ({"RECIPE_LLM": "anthropic"}, ["ANTHROPIC_API_KEY"]),
        ({"RECIPE_LLM": "openai_compatible"}, []),
        ({"RECIPE_LLM": "manual"}, []),
        ({"RECIPE_LLM": "sandbox"}, []),
    ],
)
def test_the_connector_misses_what_the_deployments_provider_needs(settings, names):
    assert missed(**settings) == names


@pytest.mark.parametrize(
    ("fields", "settings", "names"),
    [
        ("", {}, ["ANTHROPIC_API_KEY"]),
        ("", {"RECIPE_LLM": "manual"}, []),
        ("provider: anthropic", {"RECIPE_LLM": "manual"}, ["ANTHROPIC_API_KEY"]),
        ("provider: manual", {}, []),
        ("provider: '{{ config.provider }}'", {}, []),
        ("provider: openai_compatible, model: qwen3", {}, []),
        ("provider: openai_compatible", {}, ["AGENT_MODEL"]),
        ("", {"RECIPE_LLM": "openai_compatible"}, ["AGENT_MODEL"]),
        ("", {"RECIPE_LLM": "openai_compatible", "AGENT_MODEL": "qwen3"}, []),
        ("", {"RECIPE_LLM": "openai_compatible", "RECIPE_MODELS": "models.json"}, []),
        (
            "provider: manual, fallback: {models: [{model: claude-opus-5-5, provider: anthropic}]}",
            {},
            ["ANTHROPIC_API_KEY"],
        ),
    ],
)
def test_a_step_misses_what_its_own_provider_needs(fields, settings, names):
    more = f", {fields}" if fields else ""
    body = f"""config: {{properties: {{provider: {{type: string}}}}}}
limits: {{cost: 1 USD}}
steps: [{{id: ask, type: llm_call, user_prompt: Bonjour{more}}}]"""
    found = problems(body, settings=settings)
    said = [f"llm_call needs {name}, which is not set" for name in names]
    assert [item.message for item in found if item.code == "R410"] == said


def test_a_transcription_needs_its_own_server_and_no_model():
    body = "steps: [{id: heard, type: llm.transcribe, with: {audio: 'UklGRg=='}}]"
    assert [item.message for item in problems(body, settings={"OTHER": "x"})] == [
        "llm.transcribe needs TRANSCRIPTION_BASE_URL, which is not set"
    ]
    assert problems(body, settings={"TRANSCRIPTION_BASE_URL": "http://127.0.0.1:9000/v1"}) == []


class Lists:
    """A server of lists of models; `status` and `text` are what it answers with."""

    def __init__(self) -> None:
        self.status, self.text = 200, '{"object": "list", "data": [{"id": "one"}, {"id": "two"}]}'
        self.seen: list[tuple[str, str | None, str | None]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, request.headers.get("x-api-key"), request.headers.get("Authorization")))
        return web.Response(status=self.status, text=self.text, content_type="application/json")


@pytest.fixture
async def lists():
    lists, app = Lists(), web.Application()
    app.router.add_get("/v1/models", lists.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    lists.url = f"http://{host}:{port}"
    yield lists
    await runner.cleanup()


async def listed(lists, params: dict | None = None, **settings: str) -> list[tuple[str, str]]:
    context = ActionContext(ANTHROPIC_BASE_URL=lists.url, **settings)
    try:
        found = await list_models(context, ListModels.model_validate(params or {}))
        return [(model.provider, model.id) for model in found.models]
    finally:
        await context.http.transport.close()


async def test_models_of_every_configured_provider_are_listed(lists):
    found = await listed(lists, ANTHROPIC_API_KEY="k", OPENAI_BASE_URL=f"{lists.url}/v1", OPENAI_API_KEY="o")
    assert found == [(name, model) for name in ("anthropic", "openai_compatible") for model in ("one", "two")]
    assert lists.seen == [("/v1/models", "k", None), ("/v1/models", None, "Bearer o")]


async def test_only_the_provider_that_is_used_is_asked(lists):
    await listed(lists, RECIPE_LLM="openai_compatible", OPENAI_BASE_URL=f"{lists.url}/v1")
    assert lists.seen == [("/v1/models", None, None)]
    assert llm.probe(ActionContext(RECIPE_LLM="manual").settings) is None
    assert llm.probe(ActionContext(ANTHROPIC_API_KEY="k").settings) == ("list_models", {})


async def test_a_wrong_key_is_named(lists):
    lists.status, lists.text = 401, '{"error": {"message": "invalid x-api-key"}}'
    with pytest.raises(Terminal, match="authentication") as caught:
        await listed(lists, ANTHROPIC_API_KEY="k")
    assert "ANTHROPIC_API_KEY" in caught.value.failure.detail


@pytest.mark.parametrize("text", ["<html>", "[]", '{"data": null}'])
async def test_what_is_no_list_is_no_answer(lists, text):
    lists.text = text
    with pytest.raises(Retryable) as caught:
        await listed(lists, ANTHROPIC_API_KEY="k")
    assert caught.value.failure.code == "invalid_answer"
