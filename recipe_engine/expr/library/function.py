"""A function of the language: what it takes, what it gives, what it says of itself, and how it is evaluated.

The one rule: a function is pure. It sees its arguments and, when it declares `contextual`, the frame of the evaluation
(its time, its randomness, its budget); it raises EvaluationError or ValueError and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, Protocol, TypeAlias

from recipe_engine.expr.errors import EvaluationError, Undefined, undefined
from recipe_engine.expr.inference import ProblemKind
from recipe_engine.expr.library.signature import REQUIRED, Shape, bind, has_variable, read_signature, type_of
from recipe_engine.expr.types import (
    AnyT,
    ArrayT,
    BoolT,
    DurationT,
    FileT,
    IntT,
    MomentT,
    NullT,
    NumberT,
    ObjectT,
    SecretT,
    StringT,
    Type,
    UnionT,
    describe,
    members,
    union,
)
from recipe_engine.expr.values import JSON, Duration, Moment, duration_of, moment_of, shown

Kind = Literal["function", "filter", "test"]
Accept: TypeAlias = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. `default` is REQUIRED when there is none; `many` takes all further arguments; `lenient` lets a value
    pass that is not there (`default`, `is defined`)."""

    name: str
    type: Type
    default: Any = REQUIRED
    many: bool = False
    lenient: bool = False

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is REQUIRED and not self.many


class Given(Protocol):
    """What a function that computes its type is told of a call.

    `types` has the type of every parameter that is given, `constants` its value when that is written out. A parameter
    that takes many has the union of the types, and a tuple of values when all are written out; `each` has its types
    one by one.
    """

    @property
    def types(self) -> Mapping[str, Type]: ...

    @property
    def constants(self) -> Mapping[str, Any]: ...

    @property
    def each(self) -> Mapping[str, tuple[Type, ...]]: ...

    def problem(self, kind: ProblemKind, message: str, parameter: str, hint: str | None = None) -> None:
        """Report a problem with the argument of a parameter."""
        ...

    def field(self, type_: Type, path: str, parameter: str) -> Type:
        """The type at a dotted path inside a type; a path that cannot be there is reported."""
        ...


Returns: TypeAlias = Type | Callable[[Given], Type]


@dataclass(frozen=True)
class Function:
    """An entry of the closed table.

    `evaluate` is called with one argument for each parameter, in order, defaults filled in and kinds checked (texts
    that name a moment or a duration are converted where one is expected); the arguments of a parameter that takes
    many come one after the other. With `contextual` the frame comes first. `returns` is a type, or a function from
    the types of the arguments to one. `example` is an expression and its value as JSON.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: Returns
    doc: str
    example: tuple[str, JSON]
    evaluate: Callable[..., object]
    kind: Kind = "filter"
    contextual: bool = False
    signature: str = ""

    @property
    def key(self) -> str:
        """Where the function stands in the table: tests have names of their own."""
        return f"is {self.name}" if self.kind == "test" else self.name

    @cached_property
    def acceptors(self) -> Mapping[str, Accept]:
        """What checks and converts the arguments of each parameter, by its name. They raise EvaluationError."""
        return {parameter.name: _acceptor(self.name, parameter) for parameter in self.parameters}


def function(
    signature: str,
    doc: str,
    example: tuple[str, JSON],
    evaluate: Callable[..., object],
    *,
    kind: Kind = "filter",
    contextual: bool = False,
    lenient: Sequence[str] = (),
    returns: Returns | None = None,
) -> Function:
    """A function from its signature: `replace(value: text, old: text, new: text = '') -> text`.

    `lenient` names the parameters that take values which are not there. `returns` is the type of the result, or computes
    it, where the signature cannot say it.
    """
    read = read_signature(signature)
    parameters = tuple(
        Parameter(name, type_of(shape, {}), default, many, name in lenient)
        for name, shape, default, many in read.parameters
    )
    shapes = {name: shape for name, shape, _, _ in read.parameters}
    result = _returns(shapes, read.returns) if returns is None else returns
    return Function(read.name, parameters, result, doc, example, evaluate, kind, contextual, signature)


def _returns(shapes: Mapping[str, Shape], returned: Shape) -> Returns:
    if not has_variable(returned):
        return type_of(returned, {})

    def infer(given: Given) -> Type:
        bound: dict[str, Type] = {}
        for name, type_ in given.types.items():
            bind(shapes[name], type_, bound)
        return type_of(returned, bound)

    return infer


def _acceptor(function_name: str, parameter: Parameter) -> Accept:
    """What checks an argument and converts it. It raises EvaluationError for what the parameter does not take."""
    accept = _accept(parameter.type)

    def check(value: object) -> object:
        if value.__class__ is Undefined:
            if parameter.lenient:
                return value
            raise undefined(value)
        accepted = accept(value)
        if accepted is _REFUSED:
            raise EvaluationError(
                "type",
                f"{function_name}: `{parameter.name}` must be {describe(parameter.type)}, and {shown(value)} was found",
            )
        return accepted

    return check


# Stands for a value that a parameter does not take.
_REFUSED: Final = object()


def _accept(type_: Type) -> Accept:
    """A conversion to a type that gives `_REFUSED` for what does not fit."""
    match type_:
        case AnyT() | SecretT():
            return lambda value: value
        case StringT():
            return lambda value: value if value.__class__ is str else _REFUSED
        case NumberT():
            return lambda value: value if value.__class__ is int or value.__class__ is float else _REFUSED
        case IntT():
            return _accept_int
        case BoolT():
            return lambda value: value if value.__class__ is bool else _REFUSED
        case NullT():
            return lambda value: value if value is None else _REFUSED
        case ArrayT():
            return lambda value: value if value.__class__ is list else _REFUSED
        case ObjectT() | FileT():
            return lambda value: value if isinstance(value, dict) else _REFUSED
        case MomentT():
            return lambda value: moment_of(value) if value.__class__ in (Moment, str) else _REFUSED
        case DurationT():
            return lambda value: duration_of(value) if value.__class__ in (Duration, str) else _REFUSED
        case UnionT():
            return _accept_union(tuple(_accept(member) for member in type_.members))


def _accept_int(value: Any) -> object:
    if value.__class__ is int:
        return value
    return int(value) if value.__class__ is float and value.is_integer() else _REFUSED


def _accept_union(options: Sequence[Accept]) -> Accept:
    def accept(value: object) -> object:
        for option in options:
            try:
                accepted = option(value)
            except EvaluationError:  # a text that is no moment may still be what the next option takes
                continue
            if accepted is not _REFUSED:
                return accepted
        return _REFUSED

    return accept


def item_type(type_: Type) -> Type:
    """The type of the items of a list, anything when that is not known."""
    items = [member.item for member in members(type_) if isinstance(member, ArrayT)]
    return union(*items) if items else AnyT()
