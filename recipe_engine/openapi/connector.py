"""A folder with a document and its `connector.yml`, as a connector.

The one rule: the document is parsed when a schema of one of its operations is asked for, not before; what names the
actions is in the index beside it.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Effect
from recipe_engine.errors import RecipeError
from recipe_engine.openapi.addresses import host_of, server_url
from recipe_engine.openapi.auth import Authorize, ClientCredentials, Credentials
from recipe_engine.openapi.document import Document, mapping, read_document
from recipe_engine.openapi.folders import CONFIG, NAME, Limit, read_folder
from recipe_engine.openapi.index import Entry, Index, load_index
from recipe_engine.openapi.operations import VARIABLE, Operation, effect_of, read_operation
from recipe_engine.plugin import Action, Connector, Context, RateLimit, Sandbox, Setting, Settings

if TYPE_CHECKING:
    from recipe_engine.openapi.calls import Answered

_LONGEST_DESCRIPTION = 4_000


class Config(BaseModel):
    """What `connector.yml` says.

    `server` is the base URL, in which `{variables}` are settings with the values of `variables` as defaults. `effects`
    replaces what the method says of a repeat, by operation. `defaults` are parameters that recipes need not give.
    `idempotency_header` says that POST and PATCH take the step's key in this header, and may then be repeated. `scope` is
    asked for with client credentials. `probe` is the reading operation that `recipe doctor` asks.
    """

    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=NAME)
    title: str = ""
    document: str = "openapi.json"
    auth: str = "none"
    scope: str = ""
    server: str = ""
    variables: dict[str, str] = Field(default_factory=dict)
    effects: dict[str, Effect] = Field(default_factory=dict)
    defaults: dict[str, Any] = Field(default_factory=dict)
    idempotency_header: str = ""
    limits: list[Limit] = Field(default_factory=list)
    probe: str = ""


class OpenApiConnector(Connector):
    """The connector of a folder. Make it with `connector_in`."""

    def __init__(self, folder: Path, config: Config, index: Index) -> None:
        self.folder = folder
        self.config = config
        self.index = index
        self.credentials = Credentials.parse(config.auth)
        self.idempotency_header = config.idempotency_header
        title = config.title or index.title or config.name
        self.token_setting = f"{config.name.upper()}_TOKEN_URL" if self.credentials.kind == "oauth2" else ""
        oauth = (
            ClientCredentials(title, self.credentials, config.scope, self.token_setting) if self.token_setting else None
        )
        simple = None if self.credentials.kind == "none" else Authorize(self.credentials)
        super().__init__(
            name=config.name,
            title=title,
            base_url=self._address if VARIABLE.search(config.server) else config.server,
            settings=[*self.credentials.declared(), *self._token_setting(), *self._variables()],
            auth=oauth or simple,
            renew=oauth.renew if oauth else None,
            limits=[RateLimit(each.count, each.per) for each in config.limits],
            sandbox=self.sandbox_class,
            docs=index.description,
            over_http=True,
            elsewhere=index.elsewhere,
            probe=config.probe,
        )
        for entry in index.entries:
            self.actions[f"{self.name}.{entry.name}"] = _OperationAction(self, entry)
        known = {entry.name for entry in index.entries}
        named = {"effects": set(config.effects), "probe": {config.probe} - {""}}
        for word, operations in named.items():
            if unknown := sorted(operations - known):
                raise RecipeError(f"{folder / CONFIG}: {word} names {', '.join(unknown)}, which the document has not")

    @cached_property
    def document(self) -> Document:
        """The document, parsed now."""
        path = self.folder / self.config.document
        return read_document(path.read_bytes(), str(path))

    def operation(self, entry: Entry) -> Operation:
        """The operation behind an entry of the index, read now; credentials are none of its parameters."""
        found = read_operation(self.document, entry.name, entry.path, entry.method, self.config.defaults)
        own = tuple(each for each in found.parameters if not self.credentials.sends(each.place, each.wire))
        return found if len(own) == len(found.parameters) else _replaced(found, parameters=own)

    def sandbox_class(self) -> type[Sandbox]:
        """The class of this connector's sandbox."""
        from recipe_engine.openapi.sandbox import sandbox_of

        return sandbox_of(self)

    def server_of(self, operation: Operation, ctx: Context) -> str | None:
        """The address of an operation that has its own; None where the connector's holds, or a setting replaces all."""
        if operation.server is None or ctx.settings.get(f"{self.name.upper()}_BASE_URL"):
            return None
        url, usual = server_url(operation.server), self.address(ctx.settings).rstrip("/")
        if url.startswith("/"):
            url = f"{usual.partition('://')[0]}://{host_of(usual)}{url}"
        return None if url == usual or not host_of(url) else url

    def effect_of(self, entry: Entry) -> Effect:
        """What repeating an operation does."""
        if entry.name in self.config.effects:
            return self.config.effects[entry.name]
        if entry.method in ("post", "patch") and (self.idempotency_header or entry.key_header):
            return "keyed"
        return effect_of(entry.method)

    def _token_setting(self) -> list[Setting]:
        if not self.token_setting:
            return []
        return [Setting(self.token_setting, required=False, help=f"in place of {self.credentials.where}")]

    def _variables(self) -> list[Setting]:
        return [
            Setting(
                self._setting(name),
                required=name not in self.config.variables,
                default=self.config.variables.get(name),
                help=f"{{{name}}} in {self.config.server}",
            )
            for name in VARIABLE.findall(self.config.server)
        ]

    def _setting(self, variable: str) -> str:
        from recipe_engine.openapi.names import snake

        return f"{self.config.name}_{snake(variable)}".upper()

    def _address(self, settings: Settings) -> str:
        return VARIABLE.sub(lambda found: settings.require(self._setting(found[1])), self.config.server)


