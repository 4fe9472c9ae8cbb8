"""Writes the files that are made from the code; `--check` says which of them no longer follow from it.

python -m scripts.generate
python -m scripts.generate --check
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent


def _cli() -> str:
    from scripts.cli_reference import markdown

    return markdown()


def _diagnostics() -> str:
    from recipe_engine.diagnostics.docs import markdown

    return markdown()


def _functions() -> str:
    from recipe_engine.expr.reference import markdown

    return markdown()


def _actions() -> str:
    from scripts.actions_reference import markdown

    return markdown()


def _schema() -> str:
    from recipe_engine.editor_schema import shipped_catalog, text

    return text(shipped_catalog())


def _test_files() -> str:
    from recipe_engine.testing.reference import markdown

    return markdown()


def _test_schema() -> str:
    from recipe_engine.testing.reference import schema_text

    return schema_text()


def _needs_files() -> str:
    from recipe_engine.evaluate.reference import markdown

    return markdown()


def _needs_schema() -> str:
    from recipe_engine.evaluate.reference import schema_text

    return schema_text()


GENERATED: Mapping[str, Callable[[], str]] = {
    "docs/reference/cli.md": _cli,
    "docs/reference/diagnostics.md": _diagnostics,
    "docs/reference/functions.md": _functions,
    "docs/reference/actions.md": _actions,
    "docs/reference/test-files.md": _test_files,
    "docs/reference/needs-files.md": _needs_files,
    "schemas/recipe.schema.json": _schema,
    "schemas/test.schema.json": _test_schema,
    "schemas/needs.schema.json": _needs_schema,
}


def stale() -> list[str]:
    """The generated files whose text no longer follows from the code, missing ones included."""
    return [name for name, make in GENERATED.items() if _read(ROOT / name) != make()]


def write() -> list[str]:
    """Write what is stale; gives the names of what was written."""
    names = stale()
    for name in names:
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GENERATED[name](), encoding="utf-8")
    return names


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: list[str]) -> int:
    """Write or check; gives the exit code."""
    if arguments == ["--check"]:
        names = stale()
        for name in names:
            print(f"{name} no longer follows from the code: run `make generate`")
        return 1 if names else 0
    for name in write():
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
