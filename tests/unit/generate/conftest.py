"""Needs answered by a script: what a model would say, and an engine with the connectors of the checkout."""

import pytest

from recipe_engine.engine import Engine
from recipe_engine.installed import installed
from recipe_engine.plugin import Catalog

RECIPE = """\
# Written for the tests.
slug: relance-devis
name: Relance d'un devis
description: Accuse réception d'une demande de devis et relance après un jour sans réponse.
category: sales
input_schema:
  type: object
  required: [email]
  properties:
    email: {type: string, format: email}
triggers: [{type: form}]
steps:
  - id: receipt
    name: Accuser réception
    type: notify
    channels: [email]
    to: "{{ email }}"
    subject: Votre demande de devis
    message: Nous avons bien reçu votre demande.
  - id: answer
    name: Attendre une réponse
    type: wait
    event: contact.replied
    match: {email: "{{ email }}"}
    timeout: 24h # un jour
    on_timeout:
      - id: reminder
        name: Relancer
        type: notify
        channels: [email]
        to: "{{ email }}"
        subject: Avez-vous une question ?
        message: Nous sommes à votre disposition.
output: {reminded: "{{ reminder is defined }}"}
"""
TESTS = """\
defaults:
  input: {email: ada@example.org}
cases:
  - name: une réponse à temps évite la relance
    events: [{at: 23h, event: contact.replied, data: {email: ada@example.org}}]
    expect: {output: {reminded: false}, duration: 23h}
  - name: sans réponse, une relance
    expect: {output: {reminded: true}, steps: {reminder: succeeded}, duration: 24h}
"""


def answer(recipe: str | None = RECIPE, tests: str | None = TESTS, *assumptions: str) -> str:
    """An answer in the form that is asked for."""
    blocks = []
    if recipe is not None:
        blocks.append(f"<recipe>\n{recipe}</recipe>")
    if tests is not None:
        blocks.append(f"<tests>\n{tests}</tests>")
    if assumptions:
        blocks.append("<assumptions>\n" + "\n".join(f"- {item}" for item in assumptions) + "\n</assumptions>")
    return "\n".join(blocks)


def some_connectors() -> Catalog:
    """A catalog that does not change whenever a connector is added."""
    known = installed().catalog.connectors
    return Catalog.of(
        [known[name] for name in ("llm", "http", "notify", "log", "emit", "email", "store", "hubspot", "slack")]
    )


def engine_with(**env: str) -> Engine:
    return Engine(":memory:", env=env, catalog=some_connectors())


@pytest.fixture
def engine() -> Engine:
    return engine_with()
