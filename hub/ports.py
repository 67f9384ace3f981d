"""The two seams: what a customer channel and an agents' desk must offer, and what they are handed.

Nothing here names a platform. What only some platforms do is a small protocol of its own, asked for by `isinstance`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, NewType, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from hub.capabilities import Capabilities as Capabilities
from hub.capabilities import Pace as Pace
from hub.capabilities import Window as Window
from hub.model import AgentReply, ChannelName, ConversationId, Entry, ExternalId, FileId, Message, Part, ThreadId

IdempotencyKey = NewType("IdempotencyKey", str)


class Settings(BaseModel):
    """What an admin writes for one channel or desk. Unknown keys are mistakes; secrets are `SecretStr`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    continue_in: str = Field("", description="the web chat in which conversations go on once this channel takes no more answers")


@dataclass(frozen=True, slots=True)
class Hook:
    """An HTTP request from a platform, minus the web framework. Header names are lower-case; `body` is what was signed."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a hook held, and what the platform wants to hear once the items are committed."""

    items: Sequence[Message | AgentReply] = ()
    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Identity:
    """A customer's address on one channel. `address` is what `Message.customer` said; `data` is the connector's own."""

    channel: ChannelName
    address: ExternalId
    data: Mapping[str, Any] = field(default_factory=dict)
    quoted: ExternalId | None = None
    """The platform's id of the message that this send answers; only where `capabilities.quotes`."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that the store holds."""

    id: FileId
    name: str
    mime: str
    size: int
    content: bytes


class Files(Protocol):
    """How connectors and desks reach the content of `Media.file`."""

    async def read(self, file: FileId) -> StoredFile:
        """The file, fetched from its platform first when need be. `Undeliverable` when gone, `Temporary` when not yet there."""
        ...

    def link(self, file: FileId) -> str:
        """A signed, expiring, public address for people."""
        ...


@dataclass(frozen=True, slots=True)
class Kit:
    """What every connector and desk is built with, besides its name and its settings."""

    files: Files
    public_url: str
    """Where platforms and people reach this hub, without a trailing slash; empty when nobody said."""
    now: Callable[[], datetime]


class Connector(Protocol):
    """One customer channel. SDK types stay inside."""

    Settings: ClassVar[type[Settings]]
    capabilities: Capabilities

    async def receive(self, hook: Hook) -> Receipt:
        """Authenticate (`Rejected`), normalize (`Malformed`, unknown kinds as `Unsupported`), answer handshakes. Called in the
        web process before anything is stored; must not touch the network."""
        ...

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        """One platform call with parts that `capabilities` admit, as `fit` grouped them; returns the platform's id.
        Raises `Temporary`, `Uncertain`, `WindowClosed` or `Undeliverable`, nothing else of a foreign kind."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ThreadCard:
    """What the head of a thread shows: facts only, each desk draws it its own way. Times are UTC."""

    conversation: ConversationId
    channel: ChannelName
    customer: str
    preview: str
    status: Literal["open", "resolved"]
    agent: str = ""
    team: str = ""
    locale: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    waiting_since: datetime | None = None
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str = ""
    console_url: str = ""
    avatar: str = ""
    window_until: datetime | None = None
    """Until when the channel takes answers; None where it does not say."""
    calls_left: int | None = None
    """How many calls it takes until then, or until the customer acts again."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a desk shows it, with the name and picture under which it appears."""

    entry: Entry
    parts: Sequence[Part]
    key: IdempotencyKey
    author: str
    avatar: str = ""
    mention: str = ""
    """The desk's own id of the agent to call, for notices."""
    delivery: str = ""
    """Of a status line: the delivery that a Resend button must name."""


class Desk(Protocol):
    """A place where agents read and answer: the mirror image of a connector. It opens threads, posts lines and hands back
    `AgentReply` items."""

    Settings: ClassVar[type[Settings]]
    capabilities: Capabilities

    async def receive(self, hook: Hook) -> Receipt:
        """As a connector's, with `AgentReply` items."""
        ...

    def place(self, channel: ChannelName, team: str) -> str:
        """Where a conversation's thread belongs (say, a Slack channel's id); also the key of `capabilities.pace`."""
        ...

    async def open(self, place: str, card: ThreadCard, key: IdempotencyKey) -> ThreadId:
        """Post the card that heads a new thread. Errors as in `Connector.send`."""
        ...

    async def update(self, thread: ThreadId, card: ThreadCard) -> None:
        """Draw the card anew; harmless when repeated."""
        ...

    async def post(self, thread: ThreadId, lines: Sequence[Line], key: IdempotencyKey) -> ExternalId:
        """Append lines in one call, at most `capabilities.coalesce` of them."""
        ...

    async def mark(self, reply: ExternalId, state: Literal["sent", "failed", "unknown", "held"], thread: ThreadId) -> None:
        """Show on an agent's own message what became of it; harmless when repeated."""
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class SupportsLookup(Protocol):
    """Can be asked whether a call arrived."""

    async def lookup(self, keys: Sequence[IdempotencyKey], thread: str) -> Mapping[IdempotencyKey, ExternalId]:
        """The platform's ids of those calls that were accepted, by their keys; a key that is missing was not accepted. `thread`
        is the desk's thread, or the place when a thread was being opened."""
        ...


@runtime_checkable
class SupportsMedia(Protocol):
    """Can fetch what `Media.remote` names."""

    def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """The content in pieces. `Temporary`, or `Undeliverable` when it is gone, too big or not allowed."""
        ...


@runtime_checkable
class SupportsAnnounce(Protocol):
    """Must be told where its hooks live (Telegram's setWebhook)."""

    async def announce(self, url: str) -> None: ...


@runtime_checkable
class SupportsEdit(Protocol):
    """Can change or take back what it sent."""

    async def edit(self, to: Identity, sent: ExternalId, parts: Sequence[Part]) -> None: ...

    async def delete(self, to: Identity, sent: ExternalId) -> None: ...


@runtime_checkable
class SupportsTyping(Protocol):
    """Can show that somebody is writing."""

    async def typing(self, to: Identity) -> None: ...


@runtime_checkable
class SupportsPassive(Protocol):
    """Can answer a customer's message in the response to the very hook that brought it."""

    passive_s: float
    """Longest time to wait for an answer, in seconds from the inbox commit; 0 turns passive answers off."""

    def passive(self, hook: Hook, parts: Sequence[Part]) -> bytes | None:
        """The body that answers this hook with these parts; None when it can't carry them. Must not touch the network."""
        ...


@runtime_checkable
class SupportsPolling(Protocol):
    """Needs no public address: it fetches its own hooks (Telegram's getUpdates, Slack's Socket Mode)."""

    polling: bool
    """Whether this channel is set to poll."""

    def poll(self, keep: Callable[[Receipt], Any]) -> Any:
        """Run until cancelled, awaiting `keep(receipt)` for each batch; acknowledge to the platform only after it returns."""
        ...


@runtime_checkable
class SupportsPeople(Protocol):
    """Can say who somebody at a desk is."""

    async def person(self, agent: ExternalId) -> tuple[str, str]:
        """(name, e-mail address); empty strings where the desk does not tell."""
        ...
