"""What is installed: the builtin actions, the connectors found, and the settings of this place.

The one rule: nothing here is kept between calls; whoever needs a catalog is handed one.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from recipe_engine.version import VERSION

if TYPE_CHECKING:
    from recipe_engine.plugin import Catalog
    from recipe_engine.plugin.loading import LoadedPlugins
    from recipe_engine.runtime.settings import Settings

DOTENV = ".env"
CONNECTORS = "connectors"
CONNECTORS_SETTING = "RECIPE_CONNECTORS"
CONNECTOR_CONFIG = "connector.yml"
MCP_SNAPSHOT = "mcp.json"
_PACKAGE = Path(__file__).parent
_MOST_FILES = 5_000
_FOLLOWS = frozenset({"index.json"})
_NOT_SOURCES = frozenset({"__pycache__", "build", "dist", "docs", "node_modules", "site-packages", "tests"})


class Place:
    """Where an engine works: what is installed there and what is set. `env` replaces the environment, `catalog` the
    installed connectors; `folder` is where `.env` and `recipes/` are (default: the working folder)."""

    def __init__(
        self, env: Mapping[str, str] | None = None, folder: Path | None = None, catalog: Catalog | None = None
    ) -> None:
        self.env: Mapping[str, str] = os.environ if env is None else env
        self.folder = folder
        self._catalog = catalog

    @cached_property
    def plugins(self) -> LoadedPlugins:
        """The plugins of this place, with the catalog in use."""
        found = installed()
        if self._catalog is None:
            return found
        from dataclasses import replace

        return replace(found, catalog=self._catalog)

    @cached_property
    def settings(self) -> Settings:
        """The settings of this place."""
        return settings(self.plugins, self.env, self.folder)

    @property
    def bare_settings(self) -> Settings:
        """The settings, for what does not depend on any connector."""
        return bare_settings(self.env, self.folder)

    @cached_property
    def stamp(self) -> str | None:
        """A word for everything that checks depend on beside the recipe, None when there is none."""
        return stamp() if self._catalog is None else None

    @property
    def cache_folder(self) -> Path | None:
        """Where the outcomes of checks are kept: RECIPE_CACHE, else the user's cache folder; None for `off`, or without
        a home."""
        told = self.env.get("RECIPE_CACHE")
        if told:
            return None if told == "off" else Path(told)
        home = self.env.get("HOME")
        base = self.env.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else "")
        return Path(base) / "recipe_engine" / "checks" if base else None


def installed() -> LoadedPlugins:
    """The builtin plugins, every connector that this environment offers, and those that were added to the project."""
    from recipe_engine.builtin import BUILTINS
    from recipe_engine.plugin.catalog import Known
    from recipe_engine.plugin.loading import load_catalog

    added = [Known(_made_by(folder), (folder.name,), place=str(folder)) for folder in added_connectors()]
    return load_catalog(known=BUILTINS, added=added)


def _in_dotenv(name: str) -> str:
    """A setting of the `.env` of the working folder, for what has to be known before there are settings."""
    path = Path(DOTENV)
    try:
        if name.encode() not in path.read_bytes():
            return ""
    except OSError:
        return ""  # whoever reads the settings says what is wrong with it
    from recipe_engine.runtime.settings import read_dotenv

    return read_dotenv(path).get(name, "")


def _made_by(folder: Path) -> str:
    """The module that makes a connector of a folder: of a server that was asked, else of a document."""
    return "recipe_engine.mcp" if (folder / MCP_SNAPSHOT).exists() else "recipe_engine.openapi"


def added_connectors(env: Mapping[str, str] | None = None) -> list[Path]:
    """The folders of the connectors that were added to the project: those below `connectors/` of the working folder and
    below each folder that RECIPE_CONNECTORS names, in the environment or in `.env`."""
    named = (os.environ if env is None else env).get(CONNECTORS_SETTING) or _in_dotenv(CONNECTORS_SETTING)
    roots = [Path(CONNECTORS), *(Path(place) for place in named.split(os.pathsep) if place)]
    found = [path.parent for root in roots for path in sorted(root.glob(f"*/{CONNECTOR_CONFIG}"))]
    return list({folder.resolve(): folder for folder in found}.values())


def settings(found: LoadedPlugins, env: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings of the environment and of `.env` in the folder (the working one), with the connectors' defaults."""
    resolve = found.manager.hook.resolve_secret
    return bare_settings(env, folder).knowing(found.catalog, lambda name: resolve(name=name))


def bare_settings(env: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings of the environment and of `.env`, for what does not depend on any connector."""
    from recipe_engine.runtime.login_index import FOLDER_SETTING, index_of
    from recipe_engine.runtime.settings import Settings

    found = Settings(os.environ if env is None else env, (folder or Path()) / DOTENV)
    found.logins = index_of(folder, found.get(FOLDER_SETTING))
    return found


def stamp() -> str | None:
    """A word that changes whenever the engine, a plugin or Python does, found without importing any of them.

    Installing or removing a distribution changes the time of the folder that it is in. Sources that are worked on (a
    checkout, an editable installation) are told by the times of their files. None when there are too many to look at.
    """
    seen = [sys.version, VERSION]
    sources = {_PACKAGE.parent} if _is_checkout() else set()
    for place in sys.path:
        path = Path(place)
        if path.is_dir():
            seen.append(f"{place} {path.stat().st_mtime_ns}")
            if not _is_installed(path):
                sources.add(path)
    sources.update(_editable())
    count = 0
    for source in sorted(sources):
        for file, told in _python_files(source):
            count += 1
            if count > _MOST_FILES:
                return None
            seen.append(f"{file} {told.st_mtime_ns} {told.st_size}")
    for folder in added_connectors():
        # The index beside a document follows from it, and is written when it is first read.
        files = (entry for entry in os.scandir(folder) if entry.is_file() and entry.name not in _FOLLOWS)
        seen += sorted(f"{entry.path} {entry.stat().st_mtime_ns} {entry.stat().st_size}" for entry in files)
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()


def _is_checkout() -> bool:
    return not (_PACKAGE / "_data").is_dir()


def _is_installed(path: Path) -> bool:
    """Whether a folder of the search path belongs to Python or to an environment, where only installing changes it."""
    return any(path.is_relative_to(prefix) for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix})


def _editable() -> Iterator[Path]:
    """The sources of distributions that are found by a hook instead of the search path."""
    for finder in sys.meta_path:
        module = sys.modules.get(getattr(finder, "__module__", ""))
        if getattr(module, "__name__", "").startswith("__editable__"):
            yield from (Path(place) for place in getattr(module, "MAPPING", {}).values())


def _python_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The Python files below a folder, but for hidden folders, environments and what is no source."""
    pending = [str(folder)]
    while pending:
        try:
            entries = sorted(os.scandir(pending.pop()), key=lambda entry: entry.name)
        except OSError:
            continue
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _NOT_SOURCES:
                    pending.append(entry.path)
            elif entry.name.endswith(".py"):
                yield entry.path, entry.stat()
