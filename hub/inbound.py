"""Use-case: what waits in a lane's inbox becomes entries, in one transaction for the whole batch.

The lane's lock is the lease: the transaction itself holds it, so that whoever lost it can't commit. A row that its handler can't
take three times over is parked; the conversation goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from hub.apart import apart
from hub.batch import Batch
from hub.continuing import goes_on
from hub.customers import heard, route_again
from hub.failpoints import reach
from hub.introducing import introduce, introduced
from hub.linking import noted, settle
from hub.metrics import written
from hub.model import AgentReply, ExternalId, Message, Report, bucket_of
from hub.parking import TRIES as TRIES
from hub.parking import Poisoned, set_aside
from hub.ports import SupportsPassive
from hub.presence import after
from hub.promises import promised
from hub.replies import agent_said, reported
from hub.rights import UnknownPerson, person_of
from hub.runtime import Hub
from hub.sign import Sign, Signed
from hub.store.database import is_refusal, is_transient
from hub.store.inbox import Pending
from hub.store.naming import BECAME

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger()
MOST = 300
"""Rows in one transaction."""
DRAIN_S = 10.0
LATER_MS = 5_000
"""When to look again at a reply in a thread that we may be opening at this moment."""


@dataclass(slots=True)
class Done:
    """What one transaction did, for those who must hear of it afterwards."""

    rows: int = 0
    entries: int = 0
    identities: list[str] = field(default_factory=list)
    deliver: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    fetch: list[str] = field(default_factory=list)
    strangers: set[tuple[str, str]] = field(default_factory=set)
    proved: bool = False
    kept_ms: list[int] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    signs: list[Signed] = field(default_factory=list)
    told: list[tuple[str, str, str]] = field(default_factory=list)


async def drain(hub: Hub, lane: int) -> int:
    """Handle what waits in a lane, for some seconds: arq would cut longer work off in the middle. Returns how many rows that was;
    who called looks whether more wait."""
    total, more, until = 0, True, time.monotonic() + DRAIN_S
    while more:
        done = await _once(hub, lane, MOST)
        total += done.rows
        more = bool(done.rows)
        if more:  # nobody waits for the look, and it need not wait for Redis
            _, more = await asyncio.gather(_tell(hub, done), hub.store.inbox.lane_waits(lane))
        if time.monotonic() > until:
            break
    return total


async def _once(hub: Hub, lane: int, most: int) -> Done:
    """One transaction, and what is to be told of it."""
    try:
        done = await hub.store.db.transact(lambda connection: _transaction(hub, connection, lane, most))
    except UnknownPerson as exc:
        await introduced(hub, exc)
        return Done(rows=1)
    except Poisoned as exc:
        await set_aside(hub, exc)
        return Done(rows=1)
    except Exception as exc:
        if not is_refusal(exc):
            raise
        return await _refused(hub, lane, most, exc)
    await reach("inbound.committed")
    written(done.kept_ms, done.said)
    return done


async def _refused(hub: Hub, lane: int, most: int, exc: Exception) -> Done:
    """What a batch had become could not be written: take half of it, until the row that it is about stands alone."""
    if most > 1:
        return await _once(hub, lane, most // 2)
    async with hub.store.db.read() as connection:
        rows = await hub.store.inbox.pending(connection, lane, 1)
    for row in rows:
        await set_aside(hub, Poisoned(row, exc))
    return Done(rows=len(rows))


async def _transaction(hub: Hub, connection: AsyncConnection, lane: int, most: int) -> Done:
    store = hub.store
    now_ms = await store.timeline.lock(connection, "in", lane)
    rows = await store.inbox.pending(connection, lane, most)
    if not rows:
        return Done()
    batch = await _load(hub, connection, rows, now_ms)
    done = Done(rows=len(rows))
    finished = [row.n for row in rows if await _handle(hub, connection, batch, row, lane, done)]
    await reach("inbound.handled")
    await _write(hub, connection, batch, finished)
    done.proved = await noted(hub, connection, [row.item for row in rows if isinstance(row.item, Message)])
    if batch.acts:
        done.deliver |= await store.windows.acted(connection, batch.acts, now_ms)
    done.entries = len(batch.entries)
    done.identities = sorted({entry["identity_id"] for entry in batch.entries if entry["cs"] is not None})
    done.deliver |= {call["lane"] for call in batch.deliveries}
    done.strangers, done.signs, done.told = batch.strangers, batch.signs, batch.told
    done.fetch = [row["id"] for row in batch.files]
    ended = set(finished)
    done.kept_ms = [row.at_ms for row in rows if row.n in ended and not isinstance(row.item, Report)]
    said = [entry for entry in batch.entries if entry["kind"] == "message" and entry["author_kind"] != "customer"]
    done.said = Counter(batch.talks[entry["conversation_id"]].channel for entry in said)
    await reach("inbound.before_commit")
    return done


async def _load(hub: Hub, connection: AsyncConnection, rows: list[Pending], now_ms: int) -> Batch:
    """Everything that the rows will need, in a statement for each table."""
    timeline = hub.store.timeline
    capabilities = {str(name): c.capabilities for name, c in hub.connectors.items()}
    capabilities |= {str(name): d.capabilities for name, d in hub.desks.items()}
    batch = Batch(hub.now(), now_ms, hub.store.lanes, capabilities, hub.files.link)
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
        batch.held = await hub.store.inbox.held(connection, {desk for desk, _ in pairs})
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
    return batch


async def _handle(hub: Hub, connection: AsyncConnection, batch: Batch, row: Pending, lane: int, done: Done) -> bool:
    """Apply one row to the batch; False when it stays in the inbox for now."""
    item = row.item
    try:
        if item is None:
            raise ValueError(f"unreadable: {row.error}")
        if isinstance(item, Message):
            return await _said(hub, connection, batch, row, item, lane, done)
        if isinstance(item, Sign) or (isinstance(item, AgentReply) and item.kind == "begin"):
            elsewhere = await apart(hub, connection, batch, lane, item)
            return elsewhere is None or await _moved(hub, connection, row, elsewhere, done)
        if isinstance(item, AgentReply) and batch.held.get((str(item.desk), str(item.thread)), row.n) < row.n:
            await person_of(hub, connection, batch, item)  # an answer to this question lets the others go on too
            await hub.store.inbox.postpone(connection, row.n, row.tries, LATER_MS)  # it follows what waits in its thread
            return False
        conversation = await _conversation_of(connection, hub, batch, row, item)
        if conversation is None:
            return not isinstance(item, AgentReply) or not await _may_be_opening(hub, connection, row, item)
        talk = batch.talks[conversation]
        if talk.lane != lane:
            return await _moved(hub, connection, row, talk.bucket, done)
        if isinstance(item, Report):
            await reported(hub, connection, batch, talk, item)
        elif item.kind == "route":
            await route_again(hub, connection, batch, talk)
        else:
            done.deliver |= await agent_said(hub, connection, batch, talk, item)
    except UnknownPerson as exc:
        exc.row = row
        raise
    except Exception as exc:
        if is_transient(exc):
            raise
        raise Poisoned(row, exc) from exc
    return True


async def _said(
    hub: Hub, connection: AsyncConnection, batch: Batch, row: Pending, message: Message, lane: int, done: Done
) -> bool:
    item, bucket = _going_on(batch, message)
    if bucket % hub.store.lanes != lane:
        return await _moved(hub, connection, row, bucket, done)
    place = hub.connectors.get(item.channel)
    if isinstance(place, SupportsPassive) and not item.client_id:
        batch.reserved_ms = row.at_ms + int(place.passive_s * 1000)
    await heard(hub, connection, batch, item)
    batch.reserved_ms = 0
    return True


def _going_on(batch: Batch, message: Message) -> tuple[Message, int]:
    """A message with the bucket it belongs to; what a stranger said who has been named meanwhile is that customer's."""
    who = batch.people.get((message.channel, message.customer))
    if who is not None and BECAME in who.profile:
        message = message.model_copy(update={"customer": ExternalId(who.profile[BECAME])})
    return message, bucket_of(message.channel, message.customer)


