"""Whether somebody is there, when they are back, and who is how far in line: worked out once for all of this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog

from hub.errors import Busy
from hub.routing import opening
from hub.runtime import Hub
from hub.waiting import Place, places
from widget.feed import Feed
from widget.frames import POLL_S

log = structlog.get_logger()
CLOCK_S = 5.0
"""How often the line is looked at, while any customer is here."""
LATELY = timedelta(hours=1)
WELCOMES = 8
"""Customers who are welcomed at a time: each asks the database a few questions, whose connections are about as many."""
TURN_S = 4.0
"""How long a customer waits for their turn. Pages give a socket up after six seconds, and nobody should be asked for in vain."""


class Attendance:
    """What customers are told about us. A change of somebody's place goes to their own streams, and to nobody else's; whether
    anybody is there goes to all."""

    def __init__(self, hub: Hub, feed: Feed) -> None:
        self._hub = hub
        self._feed = feed
        self._places: dict[str, Place] = {}
        self._there = (0.0, False)
        self._said: list[dict[str, Any]] = []
        """What was said of us since the last look; when it is not one and the same, somebody here knows what is over."""
        self._changed = -3600.0
        self._door = asyncio.Semaphore(WELCOMES)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Few are welcomed at a time: when thousands come back at once, whoever writes meanwhile does not wait behind all of
        them. Raises `Busy` for who waits too long."""
        try:
            async with asyncio.timeout(TURN_S):
                await self._door.acquire()
        except TimeoutError:
            raise Busy("so many come back at once that it takes a little longer; come back", retry_after=2.0) from None
        try:
            yield
        finally:
            self._door.release()

    async def run(self) -> None:
        """Look at the line, for ever."""
        while True:
            await asyncio.sleep(CLOCK_S)
            if not self._feed.customers:
                continue
            try:
                await self.look()
            except Exception as exc:
                log.error("attendance.blind", error=repr(exc))

    async def cfg(self) -> dict[str, Any]:
        """`online`, and when closed, the moment from which on somebody is there again."""
        is_open, opens_at = opening(self._hub.routing, None, self._hub.now())
        cfg = {"online": is_open and await self._somebody(), **({"opens": opens_at.isoformat()} if opens_at else {})}
        if cfg not in self._said:
            self._said.append(cfg)
        return cfg

    async def look(self) -> None:
        """Work out the places anew, and tell those whose own has changed; tell everybody here when somebody has come or left."""
        waiting = await self._hub.store.queueing.waiting()
        answered = await self._hub.store.queueing.answered(self._hub.now() - LATELY) if waiting else {}
        now = await self.cfg()
        changed, self._said = self._said != [now], [now]
        if changed:
            self._changed = time.monotonic()
        found = places([(one.identity_id, one.line) for one in waiting], answered, bool(now["online"]))
        before, self._places = self._places, found
        for identity in self._feed.customers:
            if changed:
                self._feed.tell(identity, presence(now))
            if found.get(identity) != before.get(identity):
                self._feed.tell(identity, self.fact(identity))

    def fact(self, identity: str) -> dict[str, Any]:
        """A customer's place as a frame; `place` 0: not in line (any more)."""
        mine = self._places.get(identity) or Place(0, None)
        return {"t": "eph", "k": "queue", "place": mine.place, "wait": mine.wait_s}

    def still(self, identity: str) -> list[dict[str, Any]]:
        """The place of a customer who is in line and has just come, or was told of it when nobody listened."""
        return [self.fact(identity)] if identity in self._places else []

    def lately(self, identity: str) -> list[dict[str, Any]]:
        """The frames for a customer who asks now and then, rather than listening all the time."""
        changed = time.monotonic() - self._changed < POLL_S * 2
        return [*map(presence, self._said[-1:] if changed else []), *self.still(identity)]

    async def _somebody(self) -> bool:
        """Whether an agent is present; where agents sit at desks, nobody can see that, and hours alone decide."""
        if self._hub.desks:
            return True
        looked, there = self._there
        if time.monotonic() - looked > CLOCK_S:
            there = any(one.present for one in await self._hub.store.staff.all())
            self._there = (time.monotonic(), there)
        return there


def presence(cfg: dict[str, Any]) -> dict[str, Any]:
    """Whether somebody is there, as a frame."""
    return {"t": "eph", "k": "presence", **cfg}
