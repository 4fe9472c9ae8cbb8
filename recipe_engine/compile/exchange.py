"""What an llm_call with tools or a conversation becomes: a recipe of its own, called by the step.

    past      store.list   what was said under the key in earlier runs           (conversation)
    round     repeat       until the model answers                               (tools)
      model   llm_call
      calls   for_each     a branch with an arm for every tool: its action, or an approval and then its action
      kept    set          the calls with their results, for the next call of the model
    said      store.put    what was said now                                     (conversation)

The one rule: nothing here is new to the core. Every call of the model and of a tool is a step of the run like any other:
recorded, retried, limited, and after a crash taken from the record and not made again.
"""

from __future__ import annotations

from typing import Any

from recipe_engine.compile.ids import RESERVED
from recipe_engine.compile.tools import ToolOffer, plain
from recipe_engine.core import plan as core
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.expr import is_template

# How much of an earlier conversation is shown to the model, and how long it is kept.
EXCHANGES_SHOWN = 20
KEPT_FOR = "90d"
# What is shown of one result of a tool, and kept of one turn of a conversation (characters): an exchange fits an entry of the
# store, and all that are shown fit one result, in any script.
RESULT_SHOWN = 20_000
TURN_KEPT = 6_000
_AT_ONCE = 4
_FAILED = "{{ error.code }}: {{ error.title }} {{ error.detail }}"
# Names that the steps around a tool's have, and that expressions of the plan say.
_OWN = frozenset(
    ("answer", "approval", "approved", "ask", "call", "calls", "given", "kept", "key", "model", "past", "question", "result",
     "round", "rounds", "said", "to", "tool", *RESERVED)
)  # fmt: skip
_KEY = "{{ key | text | length }}:{{ key }}/"


