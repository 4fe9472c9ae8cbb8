"""Parts of a document of tests or needs as their models; what does not fit is reported where it stands.

The one rule: a part that cannot be read is left out and never stops the others.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from recipe_engine.model.problems import Path, Problems
from recipe_engine.model.values import shown

M = TypeVar("M", bound=BaseModel)


class Builder:
    """Builds models and keeps the `problems` met on the way."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def items(self, model: type[M], value: Any, path: Path, owner: str) -> Any:
        """The items of a list that could be read; the others were reported. What is no list is left to its owner."""
        if not isinstance(value, list):
            return value
        read = [self.build(model, item, (*path, index), owner) for index, item in enumerate(value)]
        return [item for item in read if item is not None]

    def build(self, model: type[M], data: Any, path: Path, owner: str) -> M | None:
        """The model of an object, None when it was reported."""
        if not isinstance(data, dict):
            self.problems.add("R703", f"found {shown(data)}, expected an object", path)
            return None
        try:
            return model.model_validate(data)
        except ValidationError as error:
            self.problems.refused(error, model, data, path, owner)
            return None
