"""One listener per process: pokes from Redis wake the streams that they concern, which then read the store."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import structlog

from hub.live import Live
from hub.store.logs import LogStore

log = structlog.get_logger()
MOST_EPHEMERAL = 64
CLOCK_S = 5.0
"""How often customers' logs are looked at without a poke: a lost poke costs at most this."""
NOTE_S = 1.0
"""How often it is noted which customers are here."""


class Stream:
    """One reader's bell. `ephemeral` are facts that may be lost; when too many wait, the oldest are."""

    def __init__(self) -> None:
        self.bell = asyncio.Event()
        self.ephemeral: list[dict[str, Any]] = []
        self.cursor = 0
        """How far a customer's stream has brought their log."""

    def ring(self, fact: dict[str, Any] | None = None) -> None:
        """There may be something new."""
        if fact is not None:
            self.ephemeral = [*self.ephemeral[-MOST_EPHEMERAL:], fact]
        self.bell.set()

    def taken(self) -> list[dict[str, Any]]:
        """The ephemeral facts, once."""
        found, self.ephemeral = self.ephemeral, []
        return found


class Feed:
    """Who listens to what in this process: customers' streams by identity, consoles' streams all together."""

    def __init__(self, live: Live, logs: LogStore) -> None:
        self._live = live
        self._logs = logs
        self._customers: dict[str, set[Stream]] = defaultdict(set)
        self._consoles: set[Stream] = set()
        self.addresses: Counter[str] = Counter()
        """How many sockets of customers each address has open in this process."""
        self.draining = asyncio.Event()
        self._here: dict[str, int] = {}

    async def run(self) -> None:
        """Hand pokes on, for ever, and look now and then without one."""
        await asyncio.gather(self._listen(), self._clock(), self._note())

    def here(self, identity: str, cursor: int) -> None:
        """A customer is looking, and has their log up to `cursor`: noted soon, together with others, as a commit for each would
        hold up whoever writes while thousands come back at once."""
        self._here[identity] = max(cursor, self._here.get(identity, 0))

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(NOTE_S)
            noted, self._here = self._here, {}
            try:
                if noted:
                    await self._write_down(noted)
            except Exception as exc:
                log.warning("feed.not_noted", customers=len(noted), error=repr(exc))

    async def _write_down(self, noted: dict[str, int]) -> None:
        """Consoles are told who has an agent's answer now."""
        came = await self._logs.delivered(noted)
        await self._logs.seen(noted)
        if came:
            fact = {"t": "eph", "k": "delivered", "by": "customer", "console": True}
            await self._live.poke(ephemeral=[{**fact, "who": who, "s": place} for who, place in came.items()])

    async def _clock(self) -> None:
        """Nobody's log has grown unless the inbox-wide one has: thousands who are silent cost a look at one number."""
        looked = -1
        while True:
            await asyncio.sleep(CLOCK_S)
            try:
                newest = await self._logs.inbox_head() if self._customers else looked
                heads = await self._logs.heads(self._customers) if newest != looked else {}
                looked = newest
            except Exception as exc:
                log.error("feed.blind", error=repr(exc))
                continue
            for identity, head in heads.items():
                for stream in self._customers.get(identity, ()):
                    if stream.cursor < head:
                        stream.ring()

    async def _listen(self) -> None:
        """After a gap everybody looks."""
        async for poke in self._live.listen():
            if poke.inbox:
                for stream in self._consoles:
                    stream.ring()
            waiting = list(self._customers) if poke.missed else poke.identities
            for identity in waiting:
                for stream in self._customers.get(identity, ()):
                    stream.ring()
            for fact in poke.ephemeral:
                self._pass_on(fact)

    def _pass_on(self, fact: dict[str, Any]) -> None:
        told = {key: value for key, value in fact.items() if key not in ("to", "console")}
        self.tell(str(fact.get("to", "")), told)
        if fact.get("console"):
            for stream in self._consoles:
                stream.ring(fact)

    @property
    def customers(self) -> list[str]:
        """Whose logs are listened to in this process."""
        return list(self._customers)

    def tell(self, identity: str, fact: dict[str, Any]) -> None:
        """Tell a customer's streams in this process something that may be lost."""
        for stream in self._customers.get(identity, ()):
            stream.ring(fact)

    def customer(self, identity: str) -> Stream:
        """Listen to a customer's log."""
        stream = Stream()
        self._customers[identity].add(stream)
        return stream

    def console(self) -> Stream:
        """Listen to everything."""
        stream = Stream()
        self._consoles.add(stream)
        return stream

    def leave(self, stream: Stream, identity: str = "") -> None:
        """Listen no more."""
        self._consoles.discard(stream)
        if identity in self._customers:
            self._customers[identity].discard(stream)
            if not self._customers[identity]:
                del self._customers[identity]

    def count(self, identity: str) -> int:
        """How many streams a customer has open in this process."""
        return len(self._customers.get(identity, ()))

    @contextlib.contextmanager
    def counted(self, address: str) -> Iterator[None]:
        """A socket of this address is open."""
        self.addresses[address] += 1
        try:
            yield
        finally:
            self.addresses[address] -= 1
            if not self.addresses[address]:
                del self.addresses[address]

    def drain(self) -> None:
        """The process is about to end: every stream says so to its reader."""
        self.draining.set()
        for streams in (*self._customers.values(), self._consoles):
            for stream in streams:
                stream.bell.set()
