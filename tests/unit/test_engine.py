"""The engine as a library: open, run, follow, retry, close."""

import os

import pytest

from recipe_engine import Engine, InvalidInput, RecipeError
from recipe_engine.core.plan import Perform, Plan, Set, Step, Stop, Wait
from recipe_engine.operations import continuation
from recipe_engine.plugin import Catalog, Connector, Context, Params, Result, Terminal, hookimpl
from recipe_engine.runtime.clock import VirtualClock

INPUT = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "n": {"default": 3}}}


def plan_of(*steps: Step, **fields) -> Plan:
    return Plan("demo", "Demo", steps, (tuple(range(len(steps))),), 0, **fields)


def step(id, do, **fields):
    return Step(id, id.title(), do.kind, do, **fields)


GREET = step("greet", Set({"text": "Bonjour {{ name }}"}))
OUTPUT = {"output": {"text": "{{ greet.text }}", "n": "{{ n }}"}, "has_output": True}


class Order(Params):
    item: str = ""


class Ordered(Result):
    number: int


def shop():
    """A connector that counts its orders and refuses while `broken`."""
    connector = Connector(name="shop", title="Shop")
    state = {"orders": [], "broken": False}

    @connector.action(effect="once")
    async def order(ctx: Context, params: Order) -> Ordered:
        """Order something."""
        if state["broken"]:
            raise Terminal("sold out", code="sold_out")
        state["orders"].append((params.item, ctx.key))
        return Ordered(number=len(state["orders"]))

    return Catalog.of([connector]), state


async def test_a_run_gives_its_output_with_the_defaults_of_its_input():
    async with Engine(":memory:") as engine:
        run = await engine.run(plan_of(GREET, input_schema=INPUT, **OUTPUT), {"name": "Ada"})
    assert (run.status, run.output) == ("succeeded", {"text": "Bonjour Ada", "n": 3})
    assert [step["path"] for step in run.steps] == ["greet"]


async def test_an_input_that_does_not_fit_begins_nothing():
    async with Engine(":memory:") as engine:
        with pytest.raises(InvalidInput) as caught:
            await engine.run(plan_of(GREET, input_schema=INPUT), {"name": 5})
        assert [str(problem) for problem in caught.value.problems] == ["name: found 5, expected text"]
        assert await engine.runtime.list() == []


async def test_config_that_does_not_fit_is_refused_as_such():
    async with Engine(":memory:") as engine:
        with pytest.raises(InvalidInput, match="the config does not fit: team"):
            await engine.run(plan_of(GREET, config_schema={"required": ["team"]}), {"name": "Ada"}, config={"x": 1})


async def test_a_path_in_the_input_becomes_a_file_of_the_blob_store(tmp_path):
    (tmp_path / "letter.pdf").write_bytes(b"%PDF")
    schema = {"properties": {"letter": {"type": "object", "format": "file"}}}
    plan = plan_of(step("keep", Set({"file": "{{ letter }}"})), input_schema=schema)
    async with Engine(tmp_path / "runs.db") as engine:
        run = await engine.run(plan, {"letter": tmp_path / "letter.pdf"})
    assert run.status == "succeeded"
    [kept] = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert kept.read_bytes() == b"%PDF"


async def test_a_short_wait_is_sat_through_and_a_long_one_parks_the_run():
    short, long = step("short", Wait(duration="0.01s")), step("long", Wait(duration="2d"))
    async with Engine(":memory:") as engine:
        assert (await engine.run(plan_of(short))).status == "succeeded"
        assert (await engine.run(plan_of(short, long))).status == "waiting"


async def test_with_a_virtual_clock_ten_days_pass_at_once():
    async with Engine(":memory:", clock=VirtualClock(1000.0)) as engine:
        run = await engine.run(plan_of(step("long", Wait(duration="10d")), GREET), {"name": "Ada"})
        assert engine.clock.now() == pytest.approx(1000.0 + 864_000)
    assert run.status == "succeeded"


async def test_what_happens_is_told_entry_by_entry():
    seen = []
    async with Engine(":memory:") as engine:
        name = await engine.start(plan_of(GREET, step("w", Wait(duration="0.01s"))), {"name": "Ada"})
        await engine.follow(name, seen=seen.append)
    names = [type(event).__name__ for entry in seen for event in entry.events]
    assert names[0] == "RunStarted"
    assert names[-1] == "RunSucceeded"


