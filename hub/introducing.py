"""Use-case: ask a desk who somebody there is, and remember the answer."""

from __future__ import annotations

import asyncio

import structlog

from hub.model import DeskName, ExternalId
from hub.people import Member
from hub.ports import SupportsPeople
from hub.rights import UnknownPerson
from hub.runtime import Hub

log = structlog.get_logger()
ASK_S = 1.5
"""How long a desk is given to say who somebody is: everybody else's messages wait behind the question."""
PATIENCE_MS = 100_000
"""How long what somebody said may wait for that, before it is handled as a stranger's."""
AGAIN_MS = 5_000


async def introduce(hub: Hub, desk: str, person: str) -> bool:
    """Ask who somebody is; says whether the desk answered."""
    place = hub.desks.get(DeskName(desk))
    if not isinstance(place, SupportsPeople):
        return False
    try:
        who = await asyncio.wait_for(place.person(ExternalId(person)), ASK_S)
    except Exception as exc:
        log.warning("inbound.person_unknown", desk=desk, error=type(exc).__name__)
        return False
    await hub.store.staff.introduce(desk, person, who)
    return True


async def introduced(hub: Hub, asked: UnknownPerson) -> None:
    """Find out who says something. Where only agents may speak, what they said waits while the desk does not answer, and goes on
    in its order when it does; elsewhere it goes on unnamed, and the next one asks again."""
    if await introduce(hub, asked.desk, asked.person):
        hub.jobs.hint_inbound(await hub.store.inbox.hurry(asked.desk))
        return
    place, row = hub.desks.get(DeskName(asked.desk)), asked.row
    patient = row is not None and hub.now().timestamp() * 1000 - row.at_ms < PATIENCE_MS
    if row is None or not patient or place is None or place.capabilities.speakers == "members":
        await hub.store.staff.introduce(asked.desk, asked.person, Member("", "", ""))
        return
    async with hub.store.db.write() as connection:
        await hub.store.inbox.postpone(connection, row.n, row.tries, AGAIN_MS)
