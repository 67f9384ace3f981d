"""Use-case: what agents wrote at a desk while nobody listened is read again, a thread at a time, within the platform's pace."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import structlog

from hub.errors import Busy, ConnectorError, Temporary
from hub.installs import SupportsParts
from hub.model import DeskName, ThreadId
from hub.ports import Pace, SupportsCatchUp, SupportsPolling
from hub.runtime import Hub

log = structlog.get_logger()
BEAT_S = 15.0
GAP_MS = 60_000
"""Silence of ours after which a desk is read again; what is shorter, platforms bridge by telling again."""
MARGIN = timedelta(minutes=2)
"""How much earlier than the doubt reading begins."""
PACE = Pace(0.6, 3)
"""Threads a second: platforms give about fifty readings a minute."""
AT_ONCE = 3
PATIENCE_S, ROOM_S = 12.0, 3.0
"""Of one sweep for one desk; a thread is begun while at least `ROOM_S` are left, and the first has all of it."""


async def beats(hub: Hub) -> None:
    """Until cancelled, note that this process takes what desks tell by hook."""
    there = [name for name, desk in hub.desks.items() if isinstance(desk, SupportsCatchUp) and not _polls(desk)]
    while there:
        for name in there:
            await beat(hub, name)
        await asyncio.sleep(BEAT_S)


def _polls(desk: object) -> bool:
    return isinstance(desk, SupportsPolling) and desk.polling


async def beat(hub: Hub, name: str) -> None:
    """Note that a desk is listened to at this moment."""
    try:
        if await hub.store.threads.listened(name, GAP_MS):
            log.warning("desk.doubted", desk=name, why="nobody listened for a while")
    except Exception as exc:
        log.warning("desk.beat_failed", desk=name, error=type(exc).__name__)


async def doubt(hub: Hub, name: str, since: datetime) -> None:
    """A desk has said itself that it may not have told of everything since then."""
    if DeskName(name) in hub.desks and await hub.store.threads.doubt(name, int(since.timestamp() * 1000)):
        log.warning("desk.doubted", desk=name, since=since.isoformat())


async def catch_up(hub: Hub) -> None:
    """Read a few threads of every desk that is doubted; the next sweep goes on. A desk that hangs holds up no other."""
    asked = [(name, desk) for name, desk in hub.desks.items() if isinstance(desk, SupportsCatchUp)]
    await asyncio.gather(*(_look(hub, name, desk) for name, desk in asked))


async def _look(hub: Hub, name: DeskName, desk: SupportsCatchUp) -> None:
    known = await hub.store.threads.doubted(name)
    if known is not None:
        await _read(hub, name, desk, *known)


async def _read(hub: Hub, name: DeskName, desk: SupportsCatchUp, since_ms: int, after: str) -> None:
    since = datetime.fromtimestamp(since_ms / 1000, UTC) - MARGIN
    if not after:
        await hub.store.threads.begin_round(name, since_ms)
    found = await hub.store.threads.living(name, since, after, AT_ONCE)
    until = time.monotonic() + PATIENCE_S
    for talk, thread in found:
        part = desk.part_of(thread) if isinstance(desk, SupportsParts) else ""
        pace = f"{name}:missed{part}"
        if time.monotonic() > until - ROOM_S or await hub.limits.wait_all({pace: PACE}) > 0:
            return
        try:
            items = await asyncio.wait_for(desk.missed(ThreadId(thread), since), until - time.monotonic())
            found_now = [item.model_copy(update={"data": {**item.data, "found": True}}) for item in items]
            kept = await hub.intake.keep(found_now, 5.0) if items else []
        except (ConnectorError, Busy, TimeoutError) as exc:
            log.warning("desk.not_read", desk=name, error=str(exc) or type(exc).__name__)
            wait = exc.retry_after if isinstance(exc, Temporary) and exc.retry_after else 5.0
            await hub.limits.pause(pace, wait, PACE)
            return
        if new := kept.count("new"):
            log.warning("desk.missed", desk=name, conversation=talk, found=new)
        await hub.store.threads.read_on(name, since_ms, after, talk)
        after = talk
    if len(found) < AT_ONCE and await hub.store.threads.read_on(name, since_ms, after, None):
        log.info("desk.caught_up", desk=name)
