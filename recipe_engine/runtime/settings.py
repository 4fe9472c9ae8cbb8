"""Settings of the deployment: the environment, then a .env file, then a plugin's vault, then what a vendor told at a
login, then a connector's default.

The one rule: what is set in the environment wins, and a value that is empty counts as not set.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from recipe_engine.plugin.api import Connector, Setting
from recipe_engine.plugin.catalog import Catalog
from recipe_engine.plugin.errors import Terminal
from recipe_engine.runtime.login_index import LoginIndex

logger = logging.getLogger("recipe_engine")

Resolve = Callable[[str], str | None]


class Settings(Mapping[str, str]):
    """What `ctx.settings` reads.

    `env` is copied, so that a run sees one set of values. `dotenv` may name a file that does not exist. `resolve` is
    asked for names that neither holds (the hook `resolve_secret`) and what it gives is kept for the process's life.
    `declared` are the settings of the connectors in use, for their defaults and for help in messages. `logins` are those of
    this place.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        dotenv: Path | None = None,
        *,
        resolve: Resolve | None = None,
        declared: Mapping[str, Setting] | None = None,
        logins: LoginIndex | None = None,
    ) -> None:
        self._values = {**read_dotenv(dotenv), **env} if dotenv else dict(env)
        self._resolve = resolve
        self._resolved: dict[str, str] = {}
        self.declared: Mapping[str, Setting] = {} if declared is None else declared
        self.logins = logins

    def knowing(self, catalog: Catalog, resolve: Resolve | None = None) -> Settings:
        """The same settings, with the defaults and the help that the connectors of `catalog` declare."""
        declared = DeclaredSettings(catalog)
        return Settings(self._values, resolve=resolve or self._resolve, declared=declared, logins=self.logins)

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # an empty value is none
        """The value of `name`, else what a login told, else the declared default, else `default`."""
        value = self.given(name)
        if value is not None:
            return value
        setting = self.declared.get(name)
        if setting is None:
            return default
        if setting.login and self.logins is not None and (login := self.logins.get(setting.login)) is not None:
            told = login.values.get(name)
            if told:
                return told
        return default if setting.default is None else setting.default

    def given(self, name: str) -> str | None:
        """The value that the operator set (in the environment, in .env, in a vault); None without one."""
        value = self._values.get(name) or self._resolved.get(name)
        if value:
            return value
        if self._resolve is not None and name not in self._values:
            value = self._resolve(name)
            if value:
                self._resolved[name] = value
                return value
        return None

    def require(self, name: str) -> str:
        """The value of `name`; Terminal `not_configured` when it has none."""
        value = self.get(name)
        if value is None:
            setting = self.declared.get(name)
            raise Terminal(
                f"{name} is not set: put it in the environment or in .env",
                code="not_configured",
                detail=setting.help if setting else "",
            )
        return value

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return (name for name in {**self.declared, **self._values} if self.get(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class DeclaredSettings(Mapping[str, Setting]):
    """The settings that the loaded connectors of a catalog declare, by name. A connector that nobody has asked for yet is
    not loaded for its settings: nothing but its own actions reads them."""

    def __init__(self, catalog: Catalog) -> None:
        self._loaded = catalog.loaded

    def owner(self, name: str) -> Connector:
        """The connector that declares a setting; KeyError when none does."""
        return self._found(name)[0]

    def __getitem__(self, name: str) -> Setting:
        return self._found(name)[1]

    def __iter__(self) -> Iterator[str]:
        return iter({setting.name: None for connector in self._loaded.values() for setting in connector.settings})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _found(self, name: str) -> tuple[Connector, Setting]:
        for connector in self._loaded.values():
            for setting in connector.settings:
                if setting.name == name:
                    return connector, setting
        raise KeyError(name)


_LINE = re.compile(
    r"""
    ^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*
    (?:
        '(?P<raw>[^']*)'
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | (?P<plain>[^\r\n]*?)
    )
    [ \t]*(?:(?<=\s)\#[^\r\n]*)?[ \t]*\r?$
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_IGNORED = re.compile(r"^[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(path: Path) -> dict[str, str]:
    """The variables of a .env file; none when there is no such file. A line that cannot be read is a warning."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        logger.warning("%s cannot be read: %s", path, error)
        return {}
    return parse_dotenv(text, str(path))


def parse_dotenv(text: str, source: str = ".env") -> dict[str, str]:
    """`NAME=value` lines, `export` allowed. 'Single quotes' keep everything, "double quotes" know backslash escapes (n, r,
    t, a quote, a backslash); either may go over several lines. A comment begins the line or follows a space. Nothing is
    substituted."""
    values: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _LINE.match(text, position)
        if found:
            values[found["name"]] = _value(found)
            position = found.end() + 1
            continue
        if not _IGNORED.match(text, position):
            line = text.count("\n", 0, position) + 1
            logger.warning("%s:%d: not a NAME=value line; ignored", source, line)
        end = text.find("\n", position)
        position = len(text) if end < 0 else end + 1
    return values


def _value(found: re.Match[str]) -> str:
    if found["raw"] is not None:
        return found["raw"]
    if found["quoted"] is not None:
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), found["quoted"], flags=re.DOTALL)
    return found["plain"].strip()
