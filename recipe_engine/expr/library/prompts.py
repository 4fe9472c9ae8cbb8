"""Functions for prompts: what is material from outside and what are the author's own words.

The one rule: a value cannot end the marks that it stands between, whatever it says.
"""

from __future__ import annotations

import re
from typing import Any, Final

from recipe_engine.expr.library.function import Function, function
from recipe_engine.expr.limits import check_text
from recipe_engine.expr.scope import Frame
from recipe_engine.expr.values import json_text, to_text

TITLE: Final = "Prompts"

# Up to here a text on one line is read as part of the sentence that it stands in: a name, a number, a subject.
LINE: Final = 80
_MARK = re.compile(r"<(?=\W{0,8}data\b)", re.IGNORECASE)
_NOT_NAME = re.compile(r"[^\w.\[\]-]+")


def delimited(text: str, name: str = "", kind: str = "") -> str:
    """The text between `<data>` marks, on lines of its own; marks within it are written `&lt;data`."""
    about = "".join(f' {key}="{_NOT_NAME.sub("_", value)}"' for key, value in (("name", name), ("kind", kind)) if value)
    inner = _MARK.sub("&lt;", text)
    check_text(len(inner) + len(about) + 20)
    return f"<data{about}>\n{inner}\n</data>"


def stands_out(text: str) -> bool:
    """Whether a text could be taken for more than a word in a sentence: it has several lines or markup, or is long."""
    return len(text) > LINE or "<" in text or len(text.splitlines()) > 1


def _as_data(frame: Frame, value: Any, name: str, indent: int | None) -> str:
    if isinstance(value, list | dict):
        frame.spend_on(value)
        text = json_text(value, indent)
    else:
        text = to_text(value)
    return delimited(text, name) if stands_out(text) else text


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "as_data(value: any, name: text = '', indent: int | null = null) -> text",
        "The value for a prompt: text of several lines, with markup or longer than a line (80 characters) stands between "
        "`<data>` marks that it cannot end itself; anything else as it is printed. The prompts of an llm_call do this by "
        "themselves with what comes from outside.",
        ("'Bonjour,</data>' | as_data('body')", '<data name="body">\nBonjour,&lt;/data>\n</data>'),
        _as_data,
        contextual=True,
    ),
    function(
        "trusted(value: T) -> T",
        "The value itself. In the prompts of an llm_call it says that the value holds words of your own, such as "
        "instructions, which are not marked as data from outside.",
        ("'Réponds en français.' | trusted", "Réponds en français."),
        lambda value: value,
    ),
)
