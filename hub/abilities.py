"""What only some channels and desks can do: small protocols, asked for by `isinstance`; `hub.ports` hands them on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from hub.capabilities import Capabilities, Pace
from hub.model import AgentReply, ExternalId, Message, Part, Proved, ThreadId

if TYPE_CHECKING:
    from hub.ports import Hook, IdempotencyKey, Identity, Line, Page, Receipt, ThreadCard


@runtime_checkable
class SupportsLookup(Protocol):
    """Can be asked whether a call arrived."""

    async def lookup(self, keys: Sequence[IdempotencyKey], thread: str, since: datetime) -> Mapping[IdempotencyKey, ExternalId]:
        """The platform's ids of those calls that were accepted, by their keys; a key that is missing was not accepted. `thread`
        is the desk's thread, or the place when a thread was being opened; none of the calls was made before `since`, by our
        clock."""
        ...


@runtime_checkable
class SupportsMedia(Protocol):
    """Can fetch what `Media.remote` names."""

    def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """The content in pieces. `Temporary`, or `Undeliverable` when it is gone, too big or not allowed."""
        ...


@runtime_checkable
class SupportsProof(Protocol):
    """Can be asked who a customer is across the platform's apps."""

    capabilities: Capabilities
    proves: bool
    """Whether it shall be: admins say so."""

    async def proof(self, customer: ExternalId) -> Proved | None:
        """What the platform vouches for, None where that is nothing; `Undeliverable` when it never will. Other errors are tried
        again."""
        ...


@runtime_checkable
class SupportsReread(Protocol):
    """Can read again what it once kept as `Unread`."""

    def reread(self, raw: Mapping[str, Any]) -> Sequence[Message]:
        """What the payload says; `Malformed` when it still can't be read. Must not touch the network."""
        ...


@runtime_checkable
class SupportsAmend(Protocol):
    """Of a desk: can show translations in posts that are there."""

    async def amend(self, thread: ThreadId, sent: ExternalId, lines: Sequence[Line], card: ThreadCard) -> None:
        """Draw a post anew with all its lines, each with its translation; `sent` is the thread's own id where they travelled with
        its head, which `card` is then for. Harmless when repeated; errors as of `Desk.post`."""
        ...


@runtime_checkable
class SupportsAnnounce(Protocol):
    """Must be told where its hooks live (Telegram's setWebhook)."""

    async def announce(self, url: str) -> None: ...


@runtime_checkable
class SupportsCatchUp(Protocol):
    """Can read again what agents wrote in a thread while nobody listened."""

    async def missed(self, thread: ThreadId, since: datetime) -> Sequence[AgentReply]:
        """What was written or changed there since then, with the ids under which it would have come. Errors as of `Desk.open`."""
        ...


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
class SupportsPaces(Protocol):
    """Has to keep another pace with some customers than with others (Telegram's groups)."""

    def pace_of(self, address: ExternalId) -> tuple[str, Pace] | None:
        """By what the platform counts calls to this address, and how many it takes; None: as `capabilities.pace` says."""
        ...


@runtime_checkable
class SupportsPassive(Protocol):
    """Can answer a customer's message in the response to the very hook that brought it."""

    passive_s: float
    """Longest time to wait for an answer, in seconds from the inbox commit; 0 turns passive answers off."""

    def passive(self, hook: Hook, parts: Sequence[Part]) -> bytes | None:
        """The body that answers this hook with these parts; None when it can't carry them. Must not touch the network."""
        ...


@runtime_checkable
class SupportsPieces(Protocol):
    """May make several messages of one call, each with an id of its own (Telegram's albums)."""

    def pieces(self, sent: ExternalId) -> Sequence[ExternalId]:
        """The ids of what one call became, by which customers answer it; empty where the call's own is the only one."""
        ...


@runtime_checkable
class SupportsNotice(Protocol):
    """Can tell a customer, beside the window for answers, that one waits (WeChat's template messages)."""

    notice_after_s: float | None
    """Seconds for which an answer waits before the customer is told; None where nobody has set up how."""

    async def notice(self, to: Identity, link: str, key: IdempotencyKey) -> ExternalId:
        """Say that an answer waits; `link` leads to where it can be read, empty when nowhere. Errors as of `send`."""
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
class SupportsFeeds(Protocol):
    """Its hooks say only that there is something to read (`Receipt.news`). What that is lies with the platform, in feeds that are
    read page by page, from a place that is kept together with what was read."""

    ticket_s: float
    """How long a hook's ticket is good."""
    reread_s: float
    """Seconds after which a feed is read although no hook asked for it: hooks may get lost."""

    async def page(self, feed: str, place: str, ticket: str) -> Page:
        """What follows `place`, which is empty at the beginning; `ticket` is empty once the newest one is old. Called in a
        worker, again and again until there is no more. Errors as of `send`."""
        ...


class Alone(Protocol):
    """What one process does at a time; the others wait, at most `seconds`."""

    def __call__(self, name: str, seconds: float) -> AbstractAsyncContextManager[None]: ...