class _OperationAction(Action):
    """An operation as an action; what needs the document is made when somebody asks."""

    def __init__(self, connector: OpenApiConnector, entry: Entry) -> None:
        self.__dict__["entry"] = entry
        effect = connector.effect_of(entry)
        super().__init__(
            f"{connector.name}.{entry.name}",
            self._call,
            effect,
            {},
            {},
            None,
            entry.summary,
            "",
            connector,
            result_schema_of=self._result_of if effect == "read" else None,
        )
        # What stands in the instance would hide what is made late.
        for name in ("params_schema", "result_schema", "description", "example"):
            self.__dict__.pop(name, None)

    @cached_property
    def operation(self) -> Operation:
        connector: Any = self.connector
        entry: Entry = self.__dict__["entry"]
        found: Operation = connector.operation(entry)
        return found

    @cached_property
    def params_schema(self) -> JSONObject:
        from recipe_engine.openapi.bounds import bounded

        schema = bounded(self._whole_params_schema)[0]
        if not self._pages:
            return schema
        from recipe_engine.openapi.paging import with_paging

        return with_paging(schema, self.operation.pages_name)

    @property
    def _pages(self) -> bool:
        """Whether it may come in pages: what only reads, and answers with JSON."""
        media = [each for answer in self.operation.successes for each in answer.media]
        return self.effect == "read" and self.operation.method != "head" and any(each.kind == "json" for each in media)

    def _result_of(self, params: JSONObject) -> JSONObject:
        told = params.get(self.operation.pages_name) if self._pages else None
        if told is None:
            return self.result_schema
        from recipe_engine.openapi.paging import pages_schema

        return pages_schema(self.result_schema, told)

    @cached_property
    def _whole_params_schema(self) -> JSONObject:
        from recipe_engine.openapi.shapes import params_schema

        return params_schema(self._document, self.operation)

    @cached_property
    def result_schema(self) -> JSONObject:
        from recipe_engine.openapi.bounds import bounded
        from recipe_engine.openapi.shapes import result_schema

        return bounded(result_schema(self._document, self.operation))[0]

    @cached_property
    def description(self) -> str:
        text = self.operation.description.strip()
        return "" if text == self.summary else text[:_LONGEST_DESCRIPTION]

    @cached_property
    def example(self) -> str:
        from recipe_engine.openapi.examples import example_of

        return example_of(self.name, self.operation, self._whole_params_schema)

    @property
    def _document(self) -> Document:
        connector: Any = self.connector
        found: Document = connector.document
        return found

    async def _call(self, ctx: Context, params: JSON) -> Answered:
        from recipe_engine.openapi.calls import Shape, call

        connector: Any = self.connector
        shape = Shape(self.operation, self.result_schema, reads=self.effect == "read")
        given = mapping(params)
        if self._pages and given.get(self.operation.pages_name) is not None:
            from recipe_engine.openapi.paging import call_pages

            return await call_pages(connector, shape, ctx, given)
        return await call(connector, shape, ctx, given)


def connector_in(folder: Path) -> OpenApiConnector:
    """The connector that a folder holds.

    Raises RecipeError when it holds none that can be used.
    """
    return read_folder(
        folder, Config, lambda config: OpenApiConnector(folder, config, load_index(folder / config.document))
    )


def _replaced(operation: Operation, **changes: Any) -> Operation:
    from dataclasses import replace

    return replace(operation, **changes)