async def test_a_retry_repeats_only_what_failed_with_the_same_key(tmp_path):
    catalog, state = shop()
    first, second = (step(id, Perform("shop.order", {"item": id}, "once")) for id in ("first", "second"))
    broken = step("gate", Perform("shop.order", {"item": "gate"}, "once"))
    async with Engine(tmp_path / "runs.db", catalog=catalog) as engine:
        run = await engine.run(plan_of(first, step("stop", Perform("shop.none", {}, "once")), second))
        assert (run.status, run.error["code"]) == ("failed", "unknown_action")
        mended = plan_of(first, broken, second)
        plan, journal = await engine.runtime.plan(run.run_id), await engine.runtime.journal(run.run_id)
        again = await engine.start_again(run.run_id, continuation(plan, journal, fixed=mended))
        ended = await engine.follow(again)
    assert ended.status == "succeeded"
    assert state["orders"] == [
        ("first", f"{run.run_id}/first"),
        ("gate", f"{run.run_id}/gate"),
        ("second", f"{run.run_id}/second"),
    ]
    assert next(step for step in ended.steps if step["path"] == "first")["attempts"] == 0


async def test_a_retry_of_a_sandbox_run_stays_in_the_sandbox(tmp_path):
    gate = step("gate", Stop(status="failed", message="no"))
    find = step("find", Perform("hubspot.find_or_create_contact", {"email": "ada@example.org"}, "keyed"))
    async with Engine(tmp_path / "runs.db", sandbox=True) as engine:
        run = await engine.run(plan_of(gate))
    async with Engine(tmp_path / "runs.db") as engine:
        journal = await engine.runtime.journal(run.run_id)
        found = continuation(await engine.runtime.plan(run.run_id), journal, fixed=plan_of(find))
        again = await engine.follow(await engine.start_again(run.run_id, found))
        assert (again.status, [effect.action for effect in engine.effects]) == ("succeeded", ["create contact"])


async def test_runs_survive_the_engine_and_a_second_engine_hands_its_work_to_the_first(tmp_path):
    plan = plan_of(GREET, input_schema=INPUT)
    async with Engine(tmp_path / "runs.db") as first:
        async with Engine(tmp_path / "runs.db") as second:
            assert (first.owner, second.owner) == (True, False)
            run = await second.run(plan, {"name": "Ada"})
        assert (await first.runtime.get(run.run_id)).status == "succeeded"
    async with Engine(tmp_path / "runs.db") as later:
        assert [view.run_id for view in await later.runtime.list()] == [run.run_id]


async def test_when_the_owner_goes_whoever_follows_a_run_takes_its_place(tmp_path):
    plan = plan_of(GREET, step("w", Wait(duration="0.6s")), step("n", Set({"x": 1})))
    first = await Engine(tmp_path / "runs.db").open()
    seen = []
    async with Engine(tmp_path / "runs.db") as second:
        name = await second.start(plan, {"name": "Ada"})
        await first.close()
        run = await second.follow(name, seen=seen.append)
        assert second.owner
    assert run.status == "succeeded"
    assert sum(type(event).__name__ == "RunStarted" for entry in seen for event in entry.events) == 1


async def test_a_start_that_the_owner_no_longer_answers_is_carried_out_by_whoever_asked(tmp_path):
    first = await Engine(tmp_path / "runs.db").open()
    async with Engine(tmp_path / "runs.db") as second:
        await first.close()
        assert (await second.run(plan_of(GREET), {"name": "Ada"})).status == "succeeded"
        assert len(await second.runtime.list()) == 1


def test_a_script_runs_without_an_event_loop():
    with Engine(":memory:") as engine:
        first = engine.run_sync(plan_of(GREET), {"name": "Ada"})
        assert [view.run_id for view in engine.wait_for(engine.runtime.list())] == [first.run_id]
    assert Engine(":memory:").run_sync(plan_of(GREET), {"name": "Ada"}).status == "succeeded"


async def test_the_sync_front_refuses_inside_a_loop_and_says_what_to_do():
    with pytest.raises(RecipeError) as caught:
        Engine(":memory:").run_sync(plan_of(GREET))
    assert caught.value.hint == "use `await engine.run(...)` inside of it"


def test_an_engine_that_is_not_open_says_so():
    with pytest.raises(RecipeError, match="the engine is not open"):
        _ = Engine(":memory:").runtime


async def test_a_url_asks_plugins_for_a_runtime(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match="no plugin offers a runtime for far://"):
        await Engine("far://away").open()
    asked = []

    class Far:
        async def open(self):
            asked.append("open")

        async def close(self):
            asked.append("close")

    class Plugin:
        @hookimpl
        def open_runtime(self, url, engine):
            asked.append((url, engine))
            return Far()

    engine = Engine("far://away")
    engine.plugins.manager.register(Plugin())
    async with engine:
        assert isinstance(engine.runtime, Far)
    assert asked == [("far://away", engine), "open", "close"]


