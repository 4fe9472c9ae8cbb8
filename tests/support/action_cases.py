"""For every action of the connectors: calls that together use each of its parameters, and what the vendor has before them.

The one rule: a parameter that no call uses is a parameter that nothing proves; `tests/plugins/test_every_action.py` counts.
"""

from __future__ import annotations

import hashlib
from typing import Any

PLAN = b"glTF plan 3D"
PICTURE = b"\x89PNG picture"


def file(data: bytes, name: str, media_type: str) -> dict[str, Any]:
    """A file as recipes pass it around; `FILES` holds its bytes."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"digest": digest, "name": name, "media_type": media_type, "size": len(data)}


FILES = (
    (PLAN, "plan n° 1 été.glb", "model/gltf-binary"),
    (PICTURE, "photo.png", "image/png"),
)
PLAN_FILE, PICTURE_FILE = (file(*each) for each in FILES)

EARLIER, LATER = "2026-11-01T08:00:00+01:00", "2026-12-01T18:00:00+01:00"
ADA, BOB, OURS = "+33639980001", "+33639980002", "+33939980009"
CHANNEL, TS = "C0123456789", "1795165200.000001"
ROWS = "1f2e3d4c-5b6a-7980-8192-a3b4c5d6e7f8"
PAGE = "2f2e3d4c-5b6a-7980-8192-a3b4c5d6e7f8"
SERVICE = "MG" + "5a" * 16
MESSAGE = "SM" + "5a" * 16
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Devis*"}}]

SEEDS: dict[str, dict[str, Any]] = {
    "clickup": {"tasks": [{"id": "86a", "name": "Devis", "list": "901", "comments": ["Vu", "Fait"]}]},
    "cloudflare_r2": {"objects": {"plans/a.txt": "un plan", "plans/b.txt": "un autre"}},
    "contacts": {"contacts": [{"email": "ada@example.org", "phone": ADA, "name": "Ada", "tags": ["devis"]}]},
    "hubspot": {
        "contacts": [{"id": "77", "email": "ada@example.org", "lastname": "Exemple"}],
        "companies": [{"id": "88", "name": "Atelier"}],
        "deals": [{"id": "99", "dealname": "Cuisine", "dealstage": "contractsent", "pipeline": "default"}],
        "tickets": [{"id": "55", "subject": "Panne", "hs_pipeline": "0", "hs_pipeline_stage": "1"}],
        "notes": [{"id": "66", "hs_note_body": "Appelé"}, {"id": "67", "hs_note_body": "Rappelé"}],
        "associations": [["tickets", "55", "notes", "66"], ["tickets", "55", "notes", "67"]],
        "properties": {kind: {"canal": "text"} for kind in ("contacts", "tickets", "deals")},
    },
    "imap": {"messages": [{"from": "Ada <ada@example.org>", "subject": "Devis", "text": "Bonjour"}]},
    "notion": {
        "data_sources": [
            {"id": ROWS, "properties": {"Nom": "title", "Statut": ["Nouveau", "Traité"], "Score": "number"}}
        ],
        "pages": [{"id": PAGE, "data_source_id": ROWS, "title": "Un", "values": {"Score": 3}}],
    },
    "slack": {"messages": [{"channel": CHANNEL, "text": "Devis", "ts": TS}]},
    "twilio": {
        "messages": [{"to": "+33939980000", "from": ADA, "body": "Bonjour"}, {"to": OURS, "from": ADA, "body": "Oui"}],
        "numbers": [OURS, f"whatsapp:{OURS}"],
    },
    "zoho_crm": {
        "Accounts": [{"id": "5001", "Account_Name": "Atelier"}],
        "Contacts": [{"id": "7001", "Last_Name": "Exemple", "Email": "ada@example.org"}],
        "Deals": [{"id": "9001", "Deal_Name": "Cuisine", "Contact_Name": "7001", "Account_Name": "5001"}],
        "fields": ["Canal"],
    },
    "zoho_desk": {
        "contacts": [{"id": "2001", "lastName": "Exemple", "email": "ada@example.org"}],
        "tickets": [
            {
                "id": "1001",
                "subject": "Panne",
                "description": "Plus d'eau chaude.",
                "contactId": "2001",
                "threads": [{"content": "Merci de rappeler."}],
                "comments": [{"content": "Prioritaire"}],
            }
        ],
        "custom_fields": ["cf_contrat"],
    },
}
# Settings besides those that the sandboxes invent.
SETTINGS = {
    "HUBSPOT_KEY_PROPERTY": "cle_etape",
    "HUBSPOT_DEAL_KEY_PROPERTY": "cle_etape",
    "CONTACTS_SECRET": "sandbox-contacts-secret",
    "CONTACTS_UNSUBSCRIBE_URL": "https://www.example.org/unsubscribe",
}

NEW_TASK = {
    "name": "Devis Dupont",
    "description": "Voir **le plan**",
    "status": "in progress",
    "priority": "urgent",
    "due": LATER,
    "assignees": [183],
    "tags": ["3d"],
    "custom_fields": [{"id": "f1", "value": "DEV-12"}],
}
MAIL = {
    "to": ["Ada <ada@example.org>", "bob@example.org"],
    "sender": "Atelier <bonjour@example.org>",
    "subject": "Votre devis d'été",
    "html": "<p>Bonjour</p>",
    "text": "Bonjour",
    "cc": "cc@example.org",
    "bcc": ["bcc@example.org"],
    "reply_to": "reponse@example.org",
    "headers": {"X-Dossier": "12"},
    "tags": {"campagne": "devis"},
    "topic_id": "b6d24b8e-af0b-4c3c-be0c-359bbd97381e",
}
TEMPLATE = {
    "to": "ada@example.org",
    "subject": "Bienvenue",
    "template": {"id": "bienvenue", "variables": {"nom": "Ada", "points": 3}},
}
SOMEBODY = ({"id": "@contact"}, {"email": "ada@example.org"}, {"phone": "06 39 98 00 01", "region": "FR"})

CASES: dict[str, list[dict[str, Any]]] = {
    "clickup.create_task": [{"list_id": "901", **NEW_TASK}],
    "clickup.create_subtask": [{"parent": "86a", **NEW_TASK}, {"name": "Sans détail"}],
    "clickup.get_task": [{"id": "86a"}],
    "clickup.update_task": [
        {
            "id": "86a",
            "name": "Devis 2",
            "description": "Autre",
            "status": "complete",
            "priority": "low",
            "due": LATER,
            "archived": False,
            "add_assignees": [183],
            "remove_assignees": [184],
        }
    ],
    "clickup.add_comment": [{"id": "86a", "text": "Vu", "assignee": 183, "notify_all": True}],
    "clickup.list_tasks": [
        {
            "list_id": "901",
            "statuses": ["to do", "à faire"],
            "tags": ["3d"],
            "created_after": EARLIER,
            "updated_after": EARLIER,
            "include_closed": True,
            "subtasks": True,
            "limit": 150,
        }
    ],
    "clickup.list_comments": [{"id": "86a", "limit": 50}],
    "clickup.attach_file": [{"id": "86a", "file": PLAN_FILE}],
    "clickup.set_custom_field": [
        {"id": "86a", "field_id": "f1", "value": "DEV-12"},
        {"id": "86a", "field_id": "f2", "date": LATER},
        {"id": "86a", "field_id": "f1", "clear": True},
    ],
    "cloudflare_r2.put_file": [
        {"file": PLAN_FILE, "key": "plans/é.glb", "content_type": "model/gltf-binary", "cache_control": "no-store"},
        {"file": PICTURE_FILE, "folder": "photos"},
    ],
    "cloudflare_r2.get_file": [{"key": "plans/a.txt", "name": "a.txt"}],
    "cloudflare_r2.list_files": [{"prefix": "plans/", "limit": 1}],
    "cloudflare_r2.delete_file": [{"key": "plans/a.txt"}],
    "cloudflare_r2.presigned_url": [{"key": "plans/a.txt", "method": "GET", "expires_in": 60}],
    "contacts.upsert": [
        {
            "email": "bob@example.org",
            "phone": "06 39 98 00 02",
            "region": "FR",
            "name": "Bob",
            "company": "Atelier",
            "source": "salon",
            "tags": ["devis"],
            "fields": {"ville": "Lyon"},
        }
    ],
    "contacts.get": [*SOMEBODY],
    "contacts.find": [*SOMEBODY],
    "contacts.list": [
        {"tag": "devis", "source": "", "query": "ada", "updated_after": EARLIER, "after": "0", "limit": 10}
    ],
    "contacts.update": [
        {
            "id": "@contact",
            "email": "ada@example.org",
            "phone": "06 39 98 00 01",
            "region": "FR",
            "name": "Ada",
            "company": "Atelier",
            "source": "site",
            "add_tags": ["client"],
            "remove_tags": ["devis"],
            "fields": {"ville": None},
        }
    ],
    "contacts.add_interaction": [
        {**each, "kind": "call", "subject": "Devis", "notes": "Long", "outcome": "à rappeler", "at": EARLIER}
        for each in SOMEBODY
    ],
    "contacts.list_interactions": [{**each, "kind": "call", "limit": 5} for each in SOMEBODY],
    "contacts.opt_out": [{**each, "channel": "sms", "reason": "STOP", "source": "appel"} for each in SOMEBODY],
    "contacts.opt_in": [{**each, "channel": "sms", "reason": "demandé", "source": "appel"} for each in SOMEBODY],
    "contacts.allowed": [{**each, "channel": "sms"} for each in SOMEBODY],
    "contacts.handle_reply": [
        {"sender": "06 39 98 00 01", "text": "STOP", "channel": "sms", "opt_out_of": "channel", "region": "FR"}
    ],
    "contacts.unsubscribe_link": [{"email": "ada@example.org", "channel": "email"}],
    "contacts.unsubscribe": [{"token": "@token"}],
    "hubspot.find_contact": [{"email": "ada+é@example.org", "properties": ["canal"]}],
    "hubspot.find_or_create_contact": [
        {
            "email": "bob@example.org",
            "firstname": "Bob",
            "lastname": "D'Été",
            "phone": BOB,
            "company": "Atelier",
            "properties": {"canal": "site"},
        },
        {"email": "ada@example.org"},
    ],
    "hubspot.update_contact": [
        {"id": "77", "properties": {"canal": None}},
        {"id": "ada@example.org", "properties": {"canal": "salon"}},
    ],
    "hubspot.create_ticket": [
        {
            "subject": "Panne",
            "content": "Froid",
            "pipeline": "0",
            "stage": "1",
            "priority": "HIGH",
            "owner_id": "12",
            "contact_id": "77",
            "properties": {"canal": "site"},
        }
    ],
    "hubspot.get_ticket": [{"id": "55", "properties": ["canal"]}],
    "hubspot.update_ticket": [
        {
            "id": "55",
            "subject": "Panne 2",
            "content": "Chaud",
            "pipeline": "0",
            "stage": "1",
            "priority": "LOW",
            "owner_id": "12",
            "properties": {"canal": "tel"},
        }
    ],
    "hubspot.associate": [{"from_type": "tickets", "from_id": "55", "to_type": "contacts", "to_id": "77"}],
    "hubspot.create_note": [
        {
            "body": "Appelé",
            "at": EARLIER,
            "contact_id": "77",
            "company_id": "88",
            "deal_id": "99",
            "ticket_id": "55",
        }
    ],
    "hubspot.search": [
        {
            "type": "contacts",
            "filters": [
                {"property": "lastname", "operator": "IN", "values": ["exemple"]},
                {"property": "createdate", "operator": "BETWEEN", "value": "1", "high_value": "1795165200000"},
            ],
            "query": "ada",
            "sort": "-createdate",
            "properties": ["canal"],
            "limit": 250,
        },
        {
            "type": "deals",
            "any_of": [
                [{"property": "dealname", "operator": "EQ", "value": "Cuisine"}],
                [{"property": "amount", "operator": "BETWEEN", "value": 5, "high_value": 9}],
                [{"property": "dealstage", "operator": "IN", "values": ["contractsent"]}],
            ],
        },
    ],
    "hubspot.list_tickets": [
        {"pipeline": "0", "stage": "1", "created_after": EARLIER, "properties": ["canal"], "limit": 10}
    ],
    "hubspot.list_associations": [{"from_type": "tickets", "from_id": "55", "to_type": "notes", "limit": 1}],
    "hubspot.list_notes": [{"type": "tickets", "id": "55", "limit": 2}],
    "hubspot.create_deal": [
        {
            "name": "Cuisine",
            "stage": "qualifiedtobuy",
            "pipeline": "default",
            "amount": 1500.5,
            "close_date": LATER,
            "owner_id": "12",
            "contact_id": "77",
            "properties": {"canal": "site"},
        }
    ],
    "hubspot.get_deal": [{"id": "99", "properties": ["canal"]}],
    "hubspot.update_deal": [
        {
            "id": "99",
            "name": "Cuisine 2",
            "stage": "closedwon",
            "pipeline": "default",
            "amount": 1800,
            "close_date": LATER,
            "owner_id": "12",
            "properties": {"canal": ""},
        }
    ],
    "hubspot.list_deals": [
        {
            "pipeline": "default",
            "stage": "contractsent",
            "owner_id": "12",
            "created_after": EARLIER,
            "updated_before": LATER,
            "properties": ["canal"],
            "limit": 10,
        }
    ],
    "imap.messages": [{"folder": "INBOX", "unseen": True, "since": EARLIER, "limit": 5}],
    "imap.mark_seen": [{"ids": ["@mail"], "folder": "INBOX"}],
    "notion.create_page": [
        {
            "data_source_id": ROWS,
            "title": "Devis",
            "properties": {"Statut": "Nouveau", "Score": 4.5},
            "text": "# Titre\n\n- un\n- **deux**\n\n```python\nx = 1\n```",
            "icon": "🔧",
        },
        {"page_id": PAGE, "title": "Dessous"},
    ],
    "notion.update_page": [
        {"id": PAGE, "title": "Deux", "properties": {"Statut": "Traité"}, "in_trash": False, "icon": "✅"}
    ],
    "notion.get_page": [{"id": PAGE}],
    "notion.append_blocks": [
        {"id": PAGE, "text": "## Réponse"},
        {"id": PAGE, "blocks": [{"type": "divider", "divider": {}}]},
    ],
    "notion.query": [
        {
            "data_source_id": ROWS,
            "filter": {"property": "Score", "number": {"greater_than": 1}},
            "sorts": [{"property": "Score", "direction": "descending"}, {"timestamp": "created_time"}],
            "limit": 10,
        }
    ],
    "resend.send": [
        {**MAIL, "attachments": [PLAN_FILE], "scheduled_at": LATER},
        TEMPLATE,
    ],
    "resend.send_batch": [{"emails": [MAIL, TEMPLATE], "permissive": True}],
    "resend.get": [{"id": "@email"}],
    "slack.post_message": [
        {"channel": CHANNEL, "text": "Devis <3", "escape": True, "unfurl_links": False, "unfurl_media": True},
        {"channel": CHANNEL, "text": "Devis", "blocks": BLOCKS, "thread_ts": TS, "reply_broadcast": True},
    ],
    "slack.update": [
        {"channel": CHANNEL, "ts": TS, "text": "Fait <3", "escape": True},
        {"channel": CHANNEL, "ts": TS, "blocks": BLOCKS},
    ],
    "slack.send_webhook": [{"text": "Devis", "escape": True, "blocks": BLOCKS}],
    "twilio.send_sms": [
        {
            "to": "06 39 98 00 01",
            "region": "FR",
            "body": "Bonjour l'été",
            "sender": SERVICE,
            "max_segments": 2,
            "smart_encoded": True,
            "media_urls": ["https://files.example.org/a.png"],
            "status_callback": "https://www.example.org/status",
            "validity_period": 3600,
            "send_at": "2026-11-22T09:00:00+01:00",
        },
        {"to": ADA, "body": "Bonjour"},
    ],
    "twilio.send_whatsapp": [
        {
            "to": "06 39 98 00 01",
            "region": "FR",
            "body": "Bonjour",
            "sender": OURS,
            "media_urls": ["https://files.example.org/a.png"],
            "status_callback": "https://www.example.org/status",
        },
        {"to": ADA, "content_sid": "HX" + "5a" * 16, "content_variables": {"1": "Ada"}},
    ],
    "twilio.get_message": [{"id": "@message"}],
    "twilio.cancel_message": [{"id": "@scheduled"}],
    "twilio.list_messages": [
        {
            "to": "06 39 98 00 01",
            "region": "FR",
            "sender": OURS,
            "sent_after": EARLIER,
            "sent_before": LATER,
            "limit": 5,
        }
    ],
    "whatsapp_cloud.send_text": [
        {"to": "06 39 98 00 01", "region": "FR", "body": "Bonjour", "preview_url": True, "reply_to": "wamid.1"}
    ],
    "whatsapp_cloud.send_template": [
        {
            "to": "06 39 98 00 01",
            "region": "FR",
            "name": "rappel",
            "language": "fr",
            "body": ["Ada"],
            "reply_to": "wamid.1",
        },
        {
            "to": ADA,
            "name": "rappel",
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ada"}]}],
        },
    ],
    "whatsapp_cloud.upload_media": [{"file": PICTURE_FILE}],
    "whatsapp_cloud.send_media": [
        {
            "to": "06 39 98 00 01",
            "region": "FR",
            "kind": "document",
            "link": "https://files.example.org/devis.pdf",
            "caption": "Devis",
            "filename": "devis.pdf",
            "reply_to": "wamid.1",
        },
        {"to": ADA, "kind": "image", "media_id": "@media"},
    ],
    "zoho_crm.get_deal": [{"id": "9001"}],
    "zoho_crm.search_deals": [
        {
            "where": [
                {"field": "Deal_Name", "operator": "starts_with", "value": "Cui"},
                {"field": "Stage", "operator": "in", "values": ["Qualification", "Closed Won"]},
            ],
            "fields": ["Canal"],
            "limit": 5,
        },
        {"criteria": "(Stage:equals:Qualification)"},
        {"email": "ada@example.org"},
        {"phone": ADA},
        {"word": "Cuisine"},
    ],
    "zoho_crm.query": [
        {"query": "select Deal_Name from Deals where Deal_Name = :name", "values": {"name": "L'été"}, "limit": 5}
    ],
    "zoho_crm.stale_deals": [
        {"days": 3, "by": "modification", "except_stages": ["Closed Won"], "fields": ["Canal"], "limit": 5},
        {},
    ],
    "zoho_crm.find_deal": [
        {"email": "ada@example.org", "except_stages": ["Closed Won"], "fields": ["Canal"]},
        {"contact_id": "7001"},
    ],
    "zoho_crm.update_deal": [{"id": "9001", "fields": {"Stage": "Closed Won", "Canal": None}, "automations": False}],
    "zoho_crm.add_note": [{"deal_id": "9001", "title": "Appel", "content": "Rappeler mardi"}],
    "zoho_crm.list_notes": [{"deal_id": "9001", "limit": 5}],
    "zoho_desk.get_ticket": [{"id": "1001", "threads": 5, "conversations": 5}],
    "zoho_desk.list_tickets": [
        {
            "status": "Open,On Hold",
            "priority": "High",
            "channel": "Email",
            "department_id": "3001",
            "assignee": "Unassigned",
            "received_in_days": 30,
            "oldest_first": True,
            "limit": 5,
        }
    ],
    "zoho_desk.search_tickets": [
        {
            "text": "eau*",
            "ticket_number": "101",
            "subject": "Panne",
            "status": "Open",
            "priority": "High",
            "category": "SAV",
            "channel": "Email",
            "tag": "urgent",
            "email": "ada@example.org",
            "contact_id": "2001",
            "department_id": "3001",
            "assignee_id": "4001",
            "created_after": EARLIER,
            "modified_after": EARLIER,
            "sort": "created_time",
            "limit": 5,
        }
    ],
    "zoho_desk.list_threads": [{"ticket_id": "1001", "limit": 5, "text": True}],
    "zoho_desk.list_conversations": [{"ticket_id": "1001", "limit": 5}],
    "zoho_desk.send_reply": [
        {
            "ticket_id": "1001",
            "content": "<p>Bonjour</p>",
            "html": True,
            "channel": "EMAIL",
            "from_email": "support@sandbox.example",
            "to": "ada@example.org",
            "cc": "cc@example.org",
            "bcc": "bcc@example.org",
            "attachment_ids": ["6001"],
            "ticket_status": "On Hold",
        },
        {"ticket_id": "1001", "content": "Brouillon", "draft": True},
    ],
    "zoho_desk.add_comment": [{"ticket_id": "1001", "content": "<b>Vu</b>", "html": True, "is_public": True}],
    "zoho_desk.update_ticket": [
        {
            "id": "1001",
            "subject": "Panne 2",
            "description": "Froid",
            "status": "On Hold",
            "priority": "High",
            "category": "SAV",
            "sub_category": "Chaudière",
            "classification": "Problem",
            "resolution": "Fait",
            "assignee_id": "4001",
            "team_id": "4002",
            "department_id": "3001",
            "due_date": LATER,
            "cf": {"cf_contrat": "C-12"},
        }
    ],
    "zoho_desk.get_contact": [{"id": "2001"}],
    "zoho_desk.find_contact": [{"email": "ada@example.org"}],
}
