"""What goes into an action and what comes out: valid parameters, and results as bounded JSON without secrets.

The one rule: all that is wrong is said at once, and never with the value that is wrong: it may be secret.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from recipe_engine.core.json import JSON
from recipe_engine.plugin.api import Action
from recipe_engine.plugin.errors import Terminal
from recipe_engine.runtime.secrets import Scrubber

# What one result may weigh in the journal (bytes of JSON).
LARGEST_RESULT = 1_000_000


class ValueChecker:
    """Checks the values of actions; keeps the compiled schemas."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def params(self, action: Action, given: JSON) -> Any:
        """The parameters as the function wants them; Terminal `validation` lists all that is wrong with them."""
        if action.params_type is not None:
            try:
                return action.params_type.model_validate(given)
            except ValidationError as error:
                detail = problems(error)
        else:
            found = self._validator(f"{action.name} params", action.params_schema).iter_errors(given)
            detail = "; ".join(f"{_place(error.instance_path)}{error.message[:200]}" for error in found)
            if not detail:
                return given
        raise Terminal(f"the parameters of {action.name} are not valid", code="validation", detail=detail)

    def result(self, action: Action, result: Any) -> JSON:
        """The result as bounded JSON without secrets."""
        if isinstance(result, BaseModel):
            output = result.model_dump(mode="json", by_alias=True)
        else:
            output = to_jsonable_python(result, by_alias=True)
            error = next(self._validator(f"{action.name} result", action.result_schema).iter_errors(output), None)
            if error is not None:
                raise Terminal(
                    f"the result of {action.name} is not what it declares",
                    code="invalid_result",
                    detail=f"{_place(error.instance_path)}{error.message[:200]}",
                )
        try:
            data = orjson.dumps(output)
        except TypeError as error:
            raise Terminal(f"the result of {action.name} is not JSON: {error}", code="invalid_result") from error
        if len(data) > LARGEST_RESULT:
            raise Terminal(
                f"the result of {action.name} has {len(data)} bytes; at most {LARGEST_RESULT} can be kept",
                code="value_too_large",
                detail="keep it as a file (http: `save: file`), or ask for less of it (fields, pages, a filter)",
            )
        return self._scrubber.json(output) if self._scrubber.leaks(data) else output

    def _validator(self, name: str, schema: JSON) -> jsonschema_rs.Validator:
        validator = self._validators.get(name)
        if validator is None:
            validator = self._validators[name] = jsonschema_rs.validator_for(schema)
        return validator


def problems(error: ValidationError) -> str:
    """Everything that is wrong, without the values: they may be secret, and are in the journal anyway."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{_place(item['loc'])}{item['msg']}" for item in found)


def _place(path: Any) -> str:
    return f"{'.'.join(map(str, path))}: " if path else ""
