"""An outcome is used again only when nothing that it depends on has changed."""

import pytest

from recipe_engine.compile import CheckCache, compile_text, fingerprint
from recipe_engine.plugin import Catalog
from tests.unit.compile.support import CATALOG, builtin, desk, document, recipe
from tests.unit.compile.test_checks import REFUND

TEXT = recipe("steps: [{id: a, type: recipe, recipe: refund, with: {amount: 5}}, {id: b, type: wait, event: c}]")


@pytest.fixture
def cache(tmp_path) -> CheckCache:
    return CheckCache(tmp_path / "cache", fingerprint(CATALOG))


def compiled(cache, text=TEXT, file="test.yml", refund=REFUND):
    return compile_text(text, file, CATALOG, cache=cache, resolve_recipe=lambda slug: document(refund, f"{slug}.yml"))


def entries(cache) -> list:
    return sorted(cache.folder.rglob("*.json"))


def test_the_second_time_the_outcome_is_the_same(cache):
    first = compiled(cache)
    assert first[0] is not None
    assert [item.code for item in first[1]] == ["R509"]
    assert len(entries(cache)) == 1
    assert compiled(cache) == first
    assert len(entries(cache)) == 1


def test_an_outcome_with_errors_is_kept_too(cache):
    first = compiled(cache, recipe("steps: []"))
    assert first[0] is None
    assert compiled(cache, recipe("steps: []")) == first


def test_a_text_that_cannot_be_read_is_kept_too(cache):
    first = compiled(cache, "a: [")
    assert first[0] is None
    assert first[1]
    assert compiled(cache, "a: [") == first


def test_another_text_or_name_is_another_entry(cache):
    compiled(cache)
    compiled(cache, TEXT + "# changed\n")
    compiled(cache, file="other.yml")
    assert len(entries(cache)) == 3


def test_a_changed_called_recipe_makes_the_entry_useless(cache):
    compiled(cache)
    plan, diagnostics = compiled(cache, refund=REFUND.replace("[amount]", "[amount, reason]"))
    assert plan is None
    assert [item.code for item in diagnostics] == ["R508", "R509"]


def test_another_catalog_or_version_sees_other_entries(cache, tmp_path):
    compiled(cache)
    other = CheckCache(tmp_path / "cache", fingerprint(Catalog.of([desk])))
    assert other.get("test.yml", TEXT, lambda _: REFUND) is None
    same = CheckCache(tmp_path / "cache", fingerprint(Catalog.of([builtin, desk])))
    assert same.get("test.yml", TEXT, lambda _: REFUND) is not None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"called": {}, "plan": 5, "diagnostics": []}', b"\xff"])
def test_a_corrupt_entry_is_no_entry_and_is_written_anew(cache, content):
    first = compiled(cache)
    [entry] = entries(cache)
    whole = entry.read_bytes()
    entry.write_bytes(content)
    assert compiled(cache) == first
    assert entry.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path):
    (tmp_path / "cache").write_text("a file")
    cache = CheckCache(tmp_path / "cache", "x")
    assert compiled(cache)[0] is not None
    assert compiled(cache)[0] is not None


def test_no_unfinished_file_is_left(cache):
    compiled(cache)
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == entries(cache)
