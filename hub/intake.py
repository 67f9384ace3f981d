"""Use-case: take what came in, commit it, and only then say so. One committer per process takes whatever waits; no timer."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Sequence
from typing import Any

import structlog

from hub.errors import Busy, ConfigError
from hub.failpoints import reach
from hub.jobs import Jobs
from hub.metrics import MESSAGES
from hub.model import AgentReply, Message
from hub.ports import Unread
from hub.sign import Sign
from hub.store.database import is_refusal
from hub.store.inbox import InboxStore, Kept, refused_row, row_of

log = structlog.get_logger()


def count_new(items: Sequence[object], kept: Sequence[Kept]) -> None:
    """Count customers' messages by channel, each once however often a platform brings it."""
    for item, found in zip(items, kept, strict=True):
        if found == "new" and isinstance(item, Message):
            MESSAGES.labels(item.channel, "in").inc()


class Intake:
    """The way into the inbox. `most` rows share a commit; beyond `room` waiting rows, newcomers are refused."""

    def __init__(self, inbox: InboxStore, jobs: Jobs, *, lanes: int, most: int = 500, room: int = 10_000) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._lanes = lanes
        self._most = most
        self._room = room
        self._waiting: deque[tuple[list[dict[str, Any]], asyncio.Future[list[Kept]]]] = deque()
        self._depth = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def depth(self) -> int:
        """How many rows wait for their commit."""
        return self._depth

    async def keep(self, items: Sequence[Message | AgentReply | Sign | Unread], deadline: float) -> list[Kept]:
        """Commit the items within `deadline` seconds; says of each whether it is new, was there already, or conflicts with what
        was there under its id. Raises `Busy` when it could not be done in time; a late commit is then found as "same"."""
        if not items:
            return []
        if self._closing or self._depth + len(items) > self._room:
            raise Busy("too many messages wait to be stored")
        await reach("intake.received")
        future: asyncio.Future[list[Kept]] = asyncio.get_running_loop().create_future()
        self._waiting.append(([row_of(item, self._lanes) for item in items], future))
        self._depth += len(items)
        self._start()
        await reach("intake.queued")
        try:
            kept = await asyncio.wait_for(asyncio.shield(future), deadline)
        except TimeoutError:
            future.add_done_callback(_ignore)
            raise Busy("the database did not answer in time") from None
        count_new(items, kept)
        await reach("ack.before")
        return kept

    def _start(self) -> None:
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="intake")

    async def _run(self) -> None:
        while not (self._closing and not self._waiting):
            self._wake.clear()
            if not self._waiting:
                await self._wake.wait()
                continue
            await self._commit(self._take())

    def _take(self) -> list[tuple[list[dict[str, Any]], asyncio.Future[list[Kept]]]]:
        taken: list[tuple[list[dict[str, Any]], asyncio.Future[list[Kept]]]] = []
        count = 0
        while self._waiting and (not taken or count + len(self._waiting[0][0]) <= self._most):
            rows, future = self._waiting.popleft()
            taken.append((rows, future))
            count += len(rows)
        self._depth -= count
        return taken

    async def _commit(self, batch: list[tuple[list[dict[str, Any]], asyncio.Future[list[Kept]]]], escaped: bool = False) -> None:
        """One transaction for the batch. When its data is refused, halves of it are tried, so that one bad row harms no other;
        what is refused alone is kept in escapes, to be parked."""
        rows = [row for own, _ in batch for row in own]
        try:
            await reach("txn.before_commit")
            kept = await self._inbox.keep(rows)
        except ConfigError as exc:
            log.critical("intake.stopped", error=str(exc))
            self._refuse(batch, Busy(str(exc)))
            signal.raise_signal(signal.SIGTERM)
        except Exception as exc:
            if len(batch) > 1 and is_refusal(exc):
                middle = len(batch) // 2
                await self._commit(batch[:middle])
                await self._commit(batch[middle:])
                return
            if is_refusal(exc) and not escaped:
                log.error("intake.refused", rows=len(rows), error=type(exc).__name__)
                why = f"the database refused it: {type(exc).__name__}"
                await self._commit([([refused_row(row, why) for row in own], future) for own, future in batch], escaped=True)
                return
            log.warning("intake.failed", rows=len(rows), error=type(exc).__name__)
            self._refuse(batch, Busy("the database is not available"))
        else:
            await reach("txn.committed")
            for own, future in batch:
                mine, kept = kept[: len(own)], kept[len(own) :]
                if not future.done():
                    future.set_result(mine)
            self._jobs.hint_inbound({row["lane"] for row in rows})

    @staticmethod
    def _refuse(batch: list[tuple[list[dict[str, Any]], asyncio.Future[list[Kept]]]], exc: Exception) -> None:
        for _, future in batch:
            if not future.done():
                future.set_exception(exc)

    async def aclose(self) -> None:
        """Refuse newcomers, commit what waits, stop."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task


def _ignore(future: asyncio.Future[list[Kept]]) -> None:
    if not future.cancelled():
        future.exception()
