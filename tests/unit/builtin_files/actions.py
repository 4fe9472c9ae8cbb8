"""Calling actions in tests."""

from __future__ import annotations

from typing import Any

from recipe_engine.plugin import Catalog, FileValue
from tests.support.action_context import ActionContext


async def perform(catalog: Catalog, context: ActionContext, action_name: str, /, **params: Any) -> dict[str, Any]:
    """The result of one action as JSON."""
    action = catalog.actions[action_name]
    result = await action.function(context, action.params_type.model_validate(params))
    return result.model_dump(mode="json")


async def saved(
    context: ActionContext, data: bytes, name: str, media_type: str = "application/octet-stream"
) -> FileValue:
    """A file in the context's blob store."""
    return await context.blobs.save_bytes(data, name, media_type)
