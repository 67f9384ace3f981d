"""Everything that the rows of one inbound transaction will need, in a statement for each table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch import Batch
from hub.continuing import goes_on
from hub.joined import gathered
from hub.model import AgentReply, Message, Report
from hub.ports import SupportsDirect
from hub.runtime import Hub
from hub.store.inbox import Pending
from hub.store.naming import BECAME

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def load(hub: Hub, connection: AsyncConnection, lane: int, rows: list[Pending], now_ms: int) -> Batch:
    """A batch with the people, conversations and threads that its rows, all of one lane, speak of."""
    timeline = hub.store.timeline
    capabilities = {str(name): c.capabilities for name, c in hub.connectors.items()}
    capabilities |= {str(name): d.capabilities for name, d in hub.desks.items()}
    batch = Batch(hub.now(), now_ms, hub.store.lanes, capabilities, hub.files.link, translation=hub.translates)
    if hub.notices.unseen and any(isinstance(desk, SupportsDirect) for desk in hub.desks.values()):
        batch.unseen_ms = int(hub.notices.unseen.after * 1000)
    batch.continued = frozenset(str(name) for name in hub.channels if goes_on(hub, name))
    said = [row.item for row in rows if isinstance(row.item, Message)]
    if said:
        people, talks = await timeline.known(connection, {(m.channel, m.customer) for m in said})
        if became := {(who.channel, who.profile[BECAME]) for who in people.values() if BECAME in who.profile}:
            more = await timeline.known(connection, became)
            people, talks = people | more[0], talks | more[1]
        batch.people = people
        batch.owners = {who.id: who for who in people.values()}
        for talk in talks.values():
            batch.add_talk(talk)
    replies = [row.item for row in rows if isinstance(row.item, AgentReply)]
    wanted = {str(r.conversation) for r in replies if r.conversation}
    wanted |= {str(row.item.conversation) for row in rows if isinstance(row.item, Report)}
    pairs = {(str(r.desk), str(r.thread)) for r in replies if r.thread}
    if pairs:
        batch.held = await hub.store.threads.held(connection, lane, [row.n for row in rows])
        batch.threads = await timeline.threads(connection, pairs)
        wanted |= set(batch.threads.values())
    missing = wanted - set(batch.talks)
    if missing:
        found = await timeline.talks(connection, missing)
        for talk in found.values():
            batch.add_talk(talk)
        settled = {talk.identity_id for talk in found.values() if talk.open_key is None} - set(batch.open)
        for talk in (await timeline.open_talks(connection, settled)).values() if settled else ():
            batch.add_talk(talk)
        owners = await timeline.identities(connection, {t.identity_id for t in found.values()} - set(batch.owners))
        for who in owners.values():
            batch.owners[who.id] = batch.people[(who.channel, who.external_id)] = who
    await gathered(hub, connection, batch)
    return batch
