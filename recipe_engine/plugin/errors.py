"""What an action raises, and nothing else.

ActionError
|- Retryable   the same call may succeed later
`- Terminal    it will not, whatever is repeated
"""

from __future__ import annotations

from recipe_engine.core.failure import Failure, Happened
from recipe_engine.core.json import JSON


class ActionError(Exception):
    """A failed action: `code` is the word that `retry.on` matches, `title` one line, `detail` the vendor's own words.

    `happened` is "maybe" when the effect may have taken place although no answer came back.
    """

    retryable = False

    def __init__(
        self,
        title: str,
        *,
        code: str = "failed",
        detail: str = "",
        retry_after: float | None = None,
        happened: Happened = "no",
        data: JSON = None,
    ) -> None:
        super().__init__(title)
        self.failure = Failure(
            code=code,
            title=title,
            detail=detail,
            retryable=self.retryable,
            retry_after=retry_after,
            happened=happened,
            data=data,
        )


class Retryable(ActionError):
    """The same call may succeed later; `retry_after` says in how many seconds when the vendor told."""

    retryable = True


class Terminal(ActionError):
    """Repeating changes nothing: bad parameters, no permission, not found."""
