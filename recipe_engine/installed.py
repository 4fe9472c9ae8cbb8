"""What is installed: the builtin actions, the connectors found, and the settings of this place.

The one rule: nothing here is kept between calls; whoever needs a catalog is handed one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from recipe_engine.builtin import PLUGINS
from recipe_engine.plugin.loading import LoadedPlugins, load_catalog
from recipe_engine.runtime.settings import Settings

DOTENV = ".env"


def installed() -> LoadedPlugins:
    """The builtin plugins and every connector that this environment offers."""
    return load_catalog(PLUGINS)


def settings(found: LoadedPlugins, env: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings of the environment and of `.env` in the folder (the working one), with the connectors' defaults."""
    values = os.environ if env is None else env
    resolve = found.manager.hook.resolve_secret
    read = Settings(values, (folder or Path()) / DOTENV)
    return read.knowing(found.catalog, lambda name: resolve(name=name))
