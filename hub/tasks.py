"""Use-case: what agents want done is asked of an admin's tracker, for hours where need be, and told in the conversation.

A task is kept before anybody asks for it. What came of asking goes through the inbox under a fixed id, and every try has the
task's own id as its key: two workers, or one that dies in between, make one task.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from hub.batch import Batch
from hub.errors import Busy, ConnectorError, Temporary, Undeliverable
from hub.failpoints import reach
from hub.model import AgentReply, Author, Text, new_id
from hub.own_acts import own_act
from hub.rights import actor_of
from hub.runtime import Hub
from hub.store.agent_facts import Record
from hub.store.talks import Talk
from hub.store.tasks import Due
from hub.tracker import Made, Task

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger()
WORK_S = 20.0
LEASE_MS = 90_000
"""Longer than one call and what comes after it may take: the longest timeout is a minute."""
FIRST_S, LONGEST_S = 2.0, 600.0
"""The first pause after a failure, which doubles up to the longest."""
TRIED_MS = 12 * 3_600_000
"""For how long a task is tried."""
LATE_MS = 3_600_000
"""How long after that a task is still asked for of which no try has come to an end."""
TITLE = 150


async def look(hub: Hub) -> None:
    """Wake the job for what waits, also where no tracker is named any more: what waits too long must end."""
    if await hub.store.tasks.waits():
        await hub.jobs.track()


async def run(hub: Hub, seconds: float = WORK_S) -> None:
    """Ask for what is due, one after the other, for at most `seconds`; what is begun by then is ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        due = await hub.store.tasks.take(LEASE_MS)
        if due is None:
            return
        await _one(hub, due)


async def _one(hub: Hub, due: Due) -> None:
    """Ask for one, and tell its conversation; one whose taker dies comes back after the lease."""
    await reach("task.taken")
    try:
        made = await _made(hub, due)
    except Exception as exc:
        await _failed(hub, due, exc)
        return
    await reach("task.came")
    log.info("task.made", task=due.id, tries=due.tries, key=made.key)
    await _tell(hub, due, {"state": "done", "key": made.key, "url": made.url})


async def _made(hub: Hub, due: Due) -> Made:
    """The task, as the tracker says. Errors as of `Tracker.create`, and any of ours."""
    if hub.tracker is None:
        raise Temporary("no tracker is named any more")
    if due.left_ms < -LATE_MS and due.tries > 1:
        raise Undeliverable("no try came to an end in time")
    by = str(orjson.loads(due.author).get("name") or "")
    link = f"{hub.public_url}/console/#c={due.conversation_id}" if hub.public_url else ""
    return await hub.tracker.create(Task(due.id, due.title, due.text, by, due.conversation_id, due.channel, link, due.at))


async def _failed(hub: Hub, due: Due, exc: Exception) -> None:
    """Try it later, or tell that it failed. An error of ours ends nothing before its time: a mended release may do it."""
    pause = min(max(FIRST_S * 2 ** min(due.tries - 1, 12), getattr(exc, "retry_after", None) or 0.0), LONGEST_S)
    given_up = isinstance(exc, Undeliverable) or pause * 1000 >= due.left_ms
    ours = not isinstance(exc, ConnectorError)
    reason = (
        exc.reason if isinstance(exc, Undeliverable) else f"something went wrong here: {type(exc).__name__}" if ours else str(exc)
    )
    log.warning("task.failed", task=due.id, tries=due.tries, given_up=given_up, error=reason, exc_info=exc if ours else None)
    if given_up:
        await _tell(hub, due, {"state": "failed", "reason": reason[:500]})
    else:
        await hub.store.tasks.later(due.id, int(pause * 1000), reason)


async def _tell(hub: Hub, due: Due, facts: dict[str, Any]) -> None:
    """Hand what came to the conversation, once."""
    told = own_act(f"{due.id}.tasked", hub.now(), due.conversation_id, "tasked", data={"task": due.id, **facts})
    try:
        await hub.intake.keep([told], 5.0)
    except Busy as exc:
        log.warning("task.untold", task=due.id, error=str(exc))


async def settled(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Keep what is wanted (`task`, with `reply.data` {title, text}), or write down what came of it (`tasked`)."""
    if reply.kind == "tasked":
        await _ended(hub, connection, batch, talk, reply)
        return
    actor = actor_of(reply, author)
    if hub.tracker is None:
        batch.whisper(talk, str(reply.desk), str(reply.agent), "no_tracker", {})
        return
    title, text = str(reply.data["title"])[:TITLE], str(reply.data.get("text") or "")
    row = {"id": new_id(), "conversation_id": talk.id, "title": title, "text": text, "actor": actor[:191], "at": batch.now}
    waits = {"state": "queued", "tries": 0, "due_ms": 0, "until_ms": batch.now_ms + TRIED_MS, "reason": ""}
    await hub.store.tasks.add(connection, {**row, **waits, "author": author.model_dump_json()})
    batch.audits.append(Record(actor, "task.asked", talk.id, f"{row['id']} {title}"))
    batch.whisper(talk, str(reply.desk), str(reply.agent), "tasking", {"name": hub.tracker.title})


async def _ended(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply) -> None:
    """The end of a task stands in the conversation as a note of who asked, and at its desks. What was told before counts."""
    row = await hub.store.tasks.row(connection, str(reply.data["task"]))
    if row is None or row["state"] != "queued":
        return
    state, reason, key, url = (str(reply.data.get(name) or "") for name in ("state", "reason", "key", "url"))
    await hub.store.tasks.end(connection, row["id"], state=state, reason=reason, done_at=batch.now)
    failed = state == "failed"
    named = " ".join(filter(None, (key, row["title"], url)))
    said = f"Task not created: {row['title']}\n{reason}" if failed else f"Task created: {named}"
    data = {"task": {"state": state, "title": row["title"], "key": key, "url": url, "reason": reason}}
    author = Author.model_validate_json(row["author"])
    entry = batch.append(talk, "note", author, parts=(Text(text=said),), data=data, public=False)
    batch.to_desks(talk, entry)
    action = "task.failed" if failed else "task.created"
    batch.audits.append(Record(row["actor"], action, talk.id, f"{row['id']} {reason if failed else f'{key} {url}'}".strip()))
