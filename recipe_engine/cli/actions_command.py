"""`recipe actions`: what a step can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.lazy import RecipeCommand
from recipe_engine.cli.show.columns import columns

if TYPE_CHECKING:
    from recipe_engine.core.json import JSON, JSONObject
    from recipe_engine.model.steps import Step
    from recipe_engine.plugin import Action, Catalog

_EFFECTS = {
    "read": "read: it changes nothing, and is simply done again after a crash",
    "keyed": "keyed: sent again after a crash with the same idempotency key, so it counts once",
    "once": "once: never repeated blindly; after a crash the step is in doubt when nobody can tell whether it happened",
}


@click.command(
    cls=RecipeCommand,
    example="""
    recipe actions                            every action and every step of the language
    recipe actions hubspot                    those of one connector
    recipe actions hubspot.create_ticket      parameters, result, effect, example
    recipe actions --json                     the same for programs, with schemas
    """,
)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the schemas of parameters and results.")
def actions(name: str | None, as_json: bool) -> int:
    """List the actions of steps; describe one by its NAME, or list those of a connector."""
    from recipe_engine.installed import installed

    catalog = installed().catalog
    chosen = _chosen(catalog, name)
    if as_json:
        described = [_record(action) for action in chosen]
        click.echo(
            json.dumps(
                described[0] if name is not None and name in catalog.actions else described,
                ensure_ascii=False,
                indent=2,
            )
        )
    elif name is None:
        _list_steps()
        _list_actions(chosen)
        click.echo("\n`recipe actions NAME` describes one.")
    elif name in catalog.actions:
        _describe(chosen[0])
    elif chosen:
        _list_actions(chosen)
    else:
        _describe_step(name)
    return 0


def _chosen(catalog: Catalog, name: str | None) -> list[Action]:
    """The actions that a name means: all, one, or a connector's; none for a step of the language."""
    from recipe_engine.model.steps import CONTROL_STEPS

    if name is None:
        return list(catalog.actions.values())
    if name in catalog.actions:
        return [catalog.actions[name]]
    if name in catalog.connectors:
        return list(catalog.connectors[name].actions.values())
    if name in CONTROL_STEPS:
        return []
    from recipe_engine.diagnostics import suggest

    near = suggest(name, [*catalog.actions, *catalog.connectors, *CONTROL_STEPS])
    meant = f"; did you mean {near}?" if near else "; `recipe actions` lists them"
    raise click.UsageError(f"there is no action {name!r}{meant}")


def _list_steps() -> None:
    from recipe_engine.model.steps import CONTROL_STEPS

    click.secho("Steps of the language", bold=True)
    click.echo(columns([(name, _first_sentence(model.__doc__ or "")) for name, model in CONTROL_STEPS.items()]))


def _list_actions(chosen: list[Action]) -> None:
    for connector in dict.fromkeys(action.connector for action in chosen):
        click.secho(f"\n{connector.title}", bold=True)
        rows = [(action.name, action.effect, action.summary) for action in chosen if action.connector is connector]
        click.echo(columns(rows))


def _describe(action: Action) -> None:
    click.secho(f"{action.name}: {action.summary}", bold=True)
    if action.description:
        click.echo(f"\n{action.description}")
    where = "on the step itself" if action.fields_at_step else "under `with`"
    _table(f"Parameters, written {where}", action.params_schema)
    _table(f"Result, read by later steps as {{{{ id.field }}}}, {'id'} being the step's", action.result_schema)
    click.echo(f"\n{_EFFECTS[action.effect]}")
    attempts = action.retry_for(action.effect).attempts
    click.echo(f"{attempts} attempt{'s' if attempts > 1 else ''} by default, each at most {action.timeout:g} s")
    if action.example:
        click.secho("\nExample", bold=True)
        click.echo("\n".join(f"  {line}" for line in action.example.strip("\n").splitlines()))
    _settings_of(action)


def _settings_of(action: Action) -> None:
    missing = [setting.name for setting in action.connector.settings if setting.required]
    if missing:
        click.echo(f"\nSettings: {', '.join(missing)} (`recipe connectors {action.connector.name}`)")


def _table(title: str, schema: JSON) -> None:
    from recipe_engine.cli.show.fields import fields, type_in_words

    rows = [
        (field.name, field.type, ("required. " if field.required else "") + field.description)
        for field in fields(schema)
    ]
    click.secho(f"\n{title}", bold=True)
    click.echo(columns(rows) if rows else f"  {type_in_words(schema, schema)}")


def _describe_step(name: str) -> None:
    from recipe_engine.cli.show.fields import type_in_words
    from recipe_engine.model.steps import CONTROL_STEPS

    model = CONTROL_STEPS[name]
    click.secho(f"{name}: a step of the language", bold=True)
    click.echo(f"\n{_unwrapped(model.__doc__ or '')}")
    schema = _schema_of(model)
    click.secho("\nFields", bold=True)
    rows = [
        (
            field.alias or key,
            type_in_words(schema["properties"].get(field.alias or key), schema),
            ("required. " if field.is_required() else "") + (field.description or ""),
        )
        for key, field in model.model_fields.items()
    ]
    click.echo(columns(rows))


def _schema_of(model: type[Step]) -> JSONObject:
    schema = model.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    blocks = {"type": "array", "items": {"title": "step"}}
    schema.setdefault("$defs", {}).update({"steps": blocks, "cases": {"type": "array"}, "branches": {"type": "object"}})
    return schema


def _record(action: Action) -> JSONObject:
    return {
        "name": action.name,
        "connector": action.connector.name,
        "summary": action.summary,
        "description": action.description,
        "effect": action.effect,
        "fields_at_step": action.fields_at_step,
        "params": action.params_schema,
        "result": action.result_schema,
        "example": action.example,
    }


def _first_sentence(text: str) -> str:
    return " ".join(text.split(".", maxsplit=1)[0].split())


def _unwrapped(text: str) -> str:
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
