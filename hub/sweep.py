"""Use-case: every few seconds, find whatever a lost hint, a dead worker or a passing day has left waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from hub import (
    assigning,
    checking,
    fetching,
    gathering,
    interpreting,
    linking,
    listening,
    presence,
    proving,
    pushing,
    reporting,
    tasks,
)
from hub.errors import ConfigError
from hub.own_acts import own_act
from hub.ports import SupportsEscalation
from hub.runtime import Hub

log = structlog.get_logger()
PART_S = 15.0
"""For each part, side by side with the others: less than arq gives the whole job."""


async def run(hub: Hub) -> None:
    """Wake lanes that wait, give waiting conversations to agents who came, and see what notices are due. A part that hangs or
    fails takes nothing from the others; the next sweep tries it again."""
    parts = (_inbound, _deliver, gathering.look, _feeds, _held, _wake, listening.catch_up, assigning.look, _notices, pushing.look,
             linking.settle, fetching.look, interpreting.look, proving.look, reporting.gather, tasks.look, checking.check,
             presence.returned, _pages, _forget)  # fmt: skip
    await asyncio.gather(*(_bounded(hub, part) for part in parts))


async def _bounded(hub: Hub, part: Callable[[Hub], Awaitable[object]]) -> None:
    try:
        async with asyncio.timeout(PART_S):
            await part(hub)
    except ConfigError:
        raise
    except Exception as exc:
        log.error("sweep.failed", part=f"{part.__module__}.{part.__name__}", error=repr(exc))


async def _inbound(hub: Hub) -> None:
    for lane in await hub.store.inbox.waiting_lanes():
        await hub.jobs.sweep_inbound(lane)


async def _deliver(hub: Hub) -> None:
    for lane in await hub.store.deliveries.waiting_lanes():
        await hub.jobs.sweep_deliver(lane)


async def _feeds(hub: Hub) -> None:
    for channel, feed in await hub.store.feeds.waiting():
        if channel in hub.connectors:
            await hub.jobs.sweep_feed(channel, feed)


async def _held(hub: Hub) -> None:
    hub.jobs.hint_inbound(await hub.store.holds.run_out())


async def _pages(hub: Hub) -> None:
    if await hub.store.pages.watched():
        await hub.jobs.pages()


async def _forget(hub: Hub) -> None:
    await hub.store.inbox.forget_raw(hub.now() - timedelta(seconds=hub.keep_raw_s))


async def _wake(hub: Hub) -> None:
    """Bring back conversations whose snooze is over; one that was snoozed again meanwhile sleeps on."""
    asked = [
        own_act(
            f"{conversation}.woken.{ended_ms}",
            hub.now(),
            conversation,
            "snooze",
            data={"ended_ms": ended_ms},
        )
        for conversation, ended_ms in await hub.store.sweeping.slept()
    ]
    if asked:
        await hub.intake.keep(asked, 5.0)


async def _notices(hub: Hub) -> None:
    """Queue notices that are due, and wake the job that sends them."""
    rules = hub.notices
    if rules.unanswered is not None:
        for waiting in await hub.store.sweeping.unanswered(int(rules.unanswered.after * 1000)):
            await hub.store.sweeping.queue_notice(waiting, "unanswered")
        if any(isinstance(desk, SupportsEscalation) for desk in hub.desks.values()):
            for waiting in await hub.store.sweeping.escalated(int(rules.unanswered.escalate * 1000)):
                await hub.store.sweeping.queue_notice(waiting, "escalated")
    if hub.promises.targets:
        for waiting in await hub.store.sweeping.nearly():
            await hub.store.sweeping.queue_notice(waiting, "nearly")
        for waiting in await hub.store.sweeping.overdue():
            await hub.store.sweeping.queue_notice(waiting, "overdue")
    if rules.left is not None:
        pulled = [str(name) for name, one in hub.connectors.items() if one.capabilities.pulled]
        for waiting in await hub.store.sweeping.unseen(int(rules.left.after * 1000), pulled):
            await hub.store.sweeping.queue_notice(waiting, "left")
    if await hub.store.sweeping.notices_due():
        await hub.jobs.notify()
