"""The folder of a connector that was added to a project: what it is called, and reading its `connector.yml`.

The one rule: whatever is wrong with a folder is one RecipeError that names the file and the field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recipe_engine.errors import RecipeError

CONFIG = "connector.yml"
NAME = r"^[a-z][a-z0-9_]*$"
_SHOWN = 3


class Limit(BaseModel):
    """At most `count` requests in `per` seconds."""

    model_config = ConfigDict(extra="forbid")
    count: int = Field(ge=1)
    per: float = Field(gt=0)


class _Named(Protocol):
    name: str


C = TypeVar("C", bound=BaseModel)
T = TypeVar("T", bound=_Named)


def read_folder(folder: Path, config_type: type[C], make: Callable[[C], T]) -> T:
    """The connector of a folder, made from what its `connector.yml` says.

    Raises RecipeError when it cannot be used.
    """
    import yaml

    path = folder / CONFIG
    try:
        made = make(config_type.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise RecipeError(f"{path}: {place}{': ' if place else ''}{first['msg']}") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path} is not YAML: {' '.join(str(error).split())[:200]}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"the connector in {folder} cannot be read: {error}") from error
    if made.name != folder.name:
        raise RecipeError(f"{path}: name: found {made.name}, expected the folder's name, {folder.name}")
    return made


def counted(items: Sequence[object], word: str) -> str:
    """`3 operations`."""
    return f"{len(items)} {word}{'s' if len(items) > 1 else ''}"


def some(items: Sequence[str]) -> str:
    """The first of the items, separated by commas."""
    return f"{', '.join(items[:_SHOWN])}, ..." if len(items) > _SHOWN else ", ".join(items)
