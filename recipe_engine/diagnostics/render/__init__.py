"""Diagnostics as text for people, and as JSON, GitHub workflow commands and SARIF for machines.

The one rule: every format shows the same diagnostics in the same order, by file, then position.
"""

from recipe_engine.diagnostics.render.annotations import github
from recipe_engine.diagnostics.render.order import count, in_order
from recipe_engine.diagnostics.render.plain import text
from recipe_engine.diagnostics.render.records import json_
from recipe_engine.diagnostics.render.static_analysis import sarif

__all__ = ["count", "github", "in_order", "json_", "sarif", "text"]
