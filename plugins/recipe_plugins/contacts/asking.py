"""The one way to the book for actions, in both worlds.

The one rule: a run in the sandbox does what a real run does, by the same code on a book in memory: its sandbox is asked over
HTTP like any vendor's, so that tests can seed it, see what it did and let it fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from recipe_engine.plugin import ActionError, Context, Retryable, Settings, Terminal
from recipe_plugins.contacts.book import Book, Call, url_of

SANDBOX = "https://contacts.sandbox.example"
URL = "CONTACTS_DATABASE_URL"
REGION = "PHONE_REGION"
READS = frozenset({"get", "find", "list", "list_interactions", "allowed", "sift", "identify", "record"})


async def ask(
    ctx: Context, operation: str, region: str | None = None, *, beside: bool = False, **asked: Any
) -> dict[str, Any]:
    """The result of an operation of the book; `beside` says that it is not what the step is there for, so that it leaves
    nothing of the step in doubt. Raises Retryable, Terminal."""
    call = Call(ctx.now, f"run {ctx.run_id}, {ctx.path}", ctx.key, region or ctx.settings.get(REGION))
    if ctx.sandbox:
        body = {"asked": asked, "by": call.by, "step": call.step, "region": call.region}
        answer = await ctx.http.post(f"{SANDBOX}/{operation}", json=body, reads=beside or operation in READS)
        found: dict[str, Any] = await answer.json()
        return found
    return await asyncio.to_thread(book_of(ctx).perform, operation, asked, call)


def book_of(ctx: Context) -> Book:
    """The book of this process, the same for all runs."""
    book = ctx.tokens.get("contacts")
    if not isinstance(book, Book):
        book = ctx.tokens["contacts"] = book_at(ctx.settings, ctx.service("database"))
    return book


def book_at(settings: Settings, runs_database: str | None) -> Book:
    """The book of a deployment whose runs are in `runs_database`."""
    return Book(url_of(settings.get(URL), runs_database))


def errors(status: int, _headers: Mapping[str, str], body: object) -> ActionError | None:
    """What the sandbox answers, as the failure that a real run would have met."""
    if not isinstance(body, dict) or "code" not in body:
        return None
    kind = Retryable if status >= 500 else Terminal
    return kind(body["message"], code=body["code"], detail=body.get("detail", ""))
