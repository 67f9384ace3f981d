"""What people at desks do that is about no conversation, written down: they look at their page, come, go, are made agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog

from hub.batch import Batch
from hub.errors import ConnectorError
from hub.model import DeskName, ExternalId
from hub.ports import SupportsDirect
from hub.rights import person_at
from hub.runtime import Hub
from hub.sign import LONGEST_AWAY_S, LONGEST_S, Sign, Signed
from hub.store.agent_facts import Record

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from hub.store.staff import Person

log = structlog.get_logger()


async def signed(hub: Hub, connection: AsyncConnection, batch: Batch, sign: Sign) -> Signed:
    """Write a sign down. One from somebody who may not give it only draws their page anew, which says who they are."""
    who = await person_at(hub, connection, batch, sign.desk, sign.agent)
    await hub.store.pages.looked(connection, sign.desk, sign.agent)
    if sign.kind == "admit":
        may = "people" in hub.access.rights_of(who.role)
        batch.told.append((str(sign.desk), str(sign.agent), "admitted" if may else "not_admin"))
        if may:
            await _admitted(hub, connection, batch, sign, who)
    if sign.kind not in ("present", "away") or "answer" not in hub.access.rights_of(who.role):
        return Signed(sign)
    present = sign.kind == "present"
    longest_ms = (LONGEST_S if present else LONGEST_AWAY_S) * 1000
    wished_ms = int(sign.data.get("seconds") or 0) * 1000 or (longest_ms if present else 0)
    until_ms = int(sign.data.get("until_ms") or 0) or (batch.now_ms + wished_ms if wished_ms else 0)
    until_ms = min(until_ms, batch.now_ms + longest_ms)
    reason = str(sign.data.get("reason") or "")[:150]
    await hub.store.pages.be(connection, who.agent_id, sign.kind, until_ms, "" if present else reason)
    batch.audits.append(Record(_actor(sign, who), f"desk.{sign.kind}", who.agent_id, reason))
    return Signed(sign, who.agent_id, who.name, sign.kind)


async def _admitted(hub: Hub, connection: AsyncConnection, batch: Batch, sign: Sign, by: Person) -> None:
    """An admin says which agent somebody at the desk is; one is made where none has the address."""
    person, email = str(sign.data["person"]), str(sign.data["email"]).lower()
    known = await person_at(hub, connection, batch, sign.desk, ExternalId(person))
    agent = await hub.store.pages.admit(connection, sign.desk, person, email, known.name)
    batch.persons.pop((str(sign.desk), person), None)
    batch.audits.append(Record(_actor(sign, by), "desk.admitted", agent, f"{person} {known.name} is {email}"))


def _actor(sign: Sign, who: Person) -> str:
    return f"{who.agent_id} {sign.desk}:{sign.agent} {who.name}".strip()


async def returned(hub: Hub) -> None:
    """Agents who said for how long they would be away are there again."""
    if back := await hub.store.pages.back(LONGEST_S):
        told = [{"kind": "agent", "id": id, "name": name} for id, name in back]
        await hub.live.poke(
            ephemeral=[{"t": "eph", "k": "presence", "by": by, "state": "present", "console": True} for by in told]
        )
        await hub.jobs.pages()


async def after(hub: Hub, found: Sequence[Signed], words: Sequence[tuple[str, str, str]]) -> None:
    """Once it is committed: consoles hear who came and went, pages are drawn anew, and people hear what could not be done."""
    told: list[dict[str, Any]] = []
    for one in found:
        by = {"kind": "agent", "id": one.agent_id, "name": one.name}
        told += [{"t": "eph", "k": "presence", "by": by, "state": one.state, "console": True}] if one.state else []
    if told:
        await hub.live.poke(ephemeral=told)
    if found:
        await hub.jobs.pages()
    for name, person, about in words:
        desk = hub.desks.get(DeskName(name))
        if isinstance(desk, SupportsDirect):
            try:
                await desk.direct(ExternalId(person), about, {})
            except ConnectorError as exc:
                log.warning("desk.not_told", desk=name, about=about, error=str(exc))
