"""Checks the names that a recipe gives: ids of steps, variables of loops, inputs.

The one rule: a name means one thing in the whole recipe, so that whoever reads `{{ ticket.id }}` knows which ticket.
"""

from __future__ import annotations

from recipe_engine.compile.context import Analysis
from recipe_engine.model import ForEachStep, Path, TransformStep

RESERVED: dict[str, str] = {
    "config": "it is what the deployment sets",
    "run": "it is what is known of the run",
    "event": "it is what started the run",
    "error": "it is the failure, in the steps of an `on_error`",
    "secrets": "it holds the deployment's secrets",
    "output": "it is the run's output, in the answer to a webhook",
    "loop": "it belongs to the template language",
    **dict.fromkeys(
        ("and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "set"),
        "it is a word of the template language",
    ),
    **dict.fromkeys(("true", "false", "none", "null"), "it is a value"),
}


def check_ids(analysis: Analysis) -> None:
    """Check that ids are unique, and hide neither an input nor a reserved name."""
    problems, recipe = analysis.problems, analysis.recipe
    given = (recipe.input_schema or {}).get("properties")
    inputs = frozenset(given) if isinstance(given, dict) else frozenset()
    for name in sorted(inputs & RESERVED.keys()):
        path: Path = ("input_schema", "properties", name)
        problems.add(
            "R308", f"an input cannot be called `{name}`: {RESERVED[name]}", path, "choose another name", key=True
        )
    first: dict[str, Path] = {}
    for step, path in analysis.steps:
        if step.id:
            if step.id in first:
                line = problems.document.span((*first[step.id], "id")).line
                message = f"the id `{step.id}` is taken by the step in line {line}"
                problems.add("R307", message, (*path, "id"), "choose another: an id is unique in the whole recipe")
            first.setdefault(step.id, path)
            _refuse_hidden(analysis, step.id, (*path, "id"), inputs, "a step")
    for step, path in analysis.steps:
        if isinstance(step, ForEachStep | TransformStep):
            written = (*path, "as") if "as_" in step.model_fields_set else (*path, "type")
            _refuse_hidden(analysis, step.as_, written, inputs, "the variable of a loop")
            if step.as_ in first:
                line = problems.document.span((*first[step.as_], "id")).line
                message = f"`{step.as_}` would hide the step of that id in line {line}"
                problems.add("R308", message, written, "choose another name with `as`")


def _refuse_hidden(analysis: Analysis, name: str, path: Path, inputs: frozenset[str], what: str) -> None:
    if name in RESERVED:
        message = f"{what} cannot be called `{name}`: {RESERVED[name]}"
        analysis.problems.add("R308", message, path, "choose another name")
    elif name in inputs:
        analysis.problems.add("R308", f"`{name}` would hide the input of that name", path, "choose another name")
