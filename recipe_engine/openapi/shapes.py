"""The schemas of an operation as an action shows them: its parameters with the body under `body`, and its result.

The one rule: one place decides how a request is written in a recipe; calls and sandbox read the same shape.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.document import Document, listing, mapping
from recipe_engine.openapi.operations import Media, Operation
from recipe_engine.openapi.schemas import FILE, Schemas

_RAW: JSONObject = {"anyOf": [{"type": "string"}, FILE]}


def params_schema(document: Document, operation: Operation) -> JSONObject:
    """The JSON Schema of an action's parameters."""
    schemas = Schemas(document, "request")
    properties: JSONObject = {}
    required = []
    for parameter in operation.parameters:
        schema = schemas.schema(parameter.schema)
        described = {"description": parameter.description} if parameter.description else {}
        properties[parameter.name] = {**described, **schema} if isinstance(schema, dict) else schema
        if parameter.required:
            required.append(parameter.name)
    if operation.bodies:
        properties[operation.body_name] = _body(schemas, operation.bodies)
        if operation.body_required:
            required.append(operation.body_name)
    if len(operation.bodies) > 1:
        types = [media.type for media in operation.bodies]
        described = {"description": f"How the body is sent; {types[0]} when it is left out."}
        properties[operation.type_name] = {"enum": types, **described}
    shape: JSONObject = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        shape["required"] = required
    return sound(schemas.finish(shape))


def _body(schemas: Schemas, bodies: tuple[Media, ...]) -> JSON:
    different: list[JSON] = []
    for media in bodies:
        schema = body_schema(schemas, media)
        if schema not in different:
            different.append(schema)
    return different[0] if len(different) == 1 else {"anyOf": different}


def body_schema(schemas: Schemas, media: Media) -> JSON:
    """The schema of one form of a body, as a recipe writes it."""
    match media.kind:
        case "json":
            return schemas.schema(media.schema)
        case "form" | "multipart":
            schema = schemas.schema(media.schema, files=media.kind == "multipart")
            return schema if schema not in ({}, True) else {"type": "object"}
        case _:
            return {**_RAW, "examples": [example]} if (example := _example(media)) else _RAW


def _example(media: Media) -> str:
    """What a text of the media type looks like; empty when nobody knows."""
    schema = mapping(media.schema)
    told = (*media.examples, schema.get("example"), *listing(schema.get("examples")))
    plain = "<sample/>" if "xml" in media.type else ""
    return next((each for each in told if isinstance(each, str)), plain)


def result_schema(document: Document, operation: Operation) -> JSONObject:
    """The JSON Schema of an action's result."""
    schemas = Schemas(document, "answer")
    shapes: list[JSON] = []
    for answer in operation.successes:
        empty = answer.status in ("204", "205")  # whatever the document says: nothing can follow these
        kinds = [] if empty else [answer_schema(schemas, media) for media in answer.media[:1]]
        for schema in kinds or [{"type": "null"}]:
            if schema not in shapes:
                shapes.append(schema)
    if operation.method == "head" or not shapes:
        return {} if operation.method != "head" else {"type": "null"}
    whole = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    return sound(schemas.finish(whole if isinstance(whole, dict) else {}))


def answer_schema(schemas: Schemas, media: Media) -> JSON:
    """The schema of an answer of one media type, as later steps read it."""
    match media.kind:
        case "json":
            return schemas.schema(media.schema)
        case "file" | "multipart":
            return FILE
        case _:
            return {"type": "string"}


def sound(schema: JSONObject) -> JSONObject:
    """The schema, or what is left of it when validators refuse it: a document may write anything."""
    try:
        jsonschema_rs.validator_for(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return _loosened(schema)
    return schema


def _loosened(schema: JSONObject) -> JSONObject:
    """Without every part that is refused on its own."""
    plain: JSONObject = dict(schema)
    if "$defs" in plain:
        plain["$defs"] = {name: _if_sound(item, schema) for name, item in mapping(plain["$defs"]).items()}
    if "properties" in plain:
        plain["properties"] = {name: _if_sound(item, schema) for name, item in mapping(plain["properties"]).items()}
    try:
        jsonschema_rs.validator_for(plain)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return {key: value for key, value in plain.items() if key in ("type", "description")}
    return plain


def _if_sound(item: JSON, root: JSONObject) -> Any:
    if not isinstance(item, dict):
        return item
    defs: JSONObject = {name: {} for name in mapping(root.get("$defs"))}
    try:
        jsonschema_rs.validator_for({**item, "$defs": defs})
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return {}
    return item
