"""Which settings models need, by who will be asked, and whom `recipe doctor` can ask.

The one rule: the same words decide here as in a call (`providers`, `routing`): the step, then RECIPE_LLM, then the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from recipe_engine.builtin.llm.words import DEFAULT_PROVIDER, OPENAI_URL
from recipe_engine.plugin import JSONObject
from recipe_engine.plugin.api import ReadSettings

Listed = Literal["anthropic", "openai_compatible"]

# The step type, and the connector itself when no action is meant.
_ASKING = frozenset(("llm_call", ""))


def anthropic_key(settings: ReadSettings, action: str, params: Mapping[str, Any]) -> bool:
    """ANTHROPIC_API_KEY: when Anthropic's API may be asked."""
    return "anthropic" in _providers(settings, action, params)


def agent_model(settings: ReadSettings, action: str, params: Mapping[str, Any]) -> bool:
    """AGENT_MODEL: when a server of the operator's own is asked and nobody else says for which model."""
    if settings.get("RECIPE_MODELS") or params.get("model"):
        return False
    return action == "llm_call" and _named(params.get("provider"), settings) == "openai_compatible"


def transcription_address(settings: ReadSettings, action: str, params: Mapping[str, Any]) -> bool:
    """TRANSCRIPTION_BASE_URL: when a step writes recordings down."""
    del settings, params
    return action == "llm.transcribe"


def configured(settings: ReadSettings) -> list[Listed]:
    """The providers that can list their models and have what they need."""
    usual = settings.get("RECIPE_LLM") or DEFAULT_PROVIDER
    own = settings.get("OPENAI_API_KEY") or (settings.get("OPENAI_BASE_URL") or OPENAI_URL) != OPENAI_URL
    asked: dict[Listed, object] = {
        "anthropic": usual == "anthropic" or settings.get("ANTHROPIC_API_KEY"),
        "openai_compatible": usual == "openai_compatible" or own,
    }
    return [name for name, known in asked.items() if known]


def probe(settings: ReadSettings) -> tuple[str, JSONObject] | None:
    """The call by which `recipe doctor` asks; None when nobody is configured who can be asked."""
    return ("list_models", {}) if configured(settings) else None


def _providers(settings: ReadSettings, action: str, params: Mapping[str, Any]) -> set[str]:
    """Whoever a step may ask: its own provider, and those of its fallback's models."""
    if action not in _ASKING:
        return set()
    named = [params.get("provider")]
    fallback = params.get("fallback")
    listed = fallback.get("models") if isinstance(fallback, Mapping) else None
    named += [item.get("provider") for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    return {_named(name, settings) for name in named}


def _named(written: object, settings: ReadSettings) -> str:
    """The provider of a name; a template's is not known, and nothing is needed for it."""
    return str(written or settings.get("RECIPE_LLM") or DEFAULT_PROVIDER)
