"""Use-case: give conversations that wait for nobody in particular to agents who are there and have room: at once when somebody
comes or gets room, and with every sweep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog

from hub.own_acts import own_act
from hub.routing import route
from hub.runtime import Hub
from hub.sign import Signed
from hub.staffing import facts_of_waiting, who_are_there
from hub.store.staff import Staff
from hub.store.sweeping import Waiting

log = structlog.get_logger()


def frees(entries: Iterable[dict[str, Any]], signs: Iterable[Signed]) -> bool:
    """Whether somebody may have got room, or come: something is settled, or was given away by an agent."""
    gone = any(one["kind"] == "resolved" or (one["kind"] == "assigned" and one["author_kind"] == "agent") for one in entries)
    return gone or any(one.state == "present" for one in signs)


async def look(hub: Hub) -> None:
    """With a sweep: every three seconds at most one question about each conversation."""
    await _give(hub, str(int(hub.now().timestamp() // 3)))


async def soon(hub: Hub) -> None:
    """Somebody has come or got room. What fails here is found by the sweep."""
    try:
        await _give(hub, f"now.{int(hub.now().timestamp() * 20)}")
    except Exception as exc:
        log.warning("assigning.failed", error=repr(exc))


async def _give(hub: Hub, turn: str) -> None:
    """Ask for those to be routed again for whom somebody would be found now."""
    waiting = await hub.store.sweeping.unassigned()
    if not waiting or not (staff := [one for one in await hub.store.staff.all() if one.present]):
        return
    given: dict[str, int] = {}
    routable = [one for one in waiting if _somebody_for(hub, one, staff, given)]
    asked = [
        own_act(
            f"{one.conversation_id}.{turn}",
            hub.now(),
            one.conversation_id,
            "route",
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
