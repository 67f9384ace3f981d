"""The vocabulary: what customers, agents and bots say, as frozen values without any I/O.

Every platform's payload becomes a `Message`, every desk's event an `AgentReply`; both carry `Part`s. Ids are opaque.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from typing import Annotated, Any, Literal, NewType

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.profile import Profile as Profile
from hub.profile import Proved as Proved

ChannelName = NewType("ChannelName", str)
DeskName = NewType("DeskName", str)
ExternalId = NewType("ExternalId", str)
ThreadId = NewType("ThreadId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
IdentityId = NewType("IdentityId", str)
AgentId = NewType("AgentId", str)
FileId = NewType("FileId", str)

BUCKETS = 1024
"""Virtual buckets, fixed for ever: the unit of ordering and of sharding. Lanes and databases are maps over them."""


def bucket_of(channel: str, identity: str) -> int:
    """The bucket of a customer's identity: the same on every machine and in every release."""
    return int.from_bytes(hashlib.sha256(f"{channel}\0{identity}".encode()).digest()[:4], "big") % BUCKETS


def identity_of(channel: str, address: str) -> IdentityId:
    """Our id of a customer's address on a channel: a UUIDv8 of both, so that everybody knows it before the row exists."""
    digest = int.from_bytes(hashlib.sha256(f"{channel}\0{address}".encode()).digest()[:16], "big")
    value = digest & ~(0xF << 76) & ~(0b11 << 62) | (0x8 << 76) | (0b10 << 62)
    return IdentityId(uuid.UUID(int=value).hex)


