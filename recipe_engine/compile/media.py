"""Cuts the prompt of an llm_call into parts where it shows images, recordings, documents or files.

In a recipe, `user_prompt: "Image: {{product_image}}"` shows the image when the input product_image has the format
base64_image. Lowered, `user_prompt` is then a list of parts, in the order of the text:

    [{"text": "Image: "}, {"media": "{{ product_image }}", "kind": "image", "name": "product_image"}]

`kind` is image, audio, document or file, by the value's format. A prompt without media stays text.

The one rule: what is media is told by its type, never by its name; only a plain reference that stands by itself (a
name, fields and indexes between braces) can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from recipe_engine.compile.expressions import Expressions
from recipe_engine.compile.outside import marked_prompts
from recipe_engine.core.json import JSON
from recipe_engine.expr import infer_expression
from recipe_engine.expr.types import AnyT, ArrayT, FileT, StringT, Type, UnionT
from recipe_engine.model import ActionStep, Path

KINDS = {
    "base64_image": "image",
    "image": "image",
    "base64_audio": "audio",
    "audio": "audio",
    "base64_document": "document",
    "document": "document",
    "file": "file",
}
_REFERENCE = re.compile(r"\{\{-?\s*([A-Za-z_]\w*(?:\.\w+|\[\d+\])*)\s*-?\}\}")
_BLOCK = re.compile(r"\{%")


def cut_prompt(expressions: Expressions, step: ActionStep, path: Path) -> None:
    """Note the step's prompts as they are lowered, and report media that cannot be shown."""
    expressions.analysis.prompts[path] = marked_prompts(expressions, step, _cut(expressions, step, path))


def _cut(expressions: Expressions, step: ActionStep, path: Path) -> list[JSON] | None:
    """The parts of the step's user_prompt when it shows media."""
    here = (*path, *step.params_path)
    refuse = partial(_refuse, expressions)
    for found, type_ in _references(expressions, step.params.get("system_prompt")):
        if kind_of(type_) is not None:
            refuse(found, (*here, "system_prompt"), "the system prompt is text", "show it in `user_prompt`")
    prompt = step.params.get("user_prompt")
    if not isinstance(prompt, str):
        return None
    references = _references(expressions, prompt)
    shown = [(found, kind) for found, type_ in references if (kind := kind_of(type_)) is not None]
    for found, type_ in references:
        if isinstance(type_, ArrayT) and kind_of(type_.item) is not None:
            one = f"show one (`{{{{ {found[1]}[0] }}}}`), or ask about each in a `for_each`"
            refuse(found, (*here, "user_prompt"), "only single values can be shown, and this is a list", one)
    if shown and _BLOCK.search(prompt):
        instead = "choose the prompt with a `branch`"
        refuse(shown[0][0], (*here, "user_prompt"), "nothing can be shown in a prompt with {% blocks %}", instead)
    elif shown:
        return list(_parts(prompt, shown))
    elif step.params.get("vision") is True and not any(isinstance(type_, AnyT | ArrayT) for _, type_ in references):
        expressions.analysis.problems.add(
            "R604",
            "`vision` is true, and the prompt shows nothing to look at",
            (*here, "vision"),
            'write the image into user_prompt ("Image: {{ product_image }}"), with `format: base64_image` in its schema',
        )
    return None


def _references(expressions: Expressions, text: JSON) -> list[tuple[re.Match[str], Type]]:
    """The plain references in a text, with the type of each."""
    if not isinstance(text, str):
        return []
    return [
        (found, infer_expression(found[1], expressions.names, expressions.analysis.functions).type)
        for found in _REFERENCE.finditer(text)
    ]


def _refuse(expressions: Expressions, found: re.Match[str], path: Path, reason: str, instead: str) -> None:
    message = f"`{found[1]}` cannot be shown here: {reason}"
    expressions.analysis.problems.add_within("R603", message, path, found.start(), len(found[0]), instead)


def kind_of(type_: Type) -> str | None:
    """What kind of media a value of this type is; None when it is none."""
    match type_:
        case FileT():
            return "file"
        case StringT() if type_.format in KINDS:
            return KINDS[type_.format]
        case UnionT():
            kinds = {kind_of(member) for member in type_.members} - {None}
            return kinds.pop() if len(kinds) == 1 else None
        case _:
            return None


def _parts(prompt: str, shown: list[tuple[re.Match[str], str]]) -> Iterator[JSON]:
    at = 0
    for found, kind in shown:
        if prompt[at : found.start()].strip():
            yield {"text": prompt[at : found.start()]}
        yield {"media": f"{{{{ {found[1]} }}}}", "kind": kind, "name": found[1]}
        at = found.end()
    if prompt[at:].strip():
        yield {"text": prompt[at:]}
