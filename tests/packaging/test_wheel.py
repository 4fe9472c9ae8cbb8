"""The wheel holds what an installation needs, and nothing else."""

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from recipe_engine.version import VERSION

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    [path] = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_version_is_the_constant_of_the_package(wheel):
    assert f"recipe_engine-{VERSION}-py3-none-any.whl" in Path(wheel.filename).name


def test_every_module_recipe_schema_page_and_need_is_inside(wheel):
    inside = set(wheel.namelist())
    expected = {str(path.relative_to(ROOT)) for path in (ROOT / "recipe_engine").rglob("*.py")}
    expected |= {str(path.relative_to(ROOT / "plugins")) for path in (ROOT / "plugins").rglob("*.py")}
    for folder in ("recipes", "schemas", "docs", "evals"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        expected |= {f"recipe_engine/_data/{path.relative_to(ROOT)}" for path in files}
    assert expected - inside == set()
    assert "recipe_engine/py.typed" in inside


def test_nothing_of_the_development_is_inside(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"recipe_engine", "recipe_plugins", f"recipe_engine-{VERSION}.dist-info"}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or name.endswith(".pyc")]


def test_the_command_and_the_connectors_are_entry_points(wheel):
    [name] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    points = configparser.ConfigParser()
    points.read_string(wheel.read(name).decode())
    assert points["console_scripts"]["recipe"] == "recipe_engine.cli.main:main"
    assert set(points["recipe_engine"]) >= {"hubspot", "clickup", "cloudflare_r2"}
    for target in points["recipe_engine"].values():
        assert f"{target.replace('.', '/')}/__init__.py" in wheel.namelist()
