"""What only some desks can do about single people: say who they are, and say something to one of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from hub.model import ChannelName, DeskName, ExternalId, ThreadId

if TYPE_CHECKING:
    from hub.ports import IdempotencyKey

Standing = Literal["member", "guest", "outside", ""]
"""What somebody is at a desk; empty where the desk could not be asked."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody at a desk. Only a full member's e-mail address proves who they are: others' organizations gave them theirs."""

    name: str
    email: str
    standing: Standing = "member"
    zone: str = ""
    """The time zone that they live by (IANA); empty where the desk does not say."""


Who = Callable[[ExternalId], Awaitable[Member]]
"""Who somebody at a desk is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A conversation in a list that an agent asked for at a desk."""

    channel: str
    customer: str
    preview: str
    agent: str
    team: str
    waiting_since: datetime | None
    url: str
    conversation: str = ""
    thread: str = ""
    """Its thread at the desk, where it has one."""
    due_at: datetime | None = None
    """When what was promised is due; None: nothing is."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a channel or desk works, and if not, what broke and how to mend it."""

    name: str
    said: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What an agent's own page at a desk shows. Lists hold the longest waits; the numbers count everything."""

    name: str
    may_act: bool
    present: bool
    until: datetime | None
    reason: str
    load: int
    capacity: int
    mine: Sequence[Seen]
    queue: Sequence[Seen]
    queued: int
    here: int
    """Agents who are there."""
    new: int
    answered: int
    resolved: int
    """In the last 24 hours: new conversations of all, answers and resolved conversations of this agent."""
    health: Sequence[Health]


class Look(Protocol):
    """What an agent at a desk may see of the inbox."""

    async def __call__(self, desk: DeskName, person: ExternalId, who: Who, words: str, *, mine: bool) -> Sequence[Seen] | None:
        """Conversations that hold the words, else the person's own or those of nobody, longest waiting first; None: no agent."""
        ...


@dataclass(frozen=True, slots=True)
class Duty:
    """Whether an agent is there, and what they have; `load` counts open conversations."""

    present: bool
    reason: str
    load: int
    here: int
    """Agents who are there, this one too."""
    until: datetime | None = None
    """Until when they are there, or away; None: until they say otherwise."""


@dataclass(frozen=True, slots=True)
class Reachable:
    """Somebody on a channel to whom an agent may want to write first; `barred` is one of `hub.beginning.Barrier`, empty when they
    may. `identity` is empty for an address that nobody has had yet."""

    identity: str
    name: str
    address: str
    barred: str


class Begin(Protocol):
    """Whom an agent at a desk can write to first."""

    async def channels(self, desk: DeskName, person: ExternalId, who: Who) -> Sequence[str] | None:
        """The channels on which agents can begin; None: no agent."""
        ...

    async def find(self, channel: str, words: str) -> Sequence[Reachable]:
        """Who is on a channel and has these words in name or address."""
        ...


class OnDuty(Protocol):
    """Whether somebody at a desk is there."""

    async def __call__(self, desk: DeskName, person: ExternalId, who: Who) -> Duty | None:
        """None: no agent."""
        ...


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody to whom a conversation can be given."""

    agent: str
    name: str
    present: bool
    load: int
    capacity: int
    """How many open conversations they have, and take at most."""
    fits: bool
    """Whether they are of its team."""
    ids: Sequence[str] = ()
    """Who they are at the desk, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody to whom a conversation can be given, who fits best first; `team` is empty where it is nobody's in particular."""

    team: str
    people: Sequence[Colleague]


class Colleagues(Protocol):
    """To whom an agent at a desk can give a conversation."""

    async def __call__(self, desk: DeskName, person: ExternalId, who: Who, conversation: str) -> Roster | None:
        """None: no agent asks."""
        ...


class LinkCode(Protocol):
    """Gives somebody at a desk a code by which an agent can say, in the console, that it is them."""

    async def __call__(self, desk: DeskName, person: ExternalId, who: Who) -> str:
        """Good once, for ten minutes. Errors as of `who`."""
        ...


