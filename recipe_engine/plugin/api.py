"""What the author of a connector writes with. A connector is typed functions; everything else is declared here.

from recipe_engine.plugin import Connector, Context, Params, RateLimit, Result, Setting, bearer

desk = Connector(
    name="desk", title="Desk", base_url="https://api.desk.example",
    settings=[Setting("DESK_API_KEY", secret=True, help="Settings > API keys")],
    auth=bearer("DESK_API_KEY"), limits=[RateLimit(100, per=10)],
    sandbox="desk_plugin.sandbox:DeskSandbox",
)

class NewTicket(Params):
    subject: str

class Ticket(Result):
    id: str

@desk.action(effect="once")
async def create_ticket(ctx: Context, params: NewTicket) -> Ticket:
    \"\"\"Open a ticket.\"\"\"
    answer = await ctx.http.post("/tickets", json={"subject": params.subject})
    return Ticket.model_validate(await answer.json())
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from recipe_engine.core.json import JSON, JSONObject
from recipe_engine.core.plan import Effect, Retry
from recipe_engine.plugin.channels import Channel
from recipe_engine.plugin.consent import Consent
from recipe_engine.plugin.errors import ActionError
from recipe_engine.plugin.http import Request, Response
from recipe_engine.plugin.login import KeptLogin, Login, is_logged_in
from recipe_engine.plugin.sandbox import Sandbox
from recipe_engine.plugin.signatures import Verify

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


class Params(BaseModel):
    """Parameters of an action: unknown names are refused, so that a typing mistake is found by the checker."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Result(BaseModel):
    """Result of an action. Fields that the vendor adds pass through untyped."""

    model_config = ConfigDict(extra="allow", defer_build=True)


