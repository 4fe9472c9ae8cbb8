"""A plan as a picture: `mermaid` for documents that draw it themselves, `svg` for everyone else.

    figures.py     a plan as figures: what is drawn, without where
    flowchart.py   figures as Mermaid text
    measure.py     how wide texts are, and where they break
    layout.py      figures as placed boxes and lines
    drawing.py     boxes and lines as SVG

The one rule: a picture shows every step of the plan once, and nothing that the plan does not say.
"""

from recipe_engine.graph.drawing import svg
from recipe_engine.graph.flowchart import mermaid

__all__ = ["mermaid", "svg"]
