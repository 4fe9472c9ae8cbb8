"""R3xx: the shape of the recipe and of its steps."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = ()
