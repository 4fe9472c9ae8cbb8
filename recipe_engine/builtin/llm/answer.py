"""Judging an answer: why it ended, whether it is JSON, whether it fits the author's schema.

The one rule: pure functions over `ModelAnswer`; the schema that counts is the author's own, whatever dialect of it was
sent.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from recipe_engine.builtin.llm.provider import ModelAnswer
from recipe_engine.plugin import JSON, JSONObject, Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PROBLEMS = 30
SHOWN = 2_000
_FENCED = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


def refuse_unusual_end(answer: ModelAnswer, max_tokens: int) -> None:
    """Return when the model ended by itself.

    Raises Terminal `refused`, `truncated`, `context_too_long` or `invalid_answer` otherwise.
    """
    if answer.stop == "end":
        return
    data = {"text": bounded(answer.text)} if answer.text else None
    if answer.stop == "refused":
        raise Terminal(
            f"the model refused to answer{f' ({answer.detail})' if answer.detail else ''}",
            code="refused",
            detail="reword the prompt, or choose another model; the same prompt will be refused again",
            data=data,
        )
    if answer.stop == "truncated":
        raise Terminal(
            f"the answer was cut off at max_tokens ({max_tokens})",
            code="truncated",
            detail="raise max_tokens (a model's thinking counts too), lower effort, or ask for less",
            data=data,
        )
    if answer.stop == "context_too_long":
        raise Terminal(
            "prompt and answer do not fit the model's context",
            code="context_too_long",
            detail="send less: select the rows or pages that matter before this step",
            data=data,
        )
    raise Terminal(
        f"the model stopped in an unexpected way ({answer.detail or 'unknown'})", code="invalid_answer", data=data
    )


def refuse_bad_schema(schema: JSONObject | None) -> None:
    """Return when answers can be held against the author's schema.

    Raises Terminal `invalid_schema`: better now than after a paid answer.
    """
    if schema is not None:
        _validator(orjson.dumps(schema))


def read(text: str, schema: JSONObject | None, *, structured: bool) -> tuple[JSON, list[str]]:
    """The value of an answer and everything that is wrong with it: JSON when `structured`, else the text itself."""
    value: JSON = text.strip()
    if structured:
        try:
            value = orjson.loads(_unfenced(value))
        except orjson.JSONDecodeError as error:
            if not _accepts_text(schema, value):
                return None, [f"it is not JSON: {error}" if value else "it is empty"]
    elif not value:
        return None, ["it is empty"]
    return (value, []) if schema is None else (value, problems_of(value, schema))


def problems_of(value: JSON, schema: JSONObject) -> list[str]:
    """Every way in which a value misses a schema, one line each, at most `MAX_PROBLEMS`."""
    problems = []
    for error in _validator(orjson.dumps(schema)).iter_errors(value):
        where = "".join(f"[{item}]" if isinstance(item, int) else f".{item}" for item in error.instance_path)
        problems.append(f"at {where.lstrip('.') or 'the top'}: {bounded(error.message, 300)}")
        if len(problems) == MAX_PROBLEMS:
            break
    return problems


def invalid_output(text: str, problems: Sequence[str], repairs: int) -> Terminal:
    """The failure of an answer that does not fit although it was sent back."""
    tried = f" after {repairs} repair round{'s' if repairs > 1 else ''}" if repairs else ""
    return Terminal(
        f"the model's answer does not fit{tried}: {problems[0]}",
        code="invalid_output",
        detail="\n".join(problems),
        data={"problems": list(problems), "text": bounded(text)},
    )


def bounded(text: str, limit: int = SHOWN) -> str:
    """The text, its middle left out when it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} ... {len(text) - 2 * half} characters ... {text[-half:]}"


def _unfenced(text: str) -> str:
    found = _FENCED.match(text)
    return found[1] if found else text


def _accepts_text(schema: JSONObject | None, text: str) -> bool:
    """Whether the bare text is itself a value that the schema asks for (a closed list of words)."""
    if not text or schema is None or not (schema.get("type") == "string" or "enum" in schema):
        return False
    return not problems_of(text, schema)


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Any:
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(orjson.loads(schema), validate_formats=True, offline=True)
    except ValueError as error:
        raise Terminal("output_schema is not a JSON Schema", code="invalid_schema", detail=str(error)) from error
