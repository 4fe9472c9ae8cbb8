"""Happenings as they come: lines for a file or a pipe, JSON lines for a program, live on a terminal.

The one rule: progress goes to the error stream, whatever its form, so that the output stream carries the result alone.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Literal, Protocol

import click

from recipe_engine.cli.show.narrate import Happening, What
from recipe_engine.cli.show.words import clock, duration

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.live import Live

Form = Literal["auto", "live", "plain", "json", "none"]

_WORDS: dict[What, str] = {"in_doubt": "in doubt", "running": "started"}
_MARKS: dict[What, tuple[str, str]] = {
    "started": ("▶", "bold"),
    "running": ("·", "dim"),
    "done": ("✓", "green"),
    "skipped": ("○", "dim"),
    "reused": ("↺", "cyan"),
    "failed": ("✗", "red"),
    "retry": ("↻", "yellow"),
    "waiting": ("◷", "yellow"),
    "in_doubt": ("?", "magenta"),
    "branch": ("→", "cyan"),
    "loop": ("⟳", "cyan"),
    "note": ("·", "cyan"),
    "succeeded": ("✓", "bold green"),
    "cancelled": ("✗", "yellow"),
    "paused": ("‖", "yellow"),
}
_WIDEST_PATH = 28


class Progress(Protocol):
    """Shows happenings; `close` leaves the terminal as it was."""

    def show(self, happening: Happening) -> None: ...

    def close(self) -> None: ...


def progress(form: Form) -> Progress:
    """The way to show progress: `auto` is live on a terminal and plain elsewhere."""
    if form == "auto":
        form = "live" if sys.stderr.isatty() and _can_live() else "plain"
    match form:
        case "live":
            return LiveProgress()
        case "json":
            return JSONProgress()
        case "none":
            return NoProgress()
        case _:
            return PlainProgress()


def _can_live() -> bool:
    """Whether the terminal moves its cursor and its encoding has our marks."""
    import os

    encoding = (sys.stderr.encoding or "").lower().replace("-", "")
    return os.environ.get("TERM") != "dumb" and encoding.startswith("utf")


class NoProgress:
    """Shows nothing."""

    def show(self, happening: Happening) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing to leave."""


class JSONProgress:
    """One JSON object a line."""

    def show(self, happening: Happening) -> None:
        """Write the happening."""
        click.echo(json.dumps(happening.to_json(), ensure_ascii=False), err=True)

    def close(self) -> None:
        """Nothing to leave."""


class PlainProgress:
    """One line a happening; a step's start is left to its end."""

    def show(self, happening: Happening) -> None:
        """Write the happening, unless it is only a start."""
        if happening.what == "running":
            return
        word = _WORDS.get(happening.what, happening.what)
        subject = happening.path or "run"
        rest = "  ".join(part for part in (happening.name, _took(happening), happening.text) if part)
        click.echo(f"{clock(happening.at)}  {word:<9}  {subject:<{_WIDEST_PATH - 8}}  {rest}".rstrip(), err=True)

    def close(self) -> None:
        """Nothing to leave."""


class LiveProgress:
    """On a terminal: what happened as lines that stay, what is under way below them with its time running."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._running: dict[str, tuple[Happening, float]] = {}

    def show(self, happening: Happening) -> None:
        """Write the happening, and keep the lines below of what is under way."""
        if happening.what == "running":
            self._running[happening.path] = (happening, time.monotonic())
            self._start()
            return
        self._running.pop(happening.path, None)
        if not self._running or not happening.path:
            self.close()
        self._console.print(_line(happening))

    def close(self) -> None:
        """Take away the lines of what was under way."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _start(self) -> None:
        if self._live is None:
            from rich.live import Live

            self._live = Live(
                get_renderable=self._under_way, console=self._console, refresh_per_second=10, transient=True
            )
            self._live.start()

    def _under_way(self) -> Group:
        from rich.console import Group
        from rich.spinner import Spinner
        from rich.text import Text

        now = time.monotonic()
        rows: list[RenderableType] = [
            Spinner("dots", Text(f"{begun.path}  {begun.name}  {duration(now - since)}", "dim", no_wrap=True))
            for begun, since in list(self._running.values())[:8]
        ]
        hidden = len(self._running) - len(rows)
        if hidden > 0:
            rows.append(Text(f"  and {hidden} more", "dim"))
        return Group(*rows)


def _line(happening: Happening) -> RenderableType:
    """A happening as a row whose text is wrapped beside its mark and path."""
    from rich.table import Table
    from rich.text import Text

    mark, style = _MARKS[happening.what]
    row = Table.grid(padding=(0, 1))
    row.add_column(width=1)
    row.add_column(min_width=min(_WIDEST_PATH, max(16, len(happening.path))), no_wrap=True, overflow="ellipsis")
    row.add_column(overflow="fold")
    text = Text(happening.name)
    for part, part_style in (
        (_took(happening), "dim"),
        (happening.text, style if happening.what == "failed" else "dim"),
    ):
        if part:
            text.append("  " if text else "").append(part, part_style)
    subject = happening.path or ("run" if happening.what == "started" else happening.what)
    row.add_row(Text(mark, style), Text(subject, "" if happening.path else style), text)
    return row


def _took(happening: Happening) -> str:
    return duration(happening.seconds) if happening.seconds is not None and happening.seconds >= 0.005 else ""
