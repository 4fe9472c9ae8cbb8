"""An outcome is used again only when nothing that it depends on has changed."""

import pytest

from recipe_engine.builtin.llm.action import llm
from recipe_engine.check_cache import CheckCache, Checked, fingerprint
from recipe_engine.compile import compile_recipe
from recipe_engine.plugin import Catalog
from tests.unit.compile.support import CATALOG, builtin, desk, document, recipe
from tests.unit.compile.test_checks import REFUND

TEXT = recipe("steps: [{id: a, type: recipe, recipe: refund, with: {amount: 5}}, {id: b, type: wait, event: c}]")
FILE = "test.yml"


def read(slug: str) -> str | None:
    return REFUND if slug == "refund" else None


def checked(text: str = TEXT) -> Checked:
    plan, diagnostics = compile_recipe(document(text), CATALOG, resolve_recipe=lambda slug: document(REFUND, slug))
    return Checked(plan, diagnostics, {"refund": REFUND})


@pytest.fixture
def cache(tmp_path) -> CheckCache:
    return CheckCache(tmp_path / "cache", fingerprint(CATALOG))


def entries(cache) -> list:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def test_what_was_kept_is_given_back(cache):
    assert cache.get(FILE, TEXT, read) is None
    outcome = checked()
    assert outcome.plan is not None
    assert [item.code for item in outcome.diagnostics] == ["R509"]
    cache.put(FILE, TEXT, outcome)
    kept = cache.get(FILE, TEXT, read)
    assert kept is not None
    assert (kept.plan, kept.diagnostics) == (outcome.plan, outcome.diagnostics)
    assert cache.diagnostics(FILE, TEXT, read) == outcome.diagnostics


def test_an_outcome_with_errors_is_kept_too(cache):
    outcome = checked(recipe("steps: []"))
    assert outcome.plan is None
    cache.put(FILE, "text", outcome)
    kept = cache.get(FILE, "text", read)
    assert kept is not None
    assert (kept.plan, kept.diagnostics) == (None, outcome.diagnostics)


def test_another_text_or_name_is_another_entry(cache):
    cache.put(FILE, TEXT, checked())
    assert cache.get(FILE, TEXT + "# changed\n", read) is None
    assert cache.get("other.yml", TEXT, read) is None


def test_a_changed_called_recipe_makes_the_entry_useless(cache):
    cache.put(FILE, TEXT, checked())
    assert cache.get(FILE, TEXT, lambda _: REFUND + "# changed\n") is None
    assert cache.get(FILE, TEXT, lambda _: None) is None
    assert cache.get(FILE, TEXT, read) is not None


def test_another_catalog_sees_other_entries(cache):
    cache.put(FILE, TEXT, checked())
    assert CheckCache(cache.folder, fingerprint(Catalog.of([desk]))).get(FILE, TEXT, read) is None
    assert CheckCache(cache.folder, fingerprint(Catalog.of([builtin, desk, llm]))).get(FILE, TEXT, read) is not None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"called": {}, "plan": 5, "diagnostics": []}', b"\xff"])
def test_a_corrupt_entry_is_no_entry_and_is_written_anew(cache, content):
    cache.put(FILE, TEXT, checked())
    [entry] = entries(cache)
    entry.write_bytes(content)
    assert cache.get(FILE, TEXT, read) is None
    cache.put(FILE, TEXT, checked())
    assert cache.get(FILE, TEXT, read) is not None
    assert entries(cache) == [entry]


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path):
    (tmp_path / "cache").write_text("a file")
    cache = CheckCache(tmp_path / "cache", "x")
    cache.put(FILE, TEXT, checked())
    assert cache.get(FILE, TEXT, read) is None
