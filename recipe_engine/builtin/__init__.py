"""The step types that come with the engine, as plugins like any other.

The one rule: nothing here has a way into the engine that a third party's connector has not.
"""

from __future__ import annotations

from recipe_engine.plugin.catalog import Known

BUILTINS: tuple[Known, ...] = (
    Known("recipe_engine.builtin.llm", ("llm",), ("llm_call",)),
    Known("recipe_engine.builtin.http", ("http",)),
    Known("recipe_engine.builtin.notify", ("notify",)),
    Known("recipe_engine.builtin.email", ("email",)),
    Known("recipe_engine.builtin.log", ("log",)),
    Known("recipe_engine.builtin.emit", ("emit",)),
    Known("recipe_engine.builtin.store", ("store",)),
    Known("recipe_engine.builtin.files", ("file",)),
    Known("recipe_engine.builtin.web", ("html", "feed")),
    Known("recipe_engine.builtin.pdf", ("pdf",)),
)
