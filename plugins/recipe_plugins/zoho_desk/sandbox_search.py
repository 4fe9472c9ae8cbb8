"""How the sandbox reads the query of a list or a search: what may be asked, what matches, which page.

The one rule: a parameter that Desk does not have is refused, as Desk does with 422.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Any

from recipe_plugins.zoho_desk.sandbox_portal import field_error

# Parameter -> field of the record that has to match; "" for what is not a filter.
LIST_QUERY = {
    "status": "status",
    "priority": "priority",
    "channel": "channel",
    "departmentId": "departmentId",
    "assignee": "assigneeId",
    "receivedInDays": "",
    "include": "",
    "sortBy": "-createdTime",
}
SEARCH_QUERY = {
    **{
        name: name
        for name in (
            "id", "ticketNumber", "subject", "description", "status", "priority", "category", "channel", "email",
            "departmentId", "contactId", "assigneeId",
        )
    },
    "_all": "*",
    "tag": "tag",
    "createdTimeRange": "createdTime",
    "modifiedTimeRange": "modifiedTime",
    "sortBy": "-modifiedTime",
}  # fmt: skip
CONTACT_QUERY = {
    **{name: name for name in ("id", "firstName", "lastName", "email", "phone", "mobile")},
    "_all": "*",
    "sortBy": "-modifiedTime",
}


class Query:
    """A query that was sent, against what may be asked (`known`, see above). `first` is the position of the first row,
    `most` the longest page. Raises Desk's refusal."""

    def __init__(self, asked: Mapping[str, str], known: Mapping[str, str], first: int, most: int = 100) -> None:
        for name in asked:
            if name not in known and name not in ("limit", "from"):
                raise field_error(name, "invalid", f"An extra parameter '{name}' is found")
        self._limit = _whole("limit", asked.get("limit", "10"), 1, most)
        # Where lists count from 1, Desk takes 0 for the beginning too.
        self._start = max(0, _whole("from", asked.get("from", str(first)), 0, 4999 if first == 0 else 10**9) - first)
        self._filters = {
            name: value for name, value in asked.items() if known.get(name) and name not in ("sortBy", "include")
        }
        self._known = known
        self.included = asked.get("include", "")
        self.sort = asked.get("sortBy", known.get("sortBy", ""))
        if "sortBy" in asked and not self.sort.lstrip("-").isalpha():
            raise field_error("sortBy", "invalid")

    def matching(self, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The records that match, in the order that is asked for."""
        found = [record for record in records if all(self._holds(record, name) for name in self._filters)]
        by = self.sort.lstrip("-") if self.sort.lstrip("-") != "relevance" else "modifiedTime"
        return sorted(found, key=lambda record: (record.get(by) or "", record["id"]), reverse=self.sort.startswith("-"))

    def page(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows of the page that is asked for."""
        return found[self._start : self._start + self._limit]

    def _holds(self, record: Mapping[str, Any], name: str) -> bool:
        wanted, field = self._filters[name], self._known[name]
        if name.endswith("Range"):
            after, _, before = wanted.partition(",")
            return after <= str(record.get(field) or "") <= before
        if field == "*":
            texts = [str(value) for value in record.values() if isinstance(value, str)]
            return any(_like(text, f"*{wanted}*") for text in texts)
        value = record.get(field)
        if name == "assignee" and wanted == "Unassigned":
            return value is None
        return any(_like(str(value or ""), each.strip()) for each in wanted.split(","))


def _like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text.casefold(), pattern.casefold())


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise field_error(name, "invalid", f"a whole number from {low} to {high}")
    return int(text)
