"""Functions that work on text."""

from __future__ import annotations

import html
import re
import textwrap
from typing import Any, Final

from recipe_engine.expr.errors import EvaluationError
from recipe_engine.expr.library.function import Function, function
from recipe_engine.expr.limits import check_text
from recipe_engine.expr.operators import contains
from recipe_engine.expr.values import to_text

TITLE: Final = "Text"

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_WORD = re.compile(r"[\w'’-]+")
_FIRST_LETTER = re.compile(r"(?<![\w'’])\w")
_LIGATURES: Final = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l"})
_BREAKING_TAGS: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ul", "ol"})
_HIDDEN_TAGS: Final = frozenset({"script", "style", "head", "template"})
_TAG_NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9]*)")
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_PHONE_MARKS = str.maketrans("", "", " .-/()\u00a0\u202f")


def strip_accents(value: str) -> str:
    """The text with its accents taken off, ligatures written out."""
    if value.isascii():
        return value
    import unicodedata

    decomposed = unicodedata.normalize("NFD", value.translate(_LIGATURES))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def slug(value: str) -> str:
    """The text as a part of an address: small letters, digits and single hyphens."""
    return _NOT_SLUG.sub("-", strip_accents(value).lower()).strip("-")


def _capitalize(value: str) -> str:
    return value[:1].upper() + value[1:]


def _title(value: str) -> str:
    return _FIRST_LETTER.sub(lambda match: match[0].upper(), value.lower())


def _truncate(value: str, length: int, end: str) -> str:
    if len(value) <= length:
        return value
    if length <= len(end):
        return value[: max(length, 0)]
    cut = value[: length - len(end)]
    before, space, _ = cut.rpartition(" ")
    # A word is not cut when that costs at most half of the text.
    kept = before if space and len(before) * 2 >= length and not value[len(cut)].isspace() else cut
    return kept.rstrip() + end


def _replace(value: str, old: str, new: str) -> str:
    if not old:
        raise EvaluationError("argument", "replace: what is to be replaced is empty")
    if len(new) > len(old):
        check_text(len(value) + value.count(old) * (len(new) - len(old)))
    return value.replace(old, new)


def _split(value: str, separator: str, limit: int | None) -> list[str]:
    if limit is not None and limit < 1:
        raise EvaluationError("argument", "split: `limit` is at least 1")
    return value.split(separator if separator.strip(" ") else None, -1 if limit is None else limit - 1)


