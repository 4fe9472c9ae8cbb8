"""A folder with a snapshot of a server and its `connector.yml`, as a connector.

The one rule: nothing here connects. Actions, types and texts are those of the snapshot; the server is spoken to when an
action is carried out.
"""

from __future__ import annotations

import shlex
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Effect
from recipe_engine.errors import RecipeError
from recipe_engine.mcp.snapshot import LISTING, SNAPSHOT, Offer, Snapshot, Tool, load_snapshot
from recipe_engine.openapi.auth import Authorize, ClientCredentials, Credentials
from recipe_engine.openapi.document import mapping
from recipe_engine.openapi.folders import CONFIG, NAME, Limit, read_folder
from recipe_engine.plugin import Action, Connector, Context, RateLimit, Sandbox, Setting, Settings, Terminal

# An address without user and password.
URL = r"^(https?://[^\s/?#@]+([/?#]\S*)?)?$"
_LISTED: JSONObject = {
    "type": "object",
    "required": ["server", "tools"],
    "properties": {
        "server": {"type": "object", "properties": {"name": {"type": "string"}, "version": {"type": "string"}}},
        "protocol": {"type": "string"},
        "tools": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "description": {"type": "string"}},
            },
        },
    },
}


class Config(BaseModel):
    """What `connector.yml` says.

    Either `url`, with `auth` (and `scope`, for client credentials), or `command` with `env`: the settings that the program
    is given as environment variables. `effects` replaces what the server says of a repeat, by action. `timeout` is how long
    a call may take when its step does not say (seconds).
    """

    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=NAME)
    title: str = ""
    url: str = Field("", pattern=URL)
    command: list[str] = Field(default_factory=list)
    env: list[str] = Field(default_factory=list)
    auth: str = "none"
    scope: str = ""
    effects: dict[str, Effect] = Field(default_factory=dict)
    limits: list[Limit] = Field(default_factory=list)
    timeout: float = Field(60.0, gt=0)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.url) == bool(self.command):
            raise ValueError("either url or command is expected")
        if self.url and self.env:
            raise ValueError("env is for a command; a URL has auth")
        if self.command and self.auth != "none":
            raise ValueError("auth is for a url; a command has env")
        return self


class Answered(RootModel[Any]):
    """A result as the server sent it."""


