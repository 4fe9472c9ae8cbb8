"""Contacts and what was talked about with them: looked up, written, listed.

The one rule: an e-mail address is one person. A phone number finds whoever has it, the one heard of last first; nothing
is refused because two people share one.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, and_, cast, func, insert, or_, select, update

from recipe_engine.plugin import Terminal
from recipe_plugins.contacts import addresses
from recipe_plugins.contacts.book import Call
from recipe_plugins.contacts.standing import addresses_of, refused_channels, sharing
from recipe_plugins.contacts.tables import audit, contacts, interactions

JSONObject = dict[str, Any]


def moment(at: float) -> str:
    """Seconds since 1970 as results show them."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def shown(connection: Connection, row: Row[Any]) -> JSONObject:
    """A contact as actions answer it."""
    return {
        "id": str(row.id),
        "email": row.email,
        "phone": row.phone,
        "name": row.name,
        "company": row.company,
        "tags": row.tags,
        "source": row.source,
        "fields": row.fields,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "opted_out": refused_channels(connection, addresses_of([row])),
    }


def who(connection: Connection, asked: JSONObject, call: Call) -> Row[Any] | None:
    """The contact that `id`, `email` or `phone` name, the first of them that is given; None when there is none."""
    if asked.get("id") is not None:
        return connection.execute(select(contacts).where(contacts.c.id == number(asked["id"]))).first()
    if asked.get("email"):
        return connection.execute(select(contacts).where(contacts.c.email == addresses.email(asked["email"]))).first()
    found = sharing(connection, [addresses.phone(asked["phone"], call.region)])
    return found[0] if found else None


def must_be(connection: Connection, asked: JSONObject, call: Call) -> Row[Any]:
    """The contact that is named; Terminal `not_found` when there is none."""
    row = who(connection, asked, call)
    if row is None:
        named = asked.get("id") or asked.get("email") or asked.get("phone")
        raise Terminal(f"there is no contact {named}", code="not_found")
    return row


def number(id_: str) -> int:
    """A contact's id as the tables have it; 0, which no contact has, for what is none."""
    return int(id_) if id_.isascii() and id_.isdigit() and len(id_) < 19 else 0


def log(connection: Connection, call: Call, action: str, subject: str, **detail: Any) -> None:
    """Add a line to the audit log: names of fields, never their values."""
    connection.execute(insert(audit).values(at=call.at, by=call.by, action=action, subject=subject, detail=detail))


