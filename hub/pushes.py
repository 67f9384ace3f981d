"""The port of push: how a customer's device is told that an answer waits, whichever service does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hub.model import ConversationId
from hub.notices import QuietHours


@dataclass(frozen=True, slots=True)
class Device:
    """A customer's device that wants to be told. `kind` is the push service, `token` its name for the app on that device."""

    id: str
    kind: str
    token: str
    locale: str = ""


@dataclass(frozen=True, slots=True)
class PushNote:
    """What waits for a customer: the newest answer as plain text, its place in their log, and how many they have not read."""

    text: str
    unread: int
    conversation: ConversationId
    place: int


@runtime_checkable
class SupportsPush(Protocol):
    """Can tell a customer's device that an answer waits."""

    pushes: frozenset[str]
    """Kinds of devices that can be told; none where the admin set nothing up."""
    push_after: float
    """Seconds for which an answer has not been fetched."""
    push_quiet: QuietHours | None

    async def push(self, device: Device, note: PushNote) -> None:
        """Tell one device; harmless when repeated, as notices replace each other. `Undeliverable` with `unreachable` when the
        device is gone for good, `Temporary` when later may help."""
        ...
