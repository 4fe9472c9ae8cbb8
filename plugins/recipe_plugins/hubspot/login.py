"""HubSpot's consent in the browser, for an app of one's own. Facts: developers.hubspot.com/docs, "Working with OAuth",
"OAuth quickstart guide", "OAuth v3" and the reference of /oauth/2026-03/token, introspect and revoke.

The one rule: what is asked for is what the actions need. The scopes of a login have to be ticked in the app's settings,
and all that are ticked there as required have to be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recipe_engine.plugin import Login, Settings, is_logged_in
from recipe_engine.plugin.api import ReadSettings

# Notes ride on the scopes of the records that they are attached to.
SCOPES = (
    "oauth",
    *("crm.objects.contacts.read", "crm.objects.contacts.write"),
    *("crm.objects.deals.read", "crm.objects.deals.write"),
    "tickets",
)


def _address(setting: str, own: str, path: str) -> Callable[[Settings], tuple[str, bool]]:
    def address(settings: Settings) -> tuple[str, bool]:
        replaced = settings.get(setting)
        return f"{(replaced or own).rstrip('/')}{path}", bool(replaced)

    return address


def used(settings: ReadSettings, _action: str, _params: Mapping[str, Any]) -> bool:
    """Whether it is the login that requests are authorized with: then its client is needed."""
    return settings.get("HUBSPOT_API_KEY") is None and is_logged_in("hubspot", settings)


def account(answer: Mapping[str, Any]) -> str:
    """Of whom the tokens are: the account (the number in its addresses) and the user who consented."""
    told = {"account": answer.get("hub_id"), "user": answer.get("user_id")}
    return ", ".join(f"{word} {number}" for word, number in told.items() if number)


# HubSpot takes http for `localhost` alone, and no address in place of a name. Access tokens live 30 minutes; the refresh
# token stays as it is until the app is uninstalled.
hubspot_login = Login(
    name="hubspot",
    title="HubSpot",
    authorize_url=_address("HUBSPOT_ACCOUNTS_BASE_URL", "https://app.hubspot.com", "/oauth/authorize"),
    token_url=_address("HUBSPOT_BASE_URL", "https://api.hubapi.com", "/oauth/2026-03/token"),
    revoke_url=_address("HUBSPOT_BASE_URL", "https://api.hubapi.com", "/oauth/2026-03/token/revoke"),
    client_id="HUBSPOT_CLIENT_ID",
    client_secret="HUBSPOT_CLIENT_SECRET",  # noqa: S106  # the setting's name
    scopes=SCOPES,
    host="localhost",
    port=8717,
    register="the app > Auth > Redirect URLs",
    account=account,
    advice={
        "BAD_AUTH_CODE": "the code is expired or was used before: log in again",
        "MISMATCH_REDIRECT_URI_AUTH_CODE": "the redirect address is not the one that is registered: "
        "the app > Auth > Redirect URLs",
        "BAD_CLIENT_ID": "HUBSPOT_CLIENT_ID is no client id: the app > Auth > Client ID",
        "BAD_CLIENT_SECRET": "HUBSPOT_CLIENT_SECRET is not that of HUBSPOT_CLIENT_ID",
        "BAD_REFRESH_TOKEN": "the app was uninstalled or the login withdrawn: `recipe connectors login hubspot`",
    },
)
