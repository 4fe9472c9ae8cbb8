"""A broken third-party plugin is a warning that names its distribution; everything else works."""

from pathlib import Path

import pytest

from recipe_engine.builtin import BUILTINS
from recipe_engine.plugin.loading import load_catalog

GOOD = """
from recipe_engine.plugin import Connector, Context, Params, hookimpl

weather = Connector(name="weather", title="Weather")

class Place(Params):
    city: str

@weather.action(effect="read")
async def today(ctx: Context, params: Place) -> dict[str, str]:
    '''The weather of today.'''
    return {"city": params.city}

@hookimpl
def register_connectors():
    return [weather]
"""

BROKEN = {
    "import_error": ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
    "raises_on_import": ("raise RuntimeError('not today')", "RuntimeError: not today"),
    "syntax_error": ("def register(:", "SyntaxError"),
    "raises_when_asked": (
        "from recipe_engine.plugin import hookimpl\n@hookimpl\ndef register_connectors():\n    raise KeyError('api')",
        "KeyError: 'api'",
    ),
    "gives_something_else": (
        "from recipe_engine.plugin import hookimpl\n@hookimpl\ndef register_connectors():\n    return ['x']",
        "TypeError: register_connectors gave 'x', which is not a Connector",
    ),
    "takes_a_name": (
        "from recipe_engine.plugin import Connector, hookimpl\n@hookimpl\ndef register_connectors():\n"  # noqa: ISC004
        "    return [Connector(name='http', title='Mine')]",
        "ValueError: there is a connector 'http' already",
    ),
    "unknown_hook": (
        "from recipe_engine.plugin import hookimpl\n@hookimpl\ndef register_conectors():\n    return []",
        "TypeError: it implements register_conectors, which is not a hook",
    ),
    "wrong_arguments": (
        "from recipe_engine.plugin import hookimpl\n@hookimpl\ndef resolve_secret(nom):\n    return None",
        "PluginValidationError",
    ),
}


def install(folder: Path, distribution: str, module: str, text: str) -> None:
    """Put a distribution where the interpreter finds it, as an installer would."""
    (folder / f"{module}.py").write_text(text)
    info = folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[recipe_engine]\n{module} = {module}\n")


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_a_warning_that_names_its_distribution(site, kind):
    text, problem = BROKEN[kind]
    module = f"broken_{kind}"
    install(site, "recipe-broken", module, text)
    install(site, "recipe-weather", f"weather_beside_{kind}", GOOD)
    loaded = load_catalog(known=BUILTINS)
    (warning,) = loaded.warnings
    assert (warning.plugin, warning.distribution) == (module, "recipe-broken 1.2")
    assert problem in warning.problem
    assert str(warning).startswith(f"plugin {module} of recipe-broken 1.2 is left out: ")
    assert "weather.today" in loaded.catalog.actions
    assert "http" in loaded.catalog.actions
    assert not loaded.manager.has_plugin(module)


def test_a_plugin_that_works_is_no_warning(site):
    install(site, "recipe-weather", "weather_alone", GOOD)
    loaded = load_catalog(known=BUILTINS)
    assert loaded.warnings == ()
    assert loaded.catalog.actions["weather.today"].summary == "The weather of today."
