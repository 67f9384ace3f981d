"""What goes in and comes out of the console's calls about what agents look for and keep, as pydantic models for /openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from hub.store.listing import View
from hub.workbench import Colour, Step
from widget.console_own import MOST_TAKEN, VIEWS
from widget.openapi_shapes import Absent, Id, OwnId, Place


class DraftAsked(BaseModel):
    """What one has begun to write; `by` names the browser, which is told of the change too."""

    text: str = Field("", max_length=10_000)
    kind: Literal["reply", "note"] = "reply"
    by: str = Field("", max_length=64)


class Drafted(BaseModel):
    """Conversations in which one has begun to write, the newest first."""

    items: list[Id]


class Kept(BaseModel):
    """A view of the list: one of the views that everybody has, narrowed."""

    name: str = Field(min_length=1, max_length=40)
    view: View = "all"
    q: str = Field("", max_length=100)
    channel: str = Field("", max_length=64)
    team: str = Field("", max_length=64)
    tag: str = Field("", max_length=64)
    priority: int | None = Field(None, ge=0, le=3)


class Views(BaseModel):
    """All of one's own views, or of everybody's, in their order."""

    items: list[Kept] = Field(max_length=VIEWS)


class CapacityAsked(BaseModel):
    """Open conversations that one is given at most; 0: as many as the rules say."""

    most: int = Field(ge=0, le=MOST_TAKEN)


class WordsQuery(BaseModel):
    """What is looked for."""

    q: str = Field("", max_length=100)
    limit: int = Field(20, ge=1, le=100)


class SearchQuery(BaseModel):
    """Words that an entry must hold, all of them; `cursor` is an earlier answer's `next`."""

    q: str = Field(min_length=1, max_length=100)
    cursor: Place | Absent = None
    limit: int = Field(20, ge=1, le=100)


class Named(BaseModel):
    """A customer by id and name."""

    id: Id
    name: str


class Speaker(BaseModel):
    """Who said it."""

    kind: Literal["customer", "agent", "bot", "system"]
    name: str


class Hit(BaseModel):
    """An entry that holds the words, with what was said around the first of them."""

    id: Id
    conversation: Id
    customer: Named
    channel: str
    n: Place
    k: Literal["message", "note", "edit"]
    by: Speaker
    at: datetime
    snippet: str


class Hits(BaseModel):
    """Newest first. `next` is null when everything was looked at; it may be given though nothing was found yet."""

    items: list[Hit]
    next: str | None


class Ready(BaseModel):
    """A reply that is ready, with its variables filled."""

    name: str
    title: str
    text: str


class ReadyReplies(BaseModel):
    """Those that are named so come first."""

    items: list[Ready]


class Person(Named):
    """A customer in a list."""

    email: str
    phone: str
    channels: list[str]


class People(BaseModel):
    """Who came last is first."""

    items: list[Person]


class Tag(BaseModel):
    """A tag and its colour."""

    name: str
    colour: Colour


class Macro(BaseModel):
    """Several acts under one name; titles by language, `*` for every other."""

    name: str
    title: dict[str, str]
    acts: list[str]


class Busy(BaseModel):
    """How many open conversations an agent has, and takes at most."""

    agent: Id
    open: int
    most: int


class Workbench(BaseModel):
    """What lies ready; `undo`: seconds that a reply waits to be taken back; `capacity`: what the rules let everybody take."""

    teams: list[str]
    channels: list[str]
    tags: list[Tag]
    macros: list[Macro]
    levels: list[str]
    undo: int
    capacity: int
    busy: list[Busy]


class Bulk(BaseModel):
    """The same acts on several conversations: those of a macro, or those in `do`."""

    id: OwnId
    conversations: list[str] = Field(min_length=1, max_length=100)
    macro: str = Field("", max_length=64)
    do: list[Step] | None = Field(None, min_length=1, max_length=10)


class Outcome(BaseModel):
    """Whether the acts on one conversation were kept; else why not."""

    conversation: str
    ok: bool
    code: Literal["", "unknown", "conflict"]


class Outcomes(BaseModel):
    """One for each conversation, in the order in which they were named."""

    items: list[Outcome]
