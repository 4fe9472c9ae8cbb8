"""The page docs/reference/expressions.md, made from the table of functions.

The one rule: what the page says of a function stands in the table, and its example is run by the tests.
"""

from __future__ import annotations

import json
from typing import Final

from recipe_engine.expr.library import chapters
from recipe_engine.expr.library.function import Function
from recipe_engine.expr.limits import MAX_ITEMS, MAX_NODES, MAX_STEPS, MAX_TEXT

_INTRODUCTION: Final = f"""# Expressions

An expression computes a value from the names in scope: `order.total * 1.2`. It stands between `{{{{` and `}}}}` in a text, and
alone in the fields that take a condition or a list (`if`, `when`, `items`, `until`, `where`). The grammar is Jinja's; nothing
of Python can be reached from it.

```yaml
subject: "Devis {{{{ quote.number }}}} pour {{{{ contact.name | title }}}}"
amount: "{{{{ lines | sum('total') }}}}"                        # exactly one expression: the number, not its text
if: classify.confidence >= 0.7 and classify.category == 'support'
until: meeting.start - hours(2)
```

## Values

| | written | notes |
|---|---|---|
| text | `'a'`, `"a"` | a backslash before a letter that is no escape stays, as patterns need it |
| number | `12`, `0.5` | prints without decimals that are zero |
| true, false, null | `true`, `false`, `null` (or `none`) | null prints as nothing |
| list | `[1, 2]` | prints as JSON; `list[0]`, `list[-1]`, `list[1:3]` |
| object | `{{'key': value}}` | prints as JSON; `object.key`, `object['key']` |
| moment | `now`, `now() + days(2)` | prints as ISO 8601; has `.year .month .day .hour .minute .second` |
| duration | `hours(2)`, `a.end - a.start` | prints as `2h`; has `.weeks .days .hours .minutes .seconds`, each the whole length in that unit |

Texts in ISO 8601 (`2026-11-20`, `2026-11-20T14:30:00+01:00`) take part in arithmetic and comparison with moments and durations,
and so do texts such as `2h30m` beside a moment or a duration. A moment without an offset is meant in Europe/Paris. `days(1)` is
24 hours; on a date without a time, whole days are days of the calendar, and `add_days` keeps the time of day.

A value leaves an expression as JSON: moments and durations as text.

## Operators

| | |
|---|---|
| `+ - * / // % **` | numbers; `+` also joins two texts or two lists; moments and durations as above |
| `~` | joins the printed texts of any values |
| `== != < <= > >=` | values of one kind; true is not 1; `a < b <= c` is two comparisons |
| `in`, `not in` | an item of a list, a part of a text, a field of an object |
| `and`, `or`, `not` | null, false, 0 and what is empty count as false; `a or b` gives the first that counts as true |
| `a if condition else b` | without `else`, null |
| `a \\| name(...)` | a filter: `name` with `a` as its first argument. Every function can be written either way |
| `a is name` | a test, `a is not name` its opposite |

Kinds do not mix by themselves: `'1' + 1` is an error, `'1' ~ 1` is `11`, `'1' | to_number` is a number.

## What is not there

A step that was skipped, a field that an object lacks and a field of null have no value. Such a value can be tested (`is defined`)
and replaced (`| default('none')`); so can whatever is asked of it: `ticket.contact.name | default('?')`. Anything else that is
done with it, printing included, is an error that says why it is not there.

## Statements in texts

```jinja
{{% set total = 0 %}}
{{% for line in order.lines if line.quantity > 0 %}}
{{% set total = total + line.price %}}
{{{{ loop.index }}}}. {{{{ line.name }}}}: {{{{ line.price | money }}}}
{{% else %}}
Nothing was ordered.
{{% endfor %}}
{{% if total > 100 %}}Thank you!{{% elif total > 0 %}}Thanks.{{% endif %}}
```

- A line that holds nothing but statements or comments (`{{# ... #}}`) leaves nothing behind. `-` inside a brace takes the white
  space beside it away, as in Jinja.
- In a loop, `loop.index` (from 1), `loop.index0`, `loop.first`, `loop.last` and `loop.length` are there. Several variables take
  the items of a list or the values of an object: `{{% for name, value in object | items %}}`.
- A variable that is set in a loop keeps its value after it.
- `{{% set name %}}...{{% endset %}}` makes a variable of a text. `{{% raw %}}...{{% endraw %}}` is not read.
- Nothing is escaped by itself: write `| escape` where text goes into HTML.

## Limits

An evaluation takes at most {MAX_STEPS:,} steps, makes texts of at most {MAX_TEXT:,} characters and lists of at most
{MAX_ITEMS:,} items, and gives values of at most {MAX_NODES:,} parts. Beyond that it ends with an error.
"""


def markdown() -> str:
    """The page, as Markdown."""
    parts = [
        _INTRODUCTION,
        "## Functions\n",
        "Types in signatures: `T | null` may be null, `*name` takes any number.\n",
    ]
    for title, entries in chapters().items():
        parts.append(f"### {title}\n")
        parts += [_entry(entry) for entry in entries]
    return "\n".join(parts)


def _entry(entry: Function) -> str:
    expression, result = entry.example
    shown = json.dumps(result, ensure_ascii=False)
    name = entry.key if entry.kind == "test" else entry.name
    return (
        f"#### {name}\n\n`{entry.signature}`\n\n{entry.doc}\n\n```jinja\n{{{{ {expression} }}}}\n{{# {shown} #}}\n```\n"
    )
