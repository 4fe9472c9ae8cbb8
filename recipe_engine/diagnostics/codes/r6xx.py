"""R6xx: models and money."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = ()
