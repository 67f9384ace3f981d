"""What became of platform calls, committed in small groups as it comes, and kept trying for while a lease lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from hub.failpoints import reach
from hub.metrics import CALLS
from hub.outcomes import came
from hub.runtime import Hub
from hub.store.calls import Outcome

log = structlog.get_logger()


class Recorder:
    """The outcomes of one process's calls; `owner` is the process that their leases belong to."""

    def __init__(self, hub: Hub, owner: str) -> None:
        self._hub, self._owner = hub, owner
        self._waiting: list[tuple[Outcome, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Commit outcomes together with others that came meanwhile."""
        futures = [asyncio.get_running_loop().create_future() for _ in outcomes]
        self._waiting.extend(zip(outcomes, futures, strict=True))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._flush(), name="recorder")
        await asyncio.gather(*futures)

    async def aclose(self) -> None:
        """Commit what waits."""
        if self._task is not None:
            await self._task

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._commit(batch)

    async def _commit(self, batch: list[tuple[Outcome, asyncio.Future[None]]]) -> None:
        """Keep trying while the lease lasts: an outcome that is not recorded becomes "maybe" to everybody else."""
        outcomes = [outcome for outcome, _ in batch]
        for turn in range(8):
            try:
                counted = await self._hub.store.deliveries.record(outcomes, owner=self._owner)
                break
            except Exception as exc:
                log.warning("outbound.record_failed", rows=len(outcomes), error=repr(exc))
                await asyncio.sleep(min(0.1 * 2**turn, 2.0))
        else:
            counted = []
        await reach("outcome.committed")
        came(counted)
        lanes = {int(o.call.conversation["bucket"]) % self._hub.store.lanes for o in counted if o.report is not None}
        self._hub.jobs.hint_inbound(lanes)
        for outcome, future in batch:
            if outcome.state != "sent":
                CALLS.labels(outcome.call.target, outcome.call.kind, outcome.state).inc()
            if not future.done():
                future.set_result(None)
