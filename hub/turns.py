"""Who waits for a place's pace: one at a time asks for it, and whoever can wait least is first.

In a rush every customer is to be seen soon. What customers said, be it with a new thread's head or in a thread that is there,
goes in the order of coming, so that nobody waits much longer than the others; what only draws a card anew may be passed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush

PATIENCE_S = {"card": 10.0, "digest": -120.0}
"""By the kind of call: how long those that came later may go before it, or (below 0) how much earlier others must have come to go
first. What is not named here goes in the order of coming."""


class Turns:
    """The queues of one process."""

    def __init__(self) -> None:
        self._queues: dict[str, list[tuple[float, int, asyncio.Future[None]]]] = {}
        self._numbers = itertools.count()

    def taken(self, place: str) -> bool:
        """Whether somebody waits there already."""
        return place in self._queues

    @asynccontextmanager
    async def turn(self, place: str, kind: str) -> AsyncIterator[None]:
        """Wait until it is this one's turn, and keep it meanwhile."""
        queue = self._queues.get(place)
        if queue is None:
            self._queues[place] = []
        else:
            loop = asyncio.get_running_loop()
            mine = loop.create_future()
            heappush(queue, (loop.time() + PATIENCE_S.get(kind, 0.0), next(self._numbers), mine))
            try:
                await mine
            except asyncio.CancelledError:
                if not mine.cancelled():
                    self._pass_on(place)
                raise
        try:
            yield
        finally:
            self._pass_on(place)

    def _pass_on(self, place: str) -> None:
        queue = self._queues[place]
        while queue:
            following = heappop(queue)[2]
            if not following.done():
                following.set_result(None)
                return
        del self._queues[place]
