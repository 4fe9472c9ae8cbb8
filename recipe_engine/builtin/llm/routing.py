"""Which model answers a step, how hard it tries and how long its answer may get.

The one rule: the table is data (models.json, and over it the file of RECIPE_MODELS); what the author or the deployment
says wins over it. Model: the step, then AGENT_MODEL, then the table. Length: the step, then AGENT_MAX_TOKENS, then the
table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import get_args

from recipe_engine.builtin.llm.pricing import Price
from recipe_engine.builtin.llm.sound import SoundPrice, prices_of
from recipe_engine.builtin.llm.words import DEFAULT_PROVIDER, Effort, ProviderName, Thinking
from recipe_engine.plugin import JSONObject, Terminal
from recipe_engine.plugin.api import ReadSettings

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
    """What is known of a model: its longest answer (tokens), the efforts it takes, its prices by date of entry, how it
    is told to think (None: not known), the shortest prompt that its vendor's cache takes (tokens, None: not known), and
    whether it sees images."""

    max_output: int
    efforts: tuple[Effort, ...]
    prices: tuple[Price, ...]
    retires: str | None = None
    thinking: Thinking | None = None
    cache_from: int | None = None
    vision: bool = True


@dataclass(frozen=True)
class ModelTable:
    """Routes by complexity and facts by model id, as read from models.json on the date `read_on`; `retired` has the
    patterns of the ids that their vendor no longer serves, and since when; `sound` what transcription costs, by model."""

    routes: Mapping[str, Route]
    models: Mapping[str, ModelFacts]
    default_complexity: str
    read_on: str
    retired: Mapping[str, str]
    sound: Mapping[str, SoundPrice]

    def sound_price(self, model: str, base: str) -> SoundPrice | None:
        """What a model of the transcription server at `base` costs, None when that is not known."""
        price = self.sound.get(model)
        return price if price is not None and f"{base}/".startswith(price.address) else None

    def facts(self, model: str) -> ModelFacts | None:
        """What is known of a model; an id that ends in a date counts as the model without it."""
        return self.models.get(model) or self.models.get(_DATED.sub("", model))

    def retired_on(self, model: str) -> str | None:
        """When the vendor stopped serving a model, None for one that is served, as far as is known."""
        if self.facts(model) is not None:
            return None
        return next((when for pattern, when in self.retired.items() if fnmatchcase(model, pattern)), None)

    @classmethod
    def from_json(cls, data: JSONObject) -> ModelTable:
        """The table written in the form of models.json."""
        return cls(
            routes={name: Route(**route) for name, route in data["routes"].items()},
            models={
                name: ModelFacts(
                    max_output=facts["max_output"],
                    efforts=tuple(facts.get("efforts", ())),
                    prices=tuple(Price.from_json(price) for price in facts.get("prices", ())),
                    retires=facts.get("retires"),
                    thinking=facts.get("thinking"),
                    cache_from=facts.get("cache_from"),
                    vision=facts.get("vision", True),
                )
                for name, facts in data["models"].items()
            },
            default_complexity=data["default_complexity"],
            read_on=data["read_on"],
            retired=data.get("retired", {}),
            sound={**prices_of(data.get("transcription", {})), **prices_of(data.get("own_transcription", {}))},
        )


@cache
def shipped_table() -> ModelTable:
    """The table that comes with the engine."""
    return ModelTable.from_json(_shipped())


def table_of(settings: ReadSettings) -> ModelTable:
    """The table in force: the shipped one, with the entries of the file of RECIPE_MODELS in the place of its own.

    Raises Terminal `not_configured` when that file is no such table.
    """
    path = settings.get("RECIPE_MODELS")
    if not path:
        return shipped_table()
    try:
        return _merged(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Terminal(
            f"RECIPE_MODELS names {path!r}, which is no table of models",
            code="not_configured",
            detail=f"{type(error).__name__}: {error}; it has the form of models.json: routes and models",
        ) from error


def _shipped() -> JSONObject:
    data: JSONObject = json.loads(Path(__file__).with_name("models.json").read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=8)
def _merged(text: str) -> ModelTable:
    given, base = json.loads(text), _shipped()
    routes = {name: {**base["routes"].get(name, {}), **route} for name, route in given.get("routes", {}).items()}
    unknown = sorted(routes.keys() - base["routes"].keys())
    if unknown:
        raise ValueError(f"there is no complexity {unknown[0]}; expected {', '.join(base['routes'])}")
    return ModelTable.from_json(
        {
            **base,
            "read_on": given.get("read_on", base["read_on"]),
            "routes": {**base["routes"], **routes},
            "models": {**base["models"], **given.get("models", {})},
            "own_transcription": given.get("transcription", {}),
        }
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that answers. `facts` is None for a model that the table does not know. `adapted` says of fields of the
    step what was made of them."""

    model: str
    effort: Effort | None
    max_tokens: int
    facts: ModelFacts | None
    adapted: tuple[tuple[str, str], ...] = ()
    thinking: Thinking | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was adapted, for the step's log."""
        return tuple(said for _, said in self.adapted)


def choose(
    table: ModelTable,
    settings: ReadSettings,
    *,
    complexity: str | None,
    model: str | None,
    effort: Effort | None,
    max_tokens: int | None,
    thinking: bool | None = None,
    provider: ProviderName = DEFAULT_PROVIDER,
) -> Choice:
    """The model, effort and length for a step that says what is given, None where it says nothing.

    Raises Terminal `not_configured` when AGENT_MAX_TOKENS is no whole number, and when a server of the operator's own is
    to answer and nobody says which of its models.
    """
    route = table.routes[complexity or table.default_complexity]
    name = model or settings.get("AGENT_MODEL") or route.model
    if (
        provider == "openai_compatible"
        and name == route.model
        and route == shipped_table().routes.get(complexity or table.default_complexity)
        and not (model or settings.get("AGENT_MODEL"))
    ):
        raise Terminal(
            "nobody says which model of the OpenAI-compatible server is to answer",
            code="not_configured",
            detail="set AGENT_MODEL, or `model` on the step, to the name that the server knows its model by",
        )
    facts = table.facts(name)
    notes: list[tuple[str, str]] = []
    length = max_tokens or _length_setting(settings) or route.max_tokens
    if facts and length > facts.max_output:
        most = f"{name} answers with at most {facts.max_output} tokens"
        notes.append(("max_tokens", f"{most}; max_tokens {length} is lowered to that"))
        length = facts.max_output
    if facts and facts.retires:
        notes.append(("model", f"the vendor retires {name} on {facts.retires}; choose a newer model"))
    asked, said = _thinking(thinking, facts)
    if said:
        notes.append(("thinking", f"{name} {said}"))
    wanted = effort or ("low" if thinking is False and asked is None else route.effort)
    fitted = _fit(wanted, facts) if facts else effort
    if effort and fitted != effort:
        notes.append(("effort", f"{name} does not know the effort {effort}; {fitted or 'none'} is sent"))
    return Choice(name, fitted, length, facts, tuple(notes), asked)


def _thinking(wanted: bool | None, facts: ModelFacts | None) -> tuple[Thinking | None, str]:
    """How the model is told to think, None when nothing is sent; and what to say about it."""
    known = facts.thinking if facts else None
    if wanted is None or (wanted and known == "always") or (not wanted and known == "budget"):
        return None, ""
    if not wanted:
        return None, "cannot be told not to think; effort low is asked for where the step names none"
    if known is None:
        return None, "is not known to take thinking as a wish; effort steers it"
    return known, ""


def _length_setting(settings: ReadSettings) -> int | None:
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
