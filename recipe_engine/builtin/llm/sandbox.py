"""The model of runs that use sandboxes: no account, no network, the same answer every time.

The one rule: it never passes for a model. Each answer is made from the output schema alone and the step's log says so.
"""

from __future__ import annotations

import orjson

from recipe_engine.builtin.llm.provider import ModelAnswer, ModelRequest
from recipe_engine.plugin.sample import sample_from_schema

NOTE = "sandbox model: sample answer"
TEXT = "Exemple de réponse (modèle du bac à sable)."


class SandboxModel:
    """Answers with a sample of the output schema (first choices of lists, 0.9 for numbers, every field present)."""

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """The sample, without usage: nothing was consumed."""
        if request.output_schema is None:
            return ModelAnswer(text=TEXT, notes=(NOTE,))
        sample = sample_from_schema(request.output_schema)
        return ModelAnswer(text=orjson.dumps(sample).decode(), notes=(NOTE,))
