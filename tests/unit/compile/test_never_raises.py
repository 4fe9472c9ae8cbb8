"""Whatever an author writes, a check answers with diagnostics."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recipe_engine import source
from recipe_engine.compile import check
from tests.unit.compile.support import CATALOG

CASES = Path(__file__).parents[2] / "diagnostics" / "cases"
DOCUMENTS = [
    document.data
    for path in sorted(CASES.glob("R[2-6]*.yml"))
    if (document := source.load(path.read_text(encoding="utf-8"), path.name)[0]) is not None
]
WORDS = ["", "a", "s0", "{{ a }}", "{{", "{% if a %}", "15m", "true", "secrets.A", "wait", "http", "desk.create_ticket",
         "set", "branch", "$ref", "#/$defs/a", "type", "object", "image", "fail", "0 9 * * *", "x" * 300, "é\u2028"]  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 10**12), st.floats(allow_nan=False), st.sampled_from(WORDS)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)),
    max_leaves=6,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a value with a key of it."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """A recipe in which something was replaced, renamed or taken away."""
    data = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(data))
        container, key = draw(st.sampled_from(found))
        match draw(st.sampled_from(["replace", "replace", "remove", "rename"])):
            case "replace":
                container[key] = draw(VALUES)
            case "remove":
                del container[key]
            case "rename" if isinstance(container, dict):
                container[draw(st.sampled_from(WORDS))] = container.pop(key)
            case _:
                container.append(draw(VALUES)) if isinstance(container, list) else None
        if not data:
            break
    return data


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoiled())
def test_a_check_never_raises(data):
    document, _ = source.load(json.dumps(data), "a.yml")
    if document is not None:
        found = check(document, CATALOG, settings={}, resolve_recipe=lambda _: None).diagnostics
        assert all(item.span.line >= 1 for item in found)
