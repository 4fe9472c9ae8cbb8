"""Connectors made from small documents, called over their sandboxes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from recipe_engine.openapi.connector import OpenApiConnector, connector_in


@pytest.fixture
def connect(tmp_path: Path) -> Callable[..., OpenApiConnector]:
    """`connect(paths, ...)` makes the connector `shop` of a document with these paths; `config` goes to connector.yml."""

    def connect(
        paths: dict[str, Any], *, config: dict[str, Any] | None = None, openapi: str = "3.1.0", **more: Any
    ) -> OpenApiConnector:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        document = {"openapi": openapi, "info": {"title": "Shop", "version": "1"}, "paths": paths, **more}
        (folder / "openapi.json").write_bytes(orjson.dumps(document))
        said = {"name": "shop", "server": "https://api.shop.example", **(config or {})}
        (folder / "connector.yml").write_text(yaml.safe_dump(said))
        return connector_in(folder)

    return connect
