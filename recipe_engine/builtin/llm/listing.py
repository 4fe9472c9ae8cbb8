"""The action `llm.list_models`: the models that the configured providers serve. `recipe doctor` asks by it whether the keys
and addresses are right.

The one rule: nothing is generated, so nothing costs anything.
"""

from __future__ import annotations

from pydantic import Field

from recipe_engine.builtin.llm.action import llm
from recipe_engine.builtin.llm.needs import Listed, configured
from recipe_engine.builtin.llm.words import BASE_URL, OPENAI_URL
from recipe_engine.plugin import JSON, Context, Params, Result

_VERSION = "2026-10-21"
_LARGEST_ANSWER = 5_000_000


class ListModels(Params):
    """Whose models."""

    provider: Listed | None = Field(
        default=None, description="whose models; left out, those of every provider that is configured"
    )


class ListedModel(Result):
    """A model that can be asked."""

    provider: Listed
    id: str


class ModelList(Result):
    """The models, in the order in which they were listed."""

    models: list[ListedModel]


@llm.action(
    effect="read",
    timeout=30.0,
    example="""\
- id: models
  type: llm.list_models
  with: {provider: openai_compatible}
""",
)
async def list_models(ctx: Context, params: ListModels) -> ModelList:
    """List the models that the configured providers serve. Nothing is asked of a model, and nothing costs anything."""
    if ctx.sandbox:
        from recipe_engine.builtin.llm.routing import shipped_table

        return ModelList(models=[ListedModel(provider="anthropic", id=name) for name in shipped_table().models])
    chosen = [params.provider] if params.provider else configured(ctx.settings)
    found = [ListedModel(provider=name, id=model) for name in chosen for model in await _models(ctx, name)]
    return ModelList(models=found)


async def _models(ctx: Context, provider: Listed) -> list[str]:
    headers = {"Accept": "application/json"}
    if provider == "anthropic":
        base = ctx.settings.get("ANTHROPIC_BASE_URL") or BASE_URL
        address = f"{base.rstrip('/')}/v1/models?limit=1000"
        headers |= {"x-api-key": ctx.settings.require("ANTHROPIC_API_KEY"), "anthropic-version": _VERSION}
    else:
        address = f"{(ctx.settings.get('OPENAI_BASE_URL') or OPENAI_URL).rstrip('/')}/models"
        key = ctx.settings.get("OPENAI_API_KEY")
        headers |= {"Authorization": f"Bearer {key}"} if key else {}
    response = await ctx.http.request("GET", address, headers=headers, raw=True, auth=False, reads=True)
    content = await response.read(_LARGEST_ANSWER)
    if not response.ok:
        from recipe_engine.builtin.llm.openai.errors import failure_of

        key_setting, base_setting = _NAMES[provider]
        raise failure_of(response.status, response.headers, content, key=key_setting, base=base_setting)
    return _ids(content)


_NAMES: dict[Listed, tuple[str, str]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "openai_compatible": ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
}


def _ids(content: bytes) -> list[str]:
    import orjson

    from recipe_engine.plugin import Retryable

    try:
        answer: JSON = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Retryable(
            "the list of models is not JSON", code="invalid_answer", detail=content[:300].decode("utf-8", "replace")
        ) from error
    listed = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise Retryable("the list of models has no `data`", code="invalid_answer", detail=str(answer)[:300])
    return [item["id"] for item in listed if isinstance(item, dict) and isinstance(item.get("id"), str)]
