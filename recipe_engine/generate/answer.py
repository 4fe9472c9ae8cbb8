"""What a model answered, taken apart.

The one rule: forgiving about what surrounds the blocks (fences, talk, a missing end), strict about what is in them. What
is not there is None; nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPEN = re.compile(r"[ \t]*<(recipe|tests|assumptions|refusal)(?:[ \t]+reason=[\"']?([a-z_]+)[\"']?)?>[ \t]*\Z")
_CLOSE = re.compile(r"[ \t]*</(recipe|tests|assumptions|refusal)>[ \t]*\Z")
_FENCE = re.compile(r"[ \t]*(```|~~~)[\w-]*[ \t]*\Z")
_FENCED = re.compile(r"^[ \t]*```(?:ya?ml)?[ \t]*\n(.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
_NEAREST = re.compile(r"^(?:Nearest|Au plus proche|Le plus proche|Plus proche)\s*:\s*", re.IGNORECASE | re.MULTILINE)
_BULLET = re.compile(r"[ \t]*(?:[-*•]|\d+[.)])[ \t]+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model's word that the need cannot be met: `reason` is no_connector, contradictory, harmful or other."""

    reason: str
    why: str
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The blocks of an answer; None for what is not there. `cut` names a block that has no end."""

    recipe: str | None = None
    tests: str | None = None
    assumptions: tuple[str, ...] | None = None
    refusal: Refusal | None = None
    cut: str | None = None


def read_answer(text: str) -> Answer:
    """The blocks of a model's answer. A model that only fenced its YAML is understood, too."""
    blocks, reason, cut = _blocks(text)
    if "recipe" not in blocks and "tests" not in blocks and "refusal" not in blocks:
        blocks.update(_fenced(text))
    refusal = _refusal(blocks["refusal"], reason) if "refusal" in blocks and "recipe" not in blocks else None
    assumptions = _items(blocks["assumptions"]) if "assumptions" in blocks else None
    return Answer(blocks.get("recipe"), blocks.get("tests"), assumptions, refusal, cut)


def _blocks(text: str) -> tuple[dict[str, str], str, str | None]:
    """The text of each block, the reason of a refusal, and the block that has no end. Of two blocks of one name the last
    one counts: the model thought again."""
    found: dict[str, str] = {}
    reason, lines = "other", list[str]()
    current: str | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        opened, closed = _OPEN.match(line), _CLOSE.match(line)
        if current is not None and closed is not None and closed[1] == current:
            found[current] = _bare(lines)
            current = None
        elif opened is not None:
            if current is not None:
                found[current] = _bare(lines)
            current, lines = opened[1], []
            reason = opened[2] or reason
        elif current is not None:
            lines.append(line)
    if current is not None:
        found[current] = _bare(lines)
    return found, reason, current


def _bare(lines: list[str]) -> str:
    """A block without empty lines and fences around it."""
    inner = list(lines)
    while inner and (not inner[0].strip() or _FENCE.match(inner[0])):
        inner.pop(0)
    while inner and (not inner[-1].strip() or _FENCE.match(inner[-1])):
        inner.pop()
    return "\n".join(inner) + "\n" if inner else ""


def _fenced(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for body in _FENCED.findall(text.replace("\r\n", "\n")):
        if re.search(r"^slug:", body, re.MULTILINE):
            found["recipe"] = body
        elif re.search(r"^cases:", body, re.MULTILINE):
            found["tests"] = body
    return found


def _refusal(text: str, reason: str) -> Refusal:
    parts = _NEAREST.split(text, maxsplit=1)
    why, nearest = (" ".join(part.split()) for part in (parts[0], parts[1] if len(parts) > 1 else ""))
    return Refusal(reason, why, nearest)


def _items(text: str) -> tuple[str, ...]:
    """The items of a list in plain text; a line that is no bullet goes on with the one before."""
    items: list[str] = []
    for line in (line for line in text.splitlines() if line.strip()):
        if _BULLET.match(line) or not items:
            items.append(_BULLET.sub("", line, count=1).strip())
        else:
            items[-1] += f" {line.strip()}"
    return tuple(item for item in items if item.lower() not in ("none", "aucune", "aucun"))
