"""HTML as a tree, and what readers see of it.

The one rule: pages are strangers' work. Parsing fetches nothing, its cost grows with the page and no faster, and it
blocks: callers run it in a thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

from recipe_engine.plugin import Terminal

_LINKS = frozenset(("href", "src", "action", "poster"))
_UNSEEN = ("script", "style", "template", "noscript")
_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figure", "footer",
        "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p", "pre",
        "section", "table", "td", "th", "tr", "ul",
    )
)  # fmt: skip
_TAG = re.compile(rb"""<[a-zA-Z](?:[^"'>]|"[^"]*"|'[^']*')*""")
_QUOTED = re.compile(rb""""[^"]*"|'[^']*'""")
_LONG_TAG = 20_000
_MOST_ATTRIBUTES = 1_000


def parsed(data: bytes) -> Any:
    """The tree of a page without what no reader sees (scripts, comments); None for an empty one.

    Raises Terminal `invalid_html` for a tag with over 1,000 attributes: the parser compares each with all others.
    """
    from lxml import etree, html  # type: ignore[import-untyped]  # it has no types

    for tag in _TAG.finditer(data):
        if tag.end() - tag.start() > _LONG_TAG and len(_QUOTED.sub(b"", tag[0]).split()) > _MOST_ATTRIBUTES:
            raise Terminal("a tag of the page has too many attributes", code="invalid_html")
    try:
        data.decode()
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = None  # the page's own word for it counts
    try:
        page = html.document_fromstring(data, parser=html.HTMLParser(encoding=encoding, no_network=True))
    except etree.ParserError:
        return None
    etree.strip_elements(page, etree.Comment, etree.ProcessingInstruction, *_UNSEEN, with_tail=False)
    return page


def finder(selector: str) -> Callable[[Any], list[Any]]:
    """What finds the elements of a CSS selector below an element; the element itself for an empty one.

    Raises Terminal `invalid_selector`.
    """
    if not selector:
        return lambda element: [element]
    from cssselect import SelectorError
    from lxml import etree
    from lxml.cssselect import CSSSelector  # type: ignore[import-untyped]  # it has no types

    try:
        found: Callable[[Any], list[Any]] = CSSSelector(selector, translator="html")
    except (SelectorError, etree.XPathError) as error:
        raise Terminal(f"{selector!r} is not a CSS selector", code="invalid_selector", detail=str(error)) from error
    return found


def attribute(element: Any, name: str, base: str | None) -> str:
    """An attribute's value; a link is completed with `base`."""
    value = str(element.get(name))
    return completed(value, base) if name in _LINKS else value


def completed(link: str, base: str | None) -> str:
    """A link as an absolute address where that is possible."""
    try:
        return urljoin(base, link) if base else link
    except ValueError:  # an address that is none, as strangers write them
        return link


def text_of(element: Any) -> str:
    """The text of an element on one line, with a space where blocks meet."""
    return " ".join("".join(_pieces(element)).split())


def plain_text(markup: str) -> str:
    """The text of a piece of HTML."""
    if "<" not in markup and "&" not in markup:
        return " ".join(markup.split())
    page = parsed(markup.encode("utf-8", "replace"))
    return "" if page is None else text_of(page)


def _pieces(root: Any) -> Iterator[str]:
    from lxml import etree

    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag in _BLOCKS:
            yield " "
        if event == "start":
            yield element.text or ""
        elif element is not root:
            yield element.tail or ""
