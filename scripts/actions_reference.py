"""The page docs/reference/actions.md, made from the catalog."""

from __future__ import annotations

from recipe_engine.cli.show.fields import Field, fields, type_in_words
from recipe_engine.core.json import JSON
from recipe_engine.installed import installed
from recipe_engine.plugin import Action, Connector

_HEAD = """# Actions

What a step can be beside the [steps of the language](language.md). `recipe actions NAME` prints the same on a terminal,
for every connector that is installed.

The effect says how safely an action can be repeated: `read` changes nothing, `keyed` counts once whatever is repeated,
`once` is never repeated blindly.
"""


def markdown() -> str:
    """Every connector of the engine with its settings and actions."""
    parts = [_HEAD]
    for connector in installed().catalog.connectors.values():
        parts += _connector(connector)
    return "\n".join(parts).rstrip() + "\n"


def _connector(connector: Connector) -> list[str]:
    parts = [f"## {connector.title}\n"]
    if connector.docs:
        parts.append(f"{connector.docs.strip()}\n")
    if connector.settings:
        rows = [
            (f"`{setting.name}`", "secret" if setting.secret else "", setting.default or "", setting.help)
            for setting in connector.settings
        ]
        parts.append(_table(("setting", "", "default", ""), rows))
    for action in connector.actions.values():
        parts += _action(action)
    return parts


def _action(action: Action) -> list[str]:
    where = "on the step itself" if action.fields_at_step else "under `with`"
    parts = [f"### {action.name}\n", f"{action.summary} Effect: `{action.effect}`.\n"]
    if action.description:
        parts.append(f"{action.description}\n")
    parts += [f"Parameters, {where}:\n", _fields(action.params_schema), "Result:\n", _fields(action.result_schema)]
    if action.example:
        parts.append(f"```yaml\n{action.example.strip()}\n```\n")
    return parts


def _fields(schema: JSON) -> str:
    found = fields(schema)
    if not found:
        return f"{type_in_words(schema, schema)}\n"
    return _table(("field", "type", ""), [(_name(field), field.type, field.description) for field in found])


def _name(field: Field) -> str:
    return f"`{field.name}`" + (" *" if field.required else "")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = (" | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in line) for line in lines)
    return "\n".join(f"| {line} |" for line in cells) + "\n"
