"""Language models: the step type `llm_call` and whoever answers it.

action     the step's fields, what a check needs     words      the closed lists of them
transcribe the action for recordings                recording  what it does
listing    the action that lists models             needs      which settings must be set
call       the order of things                      provider   requests and answers (values only)
fallback   who stands in                            providers  who answers, by name
routing    complexity -> model, effort, length      pricing    what tokens cost (both read models.json)
media      what a prompt shows                      images     in which size
request    fields -> request, repairs, estimates    examples   few-shot turns        caching   the vendor's cache
answer     judging what came back                   shown      a request for people
spending   limits before a call, usage after it     ledger     what calls under way could cost together
batch      actions for many questions        batches    handing over, answers again
exchange   tools and conversations           reading    what servers send
anthropic/ the Messages API through its SDK         openai/    chat completions of any server
kept       what a step asked                        rebuilt    its questions built again     reading    what servers send
manual     a person's answers                       scripted   a test's answers       sandbox   sample answers
"""

from __future__ import annotations

from recipe_engine.builtin.llm import batch, listing, transcribe  # noqa: F401  # they register their actions
from recipe_engine.builtin.llm.action import llm
from recipe_engine.plugin import Connector, hookimpl


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of language models, with its actions."""
    return [llm]
