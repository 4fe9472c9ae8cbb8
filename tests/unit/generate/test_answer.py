"""What models answer, in the forms in which they do."""

import pytest

from recipe_engine.generate.answer import read_answer

RECIPE, TESTS = "slug: a\nname: A\n", "cases:\n  - name: b\n"


@pytest.mark.parametrize(
    "text",
    [
        f"<recipe>\n{RECIPE}</recipe>\n<tests>\n{TESTS}</tests>",
        f"Here it is.\n\n<recipe>\n\n{RECIPE}\n</recipe>\nand\n<tests>\n{TESTS}</tests>\nDone.",
        f"<recipe>\n```yaml\n{RECIPE}```\n</recipe>\n<tests>\n```yml\n{TESTS}```\n</tests>",
        f"<recipe>\n{RECIPE}<tests>\n{TESTS}</tests>",
        f"<recipe>\r\n{RECIPE}</recipe>\r\n<tests>\r\n{TESTS}</tests>",
        f"```yaml\n{RECIPE}```\nThe tests:\n```yaml\n{TESTS}```\n",
        f"  <recipe>\n{RECIPE}  </recipe>\n<recipe>\n{RECIPE}</recipe>\n<tests>\n{TESTS}</tests>",
    ],
    ids=["plain", "talk", "fences", "no end", "windows", "only fences", "twice"],
)
def test_recipe_and_tests_are_found(text: str) -> None:
    found = read_answer(text)
    assert (found.recipe, found.tests, found.cut) == (RECIPE, TESTS, None)


def test_a_block_without_an_end_is_named() -> None:
    found = read_answer(f"<recipe>\n{RECIPE}</recipe>\n<tests>\ncases:")
    assert (found.recipe, found.tests, found.cut) == (RECIPE, "cases:\n", "tests")


def test_assumptions_are_a_list_in_any_writing() -> None:
    found = read_answer("<assumptions>\n- one,\n  still one\n* two\n3. three\n</assumptions>")
    assert found.assumptions == ("one, still one", "two", "three")
    assert read_answer("<assumptions>\n- none\n</assumptions>").assumptions == ()
    assert read_answer("<recipe>\na: b\n</recipe>").assumptions is None


def test_a_refusal_has_a_reason_and_a_way_out() -> None:
    found = read_answer('<refusal reason="harmful">\nIt spies on people.\n\nNearest: ask them.\n</refusal>').refusal
    assert found is not None
    assert (found.reason, found.why, found.nearest) == ("harmful", "It spies on people.", "ask them.")


def test_a_recipe_beside_a_refusal_counts() -> None:
    found = read_answer(f"<refusal>\nHm.\n</refusal>\n<recipe>\n{RECIPE}</recipe>")
    assert (found.refusal, found.recipe) == (None, RECIPE)


def test_talk_alone_is_nothing() -> None:
    found = read_answer("I cannot see <recipe> tags anywhere.")
    assert (found.recipe, found.tests, found.refusal) == (None, None, None)