class ExchangePlan:
    """The plan of one step; `call` gives it what the step's own templates say."""

    def __init__(
        self, recipe: str, model: core.Step, offers: list[ToolOffer], rounds: int, *, remembered: bool
    ) -> None:
        assert isinstance(model.do, core.Perform)
        self._recipe = recipe
        self._model = model
        self._do = model.do
        self._offers = offers
        self._rounds = rounds
        self._remembered = remembered
        self._steps: list[core.Step] = []
        self._blocks: list[tuple[int, ...]] = []
        self._params: JSONObject = self._do.params

    @property
    def slug(self) -> str:
        """The name under which the plan is called: no recipe has one like it."""
        return f"{self._recipe}~{self._model.id}"

    def call(self, conversation: JSON) -> core.Call:
        """The call of the plan. Templates are rendered where the author wrote them; the rest stands in the plan."""
        given: JSONObject = {"question": {name: value for name, value in self._params.items() if _templated(value)}}
        given["given"] = {offer.name: offer.given for offer in self._offers if offer.given}
        given["to"] = {offer.name: offer.to for offer in self._offers if offer.to is not None}
        if self._remembered:
            given["key"] = conversation
        return core.Call(self.slug, given)

    def plan(self) -> core.Plan:
        root = len(self._blocks)
        self._blocks.append(())
        steps = []
        if self._remembered:
            steps.append(self._add("past", self._past(), on_error="continue", type_="store.list"))
        steps.append(self._add("round", self._round()) if self._offers else self._ask())
        last = "round.model" if self._offers else "model"
        if self._remembered:
            steps.append(self._add("said", self._said(last), on_error="continue", type_="store.put"))
        self._blocks[root] = tuple(steps)
        return core.Plan(
            slug=self.slug,
            name=self._model.name,
            steps=tuple(self._steps),
            blocks=tuple(self._blocks),
            root=root,
            output=f"{{{{ {last}.answer }}}}",
            has_output=True,
        )

    # --- the conversation ---------------------------------------------------------------------------------------------

    @property
    def _table(self) -> str:
        return f"conversation.{self._recipe}"[:100]

    def _past(self) -> core.Perform:
        return core.Perform("store.list", {"table": self._table, "prefix": _KEY, "limit": EXCHANGES_SHOWN}, "read")

    def _said(self, last: str) -> core.Perform:
        # The newest first, by a number that falls while time passes; the rest tells those of one moment apart, also of a loop.
        number = "{{ (9999999999999 - timestamp(now()) * 1000) | to_int | text | pad(13, '0', 'left') }}"
        number += "/{{ run.id }}-{{ random_code() }}"
        said = {
            "user": f"{{{{ {last}.asked | truncate({TURN_KEPT}) }}}}",
            "assistant": f"{{{{ {_words(f'{last}.answer', TURN_KEPT)} }}}}",
        }
        params = {"table": self._table, "key": _KEY + number, "value": said, "keep": KEPT_FOR}
        return core.Perform("store.put", params, "keyed")

    # --- the rounds ---------------------------------------------------------------------------------------------------

    def _ask(self) -> int:
        exchange: JSONObject = {}
        if self._offers:
            exchange = {
                "tools": [_told(offer) for offer in self._offers],
                "limit": self._rounds,
                "rounds": "{{ rounds }}",
            }
        if self._remembered:
            exchange["history"] = "{{ past.entries if past is defined else [] }}"
            exchange["key"] = "{{ key }}"
        params: JSONObject = {
            name: f"{{{{ question.{name} }}}}" if _templated(value) else value for name, value in self._params.items()
        }
        do = core.Perform(self._do.action, {**params, "exchange": exchange}, self._do.effect)
        return self._add("model", do, retry=self._model.retry, timeout=self._model.timeout, type_=self._model.type)

    def _round(self) -> core.Repeat:
        calls = core.ForEach("model.calls", "call", self._block(self._call()), concurrency=_AT_ONCE)
        body = (
            self._ask(),
            self._add("calls", calls),
            self._add("kept", core.Set({"model": "{{ model }}", "results": "{{ calls.results }}"})),
        )
        return core.Repeat("model.calls is empty", self._block(*body), max_rounds=self._rounds + 1, rounds_as="rounds")

    def _call(self) -> int:
        """One call of a tool. Whatever becomes of it is a result that the model is told."""
        cases = [core.Case("call.problem is not none", self._told("{{ call.problem }}", failed=True))]
        cases += [
            core.Case(f"call.tool == {_quoted(offer.tool)}", self._block(self._arm(offer))) for offer in self._offers
        ]
        return self._add("tool", core.Branch(tuple(cases), self._told("there is no such tool", failed=True)))

    def _arm(self, offer: ToolOffer) -> int:
        """A group, so that the failure of an action is a result too."""
        action, id_ = offer.action, _step_id(offer.name)
        given = f" | merge(given['{offer.name}'])" if offer.given else ""
        if offer.confirm:
            given = f" | merge(approval.fields){given}"
        do = core.Perform(action.name, f"{{{{ call.input{given} }}}}", offer.effect)
        act = self._add(id_, do, retry=action.retry_for(offer.effect), timeout=action.timeout, type_=action.name)
        body = [act, self._result(_words(id_), failed=False)]
        if offer.confirm:
            ask = f"{plain(self._model.name)}: {action.name} {{{{ call.input | to_json }}}}"
            edited = {name: value for name, value in offer.input_schema.items() if name != "required"}
            approval: JSONObject = {"ask": ask, "fields": edited}
            if offer.to is not None:
                approval["to"] = f"{{{{ to['{offer.name}'] }}}}"
            approved = core.Case("approval.approved", self._block(*body))
            refused = self._told("refused by {{ approval.by }}", failed=True)
            asking = self._add("approval", core.Wait(approval=approval), type_="wait")
            body = [asking, self._add("approved", core.Branch((approved,), refused))]
        return self._add(f"_{id_}", core.Group(self._block(*body)), on_error=self._told(_FAILED, failed=True))

    def _told(self, text: str, *, failed: bool) -> int:
        values = {"id": "{{ call.id }}", "text": text, "failed": failed}
        return self._block(self._add("result", core.Set(values)))

    def _result(self, expression: str, *, failed: bool) -> int:
        return self._add(
            "result", core.Set({"id": "{{ call.id }}", "text": f"{{{{ {expression} }}}}", "failed": failed})
        )

    # --- steps and blocks ---------------------------------------------------------------------------------------------

    def _add(
        self,
        id_: str,
        do: core.Do,
        *,
        type_: str | None = None,
        retry: core.Retry | None = None,
        timeout: float | None = None,
        on_error: Any = "fail",
    ) -> int:
        step = core.Step(
            id_, id_, type_ or core.BETWEEN, do, retry=retry, timeout=timeout, on_error=on_error, line=self._model.line
        )
        self._steps.append(step)
        return len(self._steps) - 1

    def _block(self, *steps: int) -> int:
        self._blocks.append(steps)
        return len(self._blocks) - 1


def _step_id(name: str) -> str:
    """A tool's name as the id of its step: expressions can say it, and it is none of the engine's own."""
    return name if name[0].isalpha() and name not in _OWN else f"tool_{name}"


def _told(offer: ToolOffer) -> JSONObject:
    return {
        "tool": offer.tool,
        "name": offer.name,
        "description": offer.description,
        "input_schema": offer.input_schema,
    }


def _words(name: str, most: int = RESULT_SHOWN) -> str:
    """An expression that shows a value as text of at most so many characters."""
    return f"({name} if {name} is string else {name} | to_json) | truncate({most})"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _templated(value: Any) -> bool:
    """Whether a value has templates in it."""
    if isinstance(value, dict):
        return any(_templated(item) for item in value.values())
    if isinstance(value, list):
        return any(_templated(item) for item in value)
    return isinstance(value, str) and is_template(value)
