"""Use-case: answer a customer's message in the response to the very request that brought it, where the platform takes that.

The answer is claimed like any other call, committed before the first byte leaves, and recorded afterwards; a process that dies
between the two leaves an expired lease, which means "maybe" and never "again". A request that the platform repeats gets the same
answer: it shows one answer to one message, however often it had to ask.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from hub.batch import PARTS
from hub.failpoints import reach
from hub.metrics import CALLS
from hub.model import Message, new_id
from hub.outcomes import PASSIVE, came, over
from hub.packing import joined
from hub.ports import Connector, Desk, Hook, Receipt, SupportsPassive
from hub.runtime import Hub
from hub.store.calls import Call, Due, Outcome
from hub.store.passive import Stage
from hub.store.store import Store

log = structlog.get_logger()
LEASE_MS = 15_000
LOOK_S, CROWDED_S, CROWD = 0.02, 0.1, 20
"""How often a process looks how far its requests' messages have come; and with more of them than this, how often then."""
CROWDED_WAIT_S = 0.4
"""How long a request waits at most while there are so many: the workers are behind, and each that waits costs those that come."""
AT_ONCE = 4
"""Answers of a process that are claimed or recorded at one time. Each takes transactions of its own, and hundreds at once kept
intake from the database for seconds; what finds no room goes out as a call of its own."""
MOST = 5_000
"""Messages in one look; the oldest first."""
MARGIN_S = 0.25
"""How long before the platform's deadline an answer must be there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The body that answers a request, and the calls that are over once it has left."""

    body: bytes
    calls: Sequence[Call]
    stage: Stage


class Lookout:
    """Looks for all requests of a process at once: one look for each of hundreds left no time to answer them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, dict[str, dict[asyncio.Future[None], float]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def understood(self, source: str, external_id: str) -> None:
        """Wait until a worker has turned a message into an entry; a TimeoutError where the workers are behind."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        own = self._waiting.setdefault(source, {}).setdefault(external_id, {})
        own[future] = loop.time()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="lookout")
        try:
            await future
        finally:
            del own[future]

    async def _look(self) -> None:
        while any(self._waiting.values()):
            for source, there in list(self._waiting.items()):
                for one in [one for one, futures in there.items() if not futures]:
                    del there[one]
                try:
                    done = await self._store.passive.understood(source, list(there)[:MOST]) if there else []
                except Exception as exc:
                    log.warning("passive.look_failed", channel=source, error=repr(exc))
                    continue
                for future in [future for one in done for future in there.get(one, ()) if not future.done()]:
                    future.set_result(None)
            await asyncio.sleep(CROWDED_S if self._crowded() else LOOK_S)

    def _crowded(self) -> bool:
        """Whether many wait; those that have waited long enough for that wait no more."""
        all_of_them = [one for there in self._waiting.values() for futures in there.values() for one in futures.items()]
        if len(all_of_them) <= CROWD:
            return False
        latest = asyncio.get_running_loop().time() - CROWDED_WAIT_S
        for future, since in all_of_them:
            if since < latest and not future.done():
                future.set_exception(TimeoutError())
        return True


class Passive:
    """The passive answers of one web process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._owner = new_id()
        self._lookout = Lookout(hub.store)
        self._busy = 0

    async def find(self, place: Connector | Desk, hook: Hook, receipt: Receipt, until: float) -> Answer | None:
        """The answer to a request whose message is in the inbox; None when there is none in time, or it takes a call of its own.
        `until` is the platform's deadline by the loop's clock. Never raises: the message is kept whatever becomes of it."""
        if not isinstance(place, SupportsPassive) or place.passive_s <= 0 or len(receipt.items) != 1:
            return None
        message = receipt.items[0]
        if not isinstance(message, Message):
            return None
        try:
            latest = min(until - MARGIN_S, asyncio.get_running_loop().time() + place.passive_s)
            async with asyncio.timeout_at(latest):
                await self._lookout.understood(str(message.channel), str(message.id))
                stage = await self._hub.store.passive.stage(message.channel, message.id, place.passive_s)
            if not stage.conversation_id or self._busy >= AT_ONCE:
                return None
            with self._counted():
                return await self._claimed(place, hook, message, stage)
        except TimeoutError:
            return None
        except Exception as exc:
            log.error("passive.failed", channel=message.channel, error=repr(exc), exc_info=exc)
            return None

    async def _claimed(self, place: SupportsPassive, hook: Hook, message: Message, stage: Stage) -> Answer | None:
        talk = stage.conversation_id or ""
        mark = PASSIVE + hashlib.sha256(f"{message.channel}\0{message.id}".encode()).hexdigest()[:32]
        if said := await self._hub.store.passive.answered(talk, mark):
            body = place.passive(hook, joined([PARTS.validate_json(parts) for parts in said]))
            calls = await self._hub.store.passive.retake(talk, mark, owner=self._owner, lease_ms=LEASE_MS) if body else ()
            return Answer(body, calls, stage) if body else None
        if not stage.waits:
            return None
        head = Due("", talk, str(message.channel), str(message.channel), "send", "queued", "", str(message.channel))
        capabilities = {str(message.channel): self._hub.connectors[message.channel].capabilities}
        runs, _ = await self._hub.store.deliveries.claim(
            stage.lane,
            [head],
            owner=self._owner,
            lease_ms=LEASE_MS,
            capabilities=capabilities,
            answers=mark,
            reserved_ms=stage.reserved_ms,
        )
        await reach("passive.claimed")
        if not runs:
            await self._free(talk, str(message.channel), stage)
            return None
        body = place.passive(hook, joined([PARTS.validate_json(call.parts or "[]") for call in runs[0]]))
        if body is None:
            await self._record([Outcome(call, "queued", "it takes a call of its own", counts=False) for call in runs[0]])
            await self._free(talk, str(message.channel), stage)
            return None
        return Answer(body, runs[0], stage)

    async def sent(self, answer: Answer) -> None:
        """The answer has left: say so, and let what comes after it go."""
        await reach("passive.answered")
        if not answer.calls:
            return
        head = answer.calls[0]
        try:
            with self._counted():
                await self._record([over(call, "sent") for call in answer.calls])
                CALLS.labels(head.target, head.kind, "sent").inc()
                await self._free(head.conversation["id"], head.stream, answer.stage)
        except Exception as exc:
            log.warning("passive.record_failed", rows=len(answer.calls), error=repr(exc))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        counted = await self._hub.store.deliveries.record(outcomes, owner=self._owner)
        came(counted)
        lanes = {int(o.call.conversation["bucket"]) % self._hub.store.lanes for o in counted if o.report is not None}
        self._hub.jobs.hint_inbound(lanes)

    async def _free(self, conversation_id: str, stream: str, stage: Stage) -> None:
        await self._hub.store.passive.free(conversation_id, stream, stage.reserved_ms)
        self._hub.jobs.hint_deliver([stage.lane])
