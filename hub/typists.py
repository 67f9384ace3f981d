"""Use-case: show a customer on another platform that an agent is writing; best effort, never waited for."""

from __future__ import annotations

import asyncio

import structlog

from hub.errors import ConnectorError
from hub.limits import Rule
from hub.model import ChannelName, ExternalId
from hub.ports import Identity, SupportsTyping
from hub.runtime import Hub

log = structlog.get_logger()
EVERY = Rule(1, 4.0)
"""How often a customer is shown it: platforms' own signs last for five seconds and more (Telegram, sendChatAction)."""
TIMEOUT_S = 5.0
_tasks: set[asyncio.Task[None]] = set()


def typed(hub: Hub, channel: str, identity_id: str) -> None:
    """An agent writes to this customer."""
    place = hub.connectors.get(ChannelName(channel))
    if isinstance(place, SupportsTyping):
        task = asyncio.create_task(_show(hub, place, identity_id), name="typing")
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


async def _show(hub: Hub, place: SupportsTyping, identity_id: str) -> None:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            if await hub.limits.hit(f"shown:{identity_id}", EVERY) and (to := await _address(hub, identity_id)) is not None:
                await place.typing(to)
    except (TimeoutError, ConnectorError) as exc:
        log.debug("typing.not_shown", error=repr(exc))
    except Exception as exc:
        log.warning("typing.failed", error=repr(exc), exc_info=exc)


async def _address(hub: Hub, identity_id: str) -> Identity | None:
    """Where to show it; None when the customer can't be reached."""
    async with hub.store.db.read() as connection:
        who = (await hub.store.timeline.identities(connection, [identity_id])).get(identity_id)
    if who is None or who.unreachable:
        return None
    return Identity(ChannelName(who.channel), ExternalId(who.external_id), who.profile)
