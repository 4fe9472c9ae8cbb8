"""Everything that the book has of one person: handed over, or erased.

The one rule: after an erasure the book knows nothing of the person but, as a digest, that an address must not be written to. The
audit log says who erased whom by number and digest, never by name.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from recipe_plugins.contacts import addresses, links
from recipe_plugins.contacts.book import Call
from recipe_plugins.contacts.people import interaction, log, moment, number, shown
from recipe_plugins.contacts.standing import addresses_of, sharing
from recipe_plugins.contacts.tables import audit, consents, contacts, interactions

JSONObject = dict[str, Any]
_SHOWN = 10


def identify(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """Whom an address, a phone number or a contact's id means.

    `addresses` are theirs alone; `more` is what stands for them only beside one of these: their name, and a number that they
    share with somebody. `several` lists the contacts when the address is that of more than one.
    """
    row = connection.execute(select(contacts).where(contacts.c.id == number(asked["who"]))).first()
    named = [] if row is not None else [addresses.canonical(asked["who"], call.region)]
    people = [row] if row is not None else sharing(connection, named)
    known = list(dict.fromkeys([*named, *addresses_of(people)]))
    shared = [address for address in known if len(sharing(connection, [address])) > 1]
    own = [address for address in known if address not in shared]
    names = list(dict.fromkeys(each.name for each in people if each.name))
    return {
        "ids": [str(each.id) for each in people],
        "addresses": own or known,
        "marks": [links.mark(address) for address in own or known],
        "more": [*(shared if own else []), *names],
        "several": [{"id": str(each.id), "name": each.name, "email": each.email} for each in people][:_SHOWN]
        if len(people) > 1
        else [],
    }


def export(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """What is kept of these contacts and addresses."""
    ids, keys = _meant(asked)
    people = connection.execute(select(contacts).where(contacts.c.id.in_(ids)).order_by(contacts.c.id)).all()
    talked = connection.execute(
        select(interactions).where(interactions.c.contact.in_(ids)).order_by(interactions.c.at)
    ).all()
    said = connection.execute(select(consents).where(consents.c.key.in_(keys)).order_by(consents.c.id)).all()
    done = connection.execute(
        select(audit).where(audit.c.subject.in_([*asked["ids"], *keys])).order_by(audit.c.id)
    ).all()
    log(connection, call, "export", _subject(asked))
    return {
        "contacts": [shown(connection, each) for each in people],
        "consents": [
            {
                "channel": each.channel,
                "address": each.address,
                "allowed": each.allowed,
                "source": each.source,
                "reason": each.reason,
                "at": moment(each.at),
            }
            for each in said
        ],
        "interactions": [interaction(each) for each in talked],
        "audit": [line(each) for each in done],
    }


def erase(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """Forget these contacts, what was talked about, and the addresses in what they said about being written to."""
    ids, keys = _meant(asked)
    talked = connection.execute(delete(interactions).where(interactions.c.contact.in_(ids))).rowcount
    gone = connection.execute(delete(contacts).where(contacts.c.id.in_(ids))).rowcount
    blank = {"address": None, "reason": "", "source": "erased"}
    said = connection.execute(update(consents).where(consents.c.key.in_(keys)).values(**blank)).rowcount
    log(connection, call, "erase", _subject(asked), contacts=gone, interactions=talked, runs=asked["runs"])
    return {"contacts": gone, "interactions": talked, "consents": said}


def record(connection: Connection, asked: JSONObject, _call: Call) -> JSONObject:
    """The audit log, the latest line first."""
    rows = connection.execute(select(audit).order_by(audit.c.id.desc()).limit(asked["limit"])).all()
    return {"lines": [line(each) for each in rows]}


def line(row: Row[Any]) -> JSONObject:
    """A line of the audit log."""
    return {"at": moment(row.at), "by": row.by, "action": row.action, "subject": row.subject, "detail": row.detail}


def _meant(asked: JSONObject) -> tuple[list[int], list[str]]:
    return [number(id_) for id_ in asked["ids"]], [addresses.key(address) for address in asked["addresses"]]


def _subject(asked: JSONObject) -> str:
    return str(asked["ids"][0]) if asked["ids"] else addresses.key(asked["addresses"][0])
