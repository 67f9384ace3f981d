"""Rows of the inbox that their handler can't take: tried again, and then put aside for people to look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from hub.metrics import PARKED
from hub.rights import UnknownPerson
from hub.runtime import Hub
from hub.store.database import is_transient
from hub.store.inbox import Pending

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger()
TRIES = 3
"""After so many failures a row is parked."""


class Poisoned(Exception):
    """A row's handler failed; the transaction was given up."""

    def __init__(self, row: Pending, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.row = row
        self.cause = cause


@contextmanager
def blamed(row: Pending) -> Iterator[None]:
    """Let what goes wrong be known as this row's doing, unless trying again may help."""
    try:
        yield
    except UnknownPerson as exc:
        exc.row = row
        raise
    except Exception as exc:
        if is_transient(exc):
            raise
        raise Poisoned(row, exc) from exc


async def park(hub: Hub, connection: AsyncConnection, row: Pending, why: str) -> None:
    """Put a row aside for people to look at; counted when it has not been handled, or put aside, elsewhere."""
    if await hub.store.inbox.park(connection, row.n, row.tries + 1, why):
        PARKED.inc()


async def set_aside(hub: Hub, poisoned: Poisoned) -> None:
    """Note a failure; the last one parks the row, and so does the first of what its connector could not read. The lane is free
    again by now: another process may have handled the row meanwhile."""
    row = poisoned.row
    tries = row.tries + 1
    why = row.error if row.unread else repr(poisoned.cause)
    log.error("inbound.failed", n=row.n, tries=tries, error=why, exc_info=None if row.unread else poisoned.cause)
    async with hub.store.db.write() as connection:
        if tries >= TRIES or row.unread:
            await park(hub, connection, row, why)
        else:
            await hub.store.inbox.postpone(connection, row.n, tries, 0)
