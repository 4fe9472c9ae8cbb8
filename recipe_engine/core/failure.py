"""A problem in a run: data that is journaled, shown and matched on, never an exception of the core."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from recipe_engine.core.json import JSON, JSONObject

Happened = Literal["no", "maybe"]
# Most vendors count by the minute: the longest wait that costs no attempt is that and a margin (seconds).
LONGEST_PUT_OFF = 90.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step or a run failed.

    `code` is a word that `retry.on` and handlers match (timeout, rate_limit, http_404, validation, refused,
    connection, limit_cost, ...). `title` is one line for people, `detail` what the vendor or the engine said.
    `retryable` says that the same call may succeed later, `retry_after` (seconds) how long the vendor asks to wait.
    `happened` is "maybe" when the effect could have taken place although no answer came back. `data` is
    free JSON for handlers (a vendor's body).
    """

    code: str
    title: str
    detail: str = ""
    step: str | None = None
    retryable: bool = False
    retry_after: float | None = None
    happened: Happened = "no"
    data: JSON = None

    @property
    def put_off(self) -> bool:
        """Whether the other side only asked to come back in a moment: nothing happened, and nothing is wrong."""
        named = self.retry_after is not None and self.retry_after <= LONGEST_PUT_OFF
        return self.code == "rate_limit" and self.retryable and self.happened == "no" and named

    def at(self, step: str) -> Failure:
        """The same failure, naming the path of the step that failed (the innermost one wins)."""
        return self if self.step is not None else replace(self, step=step)

    def to_json(self) -> JSONObject:
        """The form kept in the journal: fields that have their default are left out."""
        data: JSONObject = {"code": self.code, "title": self.title}
        if self.detail:
            data["detail"] = self.detail
        if self.step is not None:
            data["step"] = self.step
        if self.retryable:
            data["retryable"] = True
        if self.retry_after is not None:
            data["retry_after"] = self.retry_after
        if self.happened != "no":
            data["happened"] = self.happened
        if self.data is not None:
            data["data"] = self.data
        return data

    def value(self) -> JSONObject:
        """The form that recipes read as `error`: every field, so that what the checker admits is there."""
        return {
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "step": self.step,
            "retryable": self.retryable,
            "retry_after": self.retry_after,
            "happened": self.happened,
            "data": self.data,
        }

    @classmethod
    def from_json(cls, data: JSONObject) -> Failure:
        """The failure that `to_json` wrote."""
        return cls(**data)
