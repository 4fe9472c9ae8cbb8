"""Writes what is shown of every example: `python -m tests.diagnostics.regenerate`."""

from tests.diagnostics.rendering import CASES, rendered

if __name__ == "__main__":
    for case in CASES:
        case.with_suffix(".txt").write_text(rendered(case), encoding="utf-8")
