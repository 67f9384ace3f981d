"""Use-case: show a customer elsewhere that an agent is writing, and agents in a thread that a customer is; best effort, never
waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine

import structlog

from hub.errors import ConnectorError
from hub.limits import Rule
from hub.model import ChannelName, DeskName, ExternalId, ThreadId
from hub.ports import Identity, SupportsThreadTyping, SupportsTyping
from hub.runtime import Hub

log = structlog.get_logger()
IN_THREADS = Rule(1, 5.0)
"""How often a thread is: a line that is posted there takes the sign away."""
TIMEOUT_S = 5.0
SHOWN_S, SHOWN_MOST = 120.0, 5_000
"""For how long, and for how many customers, a process remembers that there is a sign to take away."""
_tasks: set[asyncio.Task[None]] = set()
_shown: dict[str, float] = {}


def typed(hub: Hub, channel: str, identity_id: str) -> None:
    """An agent writes to this customer."""
    place = hub.connectors.get(ChannelName(channel))
    if place is not None and isinstance(place, SupportsTyping):
        _begin(_show(hub, place, identity_id, Rule(1, place.capabilities.typing_s)))


def customer_types(hub: Hub, identity_id: str, on: bool) -> None:
    """A customer writes, or has stopped: their conversation's threads show it where a desk can."""
    if any(isinstance(desk, SupportsThreadTyping) for desk in hub.desks.values()) and (on or identity_id in _shown):
        _begin(_show_in_threads(hub, identity_id, on))


def _begin(showing: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(_tried(showing), name="typing")
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _show(hub: Hub, place: SupportsTyping, identity_id: str, rhythm: Rule) -> None:
    if await hub.limits.hit(f"shown:{identity_id}", rhythm) and (to := await _address(hub, identity_id)) is not None:
        await place.typing(to)


async def _show_in_threads(hub: Hub, identity_id: str, on: bool) -> None:
    if on and not await hub.limits.hit(f"types:{identity_id}", IN_THREADS):
        return
    now = time.monotonic()
    if len(_shown) > SHOWN_MOST:
        for gone in [one for one, at in _shown.items() if now - at > SHOWN_S]:
            del _shown[gone]
    if on:
        _shown[identity_id] = now
    elif now - _shown.pop(identity_id, -SHOWN_S) >= SHOWN_S:
        return
    for name, thread, customer in await hub.store.threads.of_open(identity_id):
        desk = hub.desks.get(DeskName(name))
        if isinstance(desk, SupportsThreadTyping):
            await desk.typing_in(ThreadId(thread), customer, on)


async def _tried(showing: Coroutine[None, None, None]) -> None:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await showing
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
