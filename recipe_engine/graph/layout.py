"""Figures as placed boxes and lines.

Every block has a spine: the vertical line on which it is entered at the top and left at the bottom. A sequence puts
blocks under each other spine on spine; arms and lanes stand side by side between two horizontal lines; what is aside
stands to the right of its step, on dashed lines. The one rule: a block knows its own extent and nothing of its
surroundings, so that any plan can be drawn by putting blocks into blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from recipe_engine.graph.figures import Figure, Lane, Picture
from recipe_engine.graph.measure import shortened, width, wrapped

CARD = 236.0  # width of a step
PAD = 12.0
GAP = 30.0  # between a step and the next
BESIDE = 28.0  # between lanes
TURN = 14.0  # from a line's corner to what follows
TITLE, SMALL = 14.0, 11.5
TITLE_LINE, SMALL_LINE = 18.0, 15.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle. `shape` is card, decision, pill, frame or label; `style` a figure's kind or a style of its own."""

    x: float
    y: float
    width: float
    height: float
    shape: str
    style: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text, `y` being its baseline."""

    x: float
    y: float
    text: str
    style: str
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, with an arrow's head at its end or without."""

    points: tuple[tuple[float, float], ...]
    arrow: bool = False
    dashed: bool = False


Shape: TypeAlias = Box | Text | Line


@dataclass(slots=True)
class Block:
    """Shapes and blocks around a spine at x = 0. `left` and `right` are the distances to its edges; `middle` is the
    height at which lines to the side leave its head; `ends` says that nothing leaves it at the bottom."""

    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    middle: float = 0.0
    side: float = 0.0
    ends: bool = False
    shapes: list[Shape] = field(default_factory=list)
    parts: list[tuple[float, float, Block]] = field(default_factory=list)

    def put(self, block: Block, x: float, y: float) -> None:
        """Place a block with its spine at `x` and its top at `y`, and grow around it."""
        self.parts.append((x, y, block))
        self.left = max(self.left, block.left - x)
        self.right = max(self.right, block.right + x)
        self.height = max(self.height, y + block.height)

    def line(self, *points: tuple[float, float], arrow: bool = False, dashed: bool = False) -> None:
        """Draw a line through points."""
        self.shapes.append(Line(points, arrow, dashed))


def laid_out(picture: Picture) -> Block:
    """The whole picture as one block."""
    page = Block()
    start = _pill(picture.title, "start")
    page.put(start, 0, 0)
    steps = _sequence(picture.main.figures)
    page.line((0, start.height), (0, start.height + GAP), arrow=True)
    page.put(steps, 0, start.height + GAP)
    if not steps.ends:
        page.line((0, page.height), (0, page.height + GAP), arrow=True)
        page.put(_pill("end", "start"), 0, page.height + GAP)
    if picture.on_error is not None:
        handler = _frame_around(_sequence(picture.on_error.figures), [picture.on_error.label], "failure", "")
        page.put(handler, page.right + 2 * BESIDE + handler.left, start.height + GAP)
    return page


def shapes_of(block: Block, x: float, y: float) -> Iterator[tuple[float, float, Shape]]:
    """Every shape of a block whose spine stands at `x`, with the offset to draw it at; frames before what they hold."""
    for shape in block.shapes:
        yield x, y, shape
    for dx, dy, part in block.parts:
        yield from shapes_of(part, x + dx, y + dy)


def _sequence(figures: tuple[Figure, ...]) -> Block:
    """Figures under each other."""
    block = Block()
    for index, figure in enumerate(figures):
        if index:
            top = block.height
            if not block.ends:
                block.line((0, top), (0, top + GAP), arrow=True)
            block.height += GAP
        drawn = _figure(figure)
        block.put(drawn, 0, block.height)
        block.ends = drawn.ends
    return block


def _figure(figure: Figure) -> Block:
    """A step with everything that belongs to it."""
    if figure.inside:
        head = _framed(_about(figure), list(figure.inside), figure.always, figure.kind, _described(figure))
    else:
        head = _card(figure)
    if not figure.arms and not figure.aside:
        head.ends = figure.stops_here
        return head
    block = Block(middle=head.middle, side=head.side)
    block.put(head, 0, 0)
    if figure.arms:
        _put_arms(block, figure)
    if figure.aside:
        _put_aside(block, figure)
    block.ends = figure.ends
    return block


