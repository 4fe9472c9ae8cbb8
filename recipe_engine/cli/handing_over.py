"""`recipe run --detach`: the run is stored, and whoever drives the database begins it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recipe_engine.cli.loop import finish

if TYPE_CHECKING:
    from recipe_engine.core.json import JSONObject
    from recipe_engine.core.plan import Plan
    from recipe_engine.engine import Engine


def hand_over(engine: Engine, plan: Plan, inputs: list[JSONObject], config: JSONObject, *, as_json: bool) -> int:
    """Leave the runs to the worker and print their names."""
    from recipe_engine.wiring import MEMORY

    if engine.database == MEMORY:
        raise click.UsageError("--detach needs the file of a database: runs in :memory: end with their process")
    path = Path(engine.database)
    names = finish(_post(engine, plan, inputs, config, path, new=not path.exists()))
    if as_json:
        told = [{"run_id": name, "recipe": plan.slug, "status": "running"} for name in names]
        click.echo(json.dumps(told[0] if len(told) == 1 else {"runs": told}, ensure_ascii=False, indent=2))
    else:
        for name in names:
            click.echo(name)
    return 0


async def _post(
    engine: Engine, plan: Plan, inputs: list[JSONObject], config: JSONObject, path: Path, *, new: bool
) -> list[str]:
    from recipe_engine.attachments import attached
    from recipe_engine.inputs import fitted
    from recipe_engine.runtime.blobs import FolderBlobs
    from recipe_engine.runtime.errors import NotAnswered
    from recipe_engine.runtime.run_ids import new_run_id
    from recipe_engine.runtime.sqlite import SqliteStore
    from recipe_engine.wiring import blobs_folder, open_client

    blobs = FolderBlobs(blobs_folder(path))
    fitting = [fitted("input", plan.input_schema, await attached(plan.input_schema, given, blobs)) for given in inputs]
    settled = fitted("config", plan.config_schema, config)
    if new:
        store = SqliteStore(path)
        await store.open()
        await store.close()
    client = open_client(path)
    await client.open()
    try:
        names = [new_run_id(engine.clock.now()) for _ in fitting]
        for name, given in zip(names, fitting, strict=True):
            mode = {"sandbox": engine.sandbox, "dry_run": engine.dry_run}
            try:
                await client.start(plan, given, config=settled, run_id=name, mode=mode)  # type: ignore[arg-type]  # a Mode
            except NotAnswered as error:
                click.echo(f"recorded: {error.message}; {error.hint}", err=True)
    finally:
        await client.close()
    return names
