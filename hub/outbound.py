"""Use-case: make the platform calls that are due, each marked and committed before its first byte leaves (reliability: B.6).

One task per call, no barrier between them; outcomes are committed in small groups as they come. What can't be known is looked
up where the platform can be asked, repeated where it knows the key, and otherwise shown: no silent end, no blind resend.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog

from hub.calls import asked_at, made
from hub.checking import stopped
from hub.errors import ConnectorError, Temporary, ThreadGone, Uncertain, Undeliverable, WindowClosed
from hub.failpoints import reach
from hub.metrics import CALLS
from hub.model import new_id
from hub.outcomes import InVain, alike, due_of, expire, held, looked_up, over, put_off, refusal, sent, unasked, uncertain
from hub.places import apart, give_back, paced, paces_of, place_for, place_of, target_of
from hub.ports import IdempotencyKey, SupportsLookup
from hub.recorder import Recorder
from hub.renewing import renewed
from hub.runtime import Hub
from hub.store.calls import Call, Due, Outcome
from hub.turns import Turns

log = structlog.get_logger()
AT_ONCE = 64
"""Calls in flight in one process."""
LOOKUPS_AT_ONCE = 4
"""Questions in flight in one process: hundreds of them at once, after an outage, would all go unanswered, for ever."""
GRACE_S = 15.0
"""Lease beyond a call's own timeout."""
BEGIN_S = 8.0
"""Within how long of its claim a call must begin: who stood still for longer must not send what others may have sent again."""
EXPIRE_S = 1.0
"""How often a lane is searched for calls whose maker died: no customer should wait for that, and the sweep calls less often."""


