"""Text to tree, by way of Jinja's parser.

The one rule: the grammar is Jinja's. Jinja's parser copies the line number of tokens into its nodes; our tokens carry
offsets there, so every place in the tree is exact. What Jinja raises is told again in the words of the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

from jinja2 import TemplateSyntaxError, nodes
from jinja2.environment import Environment
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from recipe_engine.expr import tree
from recipe_engine.expr.errors import SyntaxProblem
from recipe_engine.expr.lexer import Tokens, expression_tokens, template_tokens
from recipe_engine.expr.reader import Reader

LONGEST = 1_000_000

_STATEMENTS: Final = frozenset({"if", "for", "set"})
_REFUSED: Final = {
    "include": "a template cannot include another; write the text here, or `set` it in a step before",
    "import": "functions are built in; see the reference of expressions",
    "from": "functions are built in; see the reference of expressions",
    "macro": "use {% set name %}...{% endset %} for a text that is used more than once",
    "call": "use {% set name %}...{% endset %} for a text that is used more than once",
    "filter": "use {% set name %}...{% endset %}, then {{ name | filter }}",
    "extends": "a template cannot extend another",
    "block": "a template cannot extend another",
    "with": "use {% set name = value %}",
    "do": "expressions change nothing; use {% set name = value %}",
    "print": "write {{ ... }}",
    "autoescape": "write {{ ... | escape }} where text goes into HTML",
    "break": "choose the items with {% for x in items if condition %}",
    "continue": "choose the items with {% for x in items if condition %}",
    "elseif": "write {% elif condition %}",
    "elsif": "write {% elif condition %}",
    "unless": "write {% if not condition %}",
    "while": "write {% for x in items %}",
    "switch": "write {% if %} ... {% elif %} ... {% endif %}",
}
_EXPECTED = re.compile(r"\bexpected (?:token )?'([^']*)'")
_ENDS: Final = frozenset({"eof", "variable_end", "block_end"})
_END_WORDS: Final = frozenset({"end of print statement", "end of statement block"})

_Tree = TypeVar("_Tree")


def parse_expression(text: str) -> tree.Expression:
    """The tree of a bare expression; braces around the whole are accepted. Raises SyntaxProblem."""
    start, stop = bare_bounds(text)
    if start == stop:
        raise SyntaxProblem("the expression is empty", 0, max(len(text), 1))
    return _read(text, lambda: _Parser(text, expression_tokens(text, start, stop)).whole_expression())


def parse_template(text: str) -> tree.Body:
    """The tree of a text with {{ }} and {% %} in it. Raises SyntaxProblem."""
    return _read(text, lambda: _Parser(text, template_tokens(text)).whole_template())


def bare_bounds(text: str) -> tuple[int, int]:
    """Where the expression begins and ends in `text`: without white space and without braces around the whole."""
    start, stop = _stripped(text, 0, len(text))
    if stop - start >= 4 and text.startswith("{{", start) and text.endswith("}}", start, stop):
        start, stop = _stripped(text, start + 2, stop - 2)
    return start, stop


def _stripped(text: str, start: int, stop: int) -> tuple[int, int]:
    part = text[start:stop]
    return stop - len(part.lstrip()), stop - len(part) + len(part.rstrip()) if part.strip() else stop


def _read(text: str, parse: Callable[[], _Tree]) -> _Tree:
    if len(text) > LONGEST:
        raise SyntaxProblem(f"the text is longer than {LONGEST} characters", 0, 1)
    try:
        return parse()
    except RecursionError:
        raise SyntaxProblem("the expression is nested too deeply", 0, len(text)) from None


class _Grammar(Environment):
    """What Jinja's parser asks of its environment: the token stream."""

    def __init__(self, tokens: Tokens) -> None:
        self.extensions = {}
        self._tokens = tokens

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        return TokenStream(iter(self._tokens.tokens), name, filename)


