"""Functions that work on numbers: rounding, reading, writing the way people do.

The one rule: rounding is commercial (half away from zero) and works on the digits that are written, so that 12.345
rounds to 12.35.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from recipe_engine.expr.errors import EvaluationError, Undefined
from recipe_engine.expr.library.function import Function, Given, function, item_type
from recipe_engine.expr.library.locales import decimal_pattern, locale_named, ordinary_spaces
from recipe_engine.expr.operators import COMPARISONS
from recipe_engine.expr.types import AnyT, ArrayT, IntT, NullT, NumberT, Type, members, union, without_null
from recipe_engine.expr.values import shown

TITLE: Final = "Numbers"

_MOST_DIGITS: Final = 20
_SPACES = re.compile(r"[\s\u00a0\u202f'’]")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z")
_LONGEST_NUMBER: Final = 100
# Digits enough for any number of 64 bits, before and after the point.
_CONTEXT: Final = Context(prec=400)
_LAST_ZERO = re.compile(r"0(?!.*0)")
_FRACTION = re.compile(r"0\.0+")
_ISO_CURRENCY = re.compile(r"[A-Z]{3}\Z")


def round_number(value: float, digits: int) -> float:
    """A number rounded half away from zero; a whole number when no decimals are asked for."""
    if not -_MOST_DIGITS <= digits <= _MOST_DIGITS:
        raise EvaluationError("argument", f"round: `digits` is between -{_MOST_DIGITS} and {_MOST_DIGITS}")
    if isinstance(value, int) and digits >= 0:
        return value if digits == 0 else float(value)
    if abs(value) >= 1e22:
        return int(value) if digits <= 0 else value
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_CONTEXT)
    return int(rounded) if digits <= 0 else float(rounded)


def _round_type(given: Given) -> Type:
    digits = given.constants.get("digits", 0 if "digits" not in given.types else None)
    return IntT() if isinstance(digits, int) and digits <= 0 else NumberT()


def read_number(value: Any) -> float | None:
    """The number that a value is or that a text writes, in French (`1 234,56`) or English (`1,234.56`); None when it is
    none."""
    if value.__class__ in (int, float):
        return value
    if value.__class__ is not str or len(value) > _LONGEST_NUMBER:
        return None
    text = _SPACES.sub("", value)
    text = text.removesuffix("€").removesuffix("$").removesuffix("£").removesuffix("%").replace("\u2212", "-")
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        text = text.replace(".", "").replace(",", ".") if comma > point else text.replace(",", "")
    elif comma >= 0:
        text = text.replace(",", "") if _grouped(text, ",") else text.replace(",", ".")
    elif text.count(".") > 1 and _grouped(text, "."):
        text = text.replace(".", "")
    if not _NUMBER.match(text) or not text.isascii():
        return None
    if text.lstrip("+-").isdigit():
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None


def _grouped(text: str, mark: str) -> bool:
    """Whether more than one mark separates groups of three digits."""
    first, *groups = text.lstrip("+-").split(mark)
    return len(groups) > 1 and 1 <= len(first) <= 3 and all(len(group) == 3 and group.isdigit() for group in groups)


def _to_number(value: Any, *fallback: Any) -> Any:
    number = None if value.__class__ is Undefined else read_number(value)
    if number is not None:
        return number
    if fallback:
        return fallback[0]
    raise EvaluationError("argument", f"to_number: {shown(value)} is not a number")


def _to_int(value: Any, *fallback: Any) -> Any:
    number = None if value.__class__ is Undefined else read_number(value)
    if number is not None:
        return int(number)
    if fallback:
        return fallback[0]
    raise EvaluationError("argument", f"to_int: {shown(value)} is not a number")


def _number_type(given: Given) -> Type:
    return union(NumberT(), given.types["fallback"]) if "fallback" in given.types else NumberT()


def _int_type(given: Given) -> Type:
    return union(IntT(), given.types["fallback"]) if "fallback" in given.types else IntT()


def _clamp(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _extreme(symbol: str) -> Any:
    better = COMPARISONS["<" if symbol == "min" else ">"]

    def extreme(*values: Any) -> Any:
        candidates = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        best = None
        for value in candidates:
            if value is not None and (best is None or better(value, best)):
                best = value
        return best

    return extreme


def _extreme_type(given: Given) -> Type:
    type_ = given.types.get("values", AnyT())
    if any(isinstance(member, ArrayT) for member in members(type_)):
        return union(item_type(type_), NullT())
    return type_


def format_number(value: float, decimals: int | None, locale: str) -> str:
    """A number as people of a country write it."""
    from babel.numbers import format_decimal

    return ordinary_spaces(
        format_decimal(_decimal(value, decimals), format=decimal_pattern(decimals), locale=locale_named(locale))
    )


def _decimal(value: float, decimals: int | None) -> Decimal:
    """The number with its digits as written, rounded half away from zero."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if abs(value) >= 1e22:
        raise EvaluationError("argument", "the number is too large to be written out")
    if decimals is None:
        return number
    if not 0 <= decimals <= _MOST_DIGITS:
        raise EvaluationError("argument", f"`decimals` is between 0 and {_MOST_DIGITS}")
    return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP, context=_CONTEXT)


