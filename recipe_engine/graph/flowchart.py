"""Figures as a Mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html

The one rule: no text of an author's reaches Mermaid's syntax; labels stand in quotes, and what could end or style them is
written as an entity code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from recipe_engine.core.plan import Plan
from recipe_engine.graph.figures import Figure, Kind, Lane, picture_of

_ACTIVE = re.compile(r"[\"#<>&`|%\\{}\[\]()]")
_LONGEST = 80
_SHAPES: dict[Kind, tuple[str, str]] = {
    "wait": ("([", "])"),
    "branch": ("{", "}"),
    "recipe": ("[[", "]]"),
    "stop": ("([", "])"),
}
_COLOURS = {
    "action": "fill:#dbeafe,stroke:#2563eb,color:#172554",
    "model": "fill:#ede9fe,stroke:#7c3aed,color:#2e1065",
    "data": "fill:#e2e8f0,stroke:#64748b,color:#0f172a",
    "wait": "fill:#fef3c7,stroke:#d97706,color:#451a03",
    "branch": "fill:#fce7f3,stroke:#db2777,color:#500724",
    "recipe": "fill:#e0e7ff,stroke:#4f46e5,color:#1e1b4b",
    "stop": "fill:#fee2e2,stroke:#dc2626,color:#450a0a",
}


def mermaid(plan: Plan) -> str:
    """The plan as the text of a Mermaid flowchart, from top to bottom."""
    picture = picture_of(plan)
    chart = _Chart()
    chart.lines += ["flowchart TD", f'  start(["{_label(picture.title)}"])']
    left = chart.lane(picture.main, [_Way("start")], "  ")
    if left:
        chart.lines.append('  finish(["end"])')
        chart.connect(left, "finish", "  ")
    if picture.on_error is not None:
        chart.lines.append('  failure(["the run fails"]):::stop')
        chart.lane(picture.on_error, [_Way("failure", dashed=True)], "  ")
    chart.lines += [f"  classDef {kind} {colours}" for kind, colours in _COLOURS.items()]
    return "\n".join(chart.lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Way:
    """An edge that waits for the node it leads to."""

    node: str
    label: str = ""
    dashed: bool = False


@dataclass(slots=True)
class _Chart:
    lines: list[str] = field(default_factory=list)
    count: int = 0

    def lane(self, lane: Lane, ways: list[_Way], indent: str) -> list[_Way]:
        """Draw a lane after the ways that lead to it; the ways that lead on."""
        for figure in lane.figures:
            node = self.figure(figure, indent)
            self.connect(ways, node, indent)
            label = "skipped" if figure.kind == "stop" else ""
            ways = [] if figure.arms or figure.stops_here else [_Way(node, label)]
            for arm in figure.arms:
                ways += self.lane(arm, [_Way(node, arm.label)], indent)
            for lane_aside in figure.aside:
                ways += self.lane(lane_aside, [_Way(node, lane_aside.label, dashed=True)], indent)
        return ways

    def figure(self, figure: Figure, indent: str) -> str:
        """Draw a node, or a subgraph for what has lanes inside; its name."""
        node = f"n{self.count}"
        self.count += 1
        if not figure.inside:
            opening, closing = _SHAPES.get(figure.kind, ("[", "]"))
            self.lines.append(f'{indent}{node}{opening}"{_lines(figure)}"{closing}:::{figure.kind}')
            return node
        self.lines.append(f'{indent}subgraph {node}["{_lines(figure)}"]')
        if len(figure.inside) == 1 and figure.always is None:
            self.lane(figure.inside[0], [], f"{indent}  ")
        else:
            lanes = [self.inner(lane, node, f"{indent}  ") for lane in figure.inside]
            if figure.always is not None:
                after = self.inner(figure.always, node, f"{indent}  ")
                self.connect([_Way(lane) for lane in lanes], after, f"{indent}  ")
        self.lines.append(f"{indent}end")
        return node

    def inner(self, lane: Lane, node: str, indent: str) -> str:
        """Draw a lane as a subgraph within that of its step; its name."""
        name = f"{node}_{self.count}"
        self.count += 1
        self.lines.append(f'{indent}subgraph {name}["{_label(lane.label or "steps")}"]')
        self.lane(lane, [], f"{indent}  ")
        self.lines.append(f"{indent}end")
        return name

    def connect(self, ways: list[_Way], node: str, indent: str) -> None:
        """Draw the edges that waited."""
        for way in ways:
            arrow = "-.->" if way.dashed else "-->"
            label = f'|"{_label(way.label)}"|' if way.label else ""
            self.lines.append(f"{indent}{way.node} {arrow}{label} {node}")


def _lines(figure: Figure) -> str:
    """The label of a figure: its title, its type and what it says about itself, a line each."""
    parts = [figure.title, figure.subtitle]
    if figure.condition:
        parts.append(f"if {figure.condition}")
    return "<br/>".join(_label(part) for part in dict.fromkeys(parts))


def _label(text: str) -> str:
    """A text as it may stand in a label in quotes."""
    line = " ".join(text.split())
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST - 1].rstrip()}…"
    return _ACTIVE.sub(lambda found: f"#{ord(found[0])};", line) or " "
