"""Pages of the documentation, run as a reader would.

A page is worked through from top to bottom in one empty folder:

    ```yaml recipes/quote.yml      the block is written to that file (```python test_quote.py as well)
    ```console                     lines after `$ ` are typed; what follows is what must appear, `...` standing for anything
    ```python                      the block is run as a script; a final comment block `# prints: ...` is its output

A block marked `no-run` is only shown.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<language>\w+)(?: (?P<rest>[^\n]*))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ ")
# What differs from run to run: moments, how long something took, names of runs, identifiers of messages.
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "DATE"),
    (re.compile(r"\d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"  \d+\.\d+ s\b"), ""),
    (re.compile(r"\b\d+ ms\b|\d+\.\d+ s\b"), "TOOK"),
    (re.compile(r"\b0[0-9a-z]{15}\b"), "RUN"),
    (re.compile(r"<[0-9a-f]{32}@"), "<ID@"),
    (re.compile(r"\bPython \d+\.\d+\.\d+"), "PYTHON"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what follows on the fence's line, its text, and where it stands."""

    language: str
    rest: str
    body: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(
            found["language"], (found["rest"] or "").strip(), found["body"], text.count("\n", 0, found.start()) + 1
        )


def work_through(page: Path, folder: Path) -> int:
    """Do what the page says in `folder`; gives how many blocks were run. AssertionError where the page is wrong."""
    done = 0
    for block in blocks(page):
        place = f"{page.name}:{block.line}"
        if block.rest == "no-run":
            continue
        if block.language in ("yaml", "python") and block.rest:
            path = folder / block.rest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.language == "console":
            for command, expected in commands(block.body):
                compare(f"{place}: {command}", expected, typed(command, folder))
        elif block.language == "python":
            expected = "\n".join(
                line.removeprefix("# prints: ") for line in block.body.splitlines() if "# prints: " in line
            )
            script = folder / "example.py"
            script.write_text(block.body, encoding="utf-8")
            compare(place, expected, typed(f"{sys.executable} {script}", folder))
        else:
            continue
        done += 1
    return done


def commands(body: str) -> Iterator[tuple[str, str]]:
    """What is typed, with what should appear after it. A line that ends in a backslash goes on in the next."""
    command, shown = "", []
    for line in body.splitlines():
        if _COMMAND.match(line):
            if command:
                yield command, "\n".join(shown)
            command, shown = line[2:], []
        elif command.endswith("\\") and not shown:
            command = f"{command[:-1].rstrip()} {line.strip()}"
        else:
            shown.append(line)
    if command:
        yield command, "\n".join(shown)


def typed(command: str, folder: Path) -> str:
    """What a terminal of a hundred columns shows for a command line: both streams, in the order in which they came."""
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "LC_ALL", "TMPDIR")}
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=kept
        | {
            "PATH": tools,
            "COLUMNS": "100",
            "PYTHONUTF8": "1",
            "TZ": "Europe/Paris",
            "RECIPE_CACHE": f"{folder}/.cache",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ended.stdout


def compare(place: str, expected: str, found: str) -> None:
    """AssertionError, showing the difference, unless the output is what the page says."""
    want, got = f"{_tidy(expected)}\n", f"{_tidy(found)}\n"
    checker = doctest.OutputChecker()
    assert not _tidy(expected) or checker.check_output(want, got, doctest.ELLIPSIS), (
        f"{place}\n--- the page says\n{want}\n--- it prints\n{got}"
    )


def _tidy(text: str) -> str:
    """Without what differs from run to run, without trailing spaces and empty lines at the ends."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
