"""The connectors' pages: every action is there with its example, and every example is right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from recipe_engine.plugin import Action, Connector

CONNECTORS: list[Connector] = [
    connector
    for name in (
        "hubspot",
        "clickup",
        "cloudflare_r2",
        "contacts",
        "twilio",
        "resend",
        "slack",
        "whatsapp_cloud",
        "notion",
        "imap",
        "zoho_desk",
        "zoho_crm",
    )
    for connector in import_module(f"recipe_plugins.{name}").register_connectors()
]
ACTIONS: dict[str, Action] = {name: action for each in CONNECTORS for name, action in each.actions.items()}


def page(connector: Connector) -> str:
    folder = import_module(f"recipe_plugins.{connector.name}").__path__[0]
    return (Path(folder) / "docs.md").read_text(encoding="utf-8")


def steps(block: list[Any]) -> Iterator[dict[str, Any]]:
    for step in block:
        yield step
        yield from steps(step.get("steps", []))


def wrong(step: dict[str, Any]) -> list[str]:
    """What is wrong with the step of an action. A template stands for a value of any kind."""
    schema = ACTIONS[step["type"]].params_schema
    given = step["with"]
    problems = [f"{name} is no parameter" for name in given if name not in schema["properties"]]
    problems += [f"{name} is missing" for name in schema.get("required", ()) if name not in given]
    for name, value in given.items():
        if "{{" not in str(value) and name in schema["properties"]:
            checked = {**schema["properties"][name], "$defs": schema.get("$defs", {})}
            problems += [error.message for error in jsonschema_rs.validator_for(checked).iter_errors(value)]
    return problems


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.name)
def test_the_page_names_every_setting_and_shows_every_actions_example(connector: Connector) -> None:
    text = page(connector)
    for setting in connector.settings:
        assert f"`{setting.name}`" in text
        assert setting.help
    for name, action in connector.actions.items():
        assert action.example, name
        assert action.example in text, f"{name}: {action.example}"
        assert action.summary.endswith("."), name


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.name)
def test_the_steps_of_the_page_are_right(connector: Connector) -> None:
    found = 0
    for block in re.findall(r"^```yaml\n(.*?)^```$", page(connector), re.MULTILINE | re.DOTALL):
        for step in steps(yaml.safe_load(block)):
            if step["type"] in ACTIONS:
                found += 1
                assert wrong(step) == [], step
    assert found >= len(connector.actions)


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.name)
def test_the_sandbox_takes_the_state_that_the_page_shows(connector: Connector) -> None:
    module, _, name = (connector.sandbox or "").partition(":")
    sandbox = getattr(import_module(module), name)()
    [block] = re.findall(r"^```yaml no-step\n(.*?)^```$", page(connector), re.MULTILINE | re.DOTALL)
    sandbox.seed(yaml.safe_load(block)[connector.name])
    assert any(sandbox.state().values())
    with pytest.raises(ValueError, match="keeps no state named typo"):
        sandbox.seed({"typo": []})


def test_an_example_that_is_wrong_is_noticed() -> None:
    step = {"type": "hubspot.create_ticket", "with": {"subjct": "x", "priority": "TOP"}}
    assert wrong(step)[:2] == ["subjct is no parameter", "subject is missing"]
    assert len(wrong(step)) == 3
