"""Use-case: ask a desk who somebody there is, and remember the answer."""

from __future__ import annotations

import structlog

from hub.model import DeskName, ExternalId
from hub.people import Member
from hub.ports import SupportsPeople
from hub.rights import UnknownPerson
from hub.runtime import Hub

log = structlog.get_logger()
PATIENCE = 20
"""Questions about somebody who says something before what they said is handled as a stranger's."""
AGAIN_MS = 5_000


async def introduce(hub: Hub, desk: str, person: str) -> bool:
    """Ask who somebody is; says whether the desk answered."""
    place = hub.desks.get(DeskName(desk))
    if not isinstance(place, SupportsPeople):
        return False
    try:
        who = await place.person(ExternalId(person))
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
    n, tries = asked.row or (0, PATIENCE)
    place = hub.desks.get(DeskName(asked.desk))
    if place is None or place.capabilities.speakers == "members" or tries >= PATIENCE:
        await hub.store.staff.introduce(asked.desk, asked.person, Member("", "", ""))
        return
    async with hub.store.db.write() as connection:
        await hub.store.inbox.postpone(connection, n, tries + 1, AGAIN_MS)
