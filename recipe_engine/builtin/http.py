"""The step type `http`: any request to any service.

    - {id: order, type: http, url: "https://shop.example/orders/{{ id }}", auth: {bearer: "{{ secrets.SHOP_KEY }}"}}

The one rule: what may be repeated follows from the method. GET and HEAD read; PUT and DELETE are repeated, since HTTP
defines them so; POST and PATCH happen once, unless the step says `idempotent: true` and sends the key that makes it so.
"""

from __future__ import annotations

from recipe_engine.builtin.http_models import HttpAnswer, HttpFile, HttpPages, HttpStep
from recipe_engine.core.plan import Effect
from recipe_engine.plugin import Connector, Context, JSONObject, hookimpl

http = Connector(
    name="http",
    title="HTTP",
    over_http=True,
    sandbox="recipe_engine.builtin.http_sandbox:HttpSandbox",
    docs="Requests to any service. Private addresses are refused unless RECIPE_HTTP_ALLOW lists them.",
)


def effect_of(params: JSONObject) -> Effect:
    """The effect of a step as it is written; a method that a template gives could be any. Paging reads, whatever the
    method: a search is often a POST."""
    method = str(params.get("method", "GET")).upper()
    if method in ("GET", "HEAD", "OPTIONS") or params.get("paginate") is not None:
        return "read"
    if method in ("PUT", "DELETE") or params.get("idempotent") is True:
        return "keyed"
    return "once"


def result_schema_of(params: JSONObject) -> JSONObject:
    """The shape of what a step as it is written returns."""
    body = params.get("response_schema")
    if params.get("paginate") is not None:
        schema = HttpPages.model_json_schema(mode="serialization")
        schema["properties"]["items"]["items"] = body if isinstance(body, dict) else {}
    elif params.get("save") is not None:
        schema = HttpFile.model_json_schema(mode="serialization")
    else:
        schema = HttpAnswer.model_json_schema(mode="serialization")
        schema["properties"]["body"] = body if isinstance(body, dict) else {}
        schema["required"] = ["status", "headers", "body"]
    return schema


@http.action(
    effect="once",
    name="http",
    effect_of=effect_of,
    result_schema_of=result_schema_of,
    secret_params=("headers.*", "auth.*"),
    fields_at_step=True,
    example='{id: order, type: http, url: "https://shop.example/orders/{{ id }}", auth: {bearer: "{{ secrets.SHOP_KEY }}"}}',
)
async def request(ctx: Context, params: HttpStep) -> HttpAnswer | HttpFile | HttpPages:
    """Send a request and return status, headers and body.

    A status other than 2xx fails with `http_<status>` unless `accept` lists it; 429 fails with `rate_limit`, 503 with
    `unavailable`, a lost connection with `connection`. An answer that is neither JSON nor text needs `save: file`.
    """
    from recipe_engine.builtin.http_exchange import exchange

    return await exchange(ctx, params, keyed=params.idempotent and effect_of({"method": params.method}) != "read")


@hookimpl
def register_connectors() -> list[Connector]:
    """The connector of the `http` step."""
    return [http]
