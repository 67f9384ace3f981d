"""The two seams: what a customer channel and an agents' desk must offer, and what they are handed.

Nothing here names a platform. What only some platforms do is a small protocol of its own, asked for by `isinstance`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, NewType, Protocol

from pydantic import BaseModel, ConfigDict, Field

from hub.abilities import Alone as Alone
from hub.abilities import SupportsAmend as SupportsAmend
from hub.abilities import SupportsAnnounce as SupportsAnnounce
from hub.abilities import SupportsCatchUp as SupportsCatchUp
from hub.abilities import SupportsEdit as SupportsEdit
from hub.abilities import SupportsFeeds as SupportsFeeds
from hub.abilities import SupportsLookup as SupportsLookup
from hub.abilities import SupportsMedia as SupportsMedia
from hub.abilities import SupportsNotice as SupportsNotice
from hub.abilities import SupportsPaces as SupportsPaces
from hub.abilities import SupportsPassive as SupportsPassive
from hub.abilities import SupportsPieces as SupportsPieces
from hub.abilities import SupportsPolling as SupportsPolling
from hub.abilities import SupportsProof as SupportsProof
from hub.abilities import SupportsReread as SupportsReread
from hub.abilities import SupportsTyping as SupportsTyping
from hub.canned import CannedReplies, KnownOf, Ready
from hub.capabilities import Capabilities as Capabilities
from hub.capabilities import Pace as Pace
from hub.capabilities import Shape as Shape
from hub.capabilities import Window as Window
from hub.cards import ThreadCard as ThreadCard
from hub.installs import Installs
from hub.model import AgentReply, ChannelName, Entry, ExternalId, Message, Part, ThreadId
from hub.people import Begin, Colleagues, LinkCode, Look, OnDuty, Trouble
from hub.people import SupportsCheck as SupportsCheck
from hub.people import SupportsDigest as SupportsDigest
from hub.people import SupportsDirect as SupportsDirect
from hub.people import SupportsEscalation as SupportsEscalation
from hub.people import SupportsFind as SupportsFind
from hub.people import SupportsPage as SupportsPage
from hub.people import SupportsPeople as SupportsPeople
from hub.people import SupportsThreadTyping as SupportsThreadTyping
from hub.people import SupportsWhisper as SupportsWhisper
from hub.sign import Sign
from hub.stored import Files as Files
from hub.stored import StoredFile as StoredFile
from hub.translation import Translated as Translated
from hub.translation import Translator as Translator

IdempotencyKey = NewType("IdempotencyKey", str)
Mark = Literal["accepted", "sent", "failed", "unknown", "held", "delayed", "read", "undone"]


class Settings(BaseModel):
    """What an admin writes for one channel or desk. Unknown keys are mistakes; secrets are `SecretStr`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    keeps_tokens: ClassVar[bool] = False
    """Whether it is given tokens that must be kept, which needs a key to seal them and an address to be given them at."""
    continue_in: str = Field("", description="the web chat in which conversations go on once this channel takes no more answers")