class FileValue(BaseModel):
    """A file held by the blob store: what recipes pass around instead of bytes. `size` is in bytes, `digest` is
    `sha256:` and the hex digest."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"format": "file"})
    digest: str
    name: str
    media_type: str
    size: int


class ReadSettings(Protocol):
    """Settings, as far as a check reads them."""

    def get(self, name: str, /) -> str | None: ...


Needed = Callable[[ReadSettings, str, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the deployment, read from the environment (or .env) under `name`. Where it depends on other settings
    or on what an action is asked whether it must be set, `needed` tells, for the name of an action and its parameters as
    they are written ("" and none for the connector by itself). `login` names the login that tells its value or does
    without it."""

    name: str
    secret: bool = False
    required: bool = True
    default: str | None = None
    help: str = ""
    needed: Needed | None = None
    login: str = ""

    def missing(self, settings: ReadSettings, action: str = "", params: Mapping[str, Any] | None = None) -> bool:
        """Whether it must be set and is not."""
        if self.default is not None or settings.get(self.name) is not None or is_logged_in(self.login, settings):
            return False
        return self.required if self.needed is None else self.needed(settings, action, params or {})


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` requests in `per` seconds, shared by all runs of the process."""

    count: int
    per: float


class Settings(Protocol):
    """Settings of the deployment. `get` gives the default or None; `require` raises Terminal `not_configured`."""

    def get(self, name: str, default: str | None = None) -> str | None: ...

    def require(self, name: str) -> str: ...


class AuthContext(Protocol):
    """What an auth has beside the request that it changes.

    `tokens` is the dict of `Context.tokens`, shared by all runs of the process; `now` is the runtime's time (seconds
    since 1970). `send` takes a request of the auth's own (to a token endpoint) over the connector's transport, without
    auth; whatever goes wrong there, the action itself did nothing yet. `learn` makes a secret that was obtained known
    to the scrubber, so that it stands in no journal, log or error. `follow` awaits what another request does for this
    one as well, which goes on when this one is cut off. `login` is what was kept by `recipe connectors login`, None when
    there is no such login.
    """

    settings: Settings
    tokens: dict[str, Any]

    @property
    def now(self) -> float: ...

    def learn(self, name: str, secret: str) -> None: ...

    async def follow(self, other: asyncio.Future[T]) -> T: ...

    async def send(self, request: Request) -> Response: ...

    def login(self, name: str) -> KeptLogin | None: ...


class Http(Protocol):
    """The client of an action: relative URLs are under the connector's base URL; auth, limits, the vendor's error
    mapping and the step's time limit are applied. `raw=True` hands back error statuses instead of raising.

    `reads` says that the request changes nothing although its method could (a search by POST): an action of class `once`
    whose answer is lost, or that fails after a write, is in doubt; after a read it is not."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: JSON = None,
        form: Mapping[str, Any] | None = None,
        multipart: Mapping[str, Any] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        length: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # part of what is asked for
        raw: bool = False,
        auth: bool = True,
        reads: bool = False,
    ) -> Response: ...

    async def get(self, url: str, **options: Any) -> Response: ...

    async def post(self, url: str, **options: Any) -> Response: ...

    async def put(self, url: str, **options: Any) -> Response: ...

    async def patch(self, url: str, **options: Any) -> Response: ...

    async def delete(self, url: str, **options: Any) -> Response: ...


class Blobs(Protocol):
    """The content-addressed store of files."""

    async def save(self, chunks: AsyncIterator[bytes], name: str, media_type: str) -> FileValue: ...

    async def save_bytes(self, data: bytes, name: str, media_type: str) -> FileValue: ...

    def open(self, file: FileValue, chunk: int = 1_048_576) -> AsyncIterator[bytes]: ...

    async def read(self, file: FileValue, limit: int = 50_000_000) -> bytes: ...


class Store(Protocol):
    """Small JSON values kept between runs, in named tables. `keep` is seconds until an entry expires, None for ever.

    `claim` is atomic across runs and processes: True for the first to claim a key (or again by the same `owner`).
    """

    async def claim(self, table: str, key: str, owner: str, keep: float | None) -> bool: ...

    async def get(self, table: str, key: str) -> JSON: ...

    async def put(self, table: str, key: str, value: JSON, keep: float | None) -> None: ...

    async def list(self, table: str, prefix: str, limit: int) -> list[JSONObject]: ...

    async def delete(self, table: str, key: str) -> bool: ...


class Context(Protocol):
    """What an action is given.

    `key` is the idempotency key: run and step path, the same over attempts. `run_id` and `path` name the step.
    `config` is the run's config. `now` is the runtime's time (seconds since 1970). `tokens` is a dict shared by all
    runs of the process, for access tokens. `report_usage` adds tokens and money to the step. `log` writes a line
    that the run shows. `sandbox` says that this run talks to sandboxes. `cost_left` and `tokens_left` are what the
    run may still spend (US dollars, tokens), None for no limit. `timeout` is how long the attempt may take (seconds).
    `untimed` is for waiting that is not the attempt's own time (for a person, for other steps): `with ctx.untimed():`.
    `will_repeat` says whether the step will be tried again when this attempt ends with `error`. `emit` posts an event to
    waiting runs.
    """

    key: str
    run_id: str
    path: str
    attempt: int
    config: Mapping[str, Any]
    settings: Settings
    http: Http
    blobs: Blobs
    store: Store
    tokens: dict[str, Any]
    sandbox: bool
    dry_run: bool
    cost_left: float | None
    tokens_left: int | None
    timeout: float

    @property
    def now(self) -> float: ...

    def log(self, message: str, **fields: Any) -> None: ...

    def report_usage(self, **usage: float) -> None: ...

    def will_repeat(self, error: ActionError) -> bool: ...

    def untimed(self) -> AbstractContextManager[None]: ...

    async def emit(self, event: str, data: JSON, event_id: str | None = None) -> None: ...

    def service(self, name: str) -> Any:
        """An object that the host of the engine provides by name (the scripted model of a test), None when it has none."""
        ...


ActionFunction = Callable[[Any, Any], Awaitable[Any]]
# Did it happen? The result if so, None if it certainly did not; raises Retryable when it cannot tell.
Reconcile = Callable[[Any, Any], Awaitable[Any]]
Auth = Callable[[Request, AuthContext], Awaitable[None]]
# Told of a 401: whether the request is worth sending once more, with what the auth then has. It did nothing, so that
# sending it again doubles nothing.
Renew = Callable[[Request, Response, AuthContext], Awaitable[bool]]
# The connector's address, when it depends on settings (a data centre).
BaseUrl = Callable[[Settings], str]
# A call that changes nothing, made with a context of the connector; it fails as actions do.
Check = Callable[[Context], Awaitable[object]]
# What shows that the settings are right: a reading action with its parameters, or a call of the connector's own; None when
# the settings name too little.
Probe = Callable[[Settings], tuple[str, JSONObject] | Check | None]
# Turns an error answer into a Retryable or Terminal; None leaves it to the engine's general rules.
ErrorMapping = Callable[[int, Mapping[str, str], JSON], Exception | None]


# The codes of failures after which nothing has happened, and which pass.
NOTHING_HAPPENED = ("connection", "rate_limit", "unavailable")


@dataclass(frozen=True)
class Action:
    """One action of the catalog. `params_schema` and `result_schema` are JSON Schema 2020-12.

    `params_type` is None when parameters are checked by `params_schema` alone (connectors made from documents).
    `effect_of` refines `effect` from the authored parameters (http: by method). `secret_params` names the dotted
    parameters in which `secrets.NAME` may stand (`headers.*`, `auth.*`). `fields_at_step` says that the parameters
    are written on the step itself (http, llm_call, notify, log), not under `with`.
    """

    name: str
    function: ActionFunction
    effect: Effect
    params_schema: JSONObject
    result_schema: JSONObject
    params_type: type[BaseModel] | None
    summary: str
    description: str
    connector: Connector
    reconcile: Reconcile | None = None
    effect_of: Callable[[JSONObject], Effect] | None = None
    result_schema_of: Callable[[JSONObject], JSONObject] | None = None
    secret_params: tuple[str, ...] = ()
    fields_at_step: bool = False
    retry: Retry | None = None
    timeout: float = 60.0
    example: str = ""

    def retry_for(self, effect: Effect) -> Retry:
        """The retries of a step that says nothing itself. What may not happen twice is repeated only after failures that
        say for certain that nothing happened; an author who wants more names them in `retry.on`."""
        if self.retry is not None:
            return self.retry
        return Retry(attempts=3, on=NOTHING_HAPPENED) if effect == "once" else Retry(attempts=3)


class _DeclaredAction(Action):
    """An action read from a function. Its schemas are made when somebody asks: most are not asked in most processes, and
    making them all would cost a command more time than the rest of its start."""

    @cached_property
    def params_schema(self) -> JSONObject:
        assert self.params_type is not None
        return self.params_type.model_json_schema()

    @cached_property
    def result_schema(self) -> JSONObject:
        return _result_schema(typing.get_type_hints(self.function)["return"])


def _declared(**fields: Any) -> Action:
    action = _DeclaredAction(**fields, params_schema={}, result_schema={})
    # What stands in the instance would hide what is made late.
    del vars(action)["params_schema"], vars(action)["result_schema"]
    return action


@dataclass(eq=False)
class Connector:
    """A vendor's actions with its base URL, auth, limits, error mapping and sandbox.

    `base_url` (or a function of the settings) can be replaced by the setting `<NAME>_BASE_URL` (or `base_url_setting`).
    `renew` is asked after a 401 whether to authorize and send once more. `at_once` is how many requests may be under way
    at the same time, of all runs of the process. `sandbox` is
    `module:Class`, imported only when a run uses sandboxes, or a function that gives the class. `channels` are the ways to
    reach people that it adds to `notify`. `verify` tells the vendor's webhooks from forged ones. `consent` is asked
    before anything is sent to people, `people` (`module:Class`) keeps data of theirs (`plugin.people.Keeper`). `over_http` says that all its effects go through
    `ctx.http`, so that a dry run can show them (by default: whether it has a base URL). `endpoints` names settings that
    hold addresses of other services which its actions speak to by absolute URLs: the operator put them there, so they may
    be private addresses, and each has a queue of its own. No auth is sent there but what the action itself sends.
    `elsewhere` are other addresses of the same vendor, written in the connector: its credentials go there as well.
    `probe` is the reading call with which `recipe doctor` asks the vendor whether the settings are right. `login` is the
    consent in the browser that the auth can use.
    """

    name: str
    title: str
    base_url: str | BaseUrl = ""
    settings: Sequence[Setting] = ()
    auth: Auth | None = None
    renew: Renew | None = None
    limits: Sequence[RateLimit] = ()
    at_once: int | None = None
    errors: ErrorMapping | None = None
    sandbox: str | Callable[[], type[Sandbox]] | None = None
    base_url_setting: str | None = None
    docs: str = ""
    channels: Mapping[str, Channel] = field(default_factory=dict)
    verify: Verify | None = None
    consent: Consent | None = None
    people: str | None = None
    over_http: bool | None = None
    endpoints: Sequence[str] = ()
    elsewhere: Sequence[str] = ()
    probe: str | Probe = ""
    login: Login | None = None
    actions: dict[str, Action] = field(default_factory=dict)

    def address(self, settings: Settings) -> str:
        """The base URL under these settings, unless one of them replaces it."""
        return self.base_url if isinstance(self.base_url, str) else self.base_url(settings)

    def action(
        self,
        *,
        effect: Effect | Literal["read", "keyed", "once"],
        name: str | None = None,
        reconcile: Reconcile | None = None,
        effect_of: Callable[[JSONObject], Effect] | None = None,
        result_schema_of: Callable[[JSONObject], JSONObject] | None = None,
        secret_params: tuple[str, ...] = (),
        fields_at_step: bool = False,
        retry: Retry | None = None,
        timeout: float = 60.0,
        example: str = "",
    ) -> Callable[[ActionFunction], ActionFunction]:
        """Register a function as the action `<connector>.<function name>`; parameters and result are read from its
        annotations, documentation from its docstring.

        `name` replaces the function's name. An action whose fields stand on the step itself (`fields_at_step`) is a
        step type of its own and bears its bare name: `llm_call`, not `llm.llm_call`.

        Raises TypeError when the annotations are not pydantic models.
        """

        def register(function: ActionFunction) -> ActionFunction:
            hints = typing.get_type_hints(function)
            params_type = hints[next(reversed(inspect.signature(function).parameters))]
            if not (isinstance(params_type, type) and issubclass(params_type, BaseModel)) or "return" not in hints:
                raise TypeError(f"{function.__qualname__}: parameters need a Params class, and the result a type")
            short = name or function.__name__
            full = short if fields_at_step else f"{self.name}.{short}"
            text = inspect.getdoc(function) or ""
            summary, _, description = text.partition("\n")
            self.actions[full] = _declared(
                name=full,
                function=function,
                effect=effect,
                params_type=params_type,
                summary=summary,
                description=description.strip(),
                connector=self,
                reconcile=reconcile,
                effect_of=effect_of,
                result_schema_of=result_schema_of,
                secret_params=secret_params,
                fields_at_step=fields_at_step,
                retry=retry,
                timeout=timeout,
                example=example,
            )
            return function

        return register


def _result_schema(result_type: Any) -> JSONObject:
    if isinstance(result_type, type) and issubclass(result_type, BaseModel):
        return result_type.model_json_schema(mode="serialization")
    from pydantic import TypeAdapter

    return TypeAdapter(result_type).json_schema(mode="serialization")


def bearer(setting: str) -> Auth:
    """Auth that sends `Authorization: Bearer <setting>`."""

    async def authorize(request: Request, auth: AuthContext) -> None:
        request.headers["Authorization"] = f"Bearer {auth.settings.require(setting)}"

    return authorize


def header(name: str, setting: str) -> Auth:
    """Auth that sends the setting in the header `name`."""

    async def authorize(request: Request, auth: AuthContext) -> None:
        request.headers[name] = auth.settings.require(setting)

    return authorize
