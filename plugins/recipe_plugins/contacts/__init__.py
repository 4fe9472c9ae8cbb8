"""Contacts: who they are, what was talked about, and whether they may be written to.

The one rule: whoever said stop gets nothing, whatever a recipe asks for: notify asks here before every send.
"""

from __future__ import annotations

from collections.abc import Sequence

from recipe_engine.plugin import Connector, Context, Setting, hookimpl
from recipe_engine.plugin.consent import Consent, Sifted
from recipe_plugins.contacts.asking import REGION, URL, ask, book_of, errors
from recipe_plugins.contacts.links import PAGE, SECRET


async def sift(ctx: Context, channel: str, addresses: Sequence[str]) -> Sifted:
    """Who of these recipients may get a message."""
    if not ctx.sandbox and not book_of(ctx).begun:
        return Sifted(tuple(addresses))
    answer = await ask(ctx, "sift", channel=channel, addresses=list(addresses))
    return Sifted(tuple(answer["allowed"]), tuple(answer["refused"]))


async def refuse(ctx: Context, channel: str, address: str, source: str) -> None:
    """Write down what a provider says: this recipient does not want messages on this channel. No event is posted: it would
    end the run in the middle of the very step that found out."""
    await ask(ctx, "opt_out", beside=True, channel=channel, address=address, source=source)


async def readable(ctx: Context) -> None:
    """Opens the book and reads its log. One that nobody has begun is left so: there is nothing yet that could be wrong."""
    if book_of(ctx).begun:
        await ask(ctx, "record", limit=1)


contacts = Connector(
    name="contacts",
    title="Contacts",
    docs="Contacts, their consent and what was talked about, in a database of your own.",
    settings=[
        Setting(
            URL,
            secret=True,
            required=False,
            help="postgresql://user:password@host/database; a SQLite file beside the runs when not set",
        ),
        Setting(SECRET, secret=True, required=False, help="Any long random text; it signs unsubscribe links"),
        Setting(PAGE, required=False, help="Where unsubscribe links lead: https://www.example.org/unsubscribe"),
        Setting(REGION, required=False, help="The country of numbers written without +, such as FR"),
    ],
    errors=errors,
    probe=lambda _settings: readable,
    sandbox="recipe_plugins.contacts.sandbox:ContactsSandbox",
    consent=Consent(sift, refuse),
    people="recipe_plugins.contacts.keeper:ContactsKeeper",
)


@hookimpl
def register_connectors() -> list[Connector]:
    """Contacts with their actions."""
    from recipe_plugins.contacts import actions  # noqa: F401  # importing it registers them

    return [contacts]
