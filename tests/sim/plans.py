"""Plans that hypothesis makes up: every kind of step, nested, with errors, retries and time limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from recipe_engine.core.plan import (
    Branch,
    Call,
    Case,
    ForEach,
    Group,
    Lane,
    Parallel,
    Perform,
    Plan,
    Repeat,
    Retry,
    Set,
    Step,
    Stop,
    Transform,
    Wait,
)

CONDITIONS = ("true", "false", "n > 1", "flag", "n == 2 or flag", "items | length > 1")
EVENTS = ("replied", "paid")


@dataclass
class Builder:
    """Collects the flat tables of a plan while blocks are drawn."""

    draw: object
    room: int = 14
    steps: list = field(default_factory=list)
    blocks: list = field(default_factory=list)
    calls: bool = True

    def block(self, depth: int, *, least: int = 0) -> int:
        count = self.draw(st.integers(least, 3))
        indexes = []
        for _ in range(count):
            if self.room <= 0:
                break
            self.room -= 1
            indexes.append(self.step(depth))
        self.blocks.append(tuple(indexes))
        return len(self.blocks) - 1

    def step(self, depth: int) -> int:
        draw = self.draw
        leaves = ["perform", "perform", "perform", "set", "wait", "event", "approval", "transform"]
        compounds = ["branch", "for_each", "repeat", "parallel", "group"] + (["call"] if self.calls else [])
        kind = draw(
            st.sampled_from(leaves + (compounds if depth > 0 else []) + ["stop"] * (draw(st.integers(0, 9)) == 0))
        )
        timeout = draw(st.sampled_from([None, None, 30.0, 7.0]))
        retry = draw(st.sampled_from([None, None, Retry(3, 2.0), Retry(2, 1.0, "none")]))
        do = self.action(kind, depth)
        on_error = draw(st.sampled_from(["fail", "fail", "continue", "handler"]))
        if on_error == "handler":
            on_error = self.block(0) if self.room > 0 else "continue"
        condition = draw(st.sampled_from([None, None, None, *CONDITIONS]))
        index = len(self.steps)
        self.steps.append(Step(f"s{index}", f"S{index}", kind, do, condition, retry, timeout, on_error))
        return index

    def action(self, kind: str, depth: int):
        draw = self.draw
        if kind == "perform":
            effect = draw(st.sampled_from(["read", "keyed", "once"]))
            return Perform("act", {"n": "{{ n }}", "text": "for {{ n + 1 }}"}, effect)
        if kind == "set":
            return Set({"a": "{{ n * 2 }}", "b": draw(st.sampled_from(["{{ missing.x }}", "ok", "{{ items }}"]))})
        if kind == "transform":
            return Transform("items", where=draw(st.sampled_from([None, "item > 1"])), limit=2)
        if kind == "wait":
            return Wait(duration=draw(st.sampled_from(["10s", "2d", 0])))
        if kind == "event":
            name = draw(st.sampled_from(EVENTS))
            on_timeout = self.block(0) if draw(st.booleans()) else None
            until = draw(st.sampled_from([None, None, "now + seconds(20)", "now - days(1)"]))
            return Wait(event=name, match={"n": "{{ n }}"}, until=until, on_timeout=on_timeout)
        if kind == "approval":
            return Wait(approval={"ask": "go on with {{ n }}?", "to": "a@example.org"})
        if kind == "branch":
            cases = tuple(
                Case(draw(st.sampled_from(CONDITIONS)), self.block(depth - 1)) for _ in range(draw(st.integers(1, 2)))
            )
            return Branch(cases, self.block(depth - 1) if draw(st.booleans()) else None)
        if kind == "for_each":
            pace = draw(st.sampled_from([(None, None), (1, 3.0), (2, 5.0)]))
            return ForEach(
                draw(st.sampled_from(["items", "[]", "[1]"])),
                f"it{len(self.steps)}x{len(self.blocks)}",
                self.block(depth - 1),
                draw(st.integers(1, 3)),
                pace[0],
                pace[1],
                draw(st.sampled_from(["fail", "collect"])),
            )
        if kind == "repeat":
            on_timeout = self.block(0) if draw(st.booleans()) else None
            until = draw(st.sampled_from(["true", "flag", "false"]))
            return Repeat(until, self.block(depth - 1), draw(st.sampled_from([0.0, 5.0])), 3, on_timeout)
        if kind == "parallel":
            lanes = tuple(Lane(name, self.block(depth - 1)) for name in "abc"[: draw(st.integers(0, 3))])
            return Parallel(lanes)
        if kind == "group":
            return Group(self.block(depth - 1), self.block(0) if draw(st.booleans()) else None)
        if kind == "call":
            return Call("called", {"n": "{{ n }}", "flag": True, "items": "{{ items }}"})
        return Stop(
            draw(st.sampled_from(["succeeded", "failed"])), "stop {{ n }}", {"n": "{{ n }}"}, draw(st.booleans())
        )


@st.composite
def plans(draw, *, depth: int = 3) -> Plan:
    """A plan, maybe with a handler and a called recipe."""
    inner = Builder(draw, room=5, calls=False)
    inner_root = inner.block(1)
    handler = inner.block(0) if draw(st.booleans()) else None
    called = Plan("called", "Called", tuple(inner.steps), tuple(inner.blocks), inner_root, on_error=handler)
    outer = Builder(draw)
    root = outer.block(depth, least=1)
    on_error = outer.block(0) if draw(st.booleans()) else None
    return Plan(
        "made-up",
        "Made up",
        tuple(outer.steps),
        tuple(outer.blocks),
        root,
        on_error=on_error,
        recipes={"called": called},
        output={"n": "{{ n }}"},
        has_output=draw(st.booleans()),
    )
