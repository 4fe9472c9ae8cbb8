"""Following pages: from the answer to one page to the request for the next.

The one rule: `next` may say anything that vendors say (a whole URL, a relative one, query parameters, nothing), and a
next page that is the page just read ends with a failure instead of a circle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from recipe_engine.builtin.http_models import Paginate
from recipe_engine.core.json import JSON
from recipe_engine.plugin import Context, Terminal

_LINK = re.compile(r'<([^>]*)>\s*;[^,<]*?\brel="?([^",;]+)"?')

Address = tuple[str, dict[str, Any]]


def page_items(paginate: Paginate, body: JSON, headers: Mapping[str, str], page: int, ctx: Context) -> list[JSON]:
    """The items of one page; Terminal `invalid_answer` when they are no list."""
    items = body if paginate.items is None else _evaluate("items", paginate.items, body, headers, page, ctx)
    if items is None:
        return []
    if not isinstance(items, list):
        raise Terminal(
            f"paginate.items of page {page} is {type(items).__name__}, not a list",
            code="invalid_answer",
            detail="`items` is an expression over `body`, such as body.rows",
        )
    return items


def next_request(
    paginate: Paginate,
    body: JSON,
    headers: Mapping[str, str],
    page: int,
    ctx: Context,
    last: tuple[str, str, dict[str, Any]],
) -> Address | None:
    """URL and query of the next page, None at the end. `last` is the address that answered, and the one that was asked
    with its query."""
    answered, url, query = last
    following = _evaluate("next", paginate.next, body, headers, page, ctx)
    if following in (None, False, "", {}):
        return None
    if isinstance(following, dict):
        address = (url, {**query, **following})
    elif isinstance(following, str):
        address = (urljoin(answered, following), {})
    else:
        raise Terminal(
            f"paginate.next of page {page} gave {following!r}; a URL or an object of query parameters is expected",
            code="validation",
        )
    if address == (url, query) or address == (answered, {}):
        raise Terminal(f"paginate.next of page {page} leads to the same page again", code="invalid_answer")
    return address


def links(header: str) -> dict[str, str]:
    """The URLs of a Link header by their `rel`."""
    return {rel: url for url, rels in _LINK.findall(header) for rel in rels.split()}


def _evaluate(field: str, text: str, body: JSON, headers: Mapping[str, str], page: int, ctx: Context) -> Any:
    from recipe_engine.expr import UNDEFINED, EvaluationError, Scope, SyntaxProblem, compile_expression, to_json

    values = {"body": body, "headers": dict(headers), "page": page, "links": links(headers.get("link", ""))}

    def lookup(name: str) -> object:
        return values[name] if name in values else UNDEFINED(f"in paginate there are {', '.join(values)}")

    try:
        return to_json(compile_expression(text)(Scope(lookup, ctx.now, ctx.key)))
    except SyntaxProblem as problem:
        raise Terminal(f"paginate.{field} is not an expression: {problem.message}", code="validation") from problem
    except EvaluationError as error:
        if error.code == "undefined":
            return None  # vendors leave the field out on the last page
        raise Terminal(f"paginate.{field}: {error}", code="validation") from error
