"""Use-case: two conversations of one customer become one matter for agents, and two again.

Each keeps its own log, channel and thread: a customer never sees what was said on another channel. Agents see both in the one
that goes on, answer where the customer wrote last, and can part them whenever they like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import orjson
import structlog

from hub.apart import may_be_opening, waits_behind
from hub.batch import Batch
from hub.done import Done
from hub.failpoints import reach
from hub.joined import gathered, known, let_in, matter, shut
from hub.loading import load
from hub.model import AgentReply, Author
from hub.rights import actor_of, author_of, person_of, refusal, refuse
from hub.runtime import Hub
from hub.store.agent_facts import Record
from hub.store.inbox import Pending
from hub.store.talks import Talk
from hub.telling import SYSTEM
from hub.wording import plain
from hub.writing import write

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger()
KINDS = ("merge", "part")
Stop = Literal["", "gone", "same", "strangers", "settled", "merged", "has_merged", "not_merged", "which"]
"""Why conversations are not merged or parted; empty: they are."""
WHY: Mapping[Stop, str] = {
    "gone": "There is no such conversation.",
    "same": "This is the same conversation.",
    "strangers": "These are conversations of two customers. Make the two one customer first, in the customer panel.",
    "settled": "This conversation is resolved. Reopen it, then merge the other one into it.",
    "merged": "One of them was merged already. Part it first.",
    "has_merged": "Others were merged into that conversation. Merge this one into it, or part those first.",
    "not_merged": "This conversation is not merged.",
    "which": "Several conversations were merged into this one. Say which is to be parted.",
}


def barrier(head: Talk | None, other: Talk | None) -> Stop:
    """Why `other` can't be merged into `head`."""
    if head is None or other is None:
        return "gone"
    if head.id == other.id:
        return "same"
    if head.customer_id != other.customer_id:
        return "strangers"
    if head.merged_into or other.merged_into:
        return "merged"
    if other.joins:
        return "has_merged"
    return "settled" if head.status != "open" else ""


async def settled(hub: Hub, connection: AsyncConnection, lane: int, row: Pending) -> Done:
    """Carry out what an agent asked for, with the row that asks for it, in a transaction of its own: it holds the lanes of all
    of the customer's identities, in one order for all. What was said in the thread before is written down first: as with any
    row, behind what waits in this lane, and then behind what went to the conversation's own."""
    store, reply = hub.store, row.item
    assert isinstance(reply, AgentReply)
    here, other = await _named(hub, connection, reply)
    await store.merging.hold(connection, lane, {here, other})
    now_ms = await store.timeline.lock(connection, "in", lane)
    if [one.n for one in await store.inbox.pending(connection, lane, 1)] != [row.n]:
        return Done(rows=1)
    batch = await load(hub, connection, lane, [row], now_ms)
    await known(hub, connection, batch, await store.timeline.talks(connection, {here, other} - {""}))
    await gathered(hub, connection, batch)
    if await waits_behind(hub, connection, batch, row, reply):
        return Done(rows=1)
    if not here and (batch.threads or await may_be_opening(hub, connection, batch, row, reply)):
        return Done(rows=1)
    talk = batch.talks.get(here)
    if talk is not None and talk.lane != lane:
        await store.inbox.move(connection, row.n, talk.bucket, talk.lane)
        return Done(rows=1, moved={talk.lane})
    if talk is not None:
        await _asked(hub, connection, batch, reply, talk, batch.talks.get(other))
    await write(hub, connection, batch, [row.n])
    done = Done(rows=1)
    done.sum_up(batch)
    await reach("merging.before_commit")
    return done


async def together(hub: Hub, head: str, other: str) -> None:
    """Make two conversations one matter because a platform says that they are; done before, it is left as it is."""

    async def work(connection: AsyncConnection) -> Done:
        await hub.store.merging.hold(connection, 0, {head, other})
        batch = await load(hub, connection, 0, [], await hub.store.timeline.lock(connection, "in", 0))
        await known(hub, connection, batch, await hub.store.timeline.talks(connection, {head, other}))
        await gathered(hub, connection, batch)
        done, pair = Done(), (batch.talks.get(head), batch.talks.get(other))
        if pair[0] is not None and pair[1] is not None and not barrier(*pair):
            await merge(hub, connection, batch, pair[0], pair[1], SYSTEM, "")
            await write(hub, connection, batch, [])
            done.sum_up(batch)
        return done

    done = await hub.store.db.transact(work)
    await hub.live.poke(inbox=True)
    hub.jobs.hint_deliver(done.deliver)


async def _named(hub: Hub, connection: AsyncConnection, reply: AgentReply) -> tuple[str, str]:
    """(the conversation in which an agent asks, the other one that they name); empty where there is none."""
    desk = str(reply.desk)
    pairs = {(desk, str(thread)) for thread in (reply.thread, reply.data.get("thread")) if thread}
    threads = await hub.store.timeline.threads(connection, pairs) if pairs else {}
    here = str(reply.conversation or threads.get((desk, str(reply.thread)), ""))
    return here, str(reply.data.get("other") or threads.get((desk, str(reply.data.get("thread"))), ""))


