"""R5xx: the flow: unreachable steps, unbounded loops, recursion."""

from __future__ import annotations

from recipe_engine.diagnostics.codes.code import Code

CODES: tuple[Code, ...] = ()
