"""Use-case: every few seconds, find whatever a lost hint, a dead worker or a passing day has left waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from hub import checking, fetching, linking, listening, pushing, reporting
from hub.errors import ConfigError
from hub.model import AgentReply, ConversationId, DeskName, ExternalId
from hub.routing import route
from hub.runtime import Hub
from hub.staffing import facts_of_waiting, who_are_there
from hub.store.staff import Staff
from hub.store.sweeping import Waiting

log = structlog.get_logger()
ROUTER = DeskName("router")
"""The source of assignments that the sweep makes: no desk may have this name."""
PART_S = 15.0
"""For each part, side by side with the others: less than arq gives the whole job."""


async def run(hub: Hub) -> None:
    """Wake lanes that wait, give waiting conversations to agents who came, and see what notices are due. A part that hangs or
    fails takes nothing from the others; the next sweep tries it again."""
    parts = (_inbound, _deliver, _feeds, _held, _wake, listening.catch_up, _route_waiting, _notices, pushing.look, linking.settle,
             fetching.look, reporting.gather, checking.check, _pages, _forget)  # fmt: skip
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
        AgentReply(
            desk=ROUTER,
            id=ExternalId(f"{conversation}.woken.{ended_ms}"),
            at=hub.now(),
            agent=ExternalId(ROUTER),
            agent_name="Frontdesk",
            conversation=ConversationId(conversation),
            kind="snooze",
            data={"ended_ms": ended_ms},
        )
        for conversation, ended_ms in await hub.store.sweeping.slept()
    ]
    if asked:
        await hub.intake.keep(asked, 5.0)


async def _route_waiting(hub: Hub) -> None:
    """Ask for conversations that wait for nobody in particular to be routed again, where somebody now is there and has room."""
    waiting = await hub.store.sweeping.unassigned()
    if not waiting or not (staff := [one for one in await hub.store.staff.all() if one.present]):
        return
    given: dict[str, int] = {}
    routable = [one for one in waiting if _somebody_for(hub, one, staff, given)]
    tick = int(hub.now().timestamp() // 3)
    asked = [
        AgentReply(
            desk=ROUTER,
            id=ExternalId(f"{one.conversation_id}.{tick}"),
            at=hub.now(),
            agent=ExternalId(ROUTER),
            agent_name="Frontdesk",
            conversation=ConversationId(one.conversation_id),
            kind="route",
        )
        for one in routable
    ]
    await hub.intake.keep(asked, 5.0)


def _somebody_for(hub: Hub, waiting: Waiting, staff: list[Staff], given: dict[str, int]) -> bool:
    """Whether routing would find an agent for a conversation; who is found counts as busier for those that follow."""
    facts = facts_of_waiting(hub, waiting.channel, waiting.locale, waiting.team)
    found = route(facts, who_are_there(staff, given), hub.routing, hub.now(), waiting.conversation_id).agent
    if found is not None:
        given[found.id] = given.get(found.id, 0) + 1
    return found is not None


async def _notices(hub: Hub) -> None:
    """Queue notices that are due, and wake the job that sends them."""
    rules = hub.notices
    if rules.unanswered is not None:
        for waiting in await hub.store.sweeping.unanswered(int(rules.unanswered.after * 1000)):
            await hub.store.sweeping.queue_notice(waiting, "unanswered")
    if hub.promises.targets:
        for waiting in await hub.store.sweeping.overdue():
            await hub.store.sweeping.queue_notice(waiting, "overdue")
    if rules.left is not None:
        pulled = [str(name) for name, one in hub.connectors.items() if one.capabilities.pulled]
        for waiting in await hub.store.sweeping.unseen(int(rules.left.after * 1000), pulled):
            await hub.store.sweeping.queue_notice(waiting, "left")
    if await hub.store.sweeping.notices_due():
        await hub.jobs.notify()
