"""The canonical form of a recipe's text.

    gaps.py     what stands between values: comments, blank lines, anchors
    tree.py     a document as nested blocks that own their comments
    rules.py    what a recipe's keys are: their order, and which values are bare expressions
    flow.py     collections in brackets, which stay as they are written
    write.py    the tree as text

The one rule: formatting changes how a recipe is written, never what it says. Text that is not moved is copied, so
that quotes, block texts and brackets stay as their author wrote them; and the result is read again and compared,
comments included, before anyone gets it. (A round trip through a YAML library hangs each comment on the value before
it, so that moving keys moves comments away from what they explain; it also folds and quotes texts anew.)
"""

from __future__ import annotations

from collections import Counter

from recipe_engine.diagnostics import Diagnostic, report
from recipe_engine.fmt.rules import Rules, rules_of
from recipe_engine.fmt.tree import comments_of, tree_of
from recipe_engine.fmt.write import written
from recipe_engine.source import Document, load

__all__ = ["format_text"]


def format_text(text: str, file: str) -> tuple[str | None, list[Diagnostic]]:
    """The text in canonical form, or None with the diagnostics that say why there is none.

    Canonical are: the order of the keys of the recipe and of its steps, two spaces of indentation, one blank line at
    most, no trailing blanks, expressions without braces where a field takes a bare one, LF at line ends and one at the
    end. What is written in brackets, quotes or as a block of text stays as it is.
    """
    document, problems = load(text, file)
    if document is None or any(problem.severity == "error" for problem in problems):
        return None, problems
    rules = rules_of(document)
    for attempt in (rules, rules.without_order()):  # an alias must stay behind its anchor: then nothing is moved
        formatted = written(tree_of(document, attempt))
        if _says_the_same(document, attempt, formatted):
            return formatted, []
    message = "the formatted text would not say the same; the file is left as it is"
    return None, [report("R140", message, file, document.span(()))]


def _says_the_same(document: Document, rules: Rules, formatted: str) -> bool:
    """Whether a formatted text holds the data and the comments of the document it was made of."""
    again, problems = load(formatted, document.file)
    if again is None or any(problem.severity == "error" for problem in problems):
        return False
    return again.data == rules.applied_to(document.data) and Counter(comments_of(again)) == Counter(
        comments_of(document)
    )