async def test_plugins_observe_every_event(monkeypatch):
    seen = []

    class Plugin:
        @hookimpl
        def observe(self, run_id, event, at):
            seen.append((run_id, type(event).__name__))

    engine = Engine(":memory:")
    engine.plugins.manager.register(Plugin())
    async with engine:
        run = await engine.run(plan_of(GREET), {"name": "Ada"})
    assert seen == [(run.run_id, name) for name in ("RunStarted", "StepSucceeded", "RunSucceeded")]


async def test_a_bad_list_of_allowed_hosts_is_refused_at_once():
    with pytest.raises(RecipeError, match="RECIPE_HTTP_ALLOW is not a list of host or host:port"):
        await Engine(":memory:", env={"RECIPE_HTTP_ALLOW": "localhost:many"}).open()


async def test_a_bad_script_of_answers_is_refused_at_once():
    with pytest.raises(RecipeError, match="the scripted answers are not valid"):
        await Engine(":memory:", sandbox=True, answers=[{"stepp": "x"}]).open()


async def test_the_database_is_the_one_given_else_the_settings_else_the_default(tmp_path):
    assert Engine("x.db", env={"RECIPE_DB": "y.db"}).database == "x.db"
    assert Engine(env={"RECIPE_DB": "y.db"}).database == "y.db"
    (tmp_path / ".env").write_text("RECIPE_DB=z.db\n")
    assert Engine(env={}, folder=tmp_path).database == "z.db"
    assert Engine(env={}).database == ".recipe/runs.db"


RECIPE = """\
slug: hello
name: Hello
description: Says hello.
category: examples
steps:
  - {id: hello, name: Hello, type: set, values: {text: TEXT}}
output: {text: "{{ hello.text }}"}
"""


@pytest.mark.parametrize("cache", ["off", "cache"])
def test_an_edited_recipe_is_read_again_by_an_engine_that_lives_on(tmp_path, cache):
    path = tmp_path / "hello.yml"
    engine = Engine(":memory:", env={"RECIPE_CACHE": cache if cache == "off" else str(tmp_path / cache)})
    for text, expected in (("one", "one"), ("three", "three"), ("one", "one")):
        path.write_text(RECIPE.replace("TEXT", text))
        assert engine.run_sync(path).output == {"text": expected}
    path.write_text(RECIPE.replace("hello.text", "hello.txt"))
    assert [problem.code for problem in engine.check(path)] == ["R204"]


def test_what_was_found_out_about_a_recipe_is_kept_for_other_engines(tmp_path, monkeypatch):
    path = tmp_path / "hello.yml"
    path.write_text(RECIPE)
    env = {"RECIPE_CACHE": str(tmp_path / "cache")}
    plan = Engine(env=env).compile(path)

    def fail(*_, **__):
        raise AssertionError("checked again")

    monkeypatch.setattr("recipe_engine.compile.compile_recipe", fail)
    assert Engine(env=env).compile(path).digest == plan.digest
    assert Engine(env=env).check(path) == []
    for other in ({"RECIPE_CACHE": "off"}, {"HOME": ""}, {}):
        with pytest.raises(AssertionError, match="checked again"):
            Engine(env=other).check(path)


def test_the_stamp_changes_with_a_source_and_leaves_out_what_is_no_source(tmp_path, monkeypatch):
    from recipe_engine.installed import stamp

    (tmp_path / "plugin.py").write_text("one = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    first = stamp()
    (tmp_path / "tests").mkdir()
    (tmp_path / "plugin.py").write_text("one = 11\n")
    second = stamp()
    (tmp_path / "tests" / "test_plugin.py").write_text("")
    assert first != second
    assert second == stamp()


def test_what_was_kept_for_a_month_is_forgotten(tmp_path):
    path, cache = tmp_path / "hello.yml", tmp_path / "cache"
    path.write_text(RECIPE)
    Engine(env={"RECIPE_CACHE": str(cache)}).check(path)
    [old] = cache.glob("*/*.json")
    os.utime(old, (0, 0))
    path.write_text(RECIPE.replace("TEXT", "two"))
    Engine(env={"RECIPE_CACHE": str(cache)}).check(path)
    assert old.exists(), "it is swept once a day"
    os.utime(cache / ".swept", (0, 0))
    path.write_text(RECIPE.replace("TEXT", "three"))
    Engine(env={"RECIPE_CACHE": str(cache)}).check(path)
    assert not old.exists()
    assert len(list(cache.glob("*/*.json"))) == 2
