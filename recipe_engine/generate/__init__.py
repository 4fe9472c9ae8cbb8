"""Recipes from plain words: a need becomes a recipe that proves itself.

    making      the loop: draft, prove, repair           asking     one question to a model, its money counted
    choosing    the actions that a need calls for        entries    actions and functions as a model reads them
    seen        what bundled tests say of a vendor
    search      a small index (BM25)                     words      words of two languages in one form
    prompt      prompts/*.md put together                answer     what came back, taken apart
    proving     format, check, tests, coverage           explaining a plan in sentences, without a model
    settings    what is still to be set                  result     what it came to

The one rule: nothing that does not pass is handed over as done.
"""

from recipe_engine.generate.answer import Refusal
from recipe_engine.generate.asking import Memory, Unanswered
from recipe_engine.generate.explaining import explain
from recipe_engine.generate.improving import findings
from recipe_engine.generate.improving_found import Finding, Findings
from recipe_engine.generate.improving_request import request_for
from recipe_engine.generate.improving_seen import Evidence
from recipe_engine.generate.making import Bounds, change, generate
from recipe_engine.generate.prompt import Example
from recipe_engine.generate.result import Generated

__all__ = [
    "Bounds",
    "Evidence",
    "Example",
    "Finding",
    "Findings",
    "Generated",
    "Memory",
    "Refusal",
    "Unanswered",
    "change",
    "explain",
    "findings",
    "generate",
    "request_for",
]