class _Parser(Parser):
    """Jinja's parser over our tokens, giving our tree."""

    def __init__(self, text: str, tokens: Tokens) -> None:
        self.text = text
        self.ends = tokens.ends
        self.open: list[tuple[str, int]] = []
        super().__init__(_Grammar(tokens), text)

    def whole_expression(self) -> tree.Expression:
        """The tree of a text that is one expression."""
        try:
            node = self.parse_expression()
            if self.stream.current.type != "eof":
                self.unexpected()
        except TemplateSyntaxError as error:
            self.refuse(error)
        return Reader(self.text, self.ends).expression(node)

    def whole_template(self) -> tree.Body:
        """The tree of a text with tags in it."""
        try:
            found = self.subparse()
        except TemplateSyntaxError as error:
            self.refuse(error)
        return Reader(self.text, self.ends).body(found)

    def parse_statement(self) -> nodes.Node | list[nodes.Node]:
        """Refuse the statements that the language leaves out before Jinja reads them, and remember what is open."""
        token = self.stream.current
        word = str(token.value)
        if token.type == "name" and word not in _STATEMENTS:
            self.refuse_statement(word, token.lineno)
        self.open.append((word, token.lineno))
        statement = super().parse_statement()
        self.open.pop()
        return statement

    def refuse_statement(self, word: str, offset: int) -> NoReturn:
        """Raise for a tag that is no statement of the language, or stands where none of its kind is expected."""
        if word in ("else", "elif", "endif", "endfor", "endset"):
            hint = f"the innermost open tag is {{% {self.open[-1][0]} %}}" if self.open else "no tag is open here"
            raise SyntaxProblem(f"{{% {word} %}} does not belong here", offset, len(word), hint)
        hint = _REFUSED.get(word, "the statements are if, for and set; values are written {{ ... }}")
        raise SyntaxProblem(f"{{% {word} %}} is not part of the language", offset, len(word), hint)

    def refuse(self, error: TemplateSyntaxError) -> NoReturn:
        """Raise Jinja's error as a SyntaxProblem, in the words of the language."""
        message = error.message or ""
        if message.startswith("Unexpected end of template") and self.open:
            word, offset = self.open[-1]
            raise SyntaxProblem(f"{{% {word} %}} is not closed", offset, len(word), f"add {{% end{word} %}}") from None
        expected = _EXPECTED.search(message)
        if expected is not None and expected[1] not in _END_WORDS:
            self.unexpected(f"`{expected[1]}` is expected" if expected[1] != "name" else "a name is expected")
        if message == "expected name or number":
            self.unexpected("a name is expected")
        if expected is not None or message.startswith(("unexpected", "Expected")):
            self.unexpected()
        offset = min(error.lineno, max(len(self.text) - 1, 0))
        raise SyntaxProblem(message[:1].lower() + message[1:], offset, self.length_at(offset)) from None

    def unexpected(self, expected: str | None = None) -> NoReturn:
        """Raise for the token where reading stopped."""
        token = self.stream.current
        offset = min(token.lineno, max(len(self.text) - 1, 0))
        if token.type in _ENDS:
            if token.type == "eof":
                offset = max(len(self.text.rstrip()) - 1, 0)
            raise SyntaxProblem(f"the expression ends where {expected or 'a value is expected'}", offset, 1) from None
        length = self.length_at(offset)
        found = self.text[offset : offset + length]
        message = f"unexpected `{found}`" + (f": {expected}" if expected else "")
        raise SyntaxProblem(message, offset, length, self.hint_for(found, offset)) from None

    def hint_for(self, found: str, offset: int) -> str | None:
        """What to write instead of a token that cannot stand there."""
        match found:
            case "=":
                return "to compare, write =="
            case "|" if self.text[offset - 1] == "|":
                return "write `or`"
            case "is":
                return "two tests are joined with `and`"
            case "{" | "}":
                return "braces do not stand inside braces; names are written bare"
            case _:
                return None

    def length_at(self, offset: int) -> int:
        """How long the token at `offset` is."""
        return max(self.ends.get(offset, offset + 1) - offset, 1)
