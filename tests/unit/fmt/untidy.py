"""Recipes as careless authors write them: any order of keys, indentation, style, comments and blank lines."""

import json
from random import Random

from hypothesis import strategies as st

WORDS = ("Bonjour", "l'été", "{{ email }}", "a: b", "#3", "", "12:30", "on", "é😀\u00a0x", "- x", "on two lines")
LINES = ("Bonjour,", "  en retrait", "", "# pas un commentaire", "fin  ")
BARE = ("a > 1", "'x, y' in b", "true")
BRACED = ("{{ a }}", "{{ a.b == 'c' }}", "{{ 'x, y' in b }}", "{{ true }}", "{{- a -}}", "{{ a }}{{ b }}")
EXPRESSIONS = BARE + BRACED


class Block(str):
    """A text to be written as a block scalar."""

    __slots__ = ()


class Author:
    """Invents recipes, and writes them untidily. Everything follows from the seed."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.comments = 0

    def data(self, depth=0):
        """A value that the formatter knows nothing about."""
        match self.random.choice(("word", "number", "block", "list", "mapping")[: 5 if depth < 2 else 2]):
            case "word":
                return self.random.choice(WORDS)
            case "number":
                return self.random.choice((1, 0.5, True, None))
            case "block":
                return Block("\n".join(["Bonjour", *self.random.choices(LINES, k=3)]).rstrip("\n") + "\n")
            case "list":
                return [self.data(depth + 1) for _ in range(self.random.randint(0, 3))]
            case _:
                keys = self.random.sample(("x", "items", "if", "name", "été", "a b"), self.random.randint(0, 3))
                return {key: self.data(depth + 1) for key in keys}

    def step(self, number, depth):
        kind = self.random.choice(
            ("log", "wait", "transform", "branch", "for_each", "parallel")[: 6 if depth < 2 else 3]
        )
        expression = self.random.choice(EXPRESSIONS)
        fields = {"id": f"s{depth}{number}", "type": kind, "with": self.data()}
        if self.maybe():
            fields["if"] = self.random.choice(EXPRESSIONS)
        if self.maybe():
            fields |= {"timeout": "10m", "retry": {"attempts": 3}}
        if self.maybe():
            fields["on_error"] = "continue" if depth > 1 else self.steps(depth + 1)
        match kind:
            case "wait":
                fields["until"] = expression
            case "transform":
                fields |= {"items": expression, "where": self.random.choice(EXPRESSIONS)}
            case "for_each":
                fields |= {"items": expression, "steps": self.steps(depth + 1)}
            case "parallel":
                fields["branches"] = {"a": self.steps(depth + 1), "b": self.steps(depth + 1)}
            case "branch":
                fields |= {
                    "cases": [{"when": expression, "steps": self.steps(depth + 1)}],
                    "else": self.steps(depth + 1),
                }
        return self.shuffled(fields)

    def steps(self, depth=0):
        return [self.step(number, depth) for number in range(self.random.randint(1, 2))]

    def shuffled(self, fields):
        return {key: fields[key] for key in self.random.sample(list(fields), len(fields))}

    def recipe(self):
        """The text of a recipe."""
        fields = {"slug": "devis", "name": self.random.choice(WORDS), "steps": self.steps(), "output": self.data()}
        if self.maybe():
            fields["zzz"] = self.data()
        if self.maybe():
            fields["triggers"] = [{"type": "form", "if": self.random.choice(EXPRESSIONS)}]
        lines = self.block(self.shuffled(fields), 0)
        return self.random.choice(("\n", "\r\n")).join(lines) + self.random.choice(("", "\n", "\n\n  \n"))

    def maybe(self, odds=0.5):
        return self.random.random() < odds

    def comment(self):
        self.comments += 1
        return f"# comment {self.comments}"

    def between(self, column):
        lines = []
        while self.maybe(0.25):
            lines.append("" if self.maybe() else " " * column + self.comment())
        return lines

    def trailing(self):
        return self.random.choice((" ", "   ")) + self.comment() if self.maybe(0.25) else ""

    def value(self, value, column, lines, head):
        """Write a value after `head`, which stands on the line of its key or dash in a block at `column`."""
        inner = column + self.random.randint(2, 4)
        if isinstance(value, Block):
            lines.append(f"{head} |{self.trailing()}")
            lines.extend(" " * inner + line if line else line for line in value[:-1].split("\n"))
        elif isinstance(value, dict | list) and value and not (one_line(value) and self.maybe(0.25)):
            lines.append(head + self.trailing())
            beside = isinstance(value, list) and head.endswith(":") and self.maybe()
            lines.extend(self.block(value, column if beside else inner))
        else:
            lines.append(f"{head} {self.scalar(value)}{self.trailing()}")

    def scalar(self, value):
        if isinstance(value, str) and value.isalpha() and value.isascii() and value not in {"on", "true"}:
            return value
        if isinstance(value, str) and self.maybe():
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=False)

    def block(self, value, column):
        lines, pad = [], " " * column
        for key, item in value.items() if isinstance(value, dict) else [(None, item) for item in value]:
            lines += self.between(column)
            if key is not None:
                self.value(item, column, lines, f"{pad}{self.scalar(key)}{self.random.choice((':', ' :'))}")
            elif isinstance(item, dict) and item and self.maybe():
                self.beside_dash(item, column, lines)
            else:
                self.value(item, column, lines, f"{pad}-")
        if self.maybe(0.25):
            lines.append(pad + self.comment())
        return lines

    def beside_dash(self, item, column, lines):
        """A mapping that begins on the line of its dash, with what stands above its first key above the dash."""
        pad, gap = " " * column, " " * self.random.randint(1, 3)
        nested = self.block(item, column + 1 + len(gap))
        first = next(index for index, line in enumerate(nested) if line.strip() and not line.strip().startswith("#"))
        lines += [line.strip() and pad + line.strip() for line in nested[:first]]
        lines += [f"{pad}-{gap}{nested[first].lstrip()}", *nested[first + 1 :]]


def one_line(value):
    """Whether a collection may be written in brackets on one line."""
    inner = value.values() if isinstance(value, dict) else value
    return not any(isinstance(item, dict | list | Block) for item in inner)


recipes = st.integers(0, 2**32).map(lambda seed: Author(seed).recipe())
