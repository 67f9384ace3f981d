"""What goes in and comes out of the console's calls about conversations, as pydantic models for /openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from hub.model import FormField, Option
from hub.routing import Reason
from hub.store.listing import View
from widget import openapi_merge as merging
from widget.openapi_shapes import Absent, Id, OwnId, Place, Words

Fate = Literal["queued", "sending", "sent", "failed", "unknown", "held", "cancelled"]


class CustomerNamed(BaseModel):
    """A customer in a list."""

    id: Id
    name: str
    avatar: str


class AgentNamed(BaseModel):
    """Who has a conversation."""

    id: str
    name: str


class Due(BaseModel):
    """What was promised: the first answer, the next one, or that it is resolved, and by when."""

    kind: Literal["first", "next", "resolve"]
    at: datetime


class Row(BaseModel):
    """A conversation as lists show it; `last_n` and `read_n` are places in it, `unread` counts messages of the customer's."""

    id: Id
    channel: str
    customer: CustomerNamed
    status: Literal["open", "resolved", "merged"]
    agent: AgentNamed | None
    team: str
    preview: str
    preview_by: str
    waiting_since: datetime | None
    last_at: datetime
    last_n: Place
    read_n: Place
    unread: int
    created_at: datetime
    snoozed: bool
    snoozed_until: datetime | None
    priority: int
    tags: list[str]
    blocked: bool
    due: Due | None
    score: int | None = Field(ge=1, le=5, description="what the customer thought, once they have said")


class Counts(BaseModel):
    """Open conversations: one's own and nobody's that are awake, all, and those that sleep."""

    mine: int
    unassigned: int
    all: int
    snoozed: int


class ConversationsQuery(BaseModel):
    """Which conversations; `cursor` is an earlier answer's `next`, `q` looks in names, addresses and previews."""

    view: View = "all"
    cursor: Place | Absent = None
    limit: int = Field(30, ge=1, le=100)
    q: str = Field("", max_length=100)
    channel: str = Field("", max_length=64)
    team: str = Field("", max_length=64)
    tag: str = Field("", max_length=64)
    priority: int | Absent = Field(None, ge=0, le=3)


class Conversations(BaseModel):
    """Newest first."""

    items: list[Row]
    next: str | None
    counts: Counts


class Address(BaseModel):
    """Where else a customer is known."""

    channel: str
    address: str


class Delivered(BaseModel):
    """What became of an entry's way to the customer; `delivery` is what can be sent again."""

    state: Fate
    reason: str
    delivery: str


class Window(BaseModel):
    """Until when the channel lets agents answer, and with how many calls of how many; a `quota` of 0 is none."""

    until: datetime | None
    open: bool
    calls_left: int
    quota: int


class Rating(BaseModel):
    """What the customer thought once the matter was settled: 1 to 5, null while they have not said."""

    score: int | None = Field(ge=1, le=5)
    comment: str
    answered_at: datetime | None
    asked_at: datetime


class Draft(BaseModel):
    """What one has begun to write; `rev` grows with every change."""

    kind: Literal["reply", "note"]
    text: str
    rev: int


class Link(BaseModel):
    """A page of one's own about the customer; titles by language, `*` for every other."""

    title: dict[str, str]
    url: str


class Conversation(Row, merging.Beside):
    """A conversation with what stands beside it; `deliveries` by entry."""

    customer_has_n: Place = Field(description="the place up to which the customer's own page or app has it")
    customer_read_n: Place = Field(description="the place up to which they have read it there")
    profile: dict[str, Any]
    attributes: dict[str, str] = Field(description="what the site or the app says of the customer in words of its own")
    identities: list[Address]
    history: list[Row]
    deliveries: dict[str, Delivered]
    window: Window | None
    rating: Rating | None
    waits_for: Reason | None = Field(description="why nobody has it, as routing says now; null: somebody has, or gets it")
    draft: Draft
    links: list[Link]
    translated: bool | None = Field(description="whether it is translated; null where no service does that")


class ConsoleBy(BaseModel):
    """Who said it, as agents see it."""

    kind: Literal["customer", "agent", "bot", "system"]
    name: str
    id: str


class ConsoleWords(Words):
    """With what only agents see: an assignment's agent, a delivery's state, `via` of what a merged conversation brought."""

    data: dict[str, Any] | Absent = None


class ConsoleEv(BaseModel):
    """An entry of the inbox-wide log."""

    t: Literal["ev"]
    s: Place
    c: Id
    n: Place
    k: Literal["message", "note", "edit", "delete", "status", "assigned", "resolved", "reopened", "event", "changed"]
    by: ConsoleBy
    at: datetime
    d: ConsoleWords
    id: str | Absent = None


class EntriesQuery(BaseModel):
    """Entries before a place in the conversation."""

    before: Place | Absent = None
    limit: int = Field(50, ge=1, le=100)


class Entries(BaseModel):
    """Oldest first; `next` is the next `before`."""

    items: list[ConsoleEv]
    next: Place | None
    deliveries: dict[str, Delivered]


class CardSaid(BaseModel):
    """A card to offer: two or more stand side by side where the channel can show that."""

    title: str
    text: str = ""
    url: str = ""
    image: Id | None = Field(None, description="a picture that was uploaded")
    options: list[Option] = []


class FormSaid(BaseModel):
    """Questions that the customer answers in the chat, or reads as lines where there are no forms."""

    title: str = ""
    fields: list[FormField] = Field(min_length=1)


class Reply(BaseModel):
    """A reply or note; with `base` it is `stale` once a colleague answered later, unless `force`. `to`: of merged ones, which."""

    id: OwnId
    kind: Literal["reply", "note"] = "reply"
    text: str = Field("", max_length=10_000)
    files: list[Id] = Field([], max_length=10)
    cards: list[CardSaid] = Field([], max_length=10)
    form: FormSaid | None = None
    base: Place | None = None
    force: bool = False
    delay: int = Field(0, ge=0, le=10)  # seconds in which it can be taken back
    reply_to: Id | None = None  # the entry that it answers
    to: Id | None = None


class Act(BaseModel):
    """An action that needs no more than its own id."""

    id: OwnId


class Resolve(Act):
    """`survey` says whether the customer is asked for a rating; null: as survey.yaml says."""

    survey: bool | None = None


class Assign(BaseModel):
    """To an agent, a team, or (neither) back to everybody."""

    id: OwnId
    agent: Id | None = None
    team: str = Field("", max_length=64)
    reason: str = Field("", max_length=500)


class Kept(BaseModel):
    """Committed to disk: the caller's own id."""

    id: str


class ReadAsked(BaseModel):
    """A place in the conversation."""

    n: Place


class ReadUpTo(BaseModel):
    """A place in the conversation."""

    n: Place
