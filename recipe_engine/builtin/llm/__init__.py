"""Language models: the step type `llm_call` and whoever answers it.

action     the step's fields, what a check needs     words      the closed lists of them
call       the order of things                      provider   requests, answers, who answers (values only)
routing    complexity -> model, effort, length      pricing    what tokens cost (both read models.json)
media      images and documents of a prompt         request    fields -> request, repair request, estimates
answer     judging what came back                   spending   limits before a call, usage after it
anthropic/ the Messages API through its SDK         scripted   a test's answers       sandbox   sample answers
"""

from __future__ import annotations

from recipe_engine.builtin.llm.action import llm
from recipe_engine.plugin import Connector, hookimpl


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of language models."""
    return [llm]