def _put_arms(block: Block, figure: Figure) -> None:
    """The ways on from a decision, side by side, and where they meet again."""
    top = block.height
    lanes = [_lane(arm) for arm in figure.arms]
    places = _side_by_side(lanes)
    fork, begin = top + TURN, top + 2 * TURN
    bottom = begin + max(lane.height for lane in lanes)
    block.line((0, top), (0, fork))
    for x, lane in zip(places, lanes, strict=True):
        block.line((0, fork), (x, fork), (x, begin))
        block.put(lane, x, begin)
        if not lane.ends:
            block.line((x, begin + lane.height), (x, bottom + TURN), (0, bottom + TURN))
    block.height = bottom + (0 if figure.stops_here else TURN)


def _put_aside(block: Block, figure: Figure) -> None:
    """What is done when something goes wrong, to the right on dashed lines."""
    bottom = block.height
    joining = []
    for lane in figure.aside:
        drawn = _lane(lane)
        x = block.right + BESIDE + drawn.left
        begin = block.middle + 2 * TURN
        block.line((block.side, block.middle), (x, block.middle), (x, begin), dashed=True)
        block.put(drawn, x, begin)
        if not drawn.ends:
            joining.append((x, begin + drawn.height))
    meet = block.height + (TURN if joining else 0)
    if not figure.stops_here:
        block.line((0, bottom), (0, meet))
    for x, y in joining:
        block.line((x, y), (x, meet), (0, meet), dashed=True)
    block.height = meet


def _lane(lane: Lane) -> Block:
    """A label on a line, then figures."""
    block = Block()
    if lane.label:
        block.put(_label(lane.label), 0, 0)
        if lane.figures:
            block.line((0, block.height), (0, block.height + GAP * 0.7), arrow=True)
            block.height += GAP * 0.7
    steps = _sequence(lane.figures)
    block.put(steps, 0, block.height)
    block.ends = steps.ends
    return block


def _side_by_side(lanes: list[Block]) -> list[float]:
    """Where the spines of lanes stand, so that the first and the last are equally far from the middle."""
    places, edge = [], 0.0
    for lane in lanes:
        places.append(edge + lane.left)
        edge += lane.left + lane.right + BESIDE
    middle = (places[0] + places[-1]) / 2
    return [place - middle for place in places]


def _framed(heading: list[str], lanes: list[Lane], always: Lane | None, style: str, about: str) -> Block:
    """Lanes in a frame under a heading."""
    content = Block()
    drawn = [_lane(lane) for lane in lanes]
    places = _side_by_side(drawn)
    begin = 0.0 if len(lanes) == 1 else TURN
    bottom = begin + max(lane.height for lane in drawn)
    for x, lane in zip(places, drawn, strict=True):
        if len(lanes) > 1:
            content.line((0, 0), (x, 0), (x, begin))
        content.put(lane, x, begin)
        if len(lanes) > 1 and not lane.ends:
            content.line((x, begin + lane.height), (x, bottom + TURN), (0, bottom + TURN))
            content.height = bottom + TURN
    content.ends = style in {"parallel", "group"} and all(lane.ends for lane in drawn)
    if style == "loop":
        _put_way_back(content)
    if always is not None:
        if not content.ends:
            content.line((0, content.height), (0, content.height + TURN))
        content.put(_lane(always), 0, content.height + TURN)
    return _frame_around(content, heading, style, about)


def _put_way_back(content: Block) -> None:
    """The line from the end of a loop's body to its beginning, on its right."""
    x = content.right + TURN
    content.line((0, content.height), (0, content.height + TURN), (x, content.height + TURN), (x, -TURN), (0, -TURN))
    content.right, content.height = x, content.height + TURN


