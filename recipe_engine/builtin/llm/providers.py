"""Who answers a step: the host's own model, the sandbox's, or the provider that the step, RECIPE_LLM or the default
names.

The one rule: a provider is imported when it is asked.
"""

from __future__ import annotations

from typing import Any, get_args

from recipe_engine.builtin.llm.provider import Provider
from recipe_engine.builtin.llm.words import DEFAULT_PROVIDER, ProviderName
from recipe_engine.plugin import ActionError, Context, Terminal

# Ask nobody who sends a bill.
FREE = frozenset(("manual",))


def provider_name(ctx: Context, wanted: ProviderName | None) -> ProviderName:
    """The provider to ask where the host brings no model of its own.

    Raises Terminal `not_configured` when RECIPE_LLM is no such name.
    """
    if ctx.sandbox:
        return "sandbox"
    if wanted is not None:
        return wanted
    name = ctx.settings.get("RECIPE_LLM") or DEFAULT_PROVIDER
    for known in get_args(ProviderName):
        if name == known:
            found: ProviderName = known
            return found
    listed = ", ".join(get_args(ProviderName))
    raise Terminal(f"RECIPE_LLM is {name!r}; expected one of {listed}", code="not_configured")


def provider_for(ctx: Context, name: ProviderName) -> Provider:
    """The provider of a name; the host's own model, when it brings one, in the place of any of them."""
    hosted = hosted_model(ctx)
    if hosted is not None:
        found: Provider = hosted
        return found
    match name:
        case "anthropic":
            from recipe_engine.builtin.llm.anthropic.client import AnthropicModel

            return AnthropicModel(ctx)
        case "openai_compatible":
            from recipe_engine.builtin.llm.openai.client import OpenAIModel

            return OpenAIModel(ctx)
        case "manual":
            from recipe_engine.builtin.llm.manual import ManualModel

            return ManualModel(ctx)
        case "sandbox":
            from recipe_engine.builtin.llm.sandbox import SandboxModel

            return SandboxModel()


def hosted_model(ctx: Context) -> Any:
    """The host's own model (a test's script, a program's own), None when it brings none."""
    try:
        return ctx.service("llm")
    except ActionError as error:
        if error.failure.code == "not_available":
            return None
        raise
