"""Where the recipes and schemas that come with the package are.

The one rule: an installed wheel keeps them under `recipe_engine/_data/`, a source checkout in its own `recipes/` and
`schemas/` folders; nobody else needs to know which.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _folder(name: str) -> Path:
    bundled = _PACKAGE / "_data" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name


def recipes_dir() -> Path:
    """The folder of the bundled recipes: one sub-folder per pack."""
    return _folder("recipes")


def schemas_dir() -> Path:
    """The folder of the generated JSON Schemas."""
    return _folder("schemas")


def evals_dir() -> Path:
    """The folder of the bundled needs for `recipe eval`."""
    return _folder("evals")


def docs_dir() -> Path:
    """The folder of the documentation: pages in Markdown."""
    return _folder("docs")


def bundled_recipes() -> dict[str, Path]:
    """Every bundled recipe by its slug, which is its file's name; sorted by slug."""
    return {
        path.stem: path for path in sorted(recipes_dir().glob("*/*.yml"), key=lambda path: path.stem) if is_recipe(path)
    }


def is_recipe(path: Path) -> bool:
    """Whether a file is named like a recipe: `<slug>.yml`, where `<slug>.<word>.yml` is something about one (its tests,
    the answers of its demonstration)."""
    return path.suffix in {".yml", ".yaml"} and "." not in path.stem