def _frame_around(content: Block, heading: list[str], style: str, about: str) -> Block:
    above = PAD + TITLE_LINE + SMALL_LINE * (len(heading) - 1) + (PAD if style == "failure" else 1.5 * TURN)
    wanted = max([width(heading[0], TITLE, bold=True), *(width(line, SMALL) for line in heading[1:]), CARD / 2])
    room = max(content.left + content.right, min(wanted, 1.6 * CARD))
    more = max(0.0, room - content.left - content.right) / 2
    frame = Block(left=content.left + more + PAD, right=content.right + more + PAD, middle=above / 2)
    frame.side = frame.right
    frame.height = above + content.height + PAD
    frame.shapes.append(Box(-frame.left, 0, frame.left + frame.right, frame.height, "frame", style, about))
    x, y = PAD - frame.left, PAD + TITLE
    for index, line in enumerate(heading):
        size, bold = (SMALL, False) if index else (TITLE, True)
        frame.shapes.append(Text(x, y, shortened(line, size, room, bold), "title" if bold else "small"))
        y += SMALL_LINE if index or len(heading) == 1 else TITLE_LINE - 2
    frame.put(content, 0, above)
    frame.height = above + content.height + PAD
    if style == "failure":
        return frame
    frame.line((0, above - TURN), (0, above), arrow=style != "parallel")
    if not content.ends:
        frame.line((0, above + content.height), (0, frame.height))
    return frame


def _card(figure: Figure) -> Block:
    """A step as a box with its type, its name, what it says about itself and its condition."""
    room = CARD - 2 * PAD
    lines = [(line, "small") for line in wrapped(figure.detail, SMALL, room, 2)]
    lines += [(line, "code") for line in wrapped(f"if {figure.condition}", SMALL, room, 3) if figure.condition]
    titles = wrapped(figure.title, TITLE, room, 2, bold=True)
    height = 2 * PAD + SMALL_LINE + len(titles) * TITLE_LINE + len(lines) * SMALL_LINE - 4
    block = Block(CARD / 2, CARD / 2, height, height / 2, CARD / 2)
    shape = {"branch": "decision", "stop": "pill", "wait": "pill"}.get(figure.kind, "card")
    block.shapes.append(Box(-CARD / 2, 0, CARD, height, shape, figure.kind, _described(figure)))
    y = PAD + SMALL - 1
    block.shapes.append(Text(0, y, shortened(figure.type, SMALL, room), f"type {figure.kind}", centred=True))
    y += 2
    for line in titles:
        y += TITLE_LINE
        block.shapes.append(Text(0, y, line, "title", centred=True))
    y += 1
    for line, style in lines:
        y += SMALL_LINE
        block.shapes.append(Text(0, y, line, style, centred=True))
    return block


def _label(label: str) -> Block:
    lines = wrapped(label, SMALL, CARD - 2 * PAD, 3)
    wide = max(width(line, SMALL) for line in lines) + PAD
    height = len(lines) * SMALL_LINE + 6
    block = Block(wide / 2, wide / 2, height)
    block.shapes.append(Box(-wide / 2, 0, wide, height, "label", "label", label))
    block.shapes += [Text(0, 14 + SMALL_LINE * index, line, "code", centred=True) for index, line in enumerate(lines)]
    return block


def _pill(text: str, style: str) -> Block:
    lines = wrapped(text, TITLE, CARD, 2, bold=True)
    wide = max(width(line, TITLE, bold=True) for line in lines) + 3 * PAD
    height = len(lines) * TITLE_LINE + PAD
    block = Block(wide / 2, wide / 2, height)
    block.shapes.append(Box(-wide / 2, 0, wide, height, "pill", style, text))
    block.shapes += [Text(0, 19 + TITLE_LINE * index, line, "title", centred=True) for index, line in enumerate(lines)]
    return block


def _about(figure: Figure) -> list[str]:
    """The heading of a frame."""
    lines = [figure.title, figure.subtitle]
    if figure.condition:
        lines.append(f"if {figure.condition}")
    return lines


def _described(figure: Figure) -> str:
    """Everything about a figure, for those who point at it or have it read out."""
    parts = [f"{figure.id}: {figure.title}" if figure.title != figure.id else figure.id, figure.type, figure.detail]
    if figure.condition:
        parts.append(f"if {figure.condition}")
    return "\n".join(part for part in parts if part)
