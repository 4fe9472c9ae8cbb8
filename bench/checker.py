"""How fast recipes are checked: new ones, unchanged ones, and one of ten thousand steps."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from recipe_engine.engine import Engine

RECIPES = 150
LONG = 10_000
HEAD = """\
slug: {slug}
name: Request
description: Classifies a request, opens a ticket and tells the team.
category: bench
input_schema:
  type: object
  required: [email, message]
  properties:
    email: {{type: string, format: email}}
    message: {{type: string}}
    company: {{type: string, default: ""}}
limits: {{cost: 0.50 USD}}
steps:
"""
BODY = """\
  - id: classify{n}
    name: Classify
    type: llm_call
    complexity: classify
    system_prompt: Sort the request.
    user_prompt: "{{{{ company }}}} writes: {{{{ message }}}} (request {n} of {slug})"
    output_schema:
      type: object
      required: [category, confidence]
      properties:
        category: {{enum: [support, modelling]}}
        confidence: {{type: number}}
  - id: route{n}
    name: Route
    type: branch
    cases:
      - when: classify{n}.confidence >= 0.7 and classify{n}.category == 'modelling'
        steps:
          - id: modelling{n}
            name: Note it
            type: set
            values: {{kind: modelling, note: "{{{{ classify{n}.category | upper }}}}"}}
    else:
      - id: support{n}
        name: Note it
        type: set
        values: {{kind: support, note: "{{{{ message | lower }}}}"}}
  - id: contact{n}
    name: Find the contact
    type: hubspot.find_or_create_contact
    with: {{email: "{{{{ email }}}}", company: "{{{{ company }}}}"}}
"""
TAIL = """\
  - id: ticket
    name: Open a ticket
    type: hubspot.create_ticket
    if: contact0.id is defined
    with:
      subject: "{{{{ classify0.category }}}}: {{{{ message | truncate(60) }}}}"
      contact_id: "{{{{ contact0.id }}}}"
  - id: warn
    name: Tell the team
    type: notify
    channels: [email]
    to: team@example.org
    subject: "{{{{ classify0.category }}}}"
    message: "{{{{ email }}}} writes: {{{{ message }}}}"
output:
  category: "{{{{ classify0.category }}}}"
  contact: "{{{{ contact0.id }}}}"
"""


def text(slug: str, parts: int = 1) -> str:
    """A recipe of about sixty lines, or one with many times its first steps."""
    body = "".join(BODY.format(n=n, slug=slug) for n in range(parts))
    return HEAD.format(slug=slug) + body + TAIL.format()


def measure() -> Iterator[Figure]:
    """Recipes a second, in one process that has checked one before."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        files = [folder / f"recipe-{number}.yml" for number in range(RECIPES)]
        for file in files:
            file.write_text(text(file.stem))
        env = {**os.environ, "RECIPE_CACHE": str(folder / "cache")}
        _check(Engine(env={}), files[:1])
        taken = _check(Engine(env={}), files)
        lines = len(text("x").splitlines())
        yield Figure(f"recipes of {lines} lines checked, new", RECIPES / taken, "/s", at_least=150)
        _check(Engine(env=env), files)
        yield Figure("the same, unchanged", RECIPES / _check(Engine(env=env), files), "/s", at_least=5000)
        yield from _long(folder)


def _check(engine: Engine, files: list[Path]) -> float:
    """Seconds that checking the files takes; none of them may have a problem."""
    begun = time.perf_counter()
    for file in files:
        problems = engine.check(file)
        assert not [problem for problem in problems if problem.severity == "error"], problems
    return time.perf_counter() - begun


def _long(folder: Path) -> Iterator[Figure]:
    file = folder / "long.yml"
    steps_of_a_part = 5
    file.write_text(text("long", LONG // steps_of_a_part))
    yield Figure("one recipe of 10,000 steps", _check(Engine(env={}), [file]), "s", at_most=5)
