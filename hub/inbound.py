"""Use-case: what waits in a lane's inbox becomes entries, in one transaction for the whole batch.

The lane's lock is the lease: the transaction itself holds it, so that whoever lost it can't commit. A row that its handler can't
take three times over is parked; the conversation goes on.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from hub import assigning
from hub.apart import apart, may_be_opening, waits_behind
from hub.batch import Batch
from hub.correcting import as_left
from hub.customers import heard, route_again
from hub.done import Done
from hub.failpoints import reach
from hub.introducing import introduce, introduced
from hub.linking import noted, settle
from hub.loading import load
from hub.merging import KINDS as MERGES
from hub.merging import settled as merging
from hub.metrics import written
from hub.model import AgentReply, ExternalId, Message, Report, bucket_of
from hub.parking import TRIES as TRIES
from hub.parking import Poisoned, blamed, set_aside
from hub.ports import SupportsPassive, SupportsProof
from hub.presence import after
from hub.replies import agent_said
from hub.rights import UnknownPerson
from hub.runtime import Hub
from hub.sign import Sign
from hub.store.database import is_refusal
from hub.store.inbox import Pending
from hub.store.naming import BECAME
from hub.store.passive import reserved_until
from hub.telling import reported
from hub.writing import write

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger()
MOST = 300
"""Rows in one transaction."""
DRAIN_S = 10.0


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
    taken: list[Pending] = []
    try:
        done = await hub.store.db.transact(lambda connection: _transaction(hub, connection, lane, most, taken))
        if (row := done.merging) is not None:
            done = await hub.store.db.transact(lambda connection: _merging(hub, connection, lane, row))
    except UnknownPerson as exc:
        await introduced(hub, exc)
        return Done(rows=1)
    except Poisoned as exc:
        await set_aside(hub, exc)
        return Done(rows=1)
    except Exception as exc:
        if not is_refusal(exc):
            raise
        return await _refused(hub, lane, most, exc, taken)
    await reach("inbound.committed")
    written(done.kept_ms, done.said)
    return done


async def _refused(hub: Hub, lane: int, most: int, exc: Exception, taken: list[Pending]) -> Done:
    """What a batch had become could not be written: take half of it, until the row that it is about stands alone. The first that
    waits by now may be another one."""
    if most > 1:
        return await _once(hub, lane, most // 2)
    for row in taken:
        await set_aside(hub, Poisoned(row, exc))
    return Done(rows=len(taken))


def wants_more(row: Pending) -> bool:
    """Whether a row is about conversations whose lanes are held together."""
    return isinstance(row.item, AgentReply) and row.item.kind in MERGES


def _one_lane(rows: list[Pending]) -> list[Pending]:
    """The rows up to one that wants more lanes; that one by itself, when it is the first."""
    n = next((n for n, row in enumerate(rows) if wants_more(row)), len(rows))
    return rows[: n or 1]


async def _merging(hub: Hub, connection: AsyncConnection, lane: int, row: Pending) -> Done:
    with blamed(row):
        return await merging(hub, connection, lane, row)


async def _transaction(hub: Hub, connection: AsyncConnection, lane: int, most: int, taken: list[Pending]) -> Done:
    store = hub.store
    now_ms = await store.timeline.lock(connection, "in", lane)
    taken[:] = rows = _one_lane(await store.inbox.pending(connection, lane, most))
    if not rows:
        return Done()
    if wants_more(rows[0]):
        return Done(merging=rows[0])
    batch = await load(hub, connection, lane, rows, now_ms)
    done = Done(rows=len(rows))
    finished = [row.n for row in rows if await _handle(hub, connection, batch, row, lane, done)]
    await reach("inbound.handled")
    await write(hub, connection, batch, finished)
    done.proved = await noted(hub, connection, [row.item for row in rows if isinstance(row.item, Message)])
    if batch.acts:
        done.deliver |= await store.windows.acted(connection, batch.acts, now_ms)
    done.sum_up(batch)
    ended = set(finished)
    done.kept_ms = [row.at_ms for row in rows if row.n in ended and not isinstance(row.item, Report)]
    await reach("inbound.before_commit")
    return done


async def _handle(hub: Hub, connection: AsyncConnection, batch: Batch, row: Pending, lane: int, done: Done) -> bool:
    """Apply one row to the batch; False when it stays in the inbox for now."""
    item = row.item
    with blamed(row):
        if item is None:
            raise ValueError(f"unreadable: {row.error}")
        if isinstance(item, Message):
            return await _said(hub, connection, batch, row, item, lane, done)
        if isinstance(item, Sign) or (isinstance(item, AgentReply) and item.kind == "begin"):
            elsewhere = await apart(hub, connection, batch, lane, item)
            return elsewhere is None or await _moved(hub, connection, row, elsewhere, done)
        if isinstance(item, AgentReply) and await waits_behind(hub, connection, batch, row, item):
            return False
        conversation = await _conversation_of(connection, hub, batch, row, item)
        if conversation is None:
            return not isinstance(item, AgentReply) or not await may_be_opening(hub, connection, batch, row, item)
        talk = batch.talks[conversation]
        if talk.lane != lane:
            return await _moved(hub, connection, row, talk.bucket, done)
        if isinstance(item, Report):
            await reported(hub, connection, batch, talk, item)
        elif item.kind == "route":
            await route_again(hub, connection, batch, talk)
        elif (reply := await as_left(connection, batch, row, item)) is not None:
            done.deliver |= await agent_said(hub, connection, batch, talk, reply)
    return True


async def _said(
    hub: Hub, connection: AsyncConnection, batch: Batch, row: Pending, message: Message, lane: int, done: Done
) -> bool:
    item, bucket = _going_on(batch, message)
    if bucket % hub.store.lanes != lane:
        return await _moved(hub, connection, row, bucket, done)
    place = hub.connectors.get(item.channel)
    if isinstance(place, SupportsPassive) and not item.client_id:
        batch.reserved_ms = reserved_until(row.at_ms, place.passive_s)
    understood = await heard(hub, connection, batch, row, item)
    batch.reserved_ms = 0
    return understood


def _going_on(batch: Batch, message: Message) -> tuple[Message, int]:
    """A message with the bucket it belongs to; what a stranger said who has been named meanwhile is that customer's."""
    who = batch.people.get((message.channel, message.customer))
    if who is not None and BECAME in who.profile:
        message = message.model_copy(update={"customer": ExternalId(who.profile[BECAME])})
        who = batch.people.get((message.channel, message.customer))
    return message, who.bucket if who is not None else bucket_of(message.channel, message.customer)


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


async def _tell(hub: Hub, done: Done) -> None:
    """After the commit: poke the streams, wake the next workers."""
    if done.entries:
        await hub.live.poke(inbox=True, identities=done.identities)
    if done.deliver:
        hub.jobs.hint_deliver(done.deliver)
    if done.moved:
        hub.jobs.hint_inbound(done.moved)
    if done.translate:
        await hub.jobs.translate()
    for file in done.fetch:
        await hub.jobs.fetch(file)
    if done.proved:
        await settle(hub)
        if any(isinstance(place, SupportsProof) for place in hub.connectors.values()) and await hub.store.links.asks():
            await hub.jobs.prove()
    if done.signs or done.told:
        await after(hub, done.signs, done.told)
    if done.freed:
        await assigning.soon(hub)
    await asyncio.gather(*(introduce(hub, desk, person) for desk, person in done.strangers))
