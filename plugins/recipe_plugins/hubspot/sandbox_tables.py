"""What the imitated HubSpot knows of its object types: properties and their kinds, defaults, association types.

The one rule: these are tables, in HubSpot's own names.
"""

from __future__ import annotations

import re

Kind = str | list[str]

FIRST_ID = {"contacts": 101, "companies": 501, "deals": 1001, "tickets": 5001, "notes": 9001}
# The form a value of a kind has, and HubSpot's word for one that has another.
FORMS = {
    "number": (r"-?\d+(\.\d+)?", "INVALID_INTEGER"),
    "bool": (r"true|false", "INVALID_BOOLEAN"),
    "datetime": (r"\d{10,13}|\d{4}-\d\d-\d\d([T ].*)?", "INVALID_DATE"),
}
READ_ONLY: dict[str, Kind] = {"hs_object_id": "read_only", "createdate": "read_only"}
PROPERTIES: dict[str, dict[str, Kind]] = {
    "contacts": {
        **dict.fromkeys(
            ("firstname", "lastname", "phone", "mobilephone", "company", "website", "jobtitle", "address",
             "city", "state", "zip", "country", "message", "hubspot_owner_id"), "text"
        ),
        "lifecyclestage": [
            "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer",
            "evangelist", "other",
        ],
        "hs_lead_status": [
            "NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED", "BAD_TIMING",
        ],
        "email": "unique",
        "lastmodifieddate": "read_only",
        **READ_ONLY,
    },
    "companies": {"name": "text", "domain": "text", "phone": "text", "hs_lastmodifieddate": "read_only", **READ_ONLY},
    "deals": {
        **dict.fromkeys(("dealname", "dealstage", "pipeline", "description", "hubspot_owner_id"), "text"),
        "amount": "number",
        "closedate": "datetime",
        "dealtype": ["newbusiness", "existingbusiness"],
        "hs_lastmodifieddate": "read_only",
        **READ_ONLY,
    },
    "tickets": {
        **dict.fromkeys(("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id"), "text"),
        "hs_ticket_priority": ["LOW", "MEDIUM", "HIGH", "URGENT"],
        "hs_ticket_category": ["PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY"],
        "source_type": ["CHAT", "EMAIL", "FORM", "PHONE"],
        "hs_lastmodifieddate": "read_only",
        **READ_ONLY,
    },
    "notes": {
        "hs_timestamp": "datetime",
        "hs_note_body": "text",
        "hs_attachment_ids": "text",
        "hubspot_owner_id": "text",
        "hs_lastmodifieddate": "read_only",
        **READ_ONLY,
    },
}  # fmt: skip
DEFAULTS = {
    "contacts": ["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"],
    "companies": ["name", "domain", "createdate", "hs_lastmodifieddate", "hs_object_id"],
    "deals": ["dealname", "amount", "closedate", "pipeline", "dealstage", "createdate", "hs_lastmodifieddate",
              "hs_object_id"],
    "tickets": ["subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority",
                "createdate", "hs_lastmodifieddate", "hs_object_id"],
    "notes": ["createdate", "hs_lastmodifieddate", "hs_object_id"],
}  # fmt: skip
# The stages of the deal pipeline that every account begins with.
DEAL_STAGES = (
    "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "contractsent",
    "closedwon", "closedlost",
)  # fmt: skip
SINGULAR = {"contacts": "contact", "companies": "company", "deals": "deal", "tickets": "ticket", "notes": "note"}
# From HubSpot's published constants; the order is from, to.
TYPE_IDS = {
    ("contacts", "deals"): 4, ("deals", "contacts"): 3, ("contacts", "tickets"): 15, ("tickets", "contacts"): 16,
    ("deals", "tickets"): 27, ("tickets", "deals"): 28, ("companies", "tickets"): 340, ("tickets", "companies"): 339,
    ("contacts", "companies"): 279, ("companies", "contacts"): 280, ("contacts", "notes"): 201,
    ("notes", "contacts"): 202, ("companies", "notes"): 189, ("notes", "companies"): 190, ("deals", "notes"): 213,
    ("notes", "deals"): 214, ("tickets", "notes"): 227, ("notes", "tickets"): 228,
}  # fmt: skip


def problems(known: dict[str, Kind], name: str, value: object) -> list[tuple[str, str]]:
    """What HubSpot says of a property value, as (code, message); `known` are the properties of the object type."""
    kind = known.get(name)
    if kind is None:
        return [("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')]
    if not isinstance(value, str):
        return [("INVALID_TYPE", f"{name}: {value!r} is not a string")]
    if kind == "read_only":
        return [("READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')]
    if value == "":
        return []
    if isinstance(kind, list):
        return [] if value in kind else [("INVALID_OPTION", f"{value} was not one of the allowed options: {kind}")]
    if kind in FORMS and not re.fullmatch(FORMS[kind][0], value):
        return [(FORMS[kind][1], f"{value} was not a valid {kind}.")]
    if name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", value):
        return [("INVALID_EMAIL", f"Email address {value} is invalid")]
    if name == "hs_note_body" and len(value) > 65_536:
        return [("INVALID_LENGTH", f"{name} is longer than 65536 characters")]
    return []
