"""A measured figure, its reference and its target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`value` in `unit`; `reference` is what it stands beside, `ratio` the two together; the target bounds `ratio`, or
    `value` when there is no reference. No bound: the figure is only shown."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    reference_name: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of its reference."""
        return self.value / self.reference if self.reference else None

    @property
    def reached(self) -> bool:
        """Whether the target, if there is one, is reached."""
        judged = self.value if self.ratio is None else self.ratio
        return (self.at_least is None or judged >= self.at_least) and (self.at_most is None or judged <= self.at_most)


def show(figure: Figure) -> None:
    """Print a figure as one line."""
    line = f"  {figure.name:<44} {figure.value:>12,.3f} {figure.unit:<8}"
    if figure.ratio is not None:
        line += f" {figure.ratio:>7.2f} of {figure.reference:,.3f} ({figure.reference_name})"
    bound = f"at least {figure.at_least:g}" if figure.at_least is not None else ""
    bound = f"at most {figure.at_most:g}" if figure.at_most is not None else bound
    if bound:
        line += f"  target {bound}: {'reached' if figure.reached else 'MISSED'}"
    print(line, flush=True)
