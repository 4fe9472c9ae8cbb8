"""The schemas of a tool as its action shows them.

The one rule: a tool that promises a structured result answers with that; every other with its text and its content, where
pictures, recordings and documents are files.
"""

from __future__ import annotations

import jsonschema_rs

from recipe_engine.core.json import JSONObject
from recipe_engine.mcp.snapshot import Tool
from recipe_engine.openapi.bounds import bounded
from recipe_engine.openapi.document import Document, mapping
from recipe_engine.openapi.schemas import FILE, Direction, Schemas
from recipe_engine.openapi.shapes import sound

_TEXT: JSONObject = {"type": "string"}
# Words beside which `properties` do not tell all names that an object may have.
_OPENING = (
    "additionalProperties",
    "patternProperties",
    "unevaluatedProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "$ref",
    "if",
)
UNSTRUCTURED: JSONObject = {
    "type": "object",
    "required": ["text", "content", "files"],
    "properties": {
        "text": {**_TEXT, "description": "All text of the answer."},
        "content": {
            "type": "array",
            "description": "The parts of the answer in order.",
            "items": {
                "type": "object",
                "required": ["type"],
                "properties": {
                    "type": {"enum": ["text", "image", "audio", "resource", "resource_link"]},
                    "text": _TEXT,
                    "file": FILE,
                    "uri": _TEXT,
                    "name": _TEXT,
                    "media_type": _TEXT,
                },
            },
        },
        "files": {"type": "array", "description": "The files among them.", "items": FILE},
        "structured": {"description": "What the tool adds as data, if it does."},
    },
}


def params_schema(tool: Tool) -> JSONObject:
    """The JSON Schema of an action's parameters. Names are refused that a tool which lists some does not list,
    unless it says that it takes others."""
    schema = _converted(tool.input_schema, "request")
    schema.setdefault("type", "object")
    if "properties" in tool.input_schema and not any(word in tool.input_schema for word in _OPENING):
        schema["additionalProperties"] = False
    return schema


def result_schema(tool: Tool) -> JSONObject:
    """The JSON Schema of an action's result."""
    return UNSTRUCTURED if tool.output_schema is None else _converted(tool.output_schema, "answer")


def validator(schema: JSONObject, otherwise: JSONObject) -> jsonschema_rs.Validator:
    """A validator of the schema exactly as the server wrote it; of what could be understood where it cannot be used."""
    try:
        return jsonschema_rs.validator_for(schema, retriever=_nowhere)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return jsonschema_rs.validator_for(otherwise)


def _nowhere(uri: str) -> JSONObject:
    """A schema is never fetched from where a server says that it is."""
    raise ValueError(f"{uri} is not part of the schema")


def _converted(raw: JSONObject, direction: Direction) -> JSONObject:
    schemas = Schemas(Document(raw), direction)
    return bounded(sound(schemas.finish(mapping(schemas.schema(raw)))))[0]
