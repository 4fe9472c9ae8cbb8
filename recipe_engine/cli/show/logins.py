"""How a connector's login stands, in words and as data.

The one rule: the index of logins is all that is read, so that looking asks no keyring and no vendor.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.plugin import Connector
    from recipe_engine.runtime.login_index import LoginRecord
    from recipe_engine.runtime.settings import Settings


def record_of(connector: Connector, values: Settings) -> LoginRecord | None:
    """What is known of the login of a connector; None when it has none, or nobody is logged in."""
    if connector.login is None or values.logins is None:
        return None
    return values.logins.get(connector.login.name)


def overriding(connector: Connector, values: Settings) -> list[str]:
    """The settings that are set although a login does without them: they go before it."""
    secret = (each.name for each in connector.settings if each.login and each.secret)
    return [name for name in secret if values.given(name) is not None]


def in_use(connector: Connector, values: Settings) -> LoginRecord | None:
    """The login that requests of the connector are authorized with."""
    return None if overriding(connector, values) else record_of(connector, values)


def summary(record: LoginRecord) -> str:
    """Since when, as whom and until when, in a few words."""
    whose = f" as {record.account}" if record.account else ""
    return f"logged in{whose} since {day(record.at)}{ending(record)}"


def ending(record: LoginRecord) -> str:
    """Until when, if the vendor told."""
    if record.until is None:
        return ""
    return f", until {day(record.until)}" if record.until > time.time() else f", which ended on {day(record.until)}"


def day(at: float) -> str:
    """A moment as a day here."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def lines(connector: Connector, values: Settings) -> list[str]:
    """Everything about the login of a connector, a line each."""
    login, record = connector.login, record_of(connector, values)
    assert login is not None
    if record is None:
        told = [f"nobody is logged in: `recipe connectors login {login.name}`"]
    else:
        told = [
            f"{summary(record)} (`recipe connectors logout {login.name}` ends it)",
            f"may: {', '.join(record.scopes)}",
        ]
    if login.port is not None:
        from recipe_engine.plugin.login import redirect_uri

        where = f", registered under: {login.register}" if login.register else ""
        told.append(f"redirect address: {redirect_uri(login)}{where}")
    return [*told, *(f"{name} is set and goes before the login" for name in overriding(connector, values))]


def as_json(connector: Connector, values: Settings) -> JSONObject | None:
    """The login of a connector as data; None when it has none."""
    if connector.login is None:
        return None
    record = record_of(connector, values)
    told: JSONObject = {"name": connector.login.name, "logged_in": record is not None}
    if record is not None:
        told |= {"since": record.at, "until": record.until, "account": record.account, "scopes": list(record.scopes)}
        told |= {"kept_in": record.kept_in, "in_use": in_use(connector, values) is not None}
    return told
