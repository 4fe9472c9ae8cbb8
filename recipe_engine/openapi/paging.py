"""Reading operation after operation what comes in pages, as an `http` step does.

The one rule: what `next` gives goes where the operation itself has it: a parameter, a field of its body, or an address.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recipe_engine.builtin.http_models import HttpPages, Paginate
from recipe_engine.builtin.http_pages import next_request, page_items
from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.openapi.calls import Answered, Called, Shape, read_answer, send
from recipe_engine.openapi.document import listing, mapping
from recipe_engine.openapi.operations import Operation
from recipe_engine.plugin import Context, Terminal

_DESCRIPTION = (
    "Reads page after page and returns the items of all: `next` is an expression over `body`, `headers`, `page` and `links` "
    "that gives an address, or an object of parameters; `items` one that gives the list."
)


def with_paging(schema: JSONObject, name: str) -> JSONObject:
    """The schema of an operation's parameters with the one for pages."""
    shape = {key: item for key, item in Paginate.model_json_schema().items() if key not in ("title", "description")}
    properties = {**mapping(schema.get("properties")), name: {**shape, "description": _DESCRIPTION}}
    return {**schema, "properties": properties}


def pages_schema(result: JSONObject, paginate: JSON) -> JSONObject:
    """What a step that pages returns: the items are typed where `items` is a plain path into the answer."""
    told = mapping(paginate).get("items")
    found = _resolved(result, result)
    for part in str(told).split(".")[1:] if told else []:
        found = _resolved(mapping(found.get("properties")).get(part), result)
    schema = HttpPages.model_json_schema(mode="serialization")
    schema["properties"]["items"]["items"] = found.get("items", {})
    return {**schema, **({"$defs": result["$defs"]} if "$defs" in result else {})}


def _resolved(schema: Any, root: JSONObject) -> JSONObject:
    """A schema without its reference; of alternatives the first that is more than nothing."""
    found = mapping(schema)
    for _ in range(20):
        if "$ref" in found:
            found = mapping(mapping(root.get("$defs")).get(str(found["$ref"]).removeprefix("#/$defs/")))
        elif options := [each for each in listing(found.get("anyOf")) if mapping(each).get("type") != "null"]:
            found = mapping(options[0])
        else:
            break
    return found


async def call_pages(connector: Called, shape: Shape, ctx: Context, params: JSONObject) -> Answered:
    """Carry out an operation for each of its pages."""
    operation = shape.operation
    paginate = Paginate.model_validate(params[operation.pages_name])
    given = {name: value for name, value in params.items() if name != operation.pages_name}
    shape = replace(shape, reads=True)
    items: list[JSON] = []
    link, told = "", dict[str, Any]()
    for page in range(1, paginate.max_pages + 1):
        response = await send(connector, shape, ctx, _with(operation, given, told), link)
        body = await read_answer(operation, response, ctx)
        items += page_items(paginate, body, response.headers, page, ctx)
        following = next_request(paginate, body, response.headers, page, ctx, (response.url, link, told))
        if following is None:
            return Answered({"items": items, "pages": page, "more": False})
        link, told = following
    return Answered({"items": items, "pages": paginate.max_pages, "more": True})


def _with(operation: Operation, given: JSONObject, told: JSONObject) -> JSONObject:
    """The parameters with what `next` says."""
    names = {each.wire: each.name for each in operation.parameters} | {
        each.name: each.name for each in operation.parameters
    }
    found = dict(given)
    for name, value in told.items():
        if name in names:
            found[names[name]] = value
        elif operation.bodies:
            found[operation.body_name] = {**mapping(found.get(operation.body_name)), name: value}
        else:
            known = ", ".join(each.name for each in operation.parameters) or "none"
            raise Terminal(
                f"paginate.next gave `{name}`, which {operation.name} does not take",
                code="validation",
                detail=f"it has {known}",
            )
    return found
