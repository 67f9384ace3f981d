"""What only some desks can do about single people: say who they are, and say something to one of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from hub.model import DeskName, ExternalId, ThreadId

Standing = Literal["member", "guest", "outside", ""]
"""What somebody is at a desk; empty where the desk could not be asked."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody at a desk. Only a full member's e-mail address proves who they are: others' organizations gave them theirs."""

    name: str
    email: str
    standing: Standing = "member"


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


class Look(Protocol):
    """What an agent at a desk may see of the inbox."""

    async def __call__(self, desk: DeskName, person: ExternalId, who: Who, words: str, *, mine: bool) -> Sequence[Seen] | None:
        """Conversations that hold the words, else the person's own or those of nobody, longest waiting first; None: no agent."""
        ...


@runtime_checkable
class SupportsWhisper(Protocol):
    """Can say something to one person in a thread."""

    async def whisper(self, thread: ThreadId, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """`about` is one of: `taken`, with the `name` of who has the conversation: they asked too late; `last_calls`, with
        `note` (the desk's id of what was kept), `left`, `calls` and `preview`; `undone` and `late`, of an answer to take back;
        `unchanged`, with `note`, of a change that the channel can't carry;
        `hub.rights.Refused`: what they said or pressed did nothing; or `no_agent_there`: `name` can be given nothing."""
        ...


@runtime_checkable
class SupportsPeople(Protocol):
    """Can say who somebody at a desk is."""

    async def person(self, agent: ExternalId) -> Member:
        """Who that is; empty strings where the desk does not tell."""
        ...
