"""How long the command takes to start: `recipe --version`, `recipe check`, `recipe run`, each against bare Python."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure

ROUNDS = 15
RECIPE = """\
slug: one
name: One step
description: Says hello.
category: bench
input_schema: {type: object, properties: {name: {type: string, default: Ada}}}
steps:
  - {id: hello, name: Hello, type: log, message: "Bonjour {{ name }}"}
output: {said: "Bonjour {{ name }}"}
"""


def measure() -> Iterator[Figure]:
    """Medians over rounds in which every command is run once, so that a busy moment hits all of them alike."""
    recipe = str(Path(sys.executable).with_name("recipe"))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.yml").write_text(RECIPE)
        cached = {**os.environ, "RECIPE_CACHE": f"{folder}/cache"}
        uncached = {**os.environ, "RECIPE_CACHE": "off"}
        commands = {
            "click": [sys.executable, "-c", "import click"],
            "version": [recipe, "--version"],
            "check": [recipe, "check", "one.yml"],
            "first check": [recipe, "check", "one.yml"],
            "run": [recipe, "run", "one.yml", "--json"],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(ROUNDS + 1):
            for name, command in commands.items():
                begun = time.perf_counter()
                env = uncached if name == "first check" else cached
                subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
                # The first round fills the caches of the file system and of compiled modules.
                if number:
                    taken[name].append(time.perf_counter() - begun)
    median = {name: statistics.median(times) for name, times in taken.items()}
    yield Figure("recipe --version", median["version"], "s", median["click"], "python -c 'import click'", at_most=1.5)
    yield Figure("recipe check, one file", median["check"], "s", at_most=0.25)
    yield Figure("the same, when it has changed", median["first check"], "s")
    yield Figure("recipe run, one step", median["run"], "s", at_most=0.4)
