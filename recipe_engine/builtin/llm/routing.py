"""Which model answers a step, how hard it tries and how long its answer may get.

The one rule: the table is data (models.json); what the author or the deployment says wins over it. Model: the step,
then AGENT_MODEL, then the table. Length: the step, then AGENT_MAX_TOKENS, then the table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

from recipe_engine.builtin.llm.pricing import Price
from recipe_engine.builtin.llm.words import Effort
from recipe_engine.plugin import JSONObject, Settings, Terminal

EFFORTS: tuple[Effort, ...] = get_args(Effort)
_DATED = re.compile(r"-\d{8}\Z")


@dataclass(frozen=True, slots=True)
class Route:
    """The table's choice for one complexity."""

    model: str
    effort: Effort
    max_tokens: int


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model: its longest answer (tokens), the efforts it takes, its prices by date of entry."""

    max_output: int
    efforts: tuple[Effort, ...]
    prices: tuple[Price, ...]
    retires: str | None = None


@dataclass(frozen=True)
class ModelTable:
    """Routes by complexity and facts by model id, as read from models.json on the date `read_on`."""

    routes: Mapping[str, Route]
    models: Mapping[str, ModelFacts]
    default_complexity: str
    read_on: str

    def facts(self, model: str) -> ModelFacts | None:
        """What is known of a model; an id that ends in a date counts as the model without it."""
        return self.models.get(model) or self.models.get(_DATED.sub("", model))

    @classmethod
    def from_json(cls, data: JSONObject) -> ModelTable:
        """The table written in the form of models.json."""
        return cls(
            routes={name: Route(**route) for name, route in data["routes"].items()},
            models={
                name: ModelFacts(
                    max_output=facts["max_output"],
                    efforts=tuple(facts["efforts"]),
                    prices=tuple(Price.from_json(price) for price in facts["prices"]),
                    retires=facts.get("retires"),
                )
                for name, facts in data["models"].items()
            },
            default_complexity=data["default_complexity"],
            read_on=data["read_on"],
        )


@cache
def shipped_table() -> ModelTable:
    """The table that comes with the engine."""
    return ModelTable.from_json(json.loads(Path(__file__).with_name("models.json").read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that answers. `facts` is None for a model that the table does not know. `notes` say what was adapted."""

    model: str
    effort: Effort | None
    max_tokens: int
    facts: ModelFacts | None
    notes: tuple[str, ...] = ()


def choose(
    table: ModelTable,
    settings: Settings,
    *,
    complexity: str | None,
    model: str | None,
    effort: Effort | None,
    max_tokens: int | None,
) -> Choice:
    """The model, effort and length for a step that says what is given, None where it says nothing.

    Raises Terminal `not_configured` when AGENT_MAX_TOKENS is no whole number.
    """
    route = table.routes[complexity or table.default_complexity]
    name = model or settings.get("AGENT_MODEL") or route.model
    facts = table.facts(name)
    notes: list[str] = []
    length = max_tokens or _length_setting(settings) or route.max_tokens
    if facts and length > facts.max_output:
        notes.append(f"{name} answers with at most {facts.max_output} tokens; max_tokens {length} was lowered to that")
        length = facts.max_output
    if facts and facts.retires:
        notes.append(f"the vendor retires {name} on {facts.retires}; choose a newer model")
    fitted = _fit(effort or route.effort, facts) if facts else effort
    if effort and fitted != effort:
        notes.append(f"{name} does not know the effort {effort}; {fitted or 'none'} was sent")
    return Choice(model=name, effort=fitted, max_tokens=length, facts=facts, notes=tuple(notes))


def _length_setting(settings: Settings) -> int | None:
    text = settings.get("AGENT_MAX_TOKENS")
    if not text:
        return None
    if not text.strip().isdecimal() or int(text) < 1:
        raise Terminal(
            f"AGENT_MAX_TOKENS is {text!r}; expected a whole number of tokens above 0", code="not_configured"
        )
    return int(text)


def _fit(effort: Effort, facts: ModelFacts) -> Effort | None:
    """The effort itself, or the nearest lower one that the model takes, or its lowest; None when it takes none."""
    if not facts.efforts:
        return None
    reachable = [known for known in facts.efforts if EFFORTS.index(known) <= EFFORTS.index(effort)]
    return reachable[-1] if reachable else facts.efforts[0]
