"""What an action does, in words: what is sent to whom, and where that leaves a trace.

The one rule: the few actions that everybody uses have sentences of their own; of all others the catalog's summary is
told, with the parameters that the recipe gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from recipe_engine.builtin.llm.words import authored
from recipe_engine.compile.outside import unmarked
from recipe_engine.compile.written import Tool
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Perform
from recipe_engine.generate.speaking import Speaker
from recipe_engine.plugin import Catalog

_MOST_VALUES = 4
_LONGEST_VALUE = 60


class Told(NamedTuple):
    """What is done, and where it changes something."""

    what: str
    where: str


def act_in_words(do: Perform, speaker: Speaker, catalog: Catalog | None) -> Told:
    """An action with its parameters as the recipe gives them."""
    params: JSONObject = do.params if isinstance(do.params, dict) else {}
    say = speaker.voice.say
    match do.action:
        case "notify":
            return _notify(params, speaker)
        case "llm_call":
            return Told(_llm(params, speaker), "llm")
        case "http":
            method, url = str(params.get("method", "GET")), speaker.text(params.get("url"))
            phrase = "http_read" if do.effect == "read" else "http_write"
            return Told(say(phrase, method=method, url=url), url)
        case "log":
            return Told(say("log", message=speaker.text(params.get("message"))), "log")
        case "emit":
            event = speaker.text(params.get("event"))
            return Told(say("emit", event=event), say("event", event=event))
        case _:
            return _of_connector(do.action, params, speaker, catalog)


def _notify(params: JSONObject, speaker: Speaker) -> Told:
    channels = speaker.text(params.get("channels"))
    subject = speaker.text(params.get("subject") or params.get("message"), 80)
    if params.get("to") is None:
        return Told(speaker.voice.say("notify_default", channels=channels, subject=subject), channels)
    to = speaker.text(params["to"])
    return Told(speaker.voice.say("notify", channels=channels, to=to, subject=subject), f"{channels} ({to})")


def _llm(params: JSONObject, speaker: Speaker) -> str:
    prompt = speaker.voice.say("llm", prompt=speaker.text(_prompt(params), 160))
    schema = params.get("output_schema")
    fields = schema.get("properties") if isinstance(schema, dict) else None
    told = [prompt, *([speaker.voice.say("llm_answer", fields=", ".join(fields))] if fields else [])]
    return ", ".join([*told, *_around(params, speaker)])


def _around(params: JSONObject, speaker: Speaker) -> Iterator[str]:
    """What a model may do before it answers, what it remembers, and that it is asked together with others."""
    say, tools = speaker.voice.say, params.get("tools") or []
    free = [speaker.voice.quoted(tool.name) for tool in tools if not tool.confirm]
    if free:
        yield say("tools", tools=", ".join(free))
    for tool in tools:
        if tool.confirm:
            yield say("tool_confirmed", tool=speaker.voice.quoted(tool.name), who=approver(tool, speaker))
    if tools:
        yield say("tool_rounds", count=params["tool_rounds"])
    if params.get("conversation") is not None:
        yield say("remembers", key=speaker.text(params["conversation"]))
    if params.get("batched"):
        yield say("batched")


def approver(tool: Tool, speaker: Speaker) -> str:
    """Who approves the calls of a tool."""
    return speaker.voice.say("a_person") if tool.to is None else speaker.text(tool.to)


def _prompt(params: JSONObject) -> JSON:
    """What the model is told to do: its rules when there are any, else the question."""
    system = params.get("system_prompt")
    asked = (authored(system) if isinstance(system, str) else system) or params.get("user_prompt")
    if not isinstance(asked, list):
        return unmarked(asked) if isinstance(asked, str) else asked
    return unmarked(
        " ".join(str(part.get("text") or part.get("media") or "") for part in asked if isinstance(part, dict))
    )


def _of_connector(name: str, params: JSONObject, speaker: Speaker, catalog: Catalog | None) -> Told:
    action = catalog.actions.get(name) if catalog is not None else None
    vendor, _, verb = name.partition(".")
    title = action.connector.title if action is not None else vendor
    english = speaker.voice.language == "en"
    what = action.summary.rstrip(".") if action is not None and english else verb.replace("_", " ")
    given = [
        f"{key}: {speaker.text(value, _LONGEST_VALUE)}" for key, value in params.items() if value not in (None, "", [])
    ]
    more = ", …" if len(given) > _MOST_VALUES else ""
    values = f" ({'; '.join(given[:_MOST_VALUES])}{more})" if given else ""
    return Told(speaker.voice.say("act", vendor=title, what=what) + values, title)
