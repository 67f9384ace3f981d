"""What goes in and comes out of the customer protocol, as pydantic models for /openapi.json; a test holds them to answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from hub.model import Card, Choice, Choices, Contact, Event, Form, FormField, Location, Media, Text, Unsupported

Absent = SkipJsonSchema[None]
"""Of a field that is left out, never null."""
Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="one of our ids")]
OwnId = Annotated[str, Field(pattern="^[!-~]{1,64}$", description="made once by the caller, used again at every retry")]
Place = Annotated[int, Field(ge=0, le=2**53)]
Code = Literal[
    "barred", "browser", "busy", "code", "code_needed", "conflict", "consent", "credentials", "disabled", "email",
    "encoding", "factor", "factor_needed", "factor_off", "factor_on", "failed", "gone", "header", "http", "identity",
    "last_admin", "length", "malformed", "method", "not_failed", "not_found", "not_offered", "not_ready", "origin",
    "password", "rejected", "role", "signed_out", "slow", "slow_down", "stale", "stopping", "token", "too_large", "type",
    "unknown", "upgrade", "used",
]  # fmt: skip


class Fault(BaseModel):
    """What went wrong."""

    code: Code = Field(description="for programs; stays the same")
    message: str = Field(description="for people")


class Error(BaseModel):
    """Every answer that is no success."""

    error: Fault


class MediaShown(Media):
    """A file with a signed address that is good for 15 minutes."""

    remote: SkipJsonSchema[str] = ""
    url: str = ""


class CardShown(Card):
    """A card whose picture has an address."""

    image: MediaShown | None = None


Part = Annotated[
    Text | MediaShown | Location | Contact | Choices | Choice | CardShown | Form | Event | Unsupported,
    Field(discriminator="type"),
]


class SessionAsked(BaseModel):
    """A good `tok` keeps its customer; without one the customer is new. `identity` is a JWT by the backend that knows them."""

    tok: str = Field("", max_length=4096)
    identity: str = Field("", max_length=8192)
    name: str = Field("", max_length=100)
    email: str = Field("", max_length=190)
    lang: str = Field("", max_length=16)
    attributes: dict[str, str | int | float | bool | None] | Absent = Field(
        None, max_length=20, description="what the site says of its own; names of letters, digits, _ and -; null takes one away"
    )


class Session(BaseModel):
    """A token for 30 days, of a signed customer for as long as the channel says; `epoch` names the database."""

    token: str
    customer: str
    epoch: Id


class Hello(BaseModel):
    """Begins or resumes."""

    t: Literal["hello"]
    tok: str = Field("", max_length=4096, description="on a WebSocket only")
    epoch: str = ""
    since: Place = 0
    lang: str = Field("", max_length=16)
    page: str = Field("", max_length=500)


class Pressed(BaseModel):
    """A button that was pressed."""

    id: str
    text: str = ""


class Filled(BaseModel):
    """A form's answers."""

    title: str = ""
    fields: list[FormField]


class Said(BaseModel):
    """At least one of these."""

    text: str = Field("", max_length=10_000)
    files: list[Id] = Field([], max_length=10)
    choice: Pressed | None = None
    form: Filled | None = None


class Send(BaseModel):
    """A message."""

    t: Literal["send"]
    id: str = Field(min_length=1, max_length=64, description="made once by the caller, used again at every retry")
    d: Said


class Read(BaseModel):
    """Read up to a place."""

    t: Literal["read"]
    s: Place


class Typing(BaseModel):
    """The customer types, or stopped."""

    t: Literal["typing"]
    on: bool = False
    text: str = Field("", description="what is being written, where the channel shows agents that")


class Ping(BaseModel):
    """Asks for a pong."""

    t: Literal["ping"]


Up = Annotated[Hello | Send | Read | Typing | Ping, Field(discriminator="t")]


