"""Finding recipes: a path is itself, a slug is looked for near the recipe that names it, in the project, in the package.

The one rule: the same name finds the same file for a person at the command and for a `recipe` step.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from recipe_engine.errors import RecipeNotFound
from recipe_engine.resources import bundled_recipes, is_recipe

if TYPE_CHECKING:
    from recipe_engine.diagnostics import Diagnostic
    from recipe_engine.source import Document

_SUFFIXES = (".yml", ".yaml")


class Library:
    """The recipes within reach of a working folder. A file is read again when it has changed; `texts` keeps what was
    read, by file name."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path()
        self._read: dict[Path, tuple[object, Document | None, list[Diagnostic]]] = {}
        self.texts: dict[str, str] = {}

    def find(self, name: str | Path) -> Path:
        """The file of a path or a slug.

        Raises RecipeNotFound, naming what was probably meant.
        """
        path = Path(name)
        if path.is_file():
            return path
        if isinstance(name, Path) or path.suffix in _SUFFIXES or len(path.parts) > 1:
            raise _no_file(path)
        found = self._project.get(str(name)) or self._bundled.get(str(name))
        if found is None:
            raise self._no_slug(str(name))
        return found

    def near(self, slug: str, beside: Path | None) -> Path | None:
        """The file of a slug as a recipe in the folder `beside` means it; None when there is none."""
        if beside is not None:
            for suffix in _SUFFIXES:
                path = beside / f"{slug}{suffix}"
                if path.is_file():
                    return path
        return self._project.get(slug) or self._bundled.get(slug)

    def read(self, path: Path) -> tuple[Document | None, list[Diagnostic]]:
        """The document of a file, and what is wrong with its text; see `source.load_file`."""
        version = _version(path)
        if path not in self._read or self._read[path][0] != version:
            from recipe_engine.source import load_file

            document, problems = load_file(path)
            if document is not None:
                self.texts[document.file] = document.text
            elif path.is_file():
                self.texts[str(path)] = path.read_bytes().decode("utf-8", "replace")
            self._read[path] = (version, document, problems)
        return self._read[path][1:]

    def text(self, path: Path) -> str | None:
        """The text of a file as it is now, None when it cannot be read as text."""
        try:
            text = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        self.texts[str(path)] = text
        return text

    def slugs(self) -> list[str]:
        """Every slug within reach, sorted."""
        return sorted({*self._project, *self._bundled})

    @cached_property
    def _project(self) -> dict[str, Path]:
        folder = self._folder / "recipes"
        return {path.stem: path for path in recipe_files(folder)} if folder.is_dir() else {}

    @cached_property
    def _bundled(self) -> dict[str, Path]:
        return bundled_recipes()

    def _no_slug(self, slug: str) -> RecipeNotFound:
        from recipe_engine.diagnostics.suggest import suggest

        near = suggest(slug, self.slugs())
        hint = f"did you mean {near}?" if near else f"there are {_listed(self.slugs())}; or give the path of a file"
        return RecipeNotFound(f"there is no recipe {slug!r}", hint)


def _version(path: Path) -> object:
    """What changes when a file does; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def recipe_files(folder: Path) -> list[Path]:
    """Every recipe below a folder, sorted; hidden folders are left out."""
    return sorted(
        path
        for suffix in _SUFFIXES
        for path in folder.rglob(f"*{suffix}")
        if is_recipe(path) and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _no_file(path: Path) -> RecipeNotFound:
    if path.is_dir():
        return RecipeNotFound(f"{path} is a folder", "give the path of a recipe, or a slug")
    folder = path.parent
    if not folder.is_dir():
        return RecipeNotFound(f"there is no file {path}: the folder {folder} does not exist")
    from recipe_engine.diagnostics.suggest import suggest

    near = suggest(path.name, (other.name for other in folder.iterdir() if other.suffix in _SUFFIXES))
    return RecipeNotFound(f"there is no file {path}", f"did you mean {folder / near}?" if near else None)


def _listed(names: Iterable[str], most: int = 8) -> str:
    listed = list(names)
    shown = ", ".join(listed[:most])
    return f"{shown} and {len(listed) - most} more" if len(listed) > most else shown or "none"
