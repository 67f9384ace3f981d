"""A channel that is read from feeds, as tests ring for it and look at what was kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.feeds import Bell
from hub.model import ChannelName, Message
from hub.ports import Bounce, News, Page, Unread
from hub.runtime import Hub
from hub.store.tables import Inbox
from tests.fakes import TEXT_ONLY, said
from tests.hub.hubs import Phone, rows

CHANNEL = ChannelName("phone")


class Post(Phone):
    """A channel that is read from feeds: `lines` by feed, two to a page; `fail` holds errors of the reading."""

    ticket_s = 60.0
    reread_s = 300.0

    def __init__(self) -> None:
        super().__init__(replace(TEXT_ONLY, idempotency="key"))
        self.lines: dict[str, list[Message | Unread | Bounce]] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.wrong: list[Exception] = []
        self.meanwhile: list[Any] = []
        self.done = 0

    async def page(self, feed: str, place: str, ticket: str) -> Page:
        self.asked.append((feed, place, ticket))
        if self.wrong:
            raise self.wrong.pop(0)
        start, lines = int(place or 0), self.lines.get(feed, [])
        found = lines[start : start + 2]
        for act in self.meanwhile:
            await act()
        end = start + len(found)
        return Page(
            str(end),
            end < len(lines),
            [one for one in found if isinstance(one, Message)],
            [one for one in found if isinstance(one, Unread)],
            [one for one in found if isinstance(one, Bounce)],
            self._after,
        )

    async def _after(self) -> None:
        self.done += 1


def line(text: str, *, id: str = "") -> Message:
    return said(text, id=id)


async def kept(hub: Hub) -> list[str]:
    """Ids in the inbox, in their order."""
    found = [row for row in await rows(hub.store, Inbox) if row["source"] == CHANNEL]
    return [row["external_id"] for row in sorted(found, key=lambda row: row["n"])]


async def ring(hub: Hub, feed: str = "a", ticket: str = "t1") -> None:
    await Bell(hub).ring(CHANNEL, [News(feed, ticket)], 5)
