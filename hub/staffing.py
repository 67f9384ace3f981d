"""Who is there to be given a conversation, as routing wants to know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.facts import MessageFacts
from hub.routing import Present, opening
from hub.runtime import Hub
from hub.store.staff import Staff

JUST_NOW = 2**62
"""Later than every clock: for whoever was given something in this very batch."""


def who_are_there(staff: Iterable[Staff], given: Mapping[str, int]) -> list[Present]:
    """Agents who are present, with their load and what was `given` to them since that was counted."""
    return [
        Present(
            a.id,
            a.email,
            a.name,
            a.load + (more := given.get(a.id, 0)),
            a.assigned_ms if not more else JUST_NOW + more,
            a.capacity,
        )
        for a in staff
        if a.present
    ]


def facts_of_waiting(hub: Hub, channel: str, locale: str, team: str) -> MessageFacts:
    """What routing may look at in a conversation that waits without a new message."""
    is_open, opens_at = opening(hub.routing, team or None, hub.now())
    return MessageFacts(channel=channel, locale=locale, team=team, open=is_open, opens_at=opens_at)