async def _moved(hub: Hub, connection: AsyncConnection, row: Pending, bucket: int, done: Done) -> bool:
    """Leave a row to the lane of its conversation."""
    await hub.store.inbox.move(connection, row.n, bucket, bucket % hub.store.lanes)
    done.moved.add(bucket % hub.store.lanes)
    return False


async def _conversation_of(
    connection: AsyncConnection, hub: Hub, batch: Batch, row: Pending, item: AgentReply | Report
) -> str | None:
    """The conversation that an agent or a report speaks of, None when there is none (yet)."""
    if isinstance(item, Report) or item.conversation:
        wanted = str(item.conversation)
    else:
        wanted = batch.threads.get((str(item.desk), str(item.thread)), "")
    return wanted if wanted in batch.talks else None


async def _may_be_opening(hub: Hub, connection: AsyncConnection, row: Pending, item: AgentReply) -> bool:
    """Keep a reply in an unknown thread while one of ours may exist unrecorded; else it is somebody's own talk."""
    if not item.thread or not await hub.store.timeline.opening(connection, item.desk):
        return False
    await hub.store.inbox.postpone(connection, row.n, row.tries, LATER_MS)
    return True


async def _write(hub: Hub, connection: AsyncConnection, batch: Batch, finished: list[int]) -> None:
    """Save the batch and finish its rows; the places in the inbox-wide log come last, because other lanes wait behind them."""
    timeline = hub.store.timeline
    people = [who for who in batch.owners.values() if who.new or who.changed]
    if batch.audits:
        await hub.store.agents.record_all(connection, batch.audits)
    await timeline.append(connection, [], batch.deliveries, batch.files)
    if batch.loads:
        await hub.store.staff.assigned(connection, batch.loads, batch.now_ms)
    first = await hub.store.inbox.finish(connection, finished, len(batch.entries))
    for s, entry in enumerate(batch.entries, first):
        entry["s"] = s
        batch.talks[entry["conversation_id"]].last_s = s
    await timeline.save(connection, people, promised(hub.promises, hub.routing, batch.talks.values()))
    await timeline.append(connection, batch.entries, [], [])


async def _tell(hub: Hub, done: Done) -> None:
    """After the commit: poke the streams, wake the next workers."""
    if done.entries:
        await hub.live.poke(inbox=True, identities=done.identities)
    if done.deliver:
        hub.jobs.hint_deliver(done.deliver)
    if done.moved:
        hub.jobs.hint_inbound(done.moved)
    for file in done.fetch:
        await hub.jobs.fetch(file)
    if done.proved:
        await settle(hub)
    if done.signs or done.told:
        await after(hub, done.signs, done.told)
    await asyncio.gather(*(introduce(hub, desk, person) for desk, person in done.strangers))
