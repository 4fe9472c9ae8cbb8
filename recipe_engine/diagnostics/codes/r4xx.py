"""R4xx: actions, connectors, secrets and configuration."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = ()
