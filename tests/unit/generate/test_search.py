"""Finding the actions that a need calls for, in a catalog of any size."""

import itertools

import pytest

from recipe_engine.generate.choosing import ALWAYS, MOST_ACTIONS, choose
from recipe_engine.generate.prompt import LONGEST_CATALOG, prompt_for_new
from recipe_engine.generate.search import Index
from recipe_engine.generate.words import words
from recipe_engine.installed import installed
from recipe_engine.plugin import Catalog, Connector, Context, Params, Result
from tests.unit.generate.conftest import some_connectors

NOUNS = ("invoice", "lead", "parcel", "shift", "meeting", "tenant", "vehicle", "lesson", "recipe card", "donation")
VERBS = ("create", "update", "delete", "list", "get", "archive", "approve", "export", "merge", "assign")


class Fields(Params):
    """Parameters of any action."""

    name: str
    note: str = ""


class Thing(Result):
    """What any action gives."""

    id: str


async def _do(ctx: Context, params: Fields) -> Thing:
    """Do it."""
    return Thing(id=params.name)


def thousand() -> Catalog:
    """A thousand actions of a hundred vendors beside those that are there."""
    connectors = []
    for number, noun in itertools.product(range(10), NOUNS):
        vendor = Connector(name=f"vendor{number}_{noun.replace(' ', '_')}", title=f"Vendor {number} {noun}")
        for verb in VERBS:
            vendor.action(effect="once", name=f"{verb}_{noun.replace(' ', '_')}")(_do)
        connectors.append(vendor)
    return Catalog.of([*some_connectors().connectors.values(), *connectors])


def names(need: str, catalog: Catalog | None = None) -> list[str]:
    return [action.name for action in choose(catalog or some_connectors(), need).actions if action.name not in ALWAYS]


def test_words_are_the_same_in_both_languages() -> None:
    assert set(words("Envoyer des courriels")) & set(words("send e-mails by email"))
    assert "ticket" in words("une réclamation")
    assert words("les le of and") == []


def test_a_rarer_word_counts_for_more() -> None:
    index = Index(
        {name: [(text, 1.0)] for name, text in {"a": "send page", "b": "send fax", "c": "send letter"}.items()}
    )
    assert [hit.name for hit in index.search("send a fax", 3)] == ["b", "a", "c"]
    assert index.search("nothing of this", 3) == []


@pytest.mark.parametrize(
    ("need", "wanted"),
    [
        ("Ouvre une réclamation HubSpot pour chaque demande", "hubspot.create_ticket"),
        ("open a ticket in HubSpot", "hubspot.create_ticket"),
        ("Préviens l'équipe dans le canal Slack", "slack.post_message"),
        ("ajoute une note au contact", "hubspot.create_note"),
    ],
)
def test_a_need_finds_its_actions_in_both_languages(need: str, wanted: str) -> None:
    assert wanted in names(need)


@pytest.mark.parametrize(
    ("need", "wanted"),
    [
        ("Enregistrer chaque prospect dans le carnet d'adresses", "contacts.upsert"),
        ("When a form is sent, save the person in our contacts", "contacts.upsert"),
        ("Noter dans l'historique du client qu'on l'a appelé", "contacts.add_interaction"),
        ("Relever la boîte mail toutes les 10 minutes", "imap.messages"),
        ("Read the unread mails of our inbox", "imap.messages"),
        ("Lire un fichier Excel", "file.read"),
        ("Export the rows as a spreadsheet", "file.write"),
        ("Générer le devis en PDF et l'envoyer en pièce jointe", "pdf.render"),
        ("Scrape the prices from a competitor's web site", "html.select"),
        ("Suivre un flux RSS", "feed.items"),
        ("Watch the news feed of the ministry", "feed.items"),
        ("Transcrire les mémos vocaux", "llm.transcribe"),
        ("Ajouter une ligne dans la base Notion", "notion.create_page"),
        ("Mettre à jour l'opportunité dans Zoho CRM", "zoho_crm.update_deal"),
        ("Réponds aux tickets Zoho Desk", "zoho_desk.send_reply"),
        ("Upload the files to R2", "cloudflare_r2.put_file"),
        ("Commente la tâche ClickUp", "clickup.add_comment"),
        ("Crée une affaire HubSpot quand un devis est signé", "hubspot.create_deal"),
        ("Désabonner ceux qui répondent STOP", "contacts.opt_out"),
        ("Create a task for the team", "clickup.create_task"),
        ("Send the newsletter with Resend to the list", "resend.send_batch"),
    ],
)
def test_a_need_finds_its_actions_among_all_that_are_shipped(need: str, wanted: str) -> None:
    assert wanted in names(need, installed().catalog)


@pytest.mark.parametrize(
    "need",
    [
        "Quand quelqu'un demande un devis (nom, email, message), accuser réception et relancer après 3 jours.",
        "Up to 100 euros a claim is approved at once, above that manager@example.org has to approve.",
        "Given an order_id, ask https://shop.example.org/api/orders/ORDER_ID; try 4 times, then mail ops@example.org.",
        "Répondre aux avis : 4 et 5 telle quelle, 3 et moins après relecture par patron@crm.example.org.",
    ],
)
def test_what_a_need_does_not_speak_of_is_left_out(need: str) -> None:
    chosen = choose(installed().catalog, need)
    assert {action.name for action in chosen.actions} == set(ALWAYS)
    assert (chosen.senders, chosen.others) == ((), ())


@pytest.mark.parametrize(
    ("need", "senders"),
    [
        ("Envoyer un SMS au client la veille", ["twilio"]),
        ("Tell them by WhatsApp that the parcel is there", ["twilio", "whatsapp_cloud"]),
    ],
)
def test_ways_to_send_are_left_to_notify(need: str, senders: list[str]) -> None:
    chosen = choose(installed().catalog, need)
    assert [connector.name for connector in chosen.senders] == senders
    assert {action.name for action in chosen.actions} == set(ALWAYS)


def test_what_every_recipe_uses_is_always_there() -> None:
    chosen = [action.name for action in choose(some_connectors(), "quoi que ce soit").actions]
    assert set(ALWAYS) <= set(chosen)


def test_the_actions_of_a_recipe_that_is_changed_are_described() -> None:
    recipe = "steps:\n  - {id: a, type: slack.send_webhook, with: {text: a}}\n"
    chosen = choose(some_connectors(), "deux jours au lieu d'un", named=recipe)
    assert "slack.send_webhook" in [action.name for action in chosen.actions]


def test_among_a_thousand_actions_the_right_ones_are_found_and_the_prompt_stays_small() -> None:
    catalog = thousand()
    assert len(catalog.actions) > 1000
    need = "when a parcel arrives, create a HubSpot ticket, and archive the parcel at vendor 7"
    found = names(need, catalog)
    assert "hubspot.create_ticket" in found
    assert any(name.endswith("archive_parcel") for name in found)
    assert len(found) <= MOST_ACTIONS
    small, large = prompt_for_new(some_connectors(), need), prompt_for_new(catalog, need)
    assert len(large.system) < len(small.system) + LONGEST_CATALOG / 2


def test_a_catalog_that_is_too_long_names_what_it_leaves_out() -> None:
    prompt = prompt_for_new(some_connectors(), "HubSpot contact ticket note, Slack message, e-mail")
    assert "There are further actions, not described here and therefore not to be used: " in prompt.system
