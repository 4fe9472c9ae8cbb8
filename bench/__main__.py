"""`make bench`: every figure beside its reference, both measured in the same minutes on the same machine.

    python -m bench                 everything
    python -m bench startup         the parts whose names are given

A part is a module of this folder with a function `measure` that gives figures.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, show

NOT_PARTS = {"__init__", "__main__", "figures"}


def parts() -> list[str]:
    """The names of the parts, in alphabetical order."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    return [name for name in names if name not in NOT_PARTS and _measures(name)]


def _measures(name: str) -> bool:
    return "def measure(" in (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")


def run(names: list[str]) -> Iterator[Figure]:
    """The figures of the parts, printed as they come."""
    for name in names:
        print(f"\n{name}", flush=True)
        for figure in importlib.import_module(f"bench.{name}").measure():
            show(figure)
            yield figure


def main(arguments: list[str]) -> int:
    """Measure; the exit code is 1 when a target is missed."""
    names = arguments or parts()
    unknown = set(names) - set(parts())
    if unknown:
        print(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(parts())}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    missed = [figure for figure in run(names) if not figure.reached]
    print(f"\n{len(missed)} targets missed" if missed else "\nevery target reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
