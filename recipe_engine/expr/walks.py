"""Walks over trees: paths, sizes, the names that are set."""

from __future__ import annotations

from typing import Final

from recipe_engine.expr import tree

# The variable that a loop gives to its body.
LOOP: Final = "loop"


def label_of(node: tree.Expression) -> str:
    """A value in an error message: its path when it has one."""
    path = path_of(node)
    return "the value" if path is None else f"`{'.'.join(path)}`"


def path_of(node: tree.Expression) -> tuple[str, ...] | None:
    """The names of `a.b.c` or `a['b'].c`, None for any other expression."""
    match node:
        case tree.Name():
            return (node.name,)
        case tree.Attribute():
            before = path_of(node.target)
            return None if before is None else (*before, node.name)
        case tree.Item(key=tree.Constant(value=str() as name)):
            before = path_of(node.target)
            return None if before is None else (*before, name)
        case _:
            return None


def size_of(node: tree.Expression) -> int:
    """How many nodes an expression has."""
    return 1 + sum(size_of(child) for child in tree.children(node))


def size_of_body(body: tree.Body) -> int:
    """How many nodes statements have."""
    return sum(_size_of_statement(statement) for statement in body)


def _size_of_statement(statement: tree.Statement) -> int:
    match statement:
        case tree.Text():
            return 1
        case tree.Output(value=value) | tree.Set(value=value):
            return 1 + size_of(value)
        case tree.If():
            arms = sum(size_of(test) + size_of_body(body) for test, body in statement.arms)
            return 1 + arms + size_of_body(statement.otherwise)
        case tree.For():
            return 1 + size_of(statement.items) + size_of_body(statement.body) + size_of_body(statement.otherwise)
        case tree.SetText():
            return 1 + size_of_body(statement.body)


def variables_of(body: tree.Body) -> frozenset[str]:
    """The names that statements set, loops included."""
    names: set[str] = set()
    for statement in body:
        match statement:
            case tree.Set() | tree.SetText():
                names.add(statement.name)
                if isinstance(statement, tree.SetText):
                    names |= variables_of(statement.body)
            case tree.If():
                for _, inner in statement.arms:
                    names |= variables_of(inner)
                names |= variables_of(statement.otherwise)
            case tree.For():
                names |= {*statement.targets, LOOP}
                names |= variables_of(statement.body) | variables_of(statement.otherwise)
            case tree.Text() | tree.Output():
                pass
    return frozenset(names)
