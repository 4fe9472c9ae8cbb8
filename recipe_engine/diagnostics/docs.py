"""The pages of the diagnostic codes: one at a time on a terminal, all of them as a Markdown document."""

from __future__ import annotations

from textwrap import indent

from recipe_engine.diagnostics.codes import CODES, RANGES, Code

_KIND = {"error": "An error", "warning": "A warning", "advice": "Advice"}
_EFFECT = {
    "error": "the recipe cannot run until it is solved",
    "warning": "the recipe runs, but probably not as meant",
    "advice": "the recipe runs; this would make it better",
}


def explain(code: str) -> str | None:
    """The page of one code (`R204`, in any case) as plain text, or None for a code that does not exist."""
    page = CODES.get(code.strip().upper())
    if page is None:
        return None
    parts = [f"{page.code}: {page.title}", _standing(page), page.explanation.strip()]
    for label, example in (("Instead of", page.bad), ("Write", page.good)):
        if example:
            parts.append(f"{label}:\n\n{indent(example.strip(chr(10)), '    ')}")
    return "\n\n".join(parts) + "\n"


def markdown() -> str:
    """Every code with its page, by range: the document docs/reference/diagnostics.md."""
    parts = [
        "# Diagnostics",
        "Every problem that `recipe check` reports has a code. `recipe explain CODE` prints the same page on a terminal.",
    ]
    for prefix, title in RANGES.items():
        pages = [page for page in CODES.values() if page.code.startswith(prefix)]
        if pages:
            parts += [f"## {prefix}xx: {title}", _index(pages), *(_section(page) for page in pages)]
    return "\n\n".join(parts) + "\n"


def help_markdown(page: Code) -> str:
    """What a code says, with its examples, without a heading: help text for tools that show Markdown."""
    parts = [f"{_standing(page)}", page.explanation.strip()]
    for label, example in (("Instead of", page.bad), ("Write", page.good)):
        if example:
            parts.append(f"{label}:\n\n{_fenced(example)}")
    return "\n\n".join(parts)


def _standing(page: Code) -> str:
    return f"{_KIND[page.severity]}: {_EFFECT[page.severity]}."


def _index(pages: list[Code]) -> str:
    rows = [f"| [{page.code}](#{page.code.lower()}) | {page.severity} | {page.title} |" for page in pages]
    return "\n".join(["| code | severity | |", "|---|---|---|", *rows])


def _section(page: Code) -> str:
    return f'<a id="{page.code.lower()}"></a>\n\n### {page.code}: {page.title}\n\n{help_markdown(page)}'


def _fenced(example: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    fence = "```"
    while fence in example:
        fence += "`"
    return f"{fence}yaml\n{example.strip(chr(10))}\n{fence}"
