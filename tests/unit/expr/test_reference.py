"""The page on expressions follows from the table."""

from pathlib import Path

from recipe_engine.expr import compile_value, functions
from recipe_engine.expr.reference import markdown
from tests.unit.expr.support import scope_of

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "expressions.md"


def test_the_page_follows_from_the_table():
    assert PAGE.read_text(encoding="utf-8") == markdown(), (
        "write recipe_engine.expr.reference.markdown() to the page again"
    )


def test_every_function_says_what_it_does():
    for entry in functions().values():
        assert entry.doc.endswith((".", ")")), entry.key
        assert entry.signature.startswith(f"{entry.name}("), entry.key
        assert all(parameter.name.isidentifier() for parameter in entry.parameters)


def test_the_statements_of_the_page_do_what_it_says():
    template = markdown().split("```jinja\n")[1].split("```")[0]
    order = {"lines": [{"name": "Clé", "price": 60, "quantity": 1}, {"name": "Vis", "price": 50.5, "quantity": 2}]}
    expected = "1. Clé: 60,00 €\n2. Vis: 50,50 €\nThank you!\n"
    assert compile_value(template)(scope_of({"order": order})) == expected
    assert compile_value(template)(scope_of({"order": {"lines": []}})) == "Nothing was ordered.\n\n"