def new_id() -> str:
    """A UUIDv7 (RFC 9562 §5.7) as 32 hex digits: 48 bits of milliseconds, then randomness."""
    value = (time.time_ns() // 1_000_000 << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return uuid.UUID(int=value).hex


class Frozen(BaseModel):
    """A value: it never changes and has no field that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Frozen):
    """A run of formatted characters in a `Text`; offsets count Unicode code points."""

    kind: Literal["bold", "italic", "underline", "strike", "code", "pre", "quote", "spoiler", "link", "mention"]
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    url: str = ""


class Text(Frozen):
    """Plain text with optional formatting beside it; never markup."""

    type: Literal["text"] = "text"
    text: str
    spans: tuple[Span, ...] = ()


class Media(Frozen):
    """A picture, voice note, video or document. `file` is our own id once the store has the file; `remote` is what the
    platform gave us to fetch it by, and only its connector may read it. Sizes are bytes, times are seconds."""

    type: Literal["media"] = "media"
    kind: Literal["image", "voice", "audio", "video", "file", "sticker"]
    file: FileId | None = None
    remote: str = ""
    name: str = ""
    mime: str = ""
    size: int | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    alt: str = ""


class Location(Frozen):
    """A point on the map, in degrees (WGS 84)."""

    type: Literal["location"] = "location"
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    title: str = ""
    address: str = ""
    live: bool = False


class Contact(Frozen):
    """A person's card that somebody shared."""

    type: Literal["contact"] = "contact"
    name: str
    phone: str = ""
    email: str = ""


class Option(Frozen):
    """One button: `id` comes back in a `Choice`; with `url` it opens a page instead."""

    id: str
    text: str
    url: str = ""


class Choices(Frozen):
    """Buttons offered."""

    type: Literal["choices"] = "choices"
    text: str
    options: tuple[Option, ...]


class Choice(Frozen):
    """A button or menu item that was pressed; `of` is the message that offered it, where the platform says."""

    type: Literal["choice"] = "choice"
    id: str
    text: str = ""
    of: ExternalId | None = None


class Card(Frozen):
    """A titled piece with picture, link and buttons."""

    type: Literal["card"] = "card"
    title: str
    text: str = ""
    image: Media | None = None
    url: str = ""
    options: tuple[Option, ...] = ()


class FormField(Frozen):
    """One question of a form; `value` holds the answer once there is one."""

    name: str
    label: str
    kind: Literal["text", "email", "phone", "number", "choice", "multiline", "rating"] = "text"
    required: bool = False
    options: tuple[Option, ...] = ()
    value: str | None = None


class Form(Frozen):
    """Questions asked, or answered when `submitted`."""

    type: Literal["form"] = "form"
    title: str = ""
    fields: tuple[FormField, ...]
    submitted: bool = False


class Event(Frozen):
    """What a customer did that is no message. `data`: the signs now on `Message.reply_to` (`reacted`), the id under which they go
    on (`moved`), else their link's word. `arrived` and `bounced` say what became of a notice of ours; there, it is the reason."""

    type: Literal["event"] = "event"
    kind: Literal["followed", "unfollowed", "blocked", "unblocked", "scanned", "opened", "started", "reacted", "moved", "typing",
                  "read", "deleted", "arrived", "bounced"]  # fmt: skip
    data: str = ""


class Unsupported(Frozen):
    """What we do not know how to show: agents see the kind, and the raw payload is kept."""

    type: Literal["unsupported"] = "unsupported"
    kind: str
    text: str = ""


Part = Annotated[
    Text | Media | Location | Contact | Choices | Choice | Card | Form | Event | Unsupported, Field(discriminator="type")
]
PART_KINDS = ("text", "media", "location", "contact", "choices", "choice", "card", "form", "event", "unsupported")


class Message(Frozen):
    """What a customer said on a channel. `id` is unique within the channel, whatever is retried or replayed. An edit has an id
    of its own and names in `edit_of` what it changes. What was sent as one shares an `album`; `speaker` is a group's member who
    wrote. `ticket` is what the platform gave to answer this by, `raw` its payload, kept for a retention time. `account` is ours
    on the platform, where each counts for itself: of another bot in the same channel, ids come again (hub/store/accounts.py)."""

    what: Literal["message"] = "message"
    channel: ChannelName
    id: ExternalId
    account: str = ""
    customer: ExternalId
    at: AwareDatetime
    parts: tuple[Part, ...]
    reply_to: ExternalId | None = None
    edit_of: ExternalId | None = None
    locale: str = ""
    profile: Profile = Profile()
    proved: Proved | None = None
    client_id: str = ""
    album: str = ""
    speaker: str = ""
    ticket: str = Field(default="", max_length=512)
    opens: bool = True
    """Whether it counts as an act after which the platform takes answers."""
    raw: dict[str, Any] = Field(default_factory=dict, repr=False)


ReplyKind = Literal["reply", "note", "edit", "delete", "assign", "route", "resolve", "reopen", "resend", "tell", "undo",
                    "snooze", "priority", "tags", "block", "unblock", "begin", "translate", "translated", "merge",
                    "part", "save", "forget", "task", "tasked"]  # fmt: skip


class AgentReply(Frozen):
    """What an agent said or did at a desk or in the console; `id` is unique within `desk`, `agent` the agent's id there.
    Exactly one of `thread` (a desk's own id) and `conversation` (ours) says where. `data` is the kind's own (hub/replies.py)."""

    what: Literal["reply"] = "reply"
    desk: DeskName
    id: ExternalId
    at: AwareDatetime
    agent: ExternalId
    agent_name: str = ""
    agent_email: str = ""
    thread: ThreadId | None = None
    conversation: ConversationId | None = None
    kind: ReplyKind = "reply"
    parts: tuple[Part, ...] = ()
    reply_to: ExternalId | None = None
    """Of `reply`: our id of the entry that is answered."""
    edit_of: ExternalId | None = None
    """Of `edit`, `delete` and `undo`: the id of the desk's earlier message. Of `resend`: the delivery's id."""
    assignee: AgentId | None = None
    """Of `assign`: who gets it. Of `tell`: who is called."""
    team: str = ""
    client_id: str = ""
    base: int | None = None
    """The last position that the agent had seen when writing."""
    data: dict[str, Any] = Field(default_factory=dict)
    raw: dict[str, Any] = Field(default_factory=dict, repr=False)


class Report(Frozen):
    """What became of a call to a platform: the delivery's way back into the conversation's log."""

    what: Literal["report"] = "report"
    id: ExternalId
    delivery: str
    conversation: ConversationId
    message: MessageId | None
    target: str
    at: AwareDatetime
    state: Literal["sent", "failed", "unknown", "held", "delayed", "warned", "noticed"]
    reason: str = ""
    unreachable: bool = False
    file: bool = False
    """Whether the call carried a file."""


class Author(Frozen):
    """Who said an entry."""

    kind: Literal["customer", "agent", "bot", "system"]
    id: str = ""
    name: str = ""


class Entry(Frozen):
    """One line of a conversation as it is stored, in the order `seq` (1, 2, 3 …, no gaps).
    `s` is its place in the inbox-wide log that consoles follow; `cs` its place in the customer's own log, None when the
    customer must not see it (a note, an assignment).
    """

    id: MessageId
    conversation: ConversationId
    seq: int
    s: int
    cs: int | None = None
    kind: Literal["message", "note", "edit", "delete", "status", "assigned", "resolved", "reopened", "event", "changed"]
    author: Author
    at: AwareDatetime
    parts: tuple[Part, ...] = ()
    client_id: str = ""
    external_id: ExternalId | None = None
    reply_to: MessageId | None = None
    edit_of: MessageId | None = None
    """Of `edit` and `delete`: the entry changed. Of `status`: the entry whose delivery it reports."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Of `status`: {state, target, reason, delivery, file?}. Of `assigned`: {agent, name, team}. Of `changed`: hub/acts.py."""
