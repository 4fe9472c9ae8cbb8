"""The file of results: verdicts, and every answer that was paid for.

The one rule: written after each answer and each verdict, whole or not at all, so that whatever breaks off an evaluation
costs at most the answer that was under way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from recipe_engine.core.json import JSONObject
from recipe_engine.errors import RecipeError

VERSION = 1


class ResultsUnusable(RecipeError):
    """The file of results cannot be gone on with."""


class Results:
    """The results of one file of needs, asked of one model. `said` holds the answers by need and question."""

    def __init__(self, path: Path | None, file: str, model: JSONObject) -> None:
        self.path = path
        self.file = file
        self.model = model
        self.verdicts: dict[str, JSONObject] = {}
        self.said: dict[str, dict[str, JSONObject]] = {}
        self.totals: JSONObject = {}

    @classmethod
    def go_on(cls, path: Path, file: str, model: JSONObject) -> Results:
        """The results that a file holds; none when there is no file.

        Raises ResultsUnusable when it is no such file, or one of another model.
        """
        found = cls(path, file, model)
        data = read(path)
        if data is None:
            return found
        if data.get("model") != model:
            raise ResultsUnusable(
                f"{path} has the results of {_told(data.get('model'))}, and {_told(model)} is asked now",
                "name another file with --results",
            )
        found.said = data["said"]
        return found

    def memory(self, need: str) -> Said:
        """The answers that were given about a need."""
        return Said(self, need)

    def keep(self, need: str, verdict: JSONObject) -> None:
        """Put a verdict into the file."""
        self.verdicts[need] = verdict
        self.write()

    def to_json(self) -> JSONObject:
        """Everything as an object; without the answers, which are for going on."""
        return {
            "version": VERSION,
            "file": self.file,
            "model": self.model,
            "totals": self.totals,
            "needs": list(self.verdicts.values()),
        }

    def write(self) -> None:
        """Write the file, whole or not at all."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f"{self.path.name}.new")
        text = json.dumps({**self.to_json(), "said": self.said}, ensure_ascii=False, indent=1)
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(self.path)


class Said(MutableMapping[str, JSONObject]):
    """The answers about one need; `again` is the cost of those that were taken from the file, in US dollars."""

    def __init__(self, results: Results, need: str) -> None:
        self._results = results
        self._answers = results.said.setdefault(need, {})
        self.again = 0.0

    def __getitem__(self, question: str) -> JSONObject:
        said = self._answers[question]
        self.again += said["cost"]
        return said

    def __setitem__(self, question: str, said: JSONObject) -> None:
        self._answers[question] = said
        self._results.write()

    def __delitem__(self, question: str) -> None:
        del self._answers[question]

    def __iter__(self) -> Iterator[str]:
        return iter(self._answers)

    def __len__(self) -> int:
        return len(self._answers)


def read(path: Path) -> JSONObject | None:
    """What a file of results holds; None when there is none. Raises ResultsUnusable when it is no such file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ResultsUnusable(
            f"{path} cannot be read as results: {error}", "name another file with --results"
        ) from error
    if not isinstance(data, dict) or data.get("version") != VERSION or not isinstance(data.get("said"), dict):
        raise ResultsUnusable(f"{path} is no file of results", "name another file with --results")
    return data


def _told(model: object) -> str:
    named = [str(value) for value in model.values() if value] if isinstance(model, dict) else []
    return " ".join(named) or "the model that is set"
