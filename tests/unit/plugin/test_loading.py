"""Loading plugins: the engine's own, announced ones, a source checkout's; a broken one costs only itself."""

from types import SimpleNamespace
from typing import Any

import pytest

from recipe_engine.builtin import BUILTINS
from recipe_engine.plugin import Connector, Context, Params, hookimpl
from recipe_engine.plugin.loading import load_catalog


class Nothing(Params):
    pass


def plugin(*connectors: Connector, functions: tuple[Any, ...] = ()) -> Any:
    class Plugin:
        @hookimpl
        def register_connectors(self) -> list[Connector]:
            return list(connectors)

        @hookimpl
        def register_expr_functions(self) -> list[Any]:
            return list(functions)

    return Plugin()


def connector(name: str, action: str = "go") -> Connector:
    made = Connector(name=name, title=name)

    @made.action(effect="read", name=action)
    async def go(ctx: Context, params: Nothing) -> dict[str, Any]:
        """Go."""
        return {}

    return made


def test_the_builtin_steps_and_the_connectors_of_the_checkout_are_there():
    loaded = load_catalog(known=BUILTINS)
    assert {"http", "notify", "log", "emit", "llm_call", "hubspot.create_ticket"} <= loaded.catalog.actions.keys()
    assert {"email", "hubspot", "clickup", "cloudflare_r2"} <= loaded.catalog.connectors.keys()
    assert loaded.warnings == ()


def test_extra_plugins_are_loaded_and_their_functions_collected():
    loaded = load_catalog([plugin(connector("a")), plugin(connector("b"), functions=("f",))])
    assert {"a.go", "b.go"} <= loaded.catalog.actions.keys()
    assert "f" in loaded.functions


def test_the_manager_knows_the_other_hooks():
    class Vault:
        @hookimpl
        def resolve_secret(self, name: str) -> str | None:
            return {"A": "from the vault"}.get(name)

    manager = load_catalog([Vault()]).manager
    assert manager.hook.resolve_secret(name="A") == "from the vault"
    assert manager.hook.resolve_secret(name="B") is None


def test_a_plugin_of_the_engine_may_not_be_broken():
    with pytest.raises(ValueError, match="there is a connector 'a' already"):
        load_catalog([plugin(connector("a")), plugin(connector("a"))])
    with pytest.raises(ValueError, match="there is a connector 'a' already"):
        load_catalog([plugin(connector("a"), connector("a"))])


def test_two_actions_of_one_name_are_refused():
    twice = [connector("a"), connector("b")]
    twice[1].actions["a.go"] = twice[0].actions["a.go"]
    with pytest.raises(ValueError, match=r"there is an action 'a\.go' already"):
        load_catalog([plugin(*twice)])


def test_what_is_no_connector_is_refused():
    with pytest.raises(TypeError, match="not a Connector"):
        load_catalog([plugin(SimpleNamespace(name="x"))])  # type: ignore[arg-type]


async def test_a_function_of_a_plugin_is_checked_and_runs(tmp_path, monkeypatch):
    from recipe_engine import Engine
    from recipe_engine.plugin import function

    def shouted(text: str) -> str:
        return f"{text.upper()} !"

    added = function("shout(value: text) -> text", "In capitals.", ("'oh' | shout", "OH !"), shouted)
    recipe = tmp_path / "loud.yml"
    recipe.write_text(
        "slug: loud\nname: Loud\ndescription: Shouts.\ncategory: test\n"
        "steps:\n  - {id: a, name: A, type: set, values: {a: \"{{ 'oh' | shout }}\"}}\n"
    )
    found = load_catalog([plugin(functions=(added,))], known=BUILTINS)
    monkeypatch.setattr("recipe_engine.installed.installed", lambda: found)
    engine = Engine(":memory:")
    async with engine:
        assert (await engine.run(recipe)).output == {"a": "OH !"}