async def _asked(hub: Hub, connection: AsyncConnection, batch: Batch, reply: AgentReply, talk: Talk, other: Talk | None) -> None:
    person = await person_of(hub, connection, batch, reply)
    author = author_of(reply, person)
    if why := refusal(hub, reply, person):
        refuse(batch, batch.head(talk), reply, author, why)
        return
    if reply.kind == "merge":
        stop = barrier(talk, other)
    else:
        other, stop = parted_of(talk, other, batch)
    if stop or other is None:
        batch.whisper(talk, reply.desk, str(reply.agent), f"merge_{stop}", {})
        batch.audits.append(Record(actor_of(reply, author), "conversation.not_merged", talk.id, f"{reply.kind}: {stop}"))
        return
    reason = str(reply.data.get("reason") or "")[:500]
    if reply.kind == "merge":
        await merge(hub, connection, batch, talk, other, author, reason)
        action, about = "conversation.merged", talk
    else:
        about = batch.head(other)
        await part(hub, connection, batch, about, other, author, reason)
        action = "conversation.parted"
    batch.audits.append(Record(actor_of(reply, author), action, about.id, f"{other.id} {reason}".strip()))
    log.info(action, conversation=about.id, other=other.id)


def parted_of(talk: Talk, other: Talk | None, batch: Batch) -> tuple[Talk | None, Stop]:
    """The merged conversation that somebody wants parted: this one, the one that they name, or the only one that there is."""
    if talk.merged_into:
        return talk, ""
    merged = [one for one in matter(batch, talk) if one is not talk]
    if other is not None:
        return (other, "") if other in merged else (None, "not_merged")
    if len(merged) == 1:
        return merged[0], ""
    return None, "which" if merged else "not_merged"


async def merge(
    hub: Hub, connection: AsyncConnection, batch: Batch, head: Talk, other: Talk, author: Author, reason: str
) -> None:
    """Let `other` be part of `head` from now on. What was said in it stays there."""
    await hub.store.merging.gather(connection, head.customer_id, head.bucket)
    for one in batch.talks.values():
        one.bucket, one.lane = (head.bucket, head.lane) if one.customer_id == head.customer_id else (one.bucket, one.lane)
    batch.near = await hub.store.merging.threads_of(connection, {head.id, other.id})
    _line(batch, other, head, author, {"what": "merged", "into": head.id, "reason": reason})
    batch.redraw(other)
    batch.open_at(head, other.desks.split())
    said = {"what": "merged", "from": other.id, "channel": other.channel, "last_n": other.head, "reason": reason}
    _line(batch, head, other, author, said)
    other.status, other.merged_into, other.snooze_ms = "merged", head.id, 0
    let_in(batch, other)
    head.joins, head.changed = True, True
    head.waiting_ms = min(one for one in (head.waiting_ms, other.waiting_ms, _NEVER) if one) % _NEVER
    head.priority = max(head.priority, other.priority)
    head.agent_id = head.agent_id or other.agent_id
    if other.waiting_ms:
        head.snooze_ms = 0
    for one in (head, other):
        one.bot = orjson.dumps({**orjson.loads(one.bot), "silent": True}).decode()
    batch.redraw(head)


_NEVER = 2**62


async def part(hub: Hub, connection: AsyncConnection, batch: Batch, head: Talk, other: Talk, author: Author, reason: str) -> None:
    """Let `other` go on by itself, open unless it had been resolved, or its head was meanwhile."""
    other.merged_into = None
    goes_on = other.resolved_at is None and head.status == "open" and batch.open.get(other.identity_id, other) is other
    if goes_on:
        other.status, other.open_key = "open", other.identity_id
        batch.open[other.identity_id] = other
    else:
        shut(batch, other)
        other.status, other.waiting_ms = "resolved", 0
        other.resolved_at, other.resolved_by = other.resolved_at or batch.now, other.resolved_by or author.name[:191]
    head.joins = len(matter(batch, head)) > 1
    batch.near = await hub.store.merging.threads_of(connection, {head.id, other.id})
    _line(batch, other, head, author, {"what": "parted", "into": head.id, "reason": reason})
    _line(batch, head, other, author, {"what": "parted", "from": other.id, "channel": other.channel, "reason": reason})
    last = await hub.store.merging.last_message(connection, head.id)
    if last is not None:
        head.preview_by, head.preview = last[0], plain(last[1], head.locale or "en").replace("\n", " ")[:180]
        head.waiting_ms = head.waiting_ms if last[0] == "customer" else 0
    batch.redraw(other)
    batch.redraw(head)


def _line(batch: Batch, talk: Talk, other: Talk, author: Author, data: dict[str, Any]) -> None:
    """Say in a conversation's log and threads what became of it, with the way to the other's thread."""
    entry = batch.append(talk, "changed", author, data=data, public=False)
    batch.beside[entry["id"]] = other.id
    batch.to_desks(talk, entry)
