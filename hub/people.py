"""What only some desks can do about single people: say who they are, and say something to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from hub.model import ExternalId, ThreadId


@runtime_checkable
class SupportsWhisper(Protocol):
    """Can say something to one person in a thread."""

    async def whisper(self, thread: ThreadId, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """`about` is `taken`, with the `name` of who has the conversation: this person asked for it too late."""
        ...


@runtime_checkable
class SupportsPeople(Protocol):
    """Can say who somebody at a desk is."""

    async def person(self, agent: ExternalId) -> tuple[str, str]:
        """(name, e-mail address); empty strings where the desk does not tell."""
        ...
