"""Rows in columns that fit the terminal: the last column is wrapped, the others keep their width."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

import click

_NARROWEST = 24


def columns(rows: Sequence[Sequence[str]], *, indent: str = "  ", bold_first: bool = False) -> str:
    """The rows as lines. On a narrow terminal the last column goes below the others."""
    if not rows:
        return ""
    width = shutil.get_terminal_size((100, 24)).columns
    sizes = [max(_width(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    left = len(indent) + sum(size + 2 for size in sizes)
    below = width - left < _NARROWEST
    margin = indent + "    " if below else " " * left
    lines: list[str] = []
    for row in rows:
        cells = [cell + " " * (size - _width(cell)) for cell, size in zip(row, sizes, strict=False)]
        if bold_first and cells:
            cells[0] = click.style(cells[0], bold=True)
        head = indent + "".join(f"{cell}  " for cell in cells)
        wrapped = textwrap.wrap(row[-1], max(_NARROWEST, width - len(margin)), break_on_hyphens=False) or [""]
        lines += [head.rstrip(), *(margin + line for line in wrapped)] if below else [
            (head + wrapped[0]).rstrip(), *(margin + line for line in wrapped[1:])
        ]  # fmt: skip
    return "\n".join(line for line in lines if line.strip())


def _width(cell: str) -> int:
    """How many columns a cell takes; colours take none."""
    return len(click.unstyle(cell))