def upsert(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """Change the contact with this e-mail address (else this phone number), or add one."""
    given = _columns(asked, call)
    row = _same_person(connection, given)
    if row is None:
        told = given | {"tags": list(dict.fromkeys(asked["tags"])), "fields": asked["fields"]}
        times = {"created_at": call.at, "updated_at": call.at}
        row = connection.execute(insert(contacts).values(**told, **times, step=call.step).returning(contacts)).one()
        log(connection, call, "create contact", str(row.id), fields=sorted(given))
    else:
        row = _change(connection, call, row, given, asked["tags"], [], asked["fields"])
    return {**shown(connection, row), "created": row.step == call.step}


def change(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """Change what is given of a contact."""
    row = must_be(connection, {"id": asked["id"]}, call)
    given = _columns(asked, call)
    taken = who(connection, {"email": given["email"]}, call) if given.get("email") else None
    if taken is not None and taken.id != row.id:
        raise Terminal("another contact has this e-mail address", code="conflict", detail=f"the contact {taken.id}")
    row = _change(connection, call, row, given, asked["add_tags"], asked["remove_tags"], asked["fields"])
    return shown(connection, row)


def _columns(asked: JSONObject, call: Call) -> JSONObject:
    """What is given and is not empty, addresses in their one spelling."""
    given = {name: asked[name] for name in ("name", "company", "source") if asked.get(name)}
    if asked.get("email"):
        given["email"] = addresses.email(asked["email"])
    if asked.get("phone"):
        given["phone"] = addresses.phone(asked["phone"], call.region)
    return given


def _same_person(connection: Connection, given: JSONObject) -> Row[Any] | None:
    if "email" in given:
        row = connection.execute(select(contacts).where(contacts.c.email == given["email"])).first()
        if row is not None or "phone" not in given:
            return row
    found = sharing(connection, [given["phone"]])
    return next((each for each in found if "email" not in given or each.email is None), None)


def _change(
    connection: Connection,
    call: Call,
    row: Row[Any],
    given: JSONObject,
    add_tags: list[str],
    remove_tags: list[str],
    fields: JSONObject,
) -> Row[Any]:
    tags = [tag for tag in dict.fromkeys([*row.tags, *add_tags]) if tag not in remove_tags]
    kept = {name: value for name, value in {**row.fields, **fields}.items() if value is not None}
    wanted = {**given, "tags": tags, "fields": kept}
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if changed:
        log(connection, call, "update contact", str(row.id), fields=sorted(changed))
    changed["updated_at"] = call.at
    return connection.execute(
        update(contacts).where(contacts.c.id == row.id).values(**changed).returning(contacts)
    ).one()


def get(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """One contact."""
    return shown(connection, must_be(connection, asked, call))


def find(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """One contact, if there is one."""
    row = who(connection, asked, call)
    return {"found": row is not None, "contact": None if row is None else shown(connection, row)}


def list_(connection: Connection, asked: JSONObject, _call: Call) -> JSONObject:
    """Contacts in the order in which they were added."""
    conditions: list[ColumnElement[bool]] = [contacts.c.id > number(asked["after"])]
    if asked["tag"] is not None:
        # As JSON text: a tag is a whole string of the list, quotes included.
        tags, wanted = func.lower(cast(contacts.c.tags, String)), json.dumps(asked["tag"]).lower()
        conditions.append(tags.contains(wanted, autoescape=True))
    if asked["source"] is not None:
        conditions.append(contacts.c.source == asked["source"])
    if asked["query"]:
        columns = (contacts.c.name, contacts.c.company, contacts.c.email, contacts.c.phone)
        wanted = asked["query"].lower()
        conditions.append(or_(*(func.lower(column).contains(wanted, autoescape=True) for column in columns)))
    if asked["updated_after"] is not None:
        conditions.append(contacts.c.updated_at > asked["updated_after"])
    rows = connection.execute(
        select(contacts).where(and_(*conditions)).order_by(contacts.c.id).limit(asked["limit"] + 1)
    ).all()
    page = rows[: asked["limit"]]
    more = len(rows) > asked["limit"]
    return {"contacts": [shown(connection, row) for row in page], "next": str(page[-1].id) if more else None}


def add_interaction(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """Write down what happened with a contact; the same step writes it once."""
    row = must_be(connection, asked, call)
    step = select(interactions).where(interactions.c.step == call.step)
    found = connection.execute(step).first()
    if found is None:
        values = {name: asked[name] for name in ("kind", "subject", "notes", "outcome")}
        at = call.at if asked["at"] is None else asked["at"]
        found = connection.execute(
            insert(interactions).values(contact=row.id, at=at, step=call.step, **values).returning(interactions)
        ).one()
        log(connection, call, "add interaction", str(row.id), kind=asked["kind"])
    return interaction(found)


def list_interactions(connection: Connection, asked: JSONObject, call: Call) -> JSONObject:
    """What happened with a contact, the latest first."""
    row = must_be(connection, asked, call)
    wanted = select(interactions).where(interactions.c.contact == row.id)
    if asked["kind"] is not None:
        wanted = wanted.where(interactions.c.kind == asked["kind"])
    latest_first = (interactions.c.at.desc(), interactions.c.id.desc())
    rows = connection.execute(wanted.order_by(*latest_first).limit(asked["limit"] + 1)).all()
    return {
        "interactions": [interaction(each) for each in rows[: asked["limit"]]],
        "more": len(rows) > asked["limit"],
    }


def interaction(row: Row[Any]) -> JSONObject:
    """An interaction as actions answer it."""
    return {
        "id": str(row.id),
        "contact_id": str(row.contact),
        "kind": row.kind,
        "subject": row.subject,
        "notes": row.notes,
        "outcome": row.outcome,
        "at": moment(row.at),
    }
