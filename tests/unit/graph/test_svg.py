"""Drawings: valid, whole, nothing on top of anything else."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipe_engine.core.plan import Plan
from recipe_engine.graph import svg
from recipe_engine.graph.drawing import _DARK, _DARK_ACCENTS, _LIGHT, _LIGHT_ACCENTS
from recipe_engine.graph.figures import picture_of
from recipe_engine.graph.layout import Box, Line, Text, laid_out, shapes_of
from recipe_engine.graph.measure import shortened, width, wrapped
from tests.unit.graph import plans

SVG = "{http://www.w3.org/2000/svg}"
ALL = [plans.simple, plans.nested, plans.hostile, plans.handlers]
any_plan = st.integers(0, 2**32).map(plans.anything)


def placed(plan):
    """The shapes of a plan's drawing at their places on the page, and the page."""
    page = laid_out(picture_of(plan))
    return list(shapes_of(page, 0, 0)), page


def boxes(shapes, *kinds):
    return [
        (x + box.x, y + box.y, x + box.x + box.width, y + box.y + box.height)
        for x, y, box in shapes
        if isinstance(box, Box) and box.shape in kinds
    ]


def apart(a, b):
    slack = 1e-6
    return a[2] <= b[0] + slack or b[2] <= a[0] + slack or a[3] <= b[1] + slack or b[3] <= a[1] + slack


def within(inner, outer):
    slack = 1e-6
    return all(outer[n] <= inner[n] + slack and inner[n + 2] <= outer[n + 2] + slack for n in (0, 1))


@pytest.mark.parametrize("plan", ALL)
def test_it_is_xml_with_a_title_and_a_view_box(plan):
    root = ET.fromstring(svg(plan()))
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text == plan().name
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"


@pytest.mark.parametrize("plan", ALL)
def test_it_reaches_for_nothing_outside(plan):
    text = svg(plan())
    root = ET.fromstring(text)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "style", "rect", "polygon", "polyline", "text")
    }
    assert not any(name.startswith("on") or "href" in name for element in root.iter() for name in element.attrib)
    assert "url(" not in text
    assert "@import" not in text


def titles(text):
    return [element.text for element in ET.fromstring(text).iter(f"{SVG}title")]


@given(any_plan)
def test_every_step_is_drawn_once(plan):
    drawn = [title.split("\n")[0].split(":")[0] for title in titles(svg(plan))]
    assert sorted(name for name in drawn if re.fullmatch(r"s\d+", name)) == sorted(step.id for step in plan.steps)


@given(any_plan)
def test_nothing_lies_on_anything_else(plan):
    shapes, _ = placed(plan)
    solid = boxes(shapes, "card", "decision", "pill", "label")
    frames = boxes(shapes, "frame")
    for index, box in enumerate(solid):
        assert all(apart(box, other) for other in solid[index + 1 :])
        assert all(apart(box, frame) or within(box, frame) for frame in frames)
    for index, frame in enumerate(frames):
        assert all(apart(frame, other) or within(frame, other) or within(other, frame) for other in frames[index + 1 :])


@given(any_plan)
def test_everything_stays_on_the_page(plan):
    shapes, page = placed(plan)
    for x, y, shape in shapes:
        points = {
            Box: lambda box: [(box.x, box.y), (box.x + box.width, box.y + box.height)],
            Text: lambda text: [(text.x, text.y)],
            Line: lambda line: line.points,
        }[type(shape)](shape)
        left, right, bottom = -page.left - 1e-6, page.right + 1e-6, page.height + 1e-6
        assert all(left <= x + a <= right and -1e-6 <= y + b <= bottom for a, b in points)


@given(any_plan)
def test_lines_do_not_run_through_boxes(plan):
    shapes, _ = placed(plan)
    solid = boxes(shapes, "card", "decision", "pill")
    for x, y, line in shapes:
        if not isinstance(line, Line):
            continue
        for (a, b), (c, d) in zip(line.points, line.points[1:], strict=False):
            assert a == c or b == d
            left, right = sorted((x + a, x + c))
            top, bottom = sorted((y + b, y + d))
            for box in solid:
                inner = (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1)
                assert right <= inner[0] or inner[2] <= left or bottom <= inner[1] or inner[3] <= top


@given(any_plan)
def test_every_step_that_is_entered_has_a_line_to_its_top(plan):
    """Lines lead to the spine's top of all cards that follow something."""
    shapes, _ = placed(plan)
    ends = {
        (round(x + a, 3), round(y + b, 3)) for x, y, line in shapes if isinstance(line, Line) for a, b in line.points
    }
    arrows = [
        (x + line.points[-1][0], y + line.points[-1][1])
        for x, y, line in shapes
        if isinstance(line, Line) and line.arrow
    ]
    assert arrows
    solid = boxes(shapes, "card", "decision", "pill", "frame", "label")
    for a, b in arrows:
        touched = any(abs(box[1] - b) < 0.01 and box[0] <= a <= box[2] for box in solid)
        assert touched or (round(a, 3), round(b, 3)) in ends


@pytest.mark.parametrize("plan", ALL)
def test_texts_fit_their_boxes(plan):
    shapes, _ = placed(plan())
    for x, y, text in shapes:
        if isinstance(text, Text) and text.centred:
            size, bold = (14.0, True) if text.style == "title" else (11.5, False)
            half = width(text.text, size, bold) / 2
            assert any(
                box[0] <= x + text.x - half and x + text.x + half <= box[2] and box[1] <= y + text.y <= box[3]
                for box in boxes(shapes, "card", "decision", "pill", "label")
            )


def test_texts_of_authors_are_escaped():
    text = svg(plans.hostile())
    assert "<script>" not in text
    assert "<br/>" not in text
    assert "</text><script>" in titles(text)[0]


def test_a_plan_without_steps():
    ET.fromstring(svg(Plan("empty", "", (), ((),), 0)))


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("palette", "accents"), [(_LIGHT, _LIGHT_ACCENTS), (_DARK, _DARK_ACCENTS)], ids=["light", "dark"]
)
def test_texts_are_readable_on_light_and_dark_pages(palette, accents):
    """4.5 is what WCAG 2 asks of small texts, 3 of lines."""
    for ink in ("ink", "soft"):
        assert contrast(palette[ink], palette["fill"]) >= 4.5
        assert contrast(palette[ink], palette["page"]) >= 4.5
    assert contrast(palette["line"], palette["page"]) >= 3
    for accent in accents.values():
        assert contrast(accent, palette["fill"]) >= 4.5
        assert contrast(accent, palette["page"]) >= 3


def test_wrapping_breaks_at_words_and_cuts_what_is_left():
    assert wrapped("un deux trois", 10, width("un deux", 10), 3) == ["un deux", "trois"]
    assert wrapped("un deux trois quatre", 10, width("un deux", 10), 2)[1].endswith("…")
    assert wrapped("x" * 30, 10, width("x" * 10, 10), 5) == ["x" * 10] * 3
    assert wrapped("", 10, 50, 2) == []


@given(st.text(max_size=60), st.integers(20, 200), st.integers(1, 4))
def test_wrapped_lines_fit(text, room, most):
    lines = wrapped(text, 10, room, most)
    assert len(lines) <= most
    assert all(width(line, 10) <= room for line in lines)


def test_shortening_leaves_what_fits():
    assert shortened("abc", 10, 100) == "abc"
    assert shortened("abc" * 20, 10, 50).endswith("…")