@runtime_checkable
class SupportsWhisper(Protocol):
    """Can say something to one person in a thread."""

    async def whisper(self, thread: ThreadId, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """`about` is one of: `taken`, with the `name` of who has the conversation: they asked too late; `last_calls`, with
        `note` (the desk's id of what was kept), `left`, `calls` and `preview`; `undone` and `late`, of an answer to take back;
        `unchanged`, with `note`, of a change that the channel can't carry; `no_translator`: no service translates;
        `not_failed`: there is nothing to send again;
        `saved`, `not_saved`, `too_many_saved`, `forgotten` and `not_forgotten`, with the `name` of a canned reply;
        `tasking`, with the tracker's `name`, and `no_tracker`;
        `hub.rights.Refused`: what they said or pressed did nothing; or `no_agent_there`: `name` can be given nothing;
        or one of `hub.doubts.Doubt`, with `note` (what waits for a word of its author) and `name` (who has it)."""
        ...


Reach = Callable[[DeskName, ExternalId, Who], Awaitable[str]]
"""The agent that somebody at a desk is; empty: none."""


@runtime_checkable
class SupportsDirect(Protocol):
    """Can say something to one person outside of every thread."""

    async def direct(self, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """`about` names the sentence, which the desk says in its own language; errors as of `Desk.post`. `mention` and `assigned`
        (they were called in a thread or given a conversation, and have not been there) come with `by`, `customer`, `channel`,
        `thread` and `url`."""
        ...


@runtime_checkable
class SupportsDigest(Protocol):
    """Can tell of several new conversations in one post."""

    digest_after: int
    """More new conversations than this in a minute and place are a rush; 0: it is never told so."""

    async def digest(self, place: str, found: Sequence[Seen], key: IdempotencyKey) -> ExternalId:
        """Tell of these, whose threads wait; as `Desk.post`."""
        ...


@runtime_checkable
class SupportsThreadTyping(Protocol):
    """May show in a thread that the customer is writing; best effort, never as a post."""

    async def typing_in(self, thread: ThreadId, customer: str, on: bool) -> None:
        """`customer` is a name, or empty. It raises nothing that the platform's refusal would be."""
        ...


@runtime_checkable
class SupportsFind(Protocol):
    """Can look for somebody."""

    async def find(self, email: str) -> ExternalId | None:
        """The person with this address; errors as of `Desk.open`."""
        ...


@runtime_checkable
class SupportsEscalation(Protocol):
    """May have places for what is urgent."""

    def urgent_place(self, channel: ChannelName, team: str) -> str:
        """Where what is urgent about such a conversation is posted, as `Desk.place`; empty: nowhere."""
        ...

    async def escalate(self, place: str, thread: ThreadId | None, text: str, url: str, key: IdempotencyKey) -> ExternalId:
        """Post there, with the way to the thread and, where there is one, the console (`url`); as `Desk.post`."""
        ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is broken; `kind` is one word or name that stays the same."""

    kind: str
    said: str
    mend: str


@runtime_checkable
class SupportsCheck(Protocol):
    """Can say what is broken, and tell it to people."""

    async def troubles(self) -> Sequence[Trouble]:
        """What does not work now; `Temporary` when nobody can say at this moment."""
        ...

    async def alert(self, found: Sequence[Trouble], admins: Sequence[ExternalId], *, over: bool = False) -> None:
        """Tell people, and these alone, what broke or (`over`) works again; errors as of `Desk.post` when nobody was reached."""
        ...


@runtime_checkable
class SupportsPage(Protocol):
    """Has a page of their own for each person."""

    async def show(self, person: ExternalId, page: Page | None) -> None:
        """Draw somebody's page anew; None: they are no agent. Harmless when repeated."""
        ...


@runtime_checkable
class SupportsPeople(Protocol):
    """Can say who somebody at a desk is."""

    async def person(self, agent: ExternalId) -> Member:
        """Who that is; empty strings where the desk does not tell."""
        ...
