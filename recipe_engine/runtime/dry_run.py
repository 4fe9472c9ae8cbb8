"""A dry run: reads are done, a write is shown instead of performed, and the run goes on with a sample of its result.

The one rule: an action whose writes cannot all be seen on their way out is not started at all.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.plugin.api import Action, FileValue
from recipe_engine.plugin.errors import Terminal
from recipe_engine.plugin.sample import sample_from_schema


class WouldSend(Exception):
    """Raised in place of a write of a dry run. Not an ActionError: no action has a reason to catch it."""

    def __init__(self, method: str, url: str, body: JSON) -> None:
        super().__init__(f"would send {method} {url}")
        self.method = method
        self.url = url
        self.body = body


def shows_its_writes(action: Action) -> bool:
    """Whether every effect of the action goes through `ctx.http`, where a dry run can stop it."""
    connector = action.connector
    if connector.over_http is not None:
        return connector.over_http
    return bool(connector.base_url or connector.base_url_setting)


def sample_result(action: Action, params: JSONObject) -> JSON:
    """An example of what the action answers; Terminal `dry_run` when its schema admits none that can be made up."""
    schema = action.result_schema_of(params) if action.result_schema_of else action.result_schema
    sample = sample_from_schema(schema)
    if not jsonschema_rs.is_valid(schema, sample):
        raise Terminal(
            f"{action.name} is not performed in a dry run, and no example of its result can be made up",
            code="dry_run",
            detail="run it against a sandbox instead: --sandbox",
        )
    return sample


def printable(value: Any) -> JSON:
    """A body as a log line shows it: files by name and size, bytes by their number."""
    if isinstance(value, FileValue):
        return f"<{value.name}, {value.media_type}, {value.size} bytes>"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {str(key): printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(item) for item in value]
    return value
