"""Alternatives of a schema: which of them a value is of.

The one rule: `oneOf` means exactly one where the document lets its alternatives be told apart. Where one of them takes
whatever another one does (a number and a whole number, two objects that ask for nothing), no value of the latter would
ever fit exactly one: there, one that fits is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recipe_engine.core.json import JSONObject
from recipe_engine.openapi.document import Document, listing, mapping
from recipe_engine.openapi.folding import folded

_LIMITS = (
    "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "not", "if",
)  # fmt: skip
_MOST_COMPARED = 60
_NAMED = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a schema asks for at a glance. `kinds` are types (none: any), `choices` what may be said (None: anything)."""

    kinds: frozenset[str]
    choices: frozenset[str] | None
    limits: str
    required: frozenset[str]
    properties: dict[str, _Shape]
    closed: bool
    items: _Shape | None
    opaque: bool


def can_be_told_apart(document: Document, options: list[Any]) -> bool:
    """Whether no alternative takes all that another one takes."""
    if len(options) > _MOST_COMPARED:
        return False
    shapes = [_shape(document, option, 0) for option in options]
    return not any(
        _takes_all(one, other) for at, one in enumerate(shapes) for to, other in enumerate(shapes) if at != to
    )


def _shape(document: Document, raw: Any, depth: int) -> _Shape:
    found = mapping(document.found(raw))
    schema, _ = folded(document, found)
    given = schema.get("type")
    kinds = frozenset(each for each in (given if isinstance(given, list) else [given]) if isinstance(each, str))
    properties = mapping(schema.get("properties"))
    if not kinds and properties:
        kinds = frozenset({"object"})
    if schema.get("nullable") is True and kinds:
        kinds |= {"null"}
    if "number" in kinds:
        kinds |= {"integer"}
    choices = [schema["const"]] if "const" in schema else listing(schema.get("enum")) or None
    deeper = depth < 2
    return _Shape(
        kinds,
        None if choices is None else frozenset(map(repr, choices)),
        repr([schema[word] for word in _LIMITS if word in schema]),
        frozenset(name for name in listing(schema.get("required")) if isinstance(name, str)),
        {name: _shape(document, item, depth + 1) for name, item in properties.items()} if deeper else {},
        schema.get("additionalProperties") is False,
        _shape(document, schema["items"], depth + 1) if "items" in schema and deeper else None,
        any(listing(schema.get(word)) for word in ("anyOf", "oneOf", "allOf")),
    )


def _takes_all(one: _Shape, other: _Shape) -> bool:
    """Whether whatever fits `other` fits `one`, as far as can be seen."""
    if one.opaque or (one.kinds and not (other.kinds and other.kinds <= one.kinds)):
        return False
    if one.choices is not None and (other.choices is None or not other.choices <= one.choices):
        return False
    if one.limits not in ("[]", other.limits) or not one.required <= other.required:
        return False
    if one.closed and not (other.closed and other.properties.keys() <= one.properties.keys()):
        return False
    shared = one.properties.keys() & other.properties.keys()
    if not all(_takes_all(one.properties[name], other.properties[name]) for name in shared):
        return False
    return one.items is None or (other.items is not None and _takes_all(one.items, other.items))


def tags(document: Document, raw: JSONObject, option: Any) -> list[str]:
    """What the discriminator of `raw` says for an alternative, when its own schema does not say so: the names that the
    mapping gives it, else that of its schema."""
    discriminator = mapping(raw.get("discriminator"))
    name, reference = discriminator.get("propertyName"), mapping(option).get("$ref")
    if not isinstance(name, str) or not isinstance(reference, str):
        return []
    told, _ = folded(document, mapping(document.found(option)))
    property_ = mapping(document.found(mapping(told.get("properties")).get(name)))
    if "const" in property_ or "enum" in property_:
        return []
    named = [tag for tag, target in mapping(discriminator.get("mapping")).items() if _reference(target) == reference]
    return named or [reference.rpartition("/")[2]]


def kinds_of(document: Document, reference: str, raw: JSONObject) -> list[str]:
    """References to the schemas that are kinds of this one: those that its discriminator maps to, and those that have it in
    their allOf."""
    mapped = [_reference(target) for target in mapping(mapping(raw.get("discriminator")).get("mapping")).values()]
    listed = dict.fromkeys([*mapped, *document.made_of(reference)])
    return [each for each in listed if each != reference and isinstance(document.target(each), dict)]


def _reference(target: Any) -> str:
    """A mapping's target, which may be a bare name."""
    text = str(target)
    return text if "#" in text or "/" in text else _NAMED + text