def _join(items: list[Any], separator: str) -> str:
    texts = [to_text(item) for item in items]
    check_text(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _strip_html(value: str) -> str:
    """One pass over the text: tags go, the content of scripts and styles too, blocks end lines."""
    parts: list[str] = []
    position = 0
    hidden: str | None = None
    while (opening := value.find("<", position)) >= 0:
        if hidden is None:
            parts.append(value[position:opening])
        name_found = _TAG_NAME.match(value, opening + 1)
        comment = value.startswith("<!--", opening)
        if name_found is None and not value.startswith(("<!", "<?"), opening):
            if hidden is None:
                parts.append("<")
            position = opening + 1
            continue
        close = value.find("-->" if comment else ">", opening)
        if close < 0:
            position = len(value)
            break
        position = close + (3 if comment else 1)
        if name_found is None:
            continue
        name, closes = name_found[1].lower(), value[opening + 1] == "/"
        if hidden is not None:
            hidden = None if closes and name == hidden else hidden
        elif name in _HIDDEN_TAGS and not closes and value[close - 1] != "/":
            hidden = name
        elif name in _BREAKING_TAGS:
            parts.append("\n")
        elif name in ("td", "th"):
            parts.append(" ")
    if hidden is None:
        parts.append(value[position:])
    text = html.unescape("".join(parts)).replace("\u00a0", " ")
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _pad(value: str, width: int, fill: str, side: str) -> str:
    check_text(width)
    if len(fill) != 1:
        raise EvaluationError("argument", "pad: `fill` is one character")
    match side:
        case "left":
            return value.rjust(width, fill)
        case "right":
            return value.ljust(width, fill)
        case "both":
            return value.center(width, fill)
        case _:
            raise EvaluationError("argument", "pad: `side` is left, right or both")


def _indent(value: str, width: int, first: bool) -> str:
    if not 0 <= width <= 100:
        raise EvaluationError("argument", "indent: `width` is between 0 and 100")
    check_text(len(value) + value.count("\n") * width)
    indented = textwrap.indent(value, " " * width)
    return indented if first else indented.removeprefix(" " * width) if not value.startswith(" ") else indented[width:]


def _repeat(value: str, times: int) -> str:
    check_text(len(value) * max(times, 0))
    return value * times


def _mask(value: str, keep: int, character: str) -> str:
    hidden = max(len(value) - max(keep, 0), 0)
    check_text(len(value) * len(character))
    return character * hidden + value[hidden:]


def _initials(value: str) -> str:
    return "".join(word[0].upper() for word in re.split(r"[\s-]+", value.strip()) if word)


def _before(value: str, separator: str) -> str:
    return value.partition(separator)[0] if separator else value


def _after(value: str, separator: str) -> str:
    return value.partition(separator)[2] if separator else value


def _contains(value: Any, part: Any) -> bool:
    return contains(part, value)


def _phone(value: str, country_code: str) -> str:
    digits = value.strip().translate(_PHONE_MARKS)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not digits.startswith("+"):
        digits = f"+{country_code}{digits.removeprefix('0')}"
    # "+33 (0)6 ...": the 0 in brackets is not dialled from abroad.
    digits = digits.replace(f"+{country_code}0", f"+{country_code}", 1)
    if not (digits[1:].isascii() and digits[1:].isdigit() and 8 <= len(digits) - 1 <= 15):
        raise EvaluationError("argument", f"phone: {value[:40]!r} is not a telephone number")
    return digits


FUNCTIONS: Final[tuple[Function, ...]] = (
    function("upper(value: text) -> text", "In capital letters.", ("'été' | upper", "ÉTÉ"), str.upper),
    function("lower(value: text) -> text", "In small letters.", ("'ÉTÉ' | lower", "été"), str.lower),
    function(
        "capitalize(value: text) -> text",
        "With a capital first letter, the rest as it is.",
        ("'bonjour Ada' | capitalize", "Bonjour Ada"),
        _capitalize,
    ),
    function(
        "title(value: text) -> text",
        "Every word with a capital first letter, the rest in small letters.",
        ("'JEAN-paul dupont' | title", "Jean-Paul Dupont"),
        _title,
    ),
    function(
        "trim(value: text, characters: text = '') -> text",
        "Without white space at both ends, or without the given characters.",
        ("'  a b ' | trim", "a b"),
        lambda value, characters: value.strip(characters or None),
    ),
    function(
        "normalize_space(value: text) -> text",
        "White space and line breaks in a row made one space, none at the ends.",
        ("' a \n  b ' | normalize_space", "a b"),
        lambda value: " ".join(value.split()),
    ),
    function(
        "truncate(value: text, length: int, end: text = '…') -> text",
        "At most `length` characters, cut between words where it can be, with `end` where something was cut.",
        ("'Une phrase assez longue' | truncate(16)", "Une phrase…"),
        _truncate,
    ),
    function(
        "replace(value: text, old: text, new: text) -> text",
        "Every `old` replaced by `new`. For patterns, see replace_regex.",
        ("'1 000' | replace(' ', '')", "1000"),
        _replace,
    ),
    function(
        "split(value: text, separator: text = ' ', limit: int | null = null) -> list[text]",
        "The parts between separators, at most `limit` of them. Without a separator, the words.",
        ("'a;b;c' | split(';')", ["a", "b", "c"]),
        _split,
    ),
    function(
        "lines(value: text) -> list[text]",
        "The lines that are not empty, without white space at their ends.",
        ("'un\n\n deux ' | lines", ["un", "deux"]),
        lambda value: [line.strip() for line in value.splitlines() if line.strip()],
    ),
    function(
        "words(value: text) -> list[text]",
        "The words, without punctuation.",
        ("'Oui, bien sûr !' | words", ["Oui", "bien", "sûr"]),
        _WORD.findall,
    ),
    function(
        "join(items: list, separator: text = '') -> text",
        "The items printed one after the other, with the separator between them.",
        ("[1, 2, 3] | join(', ')", "1, 2, 3"),
        _join,
    ),
    function(
        "contains(value: text | list | object, part: any) -> bool",
        "Whether a text has a part, a list an item, an object a field. The same as `part in value`.",
        ("'modèle 3D' | contains('3D')", True),
        _contains,
    ),
    function(
        "startswith(value: text, beginning: text) -> bool",
        "Whether the text begins so.",
        ("'facture 12' | startswith('fact')", True),
        lambda value, beginning: value.startswith(beginning),
    ),
    function(
        "endswith(value: text, ending: text) -> bool",
        "Whether the text ends so.",
        ("'photo.glb' | endswith('.glb')", True),
        lambda value, ending: value.endswith(ending),
    ),
    function(
        "before(value: text, separator: text) -> text",
        "What stands before the first separator; the whole text when there is none.",
        ("'ada@example.org' | before('@')", "ada"),
        _before,
    ),
    function(
        "after(value: text, separator: text) -> text",
        "What stands after the first separator; nothing when there is none.",
        ("'ada@example.org' | after('@')", "example.org"),
        _after,
    ),
    function(
        "slug(value: text) -> text",
        "As a part of an address: small letters without accents, digits and hyphens.",
        ("'Devis n° 12 : été' | slug", "devis-n-12-ete"),
        slug,
    ),
    function(
        "strip_accents(value: text) -> text",
        "Without accents.",
        ("'Cœur brûlé' | strip_accents", "Coeur brule"),
        strip_accents,
    ),
    function(
        "strip_html(value: text) -> text",
        "The text of an HTML page or message: tags, scripts and styles go, blocks begin a line, entities are read.",
        ("'<p>Bonjour <b>Ada</b></p><p>&Agrave; bient&ocirc;t</p>' | strip_html", "Bonjour Ada\n\nÀ bientôt"),
        _strip_html,
    ),
    function(
        "pad(value: text, width: int, fill: text = ' ', side: text = 'left') -> text",
        "At least `width` characters, filled on the side: left, right or both.",
        ("'42' | pad(5, '0')", "00042"),
        _pad,
    ),
    function(
        "indent(value: text, width: int = 4, first: bool = false) -> text",
        "Every line moved to the right; the first one only with `first`.",
        ("'a\nb' | indent(2)", "a\n  b"),
        _indent,
    ),
    function(
        "repeat(value: text, times: int) -> text",
        "The text that many times.",
        ("'-' | repeat(5)", "-----"),
        _repeat,
    ),
    function(
        "mask(value: text, keep: int = 4, character: text = '*') -> text",
        "Hidden but for the last characters.",
        ("'FR7612345678' | mask", "********5678"),
        _mask,
    ),
    function(
        "initials(value: text) -> text",
        "The first letters of the words.",
        ("'Jean-Paul Dupont' | initials", "JPD"),
        _initials,
    ),
    function(
        "phone(value: text, country_code: text = '33') -> text",
        "A telephone number in the international form (E.164); one without a country is of `country_code`.",
        ("'06 12 34 56 78' | phone", "+33612345678"),
        _phone,
    ),
)
