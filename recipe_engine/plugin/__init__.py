"""The plugin API: all that a connector imports of the engine."""

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Retry
from recipe_engine.expr import Function, function
from recipe_engine.plugin.api import (
    Action,
    Auth,
    AuthContext,
    BaseUrl,
    Blobs,
    Connector,
    Context,
    FileValue,
    Http,
    Params,
    RateLimit,
    Renew,
    Result,
    Setting,
    Settings,
    Store,
    bearer,
    header,
)
from recipe_engine.plugin.catalog import Catalog
from recipe_engine.plugin.channels import Channel, Delivery, Message, needs
from recipe_engine.plugin.errors import ActionError, Retryable, Terminal
from recipe_engine.plugin.hookspecs import hookimpl, hookspec
from recipe_engine.plugin.http import Request, Response, Transport
from recipe_engine.plugin.login import Login, id_claims, is_logged_in
from recipe_engine.plugin.oauth import OAuth2Refresh, login_token, oauth2_refresh
from recipe_engine.plugin.sandbox import Effect, Fault, Refused, Sandbox, SandboxRequest, SandboxResponse, route

__all__ = [
    "JSON",
    "Action",
    "ActionError",
    "Auth",
    "AuthContext",
    "BaseUrl",
    "Blobs",
    "Catalog",
    "Channel",
    "Connector",
    "Context",
    "Delivery",
    "Effect",
    "Fault",
    "FileValue",
    "Function",
    "Http",
    "JSONObject",
    "Login",
    "Message",
    "OAuth2Refresh",
    "Params",
    "RateLimit",
    "Refused",
    "Renew",
    "Request",
    "Response",
    "Result",
    "Retry",
    "Retryable",
    "Sandbox",
    "SandboxRequest",
    "SandboxResponse",
    "Setting",
    "Settings",
    "Store",
    "Terminal",
    "Transport",
    "bearer",
    "function",
    "header",
    "hookimpl",
    "hookspec",
    "id_claims",
    "is_logged_in",
    "login_token",
    "needs",
    "oauth2_refresh",
    "route",
]
