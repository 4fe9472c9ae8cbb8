"""The examples of a step as turns: a question, and the answer that the model is to learn from.

The one rule: an example that breaks the step's own schema teaches the model to break it, and is refused.
"""

from __future__ import annotations

import orjson

from recipe_engine.builtin.llm import answer as answers
from recipe_engine.builtin.llm.action import LlmCall, as_text
from recipe_engine.builtin.llm.provider import Message, Text
from recipe_engine.builtin.llm.request import is_plain_text
from recipe_engine.plugin import Terminal


def example_turns(params: LlmCall) -> tuple[Message, ...]:
    """Two turns for every example, in their order.

    Raises Terminal `invalid_example`.
    """
    turns = []
    plain = is_plain_text(params.output_schema)
    for number, example in enumerate(params.examples):
        problems = [] if params.output_schema is None else answers.problems_of(example.output, params.output_schema)
        question = as_text(example.input)
        output = as_text(example.output) if plain else orjson.dumps(example.output).decode()
        if not (question.strip() and output.strip()):
            problems = ["its input and its output must not be empty"]
        if problems:
            raise Terminal(
                f"examples[{number}] does not show what the step asks for: {problems[0]}",
                code="invalid_example",
                detail="\n".join(problems),
            )
        turns += [Message("user", (Text(question),)), Message("assistant", (Text(output),))]
    return tuple(turns)
