"""Boxes and lines as SVG: one file that needs no script, font or network, readable on light and dark pages.

The one rule: every text of an author's is escaped, and the picture means the same without its colours.
"""

from __future__ import annotations

from html import escape

from recipe_engine.core.plan import Plan
from recipe_engine.graph.figures import picture_of
from recipe_engine.graph.layout import Box, Line, Shape, Text, laid_out, shapes_of

_MARGIN = 24.0
_LIGHT_ACCENTS = {
    "action": "#2563eb",
    "model": "#7c3aed",
    "data": "#475569",
    "wait": "#b45309",
    "branch": "#be185d",
    "loop": "#047857",
    "parallel": "#0e7490",
    "group": "#475569",
    "recipe": "#4f46e5",
    "stop": "#dc2626",
    "failure": "#dc2626",
    "start": "#475569",
}
_DARK_ACCENTS = {
    "action": "#60a5fa",
    "model": "#a78bfa",
    "data": "#94a3b8",
    "wait": "#fbbf24",
    "branch": "#f472b6",
    "loop": "#34d399",
    "parallel": "#22d3ee",
    "group": "#94a3b8",
    "recipe": "#a5b4fc",
    "stop": "#f87171",
    "failure": "#f87171",
    "start": "#94a3b8",
}
_LIGHT = {"page": "#f8fafc", "fill": "#ffffff", "ink": "#0f172a", "soft": "#475569", "line": "#64748b"}
_DARK = {"page": "#0b1220", "fill": "#1e293b", "ink": "#f1f5f9", "soft": "#cbd5e1", "line": "#94a3b8"}


def svg(plan: Plan) -> str:
    """The plan as an SVG document, from top to bottom."""
    picture = picture_of(plan)
    page = laid_out(picture)
    wide, high = page.left + page.right + 2 * _MARGIN, page.height + 2 * _MARGIN
    placed = list(shapes_of(page, page.left + _MARGIN, _MARGIN))
    lines = [_drawn(x, y, shape) for x, y, shape in placed]
    title = escape(picture.title)
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" '
                f'viewBox="0 0 {wide:.0f} {high:.0f}" role="img" aria-label="{title}">'
            ),
            f"<title>{title}</title>",
            f"<style>{_style()}</style>",
            '<rect class="page" width="100%" height="100%"/>',
            *lines,
            "</svg>\n",
        ]
    )


def _drawn(x: float, y: float, shape: Shape) -> str:
    match shape:
        case Box():
            return _box(x + shape.x, y + shape.y, shape)
        case Text():
            anchor = ' text-anchor="middle"' if shape.centred else ""
            at = f'x="{x + shape.x:.1f}" y="{y + shape.y:.1f}"'
            return f'<text class="{shape.style}" {at}{anchor}>{escape(shape.text)}</text>'
        case Line():
            return _line(x, y, shape)


def _box(x: float, y: float, box: Box) -> str:
    classes = f"{box.shape} {box.style}"
    title = f"<title>{escape(box.about)}</title>" if box.about else ""
    if box.shape == "decision":
        cut = 14
        right, bottom, middle = x + box.width, y + box.height, y + box.height / 2
        corners = [
            (x + cut, y),
            (right - cut, y),
            (right, middle),
            (right - cut, bottom),
            (x + cut, bottom),
            (x, middle),
        ]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
        return f'<polygon class="{classes}" points="{points}">{title}</polygon>'
    radius = {"pill": min(box.height / 2, 22), "frame": 12, "label": 6}.get(box.shape, 8)
    size = f'x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="{radius:.1f}"'
    return f'<rect class="{classes}" {size}>{title}</rect>'


def _line(x: float, y: float, line: Line) -> str:
    points = [(x + a, y + b) for a, b in line.points]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    drawn = f'<polyline class="way{" dashed" if line.dashed else ""}" points="{path}"/>'
    if line.arrow:
        a, b = points[-1]
        drawn += f'<polygon class="head" points="{a:.1f},{b:.1f} {a - 4:.1f},{b - 8:.1f} {a + 4:.1f},{b - 8:.1f}"/>'
    return drawn


def _style() -> str:
    plain = [
        "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;pointer-events:none}",
        ".title{font-size:14px;font-weight:600}",
        ".small,.type{font-size:11.5px}",
        ".code{font-size:11.5px;font-style:italic}",
        ".way{fill:none;stroke-width:1.5}",
        ".dashed{stroke-dasharray:5 4}",
        ".card,.decision,.pill{stroke-width:1.5}",
        ".frame{fill-opacity:.06;stroke-width:1.5}",
        ".frame.failure{stroke-dasharray:5 4}",
    ]
    dark = "".join(_palette(_DARK, _DARK_ACCENTS))
    return "".join([*plain, *_palette(_LIGHT, _LIGHT_ACCENTS), f"@media (prefers-color-scheme:dark){{{dark}}}"])


def _palette(colours: dict[str, str], accents: dict[str, str]) -> list[str]:
    return [
        f".page{{fill:{colours['page']}}}",
        f".title,.code{{fill:{colours['ink']}}}",
        f".small{{fill:{colours['soft']}}}",
        f".way{{stroke:{colours['line']}}}.head{{fill:{colours['line']}}}",
        *(f".{kind}{{stroke:{accent}}}.frame.{kind}{{fill:{accent}}}" for kind, accent in accents.items()),
        *(f".type.{kind}{{fill:{accent};stroke:none}}" for kind, accent in accents.items()),
        f".card,.decision,.pill{{fill:{colours['fill']}}}",
        f".label{{fill:{colours['page']};stroke:{colours['line']}}}",
    ]
