"""What Zoho's products share: data centres, the account's settings, the login, access tokens. No connector of its own.

The one rule: a refresh token lives in one data centre. All addresses follow ZOHO_DATACENTER, and one access token of the
credential serves every product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recipe_engine.plugin import Login, Setting, Settings, Terminal, login_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Zoho gives 10 access tokens per refresh token in 10 minutes, then none for the rest of that time.
TOKEN_WINDOW = 600.0
# Requests at the same time that every edition allows (the free one; the largest allows 25).
AT_ONCE = 5
# A 401 with one of these is about rights, which another token has no more of.
ABOUT_RIGHTS = {"SCOPE_MISMATCH", "OAUTH_SCOPE_MISMATCH", "OAUTH_ORG_MISMATCH", "NO_PERMISSION", "UNAUTHORIZED"}


@dataclass(frozen=True, slots=True)
class DataCentre:
    """Where one data centre's products are."""

    accounts: str
    desk: str
    crm: str


def _centre(domain: str) -> DataCentre:
    return DataCentre(
        f"https://accounts.zoho.{domain}", f"https://desk.zoho.{domain}", f"https://www.zohoapis.{domain}"
    )


DATA_CENTRES = {name: _centre(name) for name in ("com", "eu", "in", "com.au", "jp", "com.cn", "sa", "uk", "sg", "ae")}
# Canada is under a domain of its own, but for the CRM.
DATA_CENTRES["ca"] = DataCentre("https://accounts.zohocloud.ca", "https://desk.zohocloud.ca", "https://www.zohoapis.ca")
ALIASES = {"us": "com", "au": "com.au", "cn": "com.cn"}
SCOPES = (
    *("Desk.tickets.ALL", "Desk.contacts.READ", "Desk.search.READ"),
    *("ZohoCRM.modules.ALL", "ZohoCRM.coql.READ"),
)


def data_centre(settings: Settings) -> DataCentre:
    """The data centre of ZOHO_DATACENTER.

    Raises Terminal `not_configured` when there is no such one.
    """
    given = (settings.get("ZOHO_DATACENTER") or "com").strip().lower().removeprefix("zoho.").lstrip(".")
    found = DATA_CENTRES.get(ALIASES.get(given, given))
    if found is None:
        raise Terminal(
            f"ZOHO_DATACENTER is {given!r}, which is no data centre of Zoho",
            code="not_configured",
            detail=f"it is what stands at the end of Zoho's address for you: {', '.join(DATA_CENTRES)}",
        )
    return found


def _accounts(path: str) -> Callable[[Settings], tuple[str, bool]]:
    """An address of Zoho Accounts in the data centre of the settings."""

    def address(settings: Settings) -> tuple[str, bool]:
        replaced = settings.get("ZOHO_ACCOUNTS_BASE_URL")
        base = replaced or data_centre(settings).accounts
        return f"{base.rstrip('/')}{path}", bool(replaced)

    return address


def told_data_centre(sent: Mapping[str, str]) -> dict[str, str]:
    """The data centre in which the person who consented has the account: Zoho sends the browser back with
    `accounts-server`, where the code is taken, and `location` (zoho.com/accounts/protocol/oauth/multi-dc).

    Only addresses of Zoho's are believed: the code would be sent there with the client's secret. ValueError for others.
    """
    server, location = sent.get("accounts-server", "").rstrip("/"), sent.get("location", "").lower()
    if server:
        name = next((name for name, centre in DATA_CENTRES.items() if centre.accounts == server), None)
    else:
        name = ALIASES.get(location, location)
    if name in DATA_CENTRES:
        return {"ZOHO_DATACENTER": name}
    if server or location:
        raise ValueError(f"{server or location} is no data centre of Zoho that is known")
    return {}


def _too_many_tokens(answer: Any) -> float | None:
    """Zoho says Access Denied for this, and the reason in the description."""
    told = answer if isinstance(answer, dict) else {}
    words = f"{told.get('error', '')} {told.get('error_description', '')}".lower()
    return TOKEN_WINDOW if "access denied" in words or "too many requests" in words else None


def error_code(answer: Any) -> str:
    """Desk's `errorCode`, the CRM's `code` (which may stand in its first row), or nothing."""
    if not isinstance(answer, dict):
        return ""
    rows = answer.get("data")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        answer = {**rows[0], **answer}
    return str(answer.get("errorCode") or answer.get("code") or "")


# Without prompt=consent Zoho gives a refresh token the first time only, and without access_type=offline none; a code is
# good for two minutes and once (zoho.com/accounts/protocol/oauth/web-apps/authorization.html, and the FAQ on
# invalid_code and invalid_redirect_uri). PKCE is for clients of the kind "mobile and desktop"; the others have to
# ignore what they do not know (RFC 6749, section 3.1).
zoho_login = Login(
    name="zoho",
    title="Zoho",
    authorize_url=_accounts("/oauth/v2/auth"),
    token_url=_accounts("/oauth/v2/token"),
    revoke_url=_accounts("/oauth/v2/token/revoke"),
    revoke_with="query",
    client_id="ZOHO_CLIENT_ID",
    client_secret="ZOHO_CLIENT_SECRET",  # noqa: S106  # the setting's name
    scopes=SCOPES,
    separator=",",
    parameters={"access_type": "offline", "prompt": "consent"},
    port=8717,
    register="api-console.zoho.<data centre> > the client (Server-based) > Authorized Redirect URIs",
    told=told_data_centre,
    advice={
        "invalid_client": "ZOHO_CLIENT_ID is not known to the data centre that ZOHO_DATACENTER names; a client for several "
        "needs Multi DC switched on in the API console",
        "invalid_client_secret": "ZOHO_CLIENT_SECRET does not belong to ZOHO_CLIENT_ID",
    },
    again="withdraw the access under accounts.zoho.<data centre> > Sessions > Connected apps, then log in again",
)

zoho_token = login_token(
    zoho_login,
    refresh_token="ZOHO_REFRESH_TOKEN",  # noqa: S106  # the setting's name
    scheme="Zoho-oauthtoken",
    advice={
        "invalid_code": "the refresh token is wrong or revoked, or ZOHO_REFRESH_TOKEN is of another data centre than "
        "ZOHO_DATACENTER: `recipe connectors login zoho`, or make a new one in the API console",
        "invalid_client": "ZOHO_CLIENT_ID is not known to the data centre that ZOHO_DATACENTER names",
    },
    limited=_too_many_tokens,
    stale=lambda answer: error_code(answer) not in ABOUT_RIGHTS,
)

ACCOUNT_SETTINGS = (
    Setting("ZOHO_CLIENT_ID", help="api-console.zoho.<data centre> > Server-based (or Self Client) > Client Secret"),
    Setting("ZOHO_CLIENT_SECRET", secret=True, help="Beside the client id"),
    Setting(
        "ZOHO_REFRESH_TOKEN",
        secret=True,
        help="`recipe connectors login zoho` does without it; else API console: generate a code, exchange it once",
        login="zoho",
    ),
    Setting(
        "ZOHO_DATACENTER",
        default="com",
        help=f"The end of Zoho's address for you: {', '.join(DATA_CENTRES)}",
        login="zoho",
    ),
    Setting("ZOHO_ACCOUNTS_BASE_URL", required=False, help="Another address of Zoho Accounts"),
)
