"""May we write to this address on this channel?

The one rule: the latest word holds. An opt-out of `all` by one address of a person is one by all of their addresses; people
who share a phone number share what was said about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select

from recipe_plugins.contacts.addresses import key
from recipe_plugins.contacts.book import Call
from recipe_plugins.contacts.tables import consents, contacts

ALL = "all"
_BY_PHONE = frozenset({"sms", "whatsapp", "voice", "call"})


def sharing(connection: Connection, addresses: Iterable[str]) -> list[Row[Any]]:
    """The contacts that have one of the addresses, the one changed last first."""
    wanted = list(addresses)
    has_one = or_(contacts.c.email.in_(wanted), contacts.c.phone.in_(wanted))
    newest_first = (contacts.c.updated_at.desc(), contacts.c.id.desc())
    return list(connection.execute(select(contacts).where(has_one).order_by(*newest_first)))


def addresses_of(people: Iterable[Row[Any]]) -> list[str]:
    """The addresses of contacts, each once."""
    return list(dict.fromkeys(address for each in people for address in (each.email, each.phone) if address))


def reached_by(row: Row[Any], channel: str) -> list[str]:
    """The addresses of a contact by which a channel reaches them."""
    if channel == "email":
        return [row.email] if row.email else []
    if channel in _BY_PHONE:
        return [row.phone] if row.phone else []
    return addresses_of([row])


def refusal(connection: Connection, channel: str, address: str) -> Row[Any] | None:
    """The opt-out that holds for an address on a channel (`all` for what holds on every one), None when there is none."""
    related = {key(address), *map(key, addresses_of(sharing(connection, [address])))}
    said_of_all = and_(consents.c.channel == ALL, consents.c.key.in_(related))
    said_of_this = and_(consents.c.channel == channel, consents.c.key == key(address))
    latest = connection.execute(
        select(consents).where(or_(said_of_all, said_of_this)).order_by(consents.c.id.desc()).limit(1)
    ).first()
    return None if latest is None or latest.allowed else latest


def refused_channels(connection: Connection, addresses: Iterable[str]) -> list[str]:
    """The channels on which one of these addresses must get nothing; only `all` when that is one of them."""
    known = list(addresses)
    keys = [key(address) for address in known]
    named = connection.execute(select(consents.c.channel).where(consents.c.key.in_(keys)).distinct()).scalars()
    refused = sorted(
        channel for channel in named if any(refusal(connection, channel, address) is not None for address in known)
    )
    return [ALL] if ALL in refused else refused


def note(
    connection: Connection,
    call: Call,
    channel: str,
    addresses: Iterable[str],
    *,
    allowed: bool,
    source: str,
    reason: str,
) -> bool:
    """Write down what was said about addresses; False when this very step has written it before."""
    written = False
    for address in addresses:
        same = and_(consents.c.step == call.step, consents.c.channel == channel, consents.c.key == key(address))
        if connection.execute(select(consents.c.id).where(same)).first() is None:
            written = True
            connection.execute(
                insert(consents).values(
                    channel=channel,
                    key=key(address),
                    address=address,
                    allowed=allowed,
                    source=source,
                    reason=reason,
                    at=call.at,
                    step=call.step,
                )
            )
    return written
