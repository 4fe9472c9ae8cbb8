"""Every function of the table does what its page of the reference says."""

import pytest

from recipe_engine.expr.errors import Undefined
from recipe_engine.expr.library import functions
from recipe_engine.expr.scope import Scope
from recipe_engine.expr.templates import compile_expression
from recipe_engine.expr.values import to_json


def scope(**values):
    return Scope(lambda name: values.get(name, Undefined(f"there is no {name}")), 1_795_000_000.0, "seed")


@pytest.mark.parametrize("entry", functions().values(), ids=lambda entry: entry.key)
def test_example_gives_what_it_says(entry):
    expression, result = entry.example
    assert to_json(compile_expression(expression)(scope())) == result
