"""Opt-outs and opt-ins: written when somebody says so, asked before every send.

The one rule: what somebody said is written down for each of their addresses, so that it still holds when nothing else is known
of them any more.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, select

from recipe_plugins.contacts import addresses
from recipe_plugins.contacts.book import Call
from recipe_plugins.contacts.people import add_interaction, log, moment, must_be
from recipe_plugins.contacts.replies import meaning
from recipe_plugins.contacts.standing import ALL, addresses_of, note, reached_by, refusal, sharing
from recipe_plugins.contacts.tables import consents

JSONObject = dict[str, Any]

_HELD = {False: "contact.opted_out", True: "contact.opted_in"}


def opt_out(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """Nothing more to this person, on one channel or on all."""
    return _say(connection, asked, call, allowed=False)


def opt_in(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """This person may be written to again."""
    return _say(connection, asked, call, allowed=True)


def _say(connection: Connection, asked: JSONObject, call: Call, *, allowed: bool) -> JSONObject:
    meant, people = _meant(connection, asked, call)
    channel = asked["channel"]
    # Of the person as a whole: every address. Of one channel: what was named.
    told = list(dict.fromkeys([*meant, *addresses_of(people)])) if channel == ALL else meant
    source, reason = asked.get("source") or "", asked.get("reason") or ""
    if note(connection, call, channel, told, allowed=allowed, source=source, reason=reason):
        subject = str(people[0].id) if people else addresses.key(meant[0])
        log(connection, call, "opt in" if allowed else "opt out", subject, channel=channel, source=source)
    return {
        "channel": channel,
        "contact_ids": [str(each.id) for each in people],
        "events": _events(_HELD[allowed], meant, people, channel, asked.get("text")),
    }


def _meant(connection: Connection, asked: JSONObject, call: Call) -> tuple[list[str], list[Row[Any]]]:
    """The addresses that are named, and the contacts that have them."""
    if asked.get("id") is not None:
        row = must_be(connection, {"id": asked["id"]}, call)
        return reached_by(row, asked["channel"]), [row]
    named = asked.get("email") or asked.get("phone") or asked["address"]
    address = addresses.canonical(named, call.region)
    return [address], sharing(connection, [address])


def _events(
    event: str, meant: list[str], people: list[Row[Any]], channel: str, text: str | None = None
) -> list[JSONObject]:
    """What to tell the runs that wait: once for each contact, and once for an address that nobody has."""
    address = meant[0] if meant else None
    said: JSONObject = {"channel": channel, "address": address} | ({} if text is None else {"text": text})
    if not people:
        email = address if address is not None and "@" in address else None
        phone = address if address is not None and address.startswith("+") else None
        return [{"event": event, "data": {**said, "contact_id": None, "email": email, "phone": phone}}]
    return [
        {"event": event, "data": {**said, "contact_id": str(each.id), "email": each.email, "phone": each.phone}}
        for each in people
    ]


def allowed(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """Whether somebody may be written to on a channel."""
    named, _ = _meant(connection, asked, call)
    refused = [row for row in (refusal(connection, asked["channel"], address) for address in named) if row is not None]
    if not refused:
        return {"allowed": True, "since": None, "source": None, "reason": None}
    latest = max(refused, key=lambda row: row.id)
    return {"allowed": False, "since": moment(latest.at), "source": latest.source, "reason": latest.reason}


def opt_outs(connection: Connection, _asked: JSONObject, _call: Call) -> JSONObject:
    """What was said last about each address and channel, where that was stop."""
    latest = select(func.max(consents.c.id)).group_by(consents.c.channel, consents.c.key)
    rows = connection.execute(
        select(consents).where(consents.c.id.in_(latest), consents.c.allowed.is_(False)).order_by(consents.c.id)
    ).all()
    return {
        "opt_outs": [
            {"channel": each.channel, "address": each.address, "source": each.source, "reason": each.reason}
            for each in rows
        ]
    }


def sift(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """The recipients of a message who may get it, and those who may not. A text with several e-mail addresses in it
    keeps those that may."""
    kept, refused = [], []
    for text in asked["addresses"]:
        parts = _parts(text)
        out = [part for part in parts if refusal(connection, asked["channel"], addresses.canonical(part, call.region))]
        refused += out
        if not out:
            kept.append(text)
        elif len(out) < len(parts):
            kept.append(", ".join(part for part in parts if part not in out))
    return {"allowed": kept, "refused": refused}


def _parts(text: str) -> list[str]:
    """The recipients in a text: several only where it is a list of e-mail addresses."""
    from email.utils import formataddr, getaddresses

    if text.count("@") < 2:
        return [text]
    return [formataddr(pair, "utf-8") for pair in getaddresses([text])]


def handle_reply(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """What somebody wrote: an opt-out, an opt-in or a reply; noted with each contact who has the address."""
    address = addresses.canonical(asked["sender"], call.region)
    people = sharing(connection, [address])
    said = meaning(asked["text"])
    for each in people:
        heard = {"id": str(each.id), "kind": asked["channel"], "notes": asked["text"], "at": None}
        step = Call(call.at, call.by, f"{call.step}:{each.id}", call.region)
        add_interaction(connection, {**heard, "subject": "", "outcome": said}, step)
    ids = [str(each.id) for each in people]
    if said == "reply":
        events = _events("contact.replied", [address], people, asked["channel"], asked["text"])
        return {"meaning": said, "contact_ids": ids, "events": events}
    told = {"address": address, "channel": asked["opt_out_of"] or asked["channel"], "text": asked["text"]}
    source = f"reply by {asked['channel']}"
    result = _say(connection, {**told, "source": source}, call, allowed=said == "start")
    return {"meaning": said, "contact_ids": ids, "events": result["events"]}
