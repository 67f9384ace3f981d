"""Use-case: every few seconds, find whatever a lost hint, a dead worker or a passing day has left waiting."""

from __future__ import annotations

from datetime import timedelta

import structlog

from hub.model import AgentReply, ConversationId, DeskName, ExternalId
from hub.runtime import Hub

log = structlog.get_logger()
ROUTER = DeskName("router")
"""The source of assignments that the sweep makes: no desk may have this name."""


async def run(hub: Hub) -> None:
    """Wake lanes that wait, give waiting conversations to agents who came, and see what notices are due."""
    for lane in await hub.store.inbox.waiting_lanes():
        await hub.jobs.sweep_inbound(lane)
    for lane in await hub.store.deliveries.waiting_lanes():
        await hub.jobs.sweep_deliver(lane)
    await _route_waiting(hub)
    await _notices(hub)
    await hub.store.inbox.forget_raw(hub.now() - timedelta(seconds=hub.keep_raw_s))


async def _route_waiting(hub: Hub) -> None:
    """Ask for conversations that wait for nobody in particular to be routed again, now that somebody is there."""
    if not await hub.store.sweeping.any_present():
        return
    tick = int(hub.now().timestamp() // 3)
    asked = [
        AgentReply(
            desk=ROUTER,
            id=ExternalId(f"{waiting.conversation_id}.{tick}"),
            at=hub.now(),
            agent=ExternalId(ROUTER),
            agent_name="Frontdesk",
            conversation=ConversationId(waiting.conversation_id),
            kind="route",
        )
        for waiting in await hub.store.sweeping.unassigned()
    ]
    await hub.intake.keep(asked, 5.0)


async def _notices(hub: Hub) -> None:
    """Queue notices that are due, and wake the job that sends them."""
    rules = hub.notices
    if rules.unanswered is not None:
        for waiting in await hub.store.sweeping.unanswered(int(rules.unanswered.after * 1000)):
            await hub.store.sweeping.queue_notice(waiting, "unanswered")
    if rules.left is not None:
        for waiting in await hub.store.sweeping.unseen(int(rules.left.after * 1000)):
            await hub.store.sweeping.queue_notice(waiting, "left")
    if await hub.store.sweeping.notices_due():
        await hub.jobs.notify()
