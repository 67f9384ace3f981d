"""Use-case: what lies in feeds is read page by page, each page committed together with the place behind it.

A hook only rings. What it announced stays with the platform until a page that holds it is committed, so that a process which
dies between the two has lost nothing: the next one reads the same page again, and the inbox knows every id.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import Sequence
from typing import Any

import structlog

from hub.errors import Busy, ConfigError, ConnectorError, Temporary
from hub.failpoints import reach
from hub.metrics import MESSAGES
from hub.model import ChannelName, ExternalId, Message
from hub.ports import News, Page, SupportsFeeds, Unread
from hub.runtime import Hub
from hub.store.database import is_refusal
from hub.store.feeds import Reading
from hub.store.inbox import row_of

log = structlog.get_logger()
GRACE_S = 5.0
"""How long a page may take beyond a call's own timeout."""
LEASE_S = 5.0
"""How long others leave a feed to whoever reads it. It saves the platform a question, and nothing depends on it: who comes second
finds that the place has moved."""
PAUSES = (2.0, 5.0, 15.0, 60.0, 300.0)
"""Seconds until a page that could not be had is tried again, unless a hook comes before."""


class Bell:
    """The hooks of one process. Those that come while a commit is on its way share the next one."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: dict[tuple[str, str], str] = {}
        self._next: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def ring(self, channel: str, news: Sequence[News], deadline: float) -> None:
        """Commit within `deadline` seconds that there is something to read. Raises `Busy` when that could not be done."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        shared = self._next
        self._waiting |= {(channel, one.feed): one.ticket for one in news}
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit(), name="bell")
        try:
            await asyncio.wait_for(asyncio.shield(shared), deadline)
        except TimeoutError:
            shared.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise Busy("the database did not answer in time") from None

    async def _commit(self) -> None:
        while self._next is not None:
            waiting, self._waiting = self._waiting, {}
            shared, self._next = self._next, None
            try:
                await self._hub.store.feeds.tell(waiting)
            except ConfigError as exc:
                log.critical("feed.stopped", error=str(exc))
                shared.set_exception(Busy(str(exc)))
                signal.raise_signal(signal.SIGTERM)
                continue
            except Exception as exc:
                log.warning("feed.not_told", feeds=len(waiting), error=type(exc).__name__)
                shared.set_exception(Busy("the database is not available"))
                continue
            shared.set_result(None)
            self._hub.jobs.hint_feeds(waiting)


async def read(hub: Hub, channel: str, name: str, seconds: float = 10.0) -> None:
    """Read a feed to its end, or for at most `seconds`; the sweep goes on with what is left."""
    place = hub.connectors.get(ChannelName(channel))
    until = asyncio.get_running_loop().time() + seconds
    while isinstance(place, SupportsFeeds) and asyncio.get_running_loop().time() < until:
        patience = place.capabilities.timeout + GRACE_S
        lease_ms, ticket_ms = int(LEASE_S * 1000), int(place.ticket_s * 1000)
        at = await hub.store.feeds.take(channel, name, lease_ms=lease_ms, ticket_ms=ticket_ms)
        if at is None:
            return
        try:
            page = await asyncio.wait_for(place.page(name, at.place, at.ticket), patience)
        except Exception as exc:
            await _put_off(hub, at, exc)
            return
        await reach("feed.fetched")
        if await _keep(hub, at, page, place.reread_s) and page.after is not None:
            await _after(channel, page)


async def _keep(hub: Hub, at: Reading, page: Page, again_s: float) -> bool:
    """Commit a page; whether it was ours to commit."""
    items: list[Message | Unread] = [*page.items, *page.unread]
    rows = [row_of(item, hub.store.lanes) for item in items]
    await reach("feed.before_commit")
    try:
        done = await hub.store.feeds.keep(at, page, rows, again_ms=int(again_s * 1000))
    except Exception as exc:
        if not is_refusal(exc):
            raise
        rows = [await _storable(hub, at.channel, row) for row in rows]
        done = await hub.store.feeds.keep(at, page, rows, again_ms=int(again_s * 1000))
    await reach("feed.committed")
    if done is None:
        log.info("feed.moved_on", channel=at.channel, feed=at.name)
        return False
    kept, lanes = done
    MESSAGES.labels(at.channel, "in").inc(kept.count("new"))
    hub.jobs.hint_inbound(lanes)
    return True


async def _storable(hub: Hub, channel: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row that the database takes: this one, or a word in its place that something could not be kept. One message must not
    hold up all that come after it."""
    try:
        await hub.store.inbox.keep([row])
    except Exception as exc:
        if not is_refusal(exc):
            raise
        log.error("feed.refused", channel=channel, id=row["id"], error=type(exc).__name__)
        why = f"the database refuses it: {type(exc).__name__}"
        name = "refused." + hashlib.sha256(row["external_id"].encode("utf-8", "replace")).hexdigest()[:40]
        unread = Unread(ChannelName(channel), ExternalId(name), {}, why)
        return row_of(unread, hub.store.lanes)
    return row


async def _put_off(hub: Hub, at: Reading, exc: Exception) -> None:
    """Say why a page could not be had, and when to ask again."""
    if not isinstance(exc, ConnectorError | TimeoutError):
        log.error("feed.broken", channel=at.channel, feed=at.name, error=repr(exc), exc_info=exc)
    wait = exc.retry_after if isinstance(exc, Temporary) and exc.retry_after else PAUSES[min(at.tries, len(PAUSES) - 1)]
    log.warning("feed.not_read", channel=at.channel, feed=at.name, again_s=wait, error=str(exc) or type(exc).__name__)
    await hub.store.feeds.put_off(at, str(exc) or type(exc).__name__, int(wait * 1000))


async def _after(channel: str, page: Page) -> None:
    try:
        if page.after is not None:
            await page.after()
    except Exception as exc:
        log.warning("feed.after_failed", channel=channel, error=repr(exc))
