"""Rows of the inbox that their handler can't take: tried again, and then put aside for people to look at."""

from __future__ import annotations

import structlog

from hub.metrics import PARKED
from hub.runtime import Hub
from hub.store.inbox import Pending

log = structlog.get_logger()
TRIES = 3
"""After so many failures a row is parked."""


class Poisoned(Exception):
    """A row's handler failed; the transaction was given up."""

    def __init__(self, row: Pending, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.row = row
        self.cause = cause


async def set_aside(hub: Hub, poisoned: Poisoned) -> None:
    """Note a failure; the last one parks the row."""
    row = poisoned.row
    tries = row.tries + 1
    log.error("inbound.failed", n=row.n, tries=tries, error=repr(poisoned.cause), exc_info=poisoned.cause)
    async with hub.store.db.write() as connection:
        if tries >= TRIES:
            PARKED.inc()
            await hub.store.inbox.park(connection, row.n, tries, repr(poisoned.cause))
        else:
            await hub.store.inbox.postpone(connection, row.n, tries, 0)