class McpConnector(Connector):
    """The connector of a folder. Make it with `connector_in`."""

    def __init__(self, config: Config, snapshot: Snapshot) -> None:
        self.config = config
        self.snapshot = snapshot
        self.credentials = Credentials.parse(config.auth)
        title = config.title or snapshot.title or config.name
        prefix = config.name.upper()
        self._token_setting = f"{prefix}_TOKEN_URL" if self.credentials.kind == "oauth2" else ""
        self._command_setting = f"{prefix}_COMMAND" if config.command else ""
        self._address_setting = f"{prefix}_BASE_URL"
        oauth = (
            ClientCredentials(title, self.credentials, config.scope, self._token_setting)
            if self._token_setting
            else None
        )
        simple = None if self.credentials.kind == "none" else Authorize(self.credentials)
        super().__init__(
            name=config.name,
            title=title,
            base_url=config.url,
            settings=self._settings(),
            auth=oauth or simple,
            renew=oauth.renew if oauth else None,
            limits=[RateLimit(each.count, each.per) for each in config.limits],
            sandbox=self.sandbox_class,
            docs=snapshot.instructions[:500],
            over_http=bool(config.url),
            probe=LISTING,
        )
        for tool in snapshot.tools:
            self.actions[f"{self.name}.{tool.action}"] = _ToolAction(self, tool)
        self._add_listing()

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that are actions."""
        return self.snapshot.tools

    def sandbox_class(self) -> type[Sandbox]:
        """The class of this connector's sandbox."""
        from recipe_engine.mcp.sandbox import sandbox_of

        return sandbox_of(self)

    def url(self, settings: Settings) -> str:
        """Where the server is; empty when it is a program."""
        return settings.get(self._address_setting) or self.config.url

    def command(self, settings: Settings) -> list[str]:
        """The program that is the server, with its arguments.

        Raises Terminal `not_configured` when the setting in its place is none.
        """
        text = settings.get(self._command_setting)
        if not text:
            return self.config.command
        try:
            return shlex.split(text)
        except ValueError as error:
            raise Terminal(f"{self._command_setting} is no command: {error}", code="not_configured") from error

    def effect_of(self, tool: Tool) -> Effect:
        """What repeating a tool does: as the owner says, else as the server does."""
        return self.config.effects.get(tool.action, tool.effect)

    def _settings(self) -> list[Setting]:
        found = self.credentials.declared()
        found += [Setting(name, secret=True, help="given to the server as it is") for name in self.config.env]
        if self._token_setting:
            help_ = f"in place of {self.credentials.where}"
            found.append(Setting(self._token_setting, required=False, help=help_))
        if self._command_setting:
            help_ = f"in place of `{shlex.join(self.config.command)}`"
            found.append(Setting(self._command_setting, required=False, help=help_))
        return found

    def _add_listing(self) -> None:
        name = f"{self.name}.{LISTING}"
        self.actions[name] = Action(
            name,
            self._list,
            "read",
            {"type": "object", "properties": {}, "additionalProperties": False},
            _LISTED,
            None,
            "The tools that the server has at this moment.",
            "They may be others than those that are actions: these are of when the server was added.",
            self,
            timeout=self.config.timeout,
            example=f"- {{id: tools, type: {name}}}",
        )

    async def _list(self, ctx: Context, params: JSON) -> Answered:
        from recipe_engine.mcp.calls import offer

        found: Offer = await offer(self, ctx)
        tools = [{key: each[key] for key in ("name", "description") if key in each} for each in found.tools]
        return Answered({"server": found.server, "protocol": found.protocol, "tools": tools})


class _ToolAction(Action):
    """A tool as an action; its schemas are worked out when somebody asks."""

    def __init__(self, connector: McpConnector, tool: Tool) -> None:
        self.__dict__["tool"] = tool
        super().__init__(
            f"{connector.name}.{tool.action}",
            self._call,
            connector.effect_of(tool),
            {},
            {},
            None,
            tool.summary,
            tool.description,
            connector,
            timeout=connector.config.timeout,
        )
        # What stands in the instance would hide what is made late.
        for name in ("params_schema", "result_schema", "example"):
            self.__dict__.pop(name, None)

    @cached_property
    def params_schema(self) -> JSONObject:
        from recipe_engine.mcp.shapes import params_schema

        return params_schema(self._tool)

    @cached_property
    def result_schema(self) -> JSONObject:
        from recipe_engine.mcp.shapes import result_schema

        return result_schema(self._tool)

    @cached_property
    def example(self) -> str:
        from recipe_engine.openapi.examples import example_step

        return example_step(self.name, self._tool.action, self.params_schema)

    @property
    def _tool(self) -> Tool:
        tool: Tool = self.__dict__["tool"]
        return tool

    async def _call(self, ctx: Context, params: JSON) -> Answered:
        from recipe_engine.mcp.calls import call

        connector: Any = self.connector
        return Answered(await call(connector, self._tool, self.result_schema, ctx, mapping(params)))


def connector_in(folder: Path) -> McpConnector:
    """The connector that a folder holds.

    Raises RecipeError when it holds none that can be used.
    """
    made = read_folder(folder, Config, lambda config: McpConnector(config, load_snapshot(folder / SNAPSHOT)))
    if unknown := sorted(set(made.config.effects) - {tool.action for tool in made.tools}):
        raise RecipeError(f"{folder / CONFIG}: effects names {', '.join(unknown)}, which the server has not")
    return made
