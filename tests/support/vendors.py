"""How each connector is held against its vendor's description, and what its vendor has when every action is tried.

The one rule: one table for all tests that go through the catalog, so that a connector without a line here is noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from recipe_engine.plugin import Catalog, Connector, Sandbox, SandboxRequest, SandboxResponse, Settings
from recipe_plugins.zoho_common.sandbox import TOKEN_PATH
from tests.support.vendor_specs import hold_to_spec

Mend = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Described:
    """The folder of a vendor's description; `newer` are problems that are none, `mend` takes a mistake out of it."""

    vendor: str
    lenient: bool = False
    newer: tuple[str, ...] = ()
    mend: Mend | None = None


def mend_notion(document: dict[str, Any]) -> None:
    """Let schemas of `allOf` have what the others of it say: each forbids it, so that nothing could satisfy all."""

    def open_up(schema: dict[str, Any]) -> None:
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if schema.pop("additionalProperties", None) is not None or "type" not in schema:
            for name in ("allOf", "anyOf", "oneOf"):
                for each in schema.get(name, ()):
                    open_up(each)

    def walk(item: Any) -> None:
        for each in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
            walk(each)
        if isinstance(item, dict):
            for part in item.get("allOf", ()):
                open_up(part)

    walk(document)
    # These answers are described in full; the sandbox gives what is read of them.
    for path in ("/v1/data_sources/{data_source_id}", "/v1/users/me"):
        document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = {}


def mend_hubspot(document: dict[str, Any]) -> None:
    """Let notes be read in batches as contacts are: the description is of the objects that it names."""
    paths = document["paths"]
    paths["/crm/v3/objects/notes/batch/read"] = paths["/crm/v3/objects/contacts/batch/read"]


# The description of Slack is of 2021; the webhook is not in it at all.
SLACK = ("body/metadata is not described", "unknown query parameter include_all_metadata")
# The vendor's client types sorts as texts, which the vendor ignores; its guide has objects.
HUBSPOT = ('sorts/0: {"direction"',)
# What Meta's pages say and its description leaves out.
WHATSAPP = (
    "unknown path parameter",
    "unknown query parameter fields",
    "body/type is not described",
    "body/biz_opaque_callback_data is not described",
    "/caption is not described",
    "/filename is not described",
)
DESCRIBED = {
    "clickup": Described("clickup", lenient=True),
    "hubspot": Described("hubspot", newer=HUBSPOT, mend=mend_hubspot),
    "notion": Described("notion", mend=mend_notion),
    "resend": Described("resend", lenient=True),
    "slack": Described("slack", lenient=True, newer=SLACK),
    "twilio": Described("twilio", lenient=True),
    "whatsapp_cloud": Described("whatsapp-cloud", newer=WHATSAPP),
    "zoho_crm": Described("zoho-crm", lenient=True),
    "zoho_desk": Described("zoho-desk"),
}
# Vendors without such a description: an interface in XML, and what is no vendor over HTTP.
NOT_DESCRIBED = {"cloudflare_r2", "contacts", "imap"}
# What no description of the vendor's interface has: the CRM's token comes from elsewhere, a webhook is no method.
BESIDE = {"zoho_crm": (TOKEN_PATH,), "slack": ("/services/",)}


def hold(sandbox: Sandbox, connector: str) -> None:
    """From now on every request and answer of `sandbox` fails the test when the vendor's description forbids it."""
    described = DESCRIBED[connector]
    free = sandbox.answer
    hold_to_spec(sandbox, described.vendor, lenient=described.lenient, newer=described.newer, mend=described.mend)
    held, beside = sandbox.answer, BESIDE.get(connector, ())

    def answer(request: SandboxRequest) -> SandboxResponse:
        return free(request) if request.path.startswith(beside) else held(request)

    if beside:
        sandbox.answer = answer  # type: ignore[method-assign]  # this very object is under test


def vendors(catalog: Catalog) -> dict[str, Connector]:
    """The connectors that ship beside the engine."""
    return {
        name: each
        for name, each in catalog.connectors.items()
        if any(action.function.__module__.startswith("recipe_plugins.") for action in each.actions.values())
    }


def settings_for(connector: Connector, known: Settings, url: str) -> dict[str, str]:
    """The settings with which a connector reaches a server at `url` instead of its vendor."""
    values = {each.name: known.get(each.name) or "" for each in connector.settings}
    if "ZOHO_ACCOUNTS_BASE_URL" in values:
        values["ZOHO_ACCOUNTS_BASE_URL"] = url
    if values.get("SLACK_WEBHOOK"):
        values["SLACK_WEBHOOK"] = url + urlsplit(values["SLACK_WEBHOOK"]).path
    path = urlsplit(connector.address(known)).path
    values[connector.base_url_setting or f"{connector.name.upper()}_BASE_URL"] = url + path
    return {name: value for name, value in values.items() if value}
