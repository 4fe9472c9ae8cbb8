"""What a step and a block leave behind: the type of their output, and whether they surely have one.

The one rule: the output of a block is that of the last step that was executed, so a step that may be skipped only adds
to what the output may be.
"""

from __future__ import annotations

from dataclasses import dataclass

from recipe_engine.expr.types import AnyT, ArrayT, BoolT, IntT, NullT, NumberT, ObjectT, StringT, Type, union

FAILURE = ObjectT(
    {
        "code": StringT(),
        "title": StringT(),
        "detail": StringT(),
        "step": StringT(),
        "retryable": BoolT(),
        "retry_after": union(NumberT(), NullT()),
        "happened": StringT(("no", "maybe")),
        "data": AnyT(),
    },
    frozenset({"code", "title", "detail", "step", "retryable", "retry_after", "happened", "data"}),
)
RUN = ObjectT(
    {"id": StringT(), "started_at": StringT(None, "date-time"), "recipe": StringT()},
    frozenset({"id", "started_at", "recipe"}),
)


@dataclass(frozen=True, slots=True)
class Out:
    """What a step leaves behind. `doubt` says why it may have no output although it was reached; `ends` that the run
    never goes on after it; `more` that the output may have fields that its type does not list."""

    type: Type
    doubt: str | None = None
    ends: bool = False
    more: bool = False


class Tail:
    """The output of a block, growing step by step."""

    def __init__(self) -> None:
        self.type: Type = NullT()
        self.ends = False

    def add(self, type_: Type, *, certain: bool) -> None:
        """A further step was executed, for certain or perhaps."""
        self.type = type_ if certain else union(self.type, type_)


def loop_output(item: Type, result: Type) -> ObjectT:
    """The output of a for_each over items of a type, whose rounds give `result`."""
    error = ObjectT(
        {"index": IntT(), "item": item, "error": FAILURE},
        frozenset({"index", "item", "error"}),
    )
    return ObjectT({"results": ArrayT(result), "errors": ArrayT(error)}, frozenset({"results", "errors"}))


def approval_output(fields: Type) -> ObjectT:
    """The output of a wait for an approval."""
    return ObjectT({"approved": BoolT(), "by": StringT(), "fields": fields}, frozenset({"approved", "by", "fields"}))


def item_type(type_: Type) -> Type:
    """The type of the items of a list."""
    return type_.item if isinstance(type_, ArrayT) else AnyT()