class Outbound:
    """The calls of one process. `run` works off a lane; tasks outlive the arq job that began them, so that a cancelled job
    never tears a call in two."""

    def __init__(self, hub: Hub, owner: str = "") -> None:
        self._hub = hub
        self._owner = owner or new_id()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._questions = asyncio.Semaphore(LOOKUPS_AT_ONCE)
        self._busy: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = Turns()
        self._waiting: Counter[str] = Counter()
        """Calls that wait for a pace, by target."""
        self._recorder = Recorder(hub, self._owner)
        self._expired: dict[int, float] = {}
        self._in_vain = InVain()
        self._changed = asyncio.Event()
        self._closing = False

    async def succeed(self, ended: Sequence[str]) -> None:
        """Take over at once what processes held that have certainly ended; what others held is free when its lease ends."""
        if count := await self._hub.store.sweeping.lapse(ended):
            log.info("outbound.succeeded", calls=count)

    async def run(self, lane: int, seconds: float = 10.0) -> None:
        """Make the lane's due calls for at most `seconds`, or until nothing is due and nothing of ours is on its way."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        await self._expire(lane, loop.time())
        while not self._closing and loop.time() < until:
            self._changed.clear()
            due = await self._hub.store.deliveries.due(lane, 4 * AT_ONCE)
            fresh = [head for head in due if (head.conversation_id, head.stream) not in self._busy]
            self._busy |= {(head.conversation_id, head.stream) for head in fresh}
            if fresh:
                await self._start(lane, fresh)
            elif not self._tasks:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 1.0)

    async def _start(self, lane: int, heads: Sequence[Due]) -> None:
        """Claim what may go now and start its calls; what must keep a platform's pace waits in a task of its own. Streams of
        heads that come to nothing are given free, also when the job is cancelled."""
        now: list[Due] = []
        left = {(head.conversation_id, head.stream) for head in heads}
        try:
            for head in heads:
                if self._turns.taken(self._queue(head)) or await place_for(self._hub, head) > 0:
                    left.discard((head.conversation_id, head.stream))
                    self._spawn(self._paced(lane, head), head)
                else:
                    now.append(head)
            if go := [head for head in now if head.state == "queued"]:
                await self._claim(lane, go)
            if asked := [head for head in now if head.state == "unknown"]:
                await self._ask(asked)
        except BaseException:
            self._busy -= left
            raise

    def _queue(self, head: Due) -> str:
        """Where a call waits with others for its place."""
        return next(iter(paced(self._hub, head)), "")

    async def _paced(self, lane: int, head: Due) -> None:
        self._waiting[head.target] += 1
        try:
            async with self._turns.turn(self._queue(head), head.kind):
                while (wait := await place_for(self._hub, head)) > 0:
                    await asyncio.sleep(min(max(wait, self._crowd(head)), 5.0) + random.random() * 0.02)
                    if self._closing:
                        return
                await self._claim(lane, [head])  # in its turn: a place that is given back is for who comes next
        finally:
            self._waiting[head.target] -= 1

    def _crowd(self, head: Due) -> float:
        """Seconds until it makes sense to ask again where many wait for one pace: a few of them for each place."""
        target = target_of(self._hub, head.target)
        total = target.capabilities.total if target is not None else None
        return random.uniform(0.5, 1.5) * self._waiting[head.target] / (4 * total.rate) if total else 0.0

    async def _claim(self, lane: int, heads: Sequence[Due]) -> None:
        await reach("claim.before")
        async with self._slots:
            pass
        there = {head.target: target.capabilities for head in heads if (target := target_of(self._hub, head.target)) is not None}
        longest = max((one.timeout for one in there.values()), default=0.0)
        lease, until = int((longest + GRACE_S) * 1000), time.monotonic() + BEGIN_S
        claimed, held = await self._hub.store.deliveries.claim(lane, heads, owner=self._owner, lease_ms=lease, capabilities=there)
        await reach("claim.committed")
        if held:
            self._hub.jobs.hint_inbound([lane])
        taken = {(run[0].conversation["id"], run[0].stream) for run in claimed}
        self._free({(head.conversation_id, head.stream) for head in heads} - taken)
        for head in (head for head in heads if (head.conversation_id, head.stream) not in taken):
            await give_back(self._hub, head)
        for run in claimed:
            self._spawn(self._make(run, until), None, (run[0].conversation["id"], run[0].stream))

    def _free(self, streams: set[tuple[str, str]]) -> None:
        """Of these nothing is on its way: whoever waits for an end looks again, but not as fast as it can."""
        self._busy -= streams
        if streams:
            asyncio.get_running_loop().call_later(0.02, self._changed.set)

    def _spawn(self, work: Any, head: Due | None, stream: tuple[str, str] | None = None) -> None:
        task = asyncio.create_task(work, name="call")
        self._tasks.add(task)
        key = stream or ((head.conversation_id, head.stream) if head else None)
        task.add_done_callback(lambda done: self._over(done, key if head is None else None, head))

    def _over(self, task: asyncio.Task[None], stream: tuple[str, str] | None, head: Due | None) -> None:
        self._tasks.discard(task)
        if stream is not None:
            self._busy.discard(stream)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("outbound.task_failed", error=repr(error), exc_info=error)
            if head is not None:
                self._busy.discard((head.conversation_id, head.stream))
        self._changed.set()

    async def _make(self, run: list[Call], until: float) -> None:
        """One platform call for a run of rows, unless it is too late to begin, and what became of it for each of them."""
        async with self._slots:
            await reach("send.before")
            await apart(self._hub, due_of(run[0]))
            if time.monotonic() < until:
                outcome = await self._outcome(run)
            else:
                outcome = [Outcome(call, "queued", "it was not begun in time", counts=False) for call in run]
            await reach("outcome.before")
        await self._recorder.keep(outcome)

    async def _outcome(self, run: list[Call]) -> list[Outcome]:
        """What became of a call, for each row of it; what customers got in one call stays together."""
        if run[0].kind != "send":
            return await self._tried(run)
        return alike((await self._tried(run, run[:1]))[0], run)

    async def _tried(self, made_of: list[Call], told: list[Call] | None = None) -> list[Outcome]:
        """Make the call for `made_of`; its outcome for each of `told`."""
        head, run = made_of[0], told or made_of
        target = target_of(self._hub, head.target)
        if target is None:
            return [over(call, "failed", f"{head.target} is no longer configured") for call in run]
        capabilities = target.capabilities
        try:
            come = await asyncio.wait_for(made(self._hub, made_of), capabilities.timeout + 5)
            await reach("send.response")
        except (TimeoutError, Uncertain) as exc:
            return [uncertain(call, capabilities, str(exc) or "no answer in time") for call in run]
        except Temporary as exc:
            await stopped(self._hub, head, exc)
            if exc.paused and exc.retry_after:
                paces = paces_of(self._hub, target, due_of(head), everywhere=exc.everywhere)
                await asyncio.gather(*(self._hub.limits.pause(key, exc.retry_after, pace) for key, pace in paces.items()))
            return [put_off(call, capabilities, exc, self._hub) for call in run]
        except WindowClosed as exc:
            window = capabilities.window_for(head.identity["external_id"])
            if window is not None and head.kind == "send":
                return [held(call, exc, window) for call in run]
            return [over(call, "failed", refusal(exc)) for call in run]
        except ThreadGone as exc:
            return await renewed(self._hub, run, exc)
        except Undeliverable as exc:
            await stopped(self._hub, head, exc)
            return [over(call, "failed", refusal(exc), unreachable=exc.unreachable) for call in run]
        except ConnectorError as exc:
            return [over(call, "failed", str(exc)) for call in run]
        except Exception as exc:
            log.error("outbound.call_failed", target=head.target, kind=head.kind, error=repr(exc), exc_info=exc)
            return [uncertain(call, capabilities, f"unexpected {type(exc).__name__}") for call in run]
        CALLS.labels(head.target, head.kind, "sent").inc()
        return sent(run, come.external_id, come.place, come.told, come.pieces)

    async def _ask(self, heads: Sequence[Due]) -> None:
        """Ask platforms whether uncertain calls arrived."""
        calls = await self._hub.store.deliveries.asking(heads, owner=self._owner, lease_ms=int(GRACE_S * 2000))
        streams: dict[tuple[str, str], list[Call]] = {}
        for call in calls:
            streams.setdefault((call.conversation["id"], call.stream), []).append(call)
        self._free({(head.conversation_id, head.stream) for head in heads} - streams.keys())
        for stream, asked in streams.items():
            self._spawn(self._look_up(asked), None, stream)

    async def _look_up(self, calls: Sequence[Call]) -> None:
        """One question for all uncertain calls of a stream."""
        await reach("recon.before")
        head = calls[0]
        target = target_of(self._hub, head.target)
        if not isinstance(target, SupportsLookup):
            await self._recorder.keep([over(call, "unknown", "the platform cannot be asked") for call in calls])
            return
        place = place_of(self._hub, due_of(head))
        try:
            async with self._questions:
                keys = [IdempotencyKey(call.made_with) for call in calls]
                asked = target.lookup(keys, asked_at(self._hub, head, place), min(call.at for call in calls))
                found = await asyncio.wait_for(asked, 15)
        except Exception as exc:
            if not isinstance(exc, TimeoutError | ConnectorError):
                log.error("outbound.question_failed", target=head.target, error=repr(exc), exc_info=exc)
            await self._recorder.keep([unasked(call, exc, self._hub, self._in_vain) for call in calls])
            return
        await reach("recon.found")
        await self._recorder.keep(
            [looked_up(call, target.capabilities, found.get(IdempotencyKey(call.made_with)), place) for call in calls]
        )

    async def _expire(self, lane: int, now: float) -> None:
        if now >= self._expired.get(lane, -EXPIRE_S) + EXPIRE_S:
            self._expired[lane] = now
            await expire(self._hub, lane)

    def look(self) -> None:
        """There may be something new for a lane that is worked off already."""
        self._changed.set()

    def begin_nothing(self) -> None:
        """From now on no call is begun."""
        self._closing = True
        self._changed.set()

    async def aclose(self, seconds: float = 15.0) -> None:
        """Begin nothing new, let calls in flight end, record them."""
        self.begin_nothing()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        await self._recorder.aclose()
