"""Use-case: what an agent at a desk asks to see of the inbox. Only people who are agents here are told anything."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.model import DeskName, ExternalId
from hub.people import Duty, Look, OnDuty, Seen, Who
from hub.store.store import Store

MOST = 200
"""Of the conversations of a view, the newest are looked at."""
NEVER = datetime.max.replace(tzinfo=UTC)


def looking(store: Store, url: str) -> Look:
    """The way from desks to the inbox; `url` is the hub's public address."""

    async def look(desk: DeskName, person: ExternalId, who: Who, words: str, *, mine: bool) -> list[Seen] | None:
        me = await agent_at(store, desk, person, who)
        if not me:
            return None
        found = await store.console.conversations(
            me, "all" if words else "mine" if mine else "unassigned", words=words, most=MOST
        )
        found.sort(key=lambda one: (one.waiting_since or NEVER, -one.last_s))
        link = f"{url}/console/#c=" if url else ""
        return [
            Seen(
                one.channel,
                one.customer_name,
                one.preview,
                one.agent_name,
                one.team,
                one.waiting_since,
                f"{link}{one.id}" if link else "",
            )
            for one in found
        ]

    return look


def on_duty(store: Store) -> OnDuty:
    """The way from desks to who is there."""

    async def duty(desk: DeskName, person: ExternalId, who: Who) -> Duty | None:
        me = await agent_at(store, desk, person, who)
        own = await store.agents.someone(me) if me else None
        if own is None:
            return None
        staff = await store.staff.all()
        load = next((one.load for one in staff if one.id == me), 0)
        until_ms = await store.pages.until_of(own.id)
        until = datetime.fromtimestamp(until_ms / 1000, UTC) if until_ms else None
        return Duty(own.present, own.reason, load, sum(one.present for one in staff), until)

    return duty


async def agent_at(store: Store, desk: DeskName, person: ExternalId, who: Who) -> str:
    """The agent that somebody at a desk is; the desk is asked who that is once, and again while they are none."""
    key = (str(desk), str(person))
    async with store.db.read() as connection:
        known = (await store.staff.persons(connection, [key])).get(key)
    if known is None or not known.agent_id:
        await store.staff.introduce(str(desk), str(person), await who(person))
        async with store.db.read() as connection:
            known = (await store.staff.persons(connection, [key])).get(key)
    return known.agent_id if known and known.role else ""
