"""The step types that come with the engine, as plugins like any other.

The one rule: nothing here has a way into the engine that a third party's connector has not.
"""

from __future__ import annotations

from types import ModuleType

from recipe_engine.builtin import email, emit, files, http, llm, log, notify, pdf, store, web

PLUGINS: tuple[ModuleType, ...] = (llm, http, notify, email, log, emit, store, files, web, pdf)
