"""Every code has a bad example, and what is said about it is written down.

`cases/R204_some_words.yml` is the example, the `.txt` beside it what `recipe check` shows. A first line
`# settings: NAME=value` gives the deployment's settings. Regenerate with
`python -m tests.diagnostics.regenerate`, then read the difference.
"""

from __future__ import annotations

import pytest

from recipe_engine.diagnostics.codes import CODES
from tests.diagnostics.rendering import CASES, codes_of, rendered

# Files that are missing, too large or not text, and what the formatter says: no example can show them.
_WITHOUT_TEXT = frozenset({"R101", "R102", "R103", "R140"})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_example_says_what_is_written_down(case):
    golden = case.with_suffix(".txt")
    assert golden.is_file(), "run python -m tests.diagnostics.regenerate"
    assert rendered(case) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_example_has_the_code_that_it_is_named_after(case):
    assert case.stem.partition("_")[0] in codes_of(case)


def test_every_code_has_an_example():
    shown = {case.stem.partition("_")[0] for case in CASES}
    assert set(CODES) - shown - _WITHOUT_TEXT == set()
    assert shown <= set(CODES)
