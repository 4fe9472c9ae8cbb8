"""One set of diagnostics, and the file each format makes of it. Run as a module, writes the files."""

from functools import partial
from pathlib import Path

from recipe_engine.diagnostics import render
from recipe_engine.source import load

GOLDENS = Path(__file__).parent
SOURCES = {
    "recipes/devis.yml": (
        "slug: devis-urgent\n"
        "name: Devis: urgent\n"
        "steps:\n"
        "  - id: prévenir\n"
        "    type: notify\n"
        "    to: {{ contact.email }}  # the customer\n"
        "    phone: 0612345678\n"
        "    type: log\n"
    ),
    "recipes/bad.yml": "steps:\n\t- id: a\n",
}
SAMPLE = [problem for file, text in SOURCES.items() for problem in load(text, file)[1]]
FORMATS = {
    "sample.txt": partial(render.text, SAMPLE, SOURCES, color=False),
    "sample.ansi": partial(render.text, SAMPLE, SOURCES, color=True),
    "sample.json": partial(render.json_, SAMPLE),
    "sample.github": partial(render.github, SAMPLE),
    "sample.sarif": partial(render.sarif, SAMPLE),
}
