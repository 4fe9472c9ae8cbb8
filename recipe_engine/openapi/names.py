"""Names of operations: those of the document in the form of actions, and readable ones where it has none.

The one rule: a name depends on the operation and on those before it in the document, on nothing else, so that a new
version of a document keeps the names that recipes use.
"""

from __future__ import annotations

import re
import unicodedata

_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_LONGEST = 80


def snake(text: str) -> str:
    """The words of a text, in lower case and joined by `_`: `CreateTask`, `emails/create-task` -> `create_task`..."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", _WORD_ENDS.sub("_", plain).lower()).strip("_")
    return f"op_{words}" if words[:1].isdigit() else words


def by_path(method: str, path: str) -> str:
    """A name from method and path: `GET /users/{id}/notes` -> `get_users_notes_by_id`."""
    variables = [snake(name) for name in _VARIABLE.findall(path)]
    words = [method, *(snake(part) for part in _VARIABLE.sub("", path).split("/"))]
    by = ["by", *"_and_".join(filter(None, variables)).split("_")] if variables else []
    return "_".join(word for word in [*words, *by] if word)


class Names:
    """Gives each operation a name of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, operation_id: str, method: str, path: str) -> str:
        """The name by the operation's id, by method and path where the id is missing or taken, numbered at last."""
        for wanted in (snake(operation_id), by_path(method, path)):
            short = wanted[:_LONGEST].rstrip("_")
            if short and short not in self._taken:
                self._taken.add(short)
                return short
        count = 2
        while (numbered := f"{short or method}_{count}") in self._taken:
            count += 1
        self._taken.add(numbered)
        return numbered