@dataclass(frozen=True, slots=True)
class Hook:
    """An HTTP request from a platform, minus the web framework. Header names are lower-case; `body` is what was signed."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Unread:
    """What came from a platform, provably, and could not be read, so that not even its customer is known. It is kept and parked,
    for people to look at and to be handled once we know better; to refuse it would only make the platform send it again."""

    channel: ChannelName
    id: ExternalId
    raw: Mapping[str, Any]
    why: str
    account: str = ""
    """As `Message.account`."""


@dataclass(frozen=True, slots=True)
class News:
    """There is something to read in one of a channel's feeds. `ticket` is what the platform gave to ask for it by."""

    feed: str
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a platform had taken did not reach the customer after all. `sent` is what `Connector.send` returned."""

    sent: ExternalId
    reason: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a hook held, and what the platform wants to hear once the items are committed."""

    items: Sequence[Message | AgentReply] = ()
    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    after: Callable[[], Awaitable[None]] | None = None
    """Run once the answer has left, and only then: it may touch the network. Nothing that must not be lost depends on it."""
    missed: datetime | None = None
    """From when on this desk may not have told of everything: it is then read again."""
    trouble: Trouble | None = None
    """What the platform itself says is broken; at a desk it counts until it has not been said for a while, at a channel until
    that says `mended`."""
    mended: str = ""
    """The kind of trouble of which a channel says that it is over."""
    signs: Sequence[Sign] = ()
    """What people did that is about no conversation; kept with the items."""
    unread: Sequence[Unread] = ()
    """What has to be kept although nobody could read it."""
    news: Sequence[News] = ()
    """What a worker shall read (`SupportsFeeds`)."""


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a feed, and the place at which the next one begins."""

    place: str
    more: bool
    items: Sequence[Message] = ()
    unread: Sequence[Unread] = ()
    bounces: Sequence[Bounce] = ()
    after: Callable[[], Awaitable[None]] | None = None
    """Run once all of it is committed; nothing that must not be lost depends on it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A customer's address on one channel. `address` is what `Message.customer` said; `data` is the connector's own."""

    channel: ChannelName
    address: ExternalId
    data: Mapping[str, Any] = field(default_factory=dict)
    quoted: ExternalId | None = None
    """The platform's id of the message that this send answers; only where `capabilities.quotes`."""
    agent: Sequence[str] = ()
    """By what an admin may know the agent who says it, lower case: e-mail address and name; only where `capabilities.named`."""
    ticket: str = ""
    """What the customer's last act brought to answer it by (`Message.ticket`); only where `capabilities.window`."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What every connector and desk is built with, besides its name and its settings."""

    files: Files
    public_url: str
    """Where platforms and people reach this hub, without a trailing slash; empty when nobody said."""
    now: Callable[[], datetime]
    teams: Sequence[str] = ()
    """The names of teams that a conversation may be given to."""
    canned: CannedReplies = field(default_factory=CannedReplies)
    """Texts that agents have ready."""
    look: Look | None = None
    """What agents at desks may see of the inbox."""
    begin: Begin | None = None
    """Whom agents at desks can write to first."""
    duty: OnDuty | None = None
    """Whether an agent at a desk is there."""
    installs: Installs | None = None
    """The workspaces in which a desk's app is installed."""
    link: LinkCode | None = None
    """How somebody at a desk says which agent they are."""
    alone: Alone | None = None
    ready: Ready | None = None
    """What agents have saved too; None: there is what `canned` holds."""
    known: KnownOf | None = None
    """What must not stand in what they save."""
    colleagues: Colleagues | None = None
    """To whom agents at desks can give conversations."""
    tracker: str = ""
    """What the tracker of tasks is called; empty: there is none."""


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
    translation: str = ""
    """What the entry says in the language of the desk; plain text."""
    untranslated: str = ""
    """Why there is no translation."""
    via: str = ""
    near: str = ""
    """Of a line of a merged conversation: the channel it came over; of one that names another: that one's thread here."""
    aloud: bool = False
    """Whether all who watch the place shall see it, not only those who look into the thread: a customer writes again in a matter
    that was settled."""


class Desk(Protocol):
    """A place where agents read and answer: the mirror image of a connector. It opens threads, posts lines and hands back
    `AgentReply` items."""

    Settings: ClassVar[type[Settings]]
    capabilities: Capabilities

    async def receive(self, hook: Hook) -> Receipt:
        """As a connector's, with `AgentReply` items. Where what somebody said can't be read otherwise, it may ask the platform
        one short question first."""
        ...

    def place(self, channel: ChannelName, team: str) -> str:
        """Where a conversation's thread belongs (say, a Slack channel's id); also the key of `capabilities.pace`."""
        ...

    async def open(self, place: str, card: ThreadCard, key: IdempotencyKey, lines: Sequence[Line] = ()) -> ThreadId:
        """Post the card that heads a new thread, in one call with as many first lines as `capabilities.head` admits. Errors as in
        `Connector.send`."""
        ...

    async def update(self, thread: ThreadId, card: ThreadCard) -> None:
        """Draw the card anew; harmless when repeated."""
        ...

    async def post(self, thread: ThreadId, lines: Sequence[Line], key: IdempotencyKey) -> ExternalId:
        """Append lines in one call, at most `capabilities.coalesce` of them."""
        ...

    async def mark(self, reply: ExternalId, state: Mark, thread: ThreadId) -> None:
        """Show on an agent's own message what became of it; harmless when repeated. `accepted`, which says that it is on its way,
        may come beside another mark or after it, and gives way to it."""
        ...

    async def aclose(self) -> None: ...
