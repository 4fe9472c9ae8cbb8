"""From the parser's events to data and places.

The one rule: what can be read is read. A problem that leaves the rest readable is collected and reading goes on; only
what makes the rest a guess raises Unreadable, with a patch where the stretch at fault can be taken as plain text.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import events

from recipe_engine.diagnostics import Diagnostic, report
from recipe_engine.source.alignment import block_indentation
from recipe_engine.source.document import JSON, Lines, Place
from recipe_engine.source.scalars import NotANumberOfJson, loses_characters, resolve
from recipe_engine.source.wording import in_quotes, shortened, template_end

DEEPEST = 100
MOST_BY_ALIAS = 10_000  # values that aliases may add to a document

# libyaml's parser where PyYAML was built with it, else the same in Python; both yield the same events.
PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Any, because the stubs say that an event's marks may be missing; the parser always sets them.
_ALIAS: Any = events.AliasEvent
_SCALAR: Any = events.ScalarEvent
_MAPPING: Any = events.MappingStartEvent
_MAPPING_END: Any = events.MappingEndEvent
_LIST_END: Any = events.SequenceEndEvent
_DOCUMENT: Any = events.DocumentStartEvent
_STREAM_END: Any = events.StreamEndEvent
_INCOMPLETE = object()  # an anchor whose value is still being read


@dataclass(frozen=True, slots=True)
class Patch:
    """A stretch of the text that is read as one plain text, whatever YAML makes of it."""

    start: int
    end: int


class Unreadable(Exception):
    """The text cannot be read beyond this problem, unless `patch` is applied first."""

    def __init__(self, diagnostic: Diagnostic, patch: Patch | None = None) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
        self.patch = patch


class Builder:
    """Reads one text once. `problems` collects what did not stop it."""

    def __init__(self, text: str, file: str, lines: Lines, patches: list[Patch]) -> None:
        self.problems: list[Diagnostic] = []
        self.last_quoted: Place | None = None
        self._text = text
        self._file = file
        self._lines = lines
        self._patches = patches
        self._patched = {patch.start for patch in patches}
        self._anchors: dict[str, tuple[JSON, Place]] = {}
        self._by_alias = 0
        self._brackets = 0

    def read(self) -> tuple[JSON, Place] | None:
        """The data of the first document and its place, or None for a text that holds nothing.

        Raises Unreadable, and yaml.YAMLError from the parser.
        """
        self._next: Any = PARSER(_apply(self._patches, self._text)).get_event
        self._next()  # the stream's start
        if self._next().__class__ is _STREAM_END:
            return None
        found = self._node(self._next(), 0)
        self._next()  # the document's end
        after = self._next()
        if after.__class__ is _DOCUMENT:
            self._report("R106", "a second document begins here; expected one document in a file", after)
        return found

    def _node(self, event: Any, depth: int) -> tuple[JSON, Place]:
        kind = event.__class__
        if kind is _ALIAS:
            return self._alias(event)
        start = event.start_mark.index
        if event.tag is not None or event.anchor is not None:
            start = self._after_properties(event)
        if kind is _SCALAR:
            found = self._scalar(event, start)
        elif depth >= DEEPEST:
            message = f"values are nested more than {DEEPEST} deep"
            raise Unreadable(self._diagnostic("R119", message, start, event.end_mark.index))
        elif kind is _MAPPING:
            found = self._mapping(event, start, depth + 1)
        else:
            found = self._list(event, start, depth + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = found
        return found

    def _mapping(self, event: Any, start: int, depth: int) -> tuple[JSON, Place]:
        if event.flow_style and self._text.startswith("{{", start):
            raise self._unquoted_template(start)
        self._brackets += bool(event.flow_style)
        data: dict[str, JSON] = {}
        fields: dict[str, tuple[int, int, Place]] = {}
        end = start
        event_ = self._next()
        while event_.__class__ is not _MAPPING_END:
            key = None
            if event_.__class__ is _SCALAR:
                key = self._key(event_)
            else:
                self._refuse_key(event_)
            key_start, key_end = event_.start_mark.index, event_.end_mark.index
            value, place = self._node(self._next(), depth)
            end = max(place.end, key_end)
            if key in fields:
                self._duplicate(key, fields[key][0], key_start, key_end)
            elif key is not None:
                data[key] = value
                fields[key] = (key_start, key_end, place)
            event_ = self._next()
        self._brackets -= bool(event.flow_style)
        return data, Place(start, event_.end_mark.index if event.flow_style else end, fields=fields)

    def _list(self, event: Any, start: int, depth: int) -> tuple[JSON, Place]:
        end = start
        self._brackets += bool(event.flow_style)
        data: list[JSON] = []
        items: list[Place] = []
        event_ = self._next()
        while event_.__class__ is not _LIST_END:
            value, place = self._node(event_, depth)
            data.append(value)
            items.append(place)
            end = place.end
            event_ = self._next()
        self._brackets -= bool(event.flow_style)
        return data, Place(start, event_.end_mark.index if event.flow_style else end, items=items)

    def _scalar(self, event: Any, start: int) -> tuple[JSON, Place]:
        end, style, value = event.end_mark.index, event.style, event.value
        if style:
            if style in "|>":
                return value, Place(start, self._block_end(start, end, value), style)
            if style == '"' and not value.isascii() and (half := _SURROGATE.search(value)):
                raise self._half_a_character(half[0], start, end)
            place = Place(start, end, style)
            self.last_quoted = place
            return value, place
        if start in self._patched:
            return self._text[start:end], Place(start, end)
        try:
            resolved = resolve(value)
        except NotANumberOfJson:
            hint = f"to keep it as text, write {in_quotes(value)}"
            self._report("R121", f"the number {shortened(value)} does not fit 64 bits, or is not finite", event, hint)
            return value, Place(start, end)
        if resolved.__class__ is int and loses_characters(value):
            hint = f"to keep it as it is written, as text: {in_quotes(value)}"
            self._report("R122", f"{value} is read as the number {resolved}", event, hint)
        return resolved, Place(start, end)

    def _block_end(self, start: int, end: int, value: str) -> int:
        """Where the content of a block scalar ends; the parser's mark stands below the blank lines after it."""
        raw = self._text[start:end]
        if "+" in _BLOCK_HEADER.match(raw)[0]:  # type: ignore[index]  # every block scalar has one
            return start + len(raw.removesuffix("\n").removesuffix("\r"))
        if value.rstrip("\n")[-1:] not in {" ", "\t"}:
            return start + len(raw.rstrip(" \t\r\n"))
        lines = raw.rstrip("\r\n").splitlines(keepends=True)  # blanks at the end of the last line are content
        indentation = block_indentation([line.rstrip("\r\n") for line in lines[1:]], value)
        while len(lines) > 1 and not lines[-1].strip(" \r\n") and len(lines[-1].rstrip("\r\n")) <= indentation:
            lines.pop()
        return start + len("".join(lines).rstrip("\r\n"))

    def _refuse_key(self, event: Any) -> None:
        """A key that is no scalar. An alias is refused and its value read and dropped; what else there is, is fatal."""
        if event.__class__ is _MAPPING and self._text.startswith("{{", event.start_mark.index):
            raise self._unquoted_template(event.start_mark.index)
        if event.__class__ is not _ALIAS:
            message = "a list or mapping stands as a key; expected text"
            raise Unreadable(self._diagnostic("R109", message, event.start_mark.index, event.end_mark.index))
        self._report("R109", "an alias stands as a key; expected text", event)

    def _key(self, event: Any) -> str | None:
        """The key that a scalar stands for; None when it is refused, and then its value is read and dropped."""
        value: str = event.value
        if event.tag is not None or event.anchor is not None:
            self._anchors[event.anchor] = (value, Place(self._after_properties(event), event.end_mark.index))
        if event.style or event.start_mark.index in self._patched:
            return value
        if value == "<<":
            hint = "write the fields out; an anchor and alias may repeat one whole value (`a: &x ...`, `b: *x`)"
            self._report("R117", "`<<` would merge another mapping, which YAML 1.2 does not have", event, hint)
            return None
        if value[:1] not in _BEGINS_OTHER_THAN_TEXT:
            return value
        if value.startswith("\xa0"):
            message = (
                f"`{value.lstrip(chr(0xA0))}` is indented with no-break spaces (U+00A0), which YAML takes as part of it"
            )
            self._report("R120", message, event, "indent with ordinary spaces")
            return value
        try:
            is_text = isinstance(resolve(value), str)
        except NotANumberOfJson:
            is_text = False
        if not is_text:
            hint = f"write {in_quotes(value)}" if value else "write a name before the colon"
            kind = "nothing" if not value else f"`{value}`"
            self._report("R109", f"{kind} stands as a key; expected text", event, hint)
        return value or None

    def _alias(self, event: Any) -> tuple[JSON, Place]:
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor not in self._anchors:
            message = (
                f"`*{event.anchor}` repeats the value marked `&{event.anchor}`, but nothing before it is marked so"
            )
            patch = Patch(start, template_end(self._text, start, self._brackets > 0))
            hint = f"if it is meant as text, write {in_quotes(self._text[patch.start : patch.end])}"
            raise Unreadable(self._diagnostic("R116", message, start, end, hint), patch)
        value, place = self._anchors[event.anchor]
        if value is _INCOMPLETE:
            message = f"`*{event.anchor}` stands inside the value that it repeats"
            raise Unreadable(self._diagnostic("R116", message, start, end))
        self._by_alias += _count(value, MOST_BY_ALIAS)
        if self._by_alias > MOST_BY_ALIAS:
            message = f"aliases repeat more than {MOST_BY_ALIAS} values in this file"
            raise Unreadable(self._diagnostic("R116", message, start, end))
        return deepcopy(value), Place(start, end, fields=place.fields, items=place.items)

    def _unquoted_template(self, start: int) -> Unreadable:
        return unquoted_template(self._text, self._file, self._lines, start, self._brackets > 0)

    def _after_properties(self, event: Any) -> int:
        """Where the value itself begins, after its anchor and tag. A tag is refused; an anchor waits for its value."""
        start = event.start_mark.index
        properties = _PROPERTIES.match(self._text, start)
        after = properties.end() if properties else start
        if event.tag is not None:
            at = self._text.index("!", start)
            tag = self._text[at : event.end_mark.index].split(None, 1)[0]
            hint = "write the value alone; quote it when it is meant as text"
            message = f"the tag `{tag}` has no meaning in a recipe"
            self.problems.append(self._diagnostic("R118", message, at, at + len(tag), hint))
        if event.anchor is not None:
            self._anchors[event.anchor] = (_INCOMPLETE, Place(start, after))
        return after

    def _half_a_character(self, half: str, start: int, end: int) -> Unreadable:
        """An escape that libyaml refuses and the parser in Python takes."""
        at = self._text.lower().index(f"\\u{ord(half):04x}", start, end)
        message = f"`{self._text[at : at + 6]}` is no character"
        return Unreadable(self._diagnostic("R123", message, at, at + 6, "write the character itself"))

    def _duplicate(self, key: str, first: int, start: int, end: int) -> None:
        line = self._lines.position(first)[0]
        message = f"duplicate key `{key}`; the first one is on line {line}"
        self.problems.append(self._diagnostic("R108", message, start, end, "keep one of the two"))

    def _report(self, code: str, message: str, event: Any, hint: str | None = None) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self.problems.append(self._diagnostic(code, message, start, end, hint))

    def _diagnostic(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> Diagnostic:
        return report(code, message, self._file, self._lines.span(start, end), hint)


_BEGINS_OTHER_THAN_TEXT = frozenset(["", *"\xa0~nNtTfF+-.0123456789"])  # first characters of what may not be text
_TEMPLATE_AS_KEY = re.compile(r"(\{\{[^{}\r\n]*\}\})[ ]*:(?=[ \r\n]|$)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*")
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s|(?<=\s)#[^\r\n]*)+)+")


def unquoted_template(text: str, file: str, lines: Lines, start: int, in_flow: bool) -> Unreadable:
    """The classic trap: `key: {{ x }}`, which YAML reads as a mapping within a mapping."""
    if key := _TEMPLATE_AS_KEY.match(text, start):
        message = f"the template `{shortened(key[1])}` stands as a key; keys are never templates"
        return Unreadable(report("R109", message, file, lines.span(*key.span(1))), Patch(*key.span(1)))
    end = template_end(text, start, in_flow)
    message = "a value that begins with `{{` must stand in quotes; YAML reads the braces as a mapping"
    found = text[start:end]
    whole = found.count("{{") == found.count("}}")
    hint = f"write {in_quotes(found)}" if whole else "put the whole value in quotes"
    return Unreadable(report("R112", message, file, lines.span(start, end), hint), Patch(start, end))


def _apply(patches: list[Patch], text: str) -> str:
    """The text with each patched stretch as one plain scalar of the same length, so that every offset stays."""
    for patch in patches:
        text = f"{text[: patch.start]}{'x' * (patch.end - patch.start)}{text[patch.end :]}"
    return text


def _count(value: JSON, at_most: int) -> int:
    """How many values there are in a value, itself included; stops counting above `at_most`."""
    total, waiting = 0, [value]
    while waiting and total <= at_most:
        item = waiting.pop()
        total += 1
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return total
