"""A recipe in sentences, from its plan and without a model: for readers who know no YAML.

The one rule: every step is told once, in the order in which it is done, and nothing is told that the plan does not say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from recipe_engine.compile.written import as_written, tools_of
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import (
    Branch,
    Call,
    ForEach,
    Group,
    Parallel,
    Perform,
    Plan,
    Repeat,
    Set,
    Step,
    Stop,
    Transform,
    Wait,
)
from recipe_engine.generate.acting import act_in_words, approver
from recipe_engine.generate.phrases import Language, Voice
from recipe_engine.generate.schedules import schedule_in_words
from recipe_engine.generate.speaking import Speaker
from recipe_engine.plugin import Catalog

_INDENT = "   "


def explain(plan: Plan, catalog: Catalog | None = None, *, language: Language = "en") -> str:
    """What a recipe does, as a text with headings. `catalog` gives vendors and actions their full names."""
    return "\n".join(_Explaining(plan, catalog, Voice(language)).lines()).rstrip() + "\n"


class _Explaining:
    def __init__(self, plan: Plan, catalog: Catalog | None, voice: Voice) -> None:
        self.plan = plan = as_written(plan)
        self.catalog = catalog
        self.voice = voice
        self.say = voice.say
        self.speaker = Speaker(voice, {step.id: step.name or step.id for step in plan.steps})

    def lines(self) -> Iterator[str]:
        about = self.plan.about or {}
        yield self.plan.name
        if about.get("description"):
            yield " ".join(str(about["description"]).split())
        yield from self._section("starts", self._starts(about.get("triggers") or []))
        yield from self._section("given", self._given())
        yield from self._section("does", self._block(self.plan.root, "", ""), bullets=False)
        yield from self._section("waits", self._waits())
        yield from self._section("writes", self._writes())
        yield from self._section("errors", self._errors(), bullets=False)
        yield from self._section("gives", self._gives())
        yield from self._section("bounds", self._bounds())

    def _section(self, title: str, lines: Iterator[str], *, bullets: bool = True) -> Iterator[str]:
        yield ""
        yield self.say(title)
        found = list(lines)
        yield from (f"- {line}" if bullets else line for line in found or [self.say("nothing")])

    # --- around the steps

    def _starts(self, triggers: list[JSONObject]) -> Iterator[str]:
        if not triggers:
            yield self.say("by_hand")
        for trigger in triggers:
            yield self._joined([self._trigger(trigger), *self._narrowing(trigger)], ".")

    def _trigger(self, trigger: JSONObject) -> str:
        match trigger["type"]:
            case "webhook":
                signed = f", {self.say('verified', by=trigger['verify'])}" if trigger.get("verify") else ""
                return self.say("webhook", path=trigger["path"]) + signed
            case "schedule":
                when = schedule_in_words(trigger["cron"], self.speaker.voice)
                return self.say("schedule", cron=when, timezone=trigger.get("timezone", "UTC"))
            case "poll":
                return self.say("poll", action=trigger["action"], every=self.speaker.duration(trigger["every"]))
            case "event":
                return self.say("event", event=trigger["event"])
            case kind:
                return self.say(kind)

    def _narrowing(self, trigger: JSONObject) -> Iterator[str]:
        if trigger.get("if"):
            yield self.say("only_if", condition=self.speaker.condition(_bare(trigger["if"])))
        if trigger.get("key"):
            yield self.say("once_per", key=self.speaker.value(_bare(trigger["key"])))

    def _given(self) -> Iterator[str]:
        schema = self.plan.input_schema or {}
        required = schema.get("required", ())
        for name, field in schema.get("properties", {}).items():
            about = f", {field['description']}" if isinstance(field, dict) and field.get("description") else ""
            if isinstance(field, dict) and "default" in field:
                yield self.say("otherwise", name=name, value=self.speaker.text(field["default"]))
            else:
                yield self.say("required" if name in required else "optional", name=name, about=about)

    def _waits(self) -> Iterator[str]:
        for step in self.plan.steps:
            if isinstance(step.do, Wait):
                yield self.say("waits_line", what=self._joined(list(self._wait(step.do, step)), ""), step=step.name)
            for tool in tools_of(step):
                if tool.confirm:
                    who, name = approver(tool, self.speaker), self.voice.quoted(tool.name)
                    yield self.say("waits_tool", who=who, tool=name, step=step.name, time=self._at_most(step))

    def _writes(self) -> Iterator[str]:
        for step in self.plan.steps:
            if isinstance(step.do, Perform) and step.do.effect != "read":
                told = act_in_words(step.do, self.speaker, self.catalog)
                yield self.say("writes_line", where=told.where, what=f"{self.voice.quoted(step.name)}")
            for tool in tools_of(step):
                if tool.confirm:
                    act = Perform(tool.action, {}, "once")
                    what = f"{self.voice.quoted(tool.name)} ({step.name})"
                    yield self.say("writes_line", where=act_in_words(act, self.speaker, self.catalog).where, what=what)

    def _errors(self) -> Iterator[str]:
        steps = self.plan.steps
        yield "- " + self.say("fails")
        again = [step for step in steps if step.retry is not None and step.retry.attempts > 1]
        on = [step for step in steps if step.on_error == "continue"]
        own = [step for step in steps if isinstance(step.on_error, int)]
        once = [step for step in steps if isinstance(step.do, Perform) and step.do.effect == "once"]
        for phrase, found in (("repeated", again), ("goes_on_list", on), ("own_way", own), ("never_twice", once)):
            if found:
                yield "- " + self.say(phrase, steps=", ".join(self.voice.quoted(step.name) for step in found))
        if self.plan.on_error is not None:
            yield "- " + self.say("run_handler")
            yield from self._block(self.plan.on_error, _INDENT, "")

    def _gives(self) -> Iterator[str]:
        if not self.plan.has_output:
            yield self.say("last_output")
        elif isinstance(self.plan.output, dict):
            for name, value in self.plan.output.items():
                yield self.say("field", name=name, value=self.speaker.text(value))
        else:
            yield self.speaker.text(self.plan.output)

    def _bounds(self) -> Iterator[str]:
        limits = self.plan.limits
        if limits.cost is not None:
            yield self.say("cost", amount=f"{limits.cost:.2f}")
        if limits.tokens is not None:
            yield self.say("tokens", amount=limits.tokens)
        if limits.duration is not None:
            yield self.say("duration", duration=self.voice.duration(limits.duration))
        if limits.concurrency is not None:
            key = limits.concurrency.get("key")
            same = self.say("for_the_same", key=self.speaker.value(key)) if key else ""
            yield self.say("concurrency", count=limits.concurrency.get("max", 1), key=same)
        if limits.cost is limits.tokens is limits.duration is limits.concurrency is None:
            yield self.say("no_bounds")

    # --- steps

    def _block(self, block: int, indent: str, number: str) -> Iterator[str]:
        for place, index in enumerate(self.plan.blocks[block], 1):
            yield from self._step(self.plan.steps[index], indent, f"{number}{place}")

    def _step(self, step: Step, indent: str, number: str) -> Iterator[str]:
        only = "" if step.if_ is None else self.say("if", condition=self.speaker.condition(step.if_))
        parts = [*self._does(step.do, step), *self._around(step)]
        yield indent + self.say("step", number=number, name=step.name, what=only + self._joined(parts, "."))
        inner = indent + _INDENT
        for title, block, letter in self._inside(step):
            if title:
                yield f"{inner}{title}"
            if block is not None:
                yield from self._block(block, inner + (_INDENT if title else ""), f"{number}.{letter}")

    def _does(self, do: JSON, step: Step) -> Iterator[str]:
        say, speaker = self.say, self.speaker
        match do:
            case Perform():
                yield act_in_words(do, speaker, self.catalog).what
            case Set(values=values):
                yield say("set", values=self._values(values))
            case Transform():
                where = say("transform_where", condition=speaker.condition(do.where)) if do.where else None
                yield say("transform", items=speaker.value(do.items), kept=where or say("transform_all"))
            case Branch():
                yield say("branch")
            case Wait():
                yield from self._wait(do, step)
            case ForEach():
                yield say("for_each", item=do.as_, items=speaker.value(do.items))
                if do.concurrency > 1:
                    yield say("at_once", count=do.concurrency)
                if do.pace_count is not None:
                    yield say("pace", count=do.pace_count, duration=self.voice.duration(do.pace_seconds or 0))
                if do.on_item_error == "collect":
                    yield say("collect")
            case Repeat():
                yield say("repeat", condition=speaker.condition(do.until))
                if do.every:
                    yield say("every", duration=self.voice.duration(do.every))
            case Parallel() | Group():
                yield say(do.kind)
            case Call():
                yield say("call", recipe=self.voice.quoted(self.plan.recipes[do.recipe].name))
            case Stop():
                yield say(f"stop_{do.status}") + (f": {speaker.text(do.message)}" if do.message else "")
            case _:
                assert_never(do)

    def _values(self, values: JSON) -> str:
        if not isinstance(values, dict):
            return self.speaker.text(values)
        return "; ".join(f"{name} = {self.speaker.text(value, 70)}" for name, value in values.items())

    def _wait(self, wait: Wait, step: Step) -> Iterator[str]:
        say, speaker = self.say, self.speaker
        if wait.event is not None:
            matching = [say("matching", field=n, value=speaker.text(v)) for n, v in (wait.match or {}).items()]
            yield say("wait_event", event=speaker.text(wait.event), match="".join(matching))
        elif wait.approval is not None:
            ask, to = speaker.text(wait.approval.get("ask")), wait.approval.get("to")
            yield say("wait_approval_to", to=speaker.text(to), ask=ask) if to else say("wait_approval", ask=ask)
        elif wait.until is not None:
            yield say("wait_until", moment=speaker.value(wait.until))
            if wait.if_past != "continue":
                yield say(f"past_{wait.if_past}")
            return
        else:
            yield say("wait_duration", duration=speaker.duration(wait.duration))
            return
        if wait.until is not None:
            yield say("until_at_most", moment=speaker.value(wait.until))
        else:
            yield self._at_most(step)

    def _at_most(self, step: Step) -> str:
        if step.timeout is None:
            return self.say("for_ever")
        return self.say("at_most", duration=self.voice.duration(step.timeout))

    def _around(self, step: Step) -> Iterator[str]:
        if isinstance(step.do, Repeat | Group | Parallel | ForEach) and step.timeout is not None:
            yield self.say("at_most", duration=self.voice.duration(step.timeout))
        if step.retry is not None and step.retry.attempts > 1:
            yield self.say("retry", attempts=step.retry.attempts)
        if step.on_error == "continue":
            yield self.say("goes_on")

    def _inside(self, step: Step) -> Iterator[tuple[str, int | None, str]]:
        """The blocks of a step: a title (empty for a body), the block, what its numbers begin with."""
        match step.do:
            case Branch(cases=cases, otherwise=otherwise):
                for index, case in enumerate(cases):
                    yield self.say("case", condition=self.speaker.condition(case.when)), case.block, f"{_letter(index)}"
                yield (
                    self.say("else_nothing" if otherwise is None else "else"),
                    otherwise,
                    _letter(len(cases)),
                )
            case ForEach(body=body) | Repeat(body=body) | Group(body=body):
                yield "", body, ""
            case Parallel(lanes=lanes):
                for index, lane in enumerate(lanes):
                    yield self.say("lane", name=lane.name), lane.block, _letter(index)
            case _:
                pass
        if isinstance(step.do, Group) and step.do.always is not None:
            yield self.say("always"), step.do.always, "z"
        if isinstance(step.do, Wait | Repeat) and step.do.on_timeout is not None:
            yield self.say("late"), step.do.on_timeout, "t"
        if isinstance(step.on_error, int):
            yield self.say("handler"), step.on_error, "e"

    def _joined(self, parts: list[str], end: str) -> str:
        return ", ".join(part.rstrip(".") for part in parts) + end


def _letter(index: int) -> str:
    return chr(ord("a") + index % 26)


def _bare(text: JSON) -> str:
    """An expression without braces around the whole."""
    said = str(text).strip()
    return said[2:-2].strip() if said.startswith("{{") and said.endswith("}}") else said