class Poll(BaseModel):
    """`since` acknowledges everything up to it; `up` are frames to take, `wait` is for how many seconds to hold."""

    tok: str = Field(max_length=4096)
    epoch: str = ""
    since: Place = 0
    up: list[Up] = Field([], max_length=50)
    wait: int = Field(0, ge=0, le=2**53)
    page: str = Field("", max_length=500)
    lang: str = Field("", max_length=16)


class By(BaseModel):
    """Who said it, as customers see it."""

    kind: Literal["customer", "agent", "bot", "system"]
    name: str


class Words(BaseModel):
    """What was said: the parts, and all of them as plain text."""

    mid: Id
    parts: list[Part]
    text: str | Absent = None
    of: Id | Absent = Field(None, description="the entry that an edit, a deletion or a status is about")
    reply: Id | Absent = Field(None, description="the entry that this answers, or is a reaction to")
    album: str | Absent = Field(None, description="what messages share that were sent as one")
    original: dict[str, Any] | Absent = Field(None, description="of a translated answer: its own {language, parts}")


class Ev(BaseModel):
    """An entry of the customer's log."""

    t: Literal["ev"]
    s: Place = Field(description="its place in the log: 1, 2, 3 … without a gap")
    c: Id = Field(description="the conversation")
    n: Place = Field(description="its place in the conversation")
    k: Literal["message", "edit", "delete", "resolved", "reopened", "event"]
    by: By
    at: datetime
    d: Words
    id: str | Absent = Field(None, description="the caller's own id, on the customer's own messages")


class Look(BaseModel):
    """How the chat presents itself."""

    title: str
    greeting: str
    lang: str
    accent: str
    position: Literal["right", "left"]
    online: bool
    opens: datetime | Absent = Field(None, description="while nobody is at work: from when on somebody is")
    preview: bool | Absent = Field(
        None, description="agents see what is written before it is sent: tell the customer, and send it with `typing`"
    )
    transcript: bool | Absent = Field(None, description="the conversation can be had by e-mail")
    form: dict[str, Any] | Absent = Field(None, description="a form to be answered before the first message")


class Welcome(BaseModel):
    """What follows begins at `from`; unless `resumed`, drop what you had."""

    t: Literal["welcome"]
    me: str
    epoch: Id
    head: Place
    begins: Place = Field(alias="from")
    resumed: bool
    read: Place
    seen: Place
    hb: int
    lp: int
    cfg: Look


class Ok(BaseModel):
    """Committed to disk."""

    t: Literal["ok"]
    id: str


class No(BaseModel):
    """Not taken."""

    t: Literal["no"]
    code: Literal["malformed", "unknown", "conflict", "consent", "slow_down", "busy"]
    retry: bool
    id: str | Absent = None
    after: float | Absent = None
    message: str | Absent = None


class Eph(BaseModel):
    """May be lost: an agent types or has read, the customer's place in line, or whether anybody is there, has changed."""

    t: Literal["eph"]
    k: Literal["typing", "read", "queue", "presence"]
    c: Id | Absent = None
    by: By | Absent = None
    place: int | Absent = Field(None, description="in line, from 1; 0: not in line")
    wait: int | None = Field(None, description="seconds until the turn comes; null: nobody can know")
    online: bool | Absent = None
    opens: datetime | Absent = None
    on: bool | Absent = None
    s: Place | Absent = None


class Pong(BaseModel):
    """Answers a ping."""

    t: Literal["pong"]


Down = Annotated[Welcome | Ev | Ok | No | Eph | Pong, Field(discriminator="t")]


class Polled(BaseModel):
    """Frames for the customer, in order."""

    down: list[Down]


class HistoryQuery(BaseModel):
    """Entries before a place, at most `limit`."""

    before: Place | Absent = None
    limit: int = Field(50, ge=1, le=100)


class History(BaseModel):
    """Oldest first; `next` is the next `before`."""

    items: list[Ev]
    next: Place | None


class File(BaseModel):
    """A file that was kept; `id` goes into a message, `url` is good for 15 minutes."""

    id: Id
    name: str
    mime: str
    size: int
    url: str


class FileQuery(BaseModel):
    """The signature of a link."""

    exp: str
    sig: str
