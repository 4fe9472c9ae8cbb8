"""The operations of the book by name.

The one rule: an operation is a function of the database, what was asked and who asks when; it knows neither runs nor HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from recipe_plugins.contacts import consent, erasure, people
from recipe_plugins.contacts.book import Call

JSONObject = dict[str, Any]
Operation = Callable[[Connection, JSONObject, Call], JSONObject]

OPERATIONS: Mapping[str, Operation] = {
    "upsert": people.upsert,
    "get": people.get,
    "find": people.find,
    "list": people.list_,
    "update": people.change,
    "add_interaction": people.add_interaction,
    "list_interactions": people.list_interactions,
    "opt_out": consent.opt_out,
    "opt_in": consent.opt_in,
    "allowed": consent.allowed,
    "opt_outs": consent.opt_outs,
    "sift": consent.sift,
    "handle_reply": consent.handle_reply,
    "identify": erasure.identify,
    "export": erasure.export,
    "erase": erasure.erase,
    "record": erasure.record,
}
