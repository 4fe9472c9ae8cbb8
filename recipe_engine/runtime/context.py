"""What an action is given: `plugin.Context`, bound to one attempt.

The one rule: it hands out nothing of the run beyond what the action's own connector may have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from recipe_engine.core.json import JSON
from recipe_engine.plugin.api import Blobs, Connector, Http, Settings, Store
from recipe_engine.plugin.channels import Channel, Delivery, Message, chosen
from recipe_engine.plugin.errors import ActionError, Retryable, Terminal
from recipe_engine.runtime.attempt import Attempt
from recipe_engine.runtime.client import ActionHttp
from recipe_engine.runtime.clock import Clock
from recipe_engine.runtime.consenting import BoundConsent
from recipe_engine.runtime.world import World

WriteLog = Callable[[Attempt, str, dict[str, Any]], None]


class SendEvent(Protocol):
    """Posts an event to waiting runs: `Runtime.send`."""

    async def __call__(self, event: str, data: JSON, *, event_id: str | None = None) -> object: ...


class LogObserver(Protocol):
    """Is told of every line that an action logs; must return at once."""

    def on_log(self, run_id: str, path: str, message: str, fields: dict[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the contexts of one performer share, whatever the attempt."""

    blobs: Blobs
    store: Store
    clock: Clock
    write_log: WriteLog
    send_event: SendEvent | None


class ActionContext:
    """The context of one connector in one attempt."""

    def __init__(
        self, around: Surroundings, world: World, connector: Connector, attempt: Attempt, *, dry: bool
    ) -> None:
        command, run = attempt.command, attempt.run
        self._around = around
        self._world = world
        self._attempt = attempt
        self._dry = dry
        self.key = command.key
        self.run_id = run.run_id
        self.path = command.path
        self.attempt = command.attempt
        self.config: Mapping[str, Any] = run.config or {}
        self.settings: Settings = world.settings
        self.blobs = around.blobs
        self.store = around.store
        self.tokens = world.tokens
        self.sandbox = run.sandbox
        self.dry_run = run.dry_run
        self.cost_left = command.cost_left
        self.tokens_left = command.tokens_left
        self.timeout = attempt.seconds
        self.http: Http = ActionHttp(world, world.link(connector), attempt, around.blobs, around.clock, dry=dry)

    @property
    def now(self) -> float:
        return self._around.clock.now()

    def log(self, message: str, **fields: Any) -> None:
        self._around.write_log(self._attempt, message, fields)

    def report_usage(self, **usage: float) -> None:
        self._attempt.use(usage)

    def will_repeat(self, error: ActionError) -> bool:
        return self._attempt.command.repeats_after(error.failure)

    @contextmanager
    def untimed(self) -> Iterator[None]:
        self._attempt.limit.hold()
        try:
            yield
        finally:
            self._attempt.limit.release()

    async def emit(self, event: str, data: JSON, event_id: str | None = None) -> None:
        send = self._around.send_event
        if send is None:
            raise Terminal(f"the event {event} cannot be sent: this runtime takes no events", code="not_available")
        await send(event, data, event_id=event_id or f"{self.key}:{event}")

    def service(self, name: str) -> Any:
        """What the host provides under `name`, None when it has nothing of that name. The engine's own are `channels`, every
        channel of the catalog by name as `BoundChannel`, and `consent`, as `BoundConsent`."""
        if name == "channels":
            return self._channels()
        return self._consent() if name == "consent" else self._world.services.get(name)

    def _channels(self) -> dict[str, BoundChannel]:
        offers: dict[str, dict[str, Channel]] = {}
        for connector in self._world.catalog.connectors.values():
            for name, channel in connector.channels.items():
                offers.setdefault(name, {})[connector.name] = channel
        return {name: self._channel(name, of_name) for name, of_name in offers.items()}

    def _channel(self, name: str, offers: dict[str, Channel]) -> BoundChannel:
        """The channel of the connector that is to send it."""
        connector, missing = chosen(name, offers, self.settings)
        return BoundChannel(offers[connector], self._for(self._world.catalog.connectors[connector]), missing)

    def _consent(self) -> BoundConsent:
        knowing = [each for each in self._world.catalog.connectors.values() if each.consent is not None]
        return BoundConsent([(each.consent, self._for(each)) for each in knowing if each.consent is not None])

    def _for(self, connector: Connector) -> ActionContext:
        """The same attempt, seen by another connector."""
        return ActionContext(self._around, self._world, connector, self._attempt, dry=self._dry)


@dataclass(frozen=True, slots=True)
class BoundChannel:
    """A channel with the context of its own connector. `absent` is what to set before it can be used."""

    channel: Channel
    context: ActionContext
    absent: str | None

    def missing(self) -> str | None:
        """What to set before the channel can be used, None when it can."""
        return self.absent

    def default_to(self) -> str | None:
        """The recipient of messages that name none."""
        return self.context.settings.get(self.channel.default_to) if self.channel.default_to else None

    async def send(self, message: Message) -> Delivery:
        """Hand the message over."""
        return await self.channel.send(self.context, message)

    async def reconcile(self, message: Message) -> Delivery | None:
        """What became of a message whose sending was interrupted; see `Channel`."""
        if self.channel.reconcile is None:
            raise Retryable("nobody can tell whether the message was sent", happened="maybe")
        return await self.channel.reconcile(self.context, message)