def _money(value: float, currency: str, decimals: int | None, locale: str) -> str:
    from babel.numbers import format_currency, get_currency_precision

    if not _ISO_CURRENCY.match(currency):
        raise EvaluationError("argument", f"money: {currency[:10]!r} is not a currency; write for example EUR")
    digits = get_currency_precision(currency) if decimals is None else decimals
    pattern = locale_named(locale).currency_formats["standard"].pattern
    fraction = "0." + "0" * digits if digits else "0"
    written = format_currency(
        _decimal(value, digits),
        currency,
        format=_FRACTION.sub(fraction, pattern),
        locale=locale_named(locale),
        currency_digits=False,
    )
    return ordinary_spaces(written)


def _percent(value: float, decimals: int, locale: str) -> str:
    from babel.numbers import format_percent

    if not 0 <= decimals <= _MOST_DIGITS:
        raise EvaluationError("argument", f"percent: `decimals` is between 0 and {_MOST_DIGITS}")
    pattern = _LAST_ZERO.sub("0." + "0" * decimals, locale_named(locale).percent_formats[None].pattern)
    written = format_percent(
        _decimal(value, decimals + 2), format=pattern if decimals else None, locale=locale_named(locale)
    )
    return ordinary_spaces(written)


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "round(value: number, digits: int = 0) -> number",
        "Rounded, half away from zero; a whole number when no digits are asked for.",
        ("12.345 | round(2)", 12.35),
        round_number,
        returns=_round_type,
    ),
    function("floor(value: number) -> int", "The whole number below.", ("2.7 | floor", 2), math.floor),
    function("ceil(value: number) -> int", "The whole number above.", ("2.1 | ceil", 3), math.ceil),
    function(
        "abs(value: number) -> number",
        "Without its sign.",
        ("-3 | abs", 3),
        abs,
        returns=lambda given: without_null(given.types["value"]),
    ),
    function(
        "min(*values: any) -> any",
        "The smallest of the values, or of the items of one list. Null ones do not count; null when there are none.",
        ("min(3, 1, 2)", 1),
        _extreme("min"),
        kind="function",
        returns=_extreme_type,
    ),
    function(
        "max(*values: any) -> any",
        "The largest of the values, or of the items of one list. Null ones do not count; null when there are none.",
        ("[3, 1, 2] | max", 3),
        _extreme("max"),
        kind="function",
        returns=_extreme_type,
    ),
    function(
        "clamp(value: number, low: number, high: number) -> number",
        "The value, or the bound that it goes beyond.",
        ("120 | clamp(0, 100)", 100),
        _clamp,
    ),
    function(
        "to_number(value: any, *fallback: any) -> number",
        "The number that a text writes, in French or English: `1 234,56`, `1,234.56`, `12 €`. With a fallback, that "
        "instead of an error.",
        ("'1 234,56' | to_number", 1234.56),
        _to_number,
        lenient=("value", "fallback"),
        returns=_number_type,
    ),
    function(
        "to_int(value: any, *fallback: any) -> int",
        "The whole number that a text writes; decimals are cut off. With a fallback, that instead of an error.",
        ("'42 pièces' | capture('([0-9]+)') | to_int", 42),
        _to_int,
        lenient=("value", "fallback"),
        returns=_int_type,
    ),
    function(
        "format_number(value: number, decimals: int | null = null, locale: text = 'fr_FR') -> text",
        "As people write it: `1 234,5` in French. With `decimals`, that many.",
        ("1234.5 | format_number(2)", "1 234,50"),
        format_number,
    ),
    function(
        "money(value: number, currency: text = 'EUR', decimals: int | null = null, locale: text = 'fr_FR') -> text",
        "An amount with its currency. Spaces are ordinary ones, which text messages and comparisons like better.",
        ("12.5 | money('EUR')", "12,50 €"),
        _money,
    ),
    function(
        "percent(value: number, decimals: int = 0, locale: text = 'fr_FR') -> text",
        "A share of one as a percentage.",
        ("0.256 | percent(1)", "25,6 %"),
        _percent,
    ),
)
