"""R2xx: references and types in expressions."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = ()
