"""One reader per process over the inbox-wide log, and everybody in this process who follows it.

New entries are read once, made into text once and kept in a short ring that all consoles share. A console that falls off the ring
is closed, never skipped: it comes back and reads what it missed from the store (invariants I1, I2 and I4 of the protocol).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import orjson
import structlog

from hub.model import Entry
from hub.runtime import Hub
from hub.store.agent_facts import Person
from widget.access import Asker, asker_of
from widget.feed import MOST_EPHEMERAL, Feed
from widget.frames import HEARTBEAT_S, console_event
from widget.socket import BAD_TOKEN, RESTART, SEND_S, SLOW, Cut
from widget.wire import Pulse

log = structlog.get_logger()
ROOM = 1_000
"""Entries that the ring holds at least, once it is full."""
PAGE = 500
CLOCK_S = 2.0
"""How often the log is looked at without a poke: a lost poke costs at most this."""
WATCH_S = 3.0
"""How often sockets are held to the logins that opened them."""
HERE_S = 20.0
"""How often open consoles are written down as signs of life: well within the minute after which an agent is away."""


class Follower:
    """One console's place in the log. `cursor` is the last entry that was sent to it."""

    def __init__(self, asker: Asker, pulse: Pulse) -> None:
        self.asker = asker
        self.hash = asker.hash
        self.cursor = 0
        self.following = False
        """Whether it has caught up with the ring and must keep up with it."""
        self.bell = asyncio.Event()
        self.facts: list[str] = []
        self.pulse = pulse
        self.sending: float | None = None
        self._cut: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def agent(self) -> Person:
        """Whose console it is."""
        return self.asker.agent

    def cut(self, code: int) -> None:
        """End the socket with this code, whatever it is doing."""
        if not self._cut.done():
            self._cut.set_result(code)

    async def fate(self) -> None:
        """Wait until the socket must end."""
        raise Cut(await asyncio.shield(self._cut))

    def tell(self, fact: str) -> None:
        """Something that may be lost: of too many, the oldest are."""
        self.facts = [*self.facts[-MOST_EPHEMERAL:], fact]
        self.bell.set()


class Tail:
    """The reader and its followers. It reads only while somebody follows."""

    def __init__(self, hub: Hub, feed: Feed) -> None:
        self._hub = hub
        self._feed = feed
        self._followers: set[Follower] = set()
        self._ring: list[str] = []
        self._first = 1
        """The place of the ring's first entry; with an empty ring, of the next one."""
        self._ready = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def count(self, agent_id: str) -> int:
        """How many consoles an agent has open in this process."""
        return sum(follower.agent.id == agent_id for follower in self._followers)

    async def join(self, follower: Follower) -> None:
        """Follow the log: from now on nothing that is committed escapes the ring."""
        if self._feed.draining.is_set():
            raise Cut(RESTART)
        self._followers.add(follower)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._run(), name="tail"), asyncio.create_task(self._watch(), name="watch")]
        await self._ready.wait()

    def leave(self, follower: Follower) -> None:
        """Follow no more; the last one out stops the reading."""
        self._followers.discard(follower)
        if not self._followers:
            for task in self._tasks:
                task.cancel()
            self._tasks, self._ring = [], []
            self._ready = asyncio.Event()

    def holds(self, cursor: int) -> bool:
        """Whether what comes after `cursor` is in the ring, or still to come."""
        return cursor + 1 >= self._first

    def after(self, cursor: int) -> list[str]:
        """The frames after `cursor`, as text. Raises `Cut` for a reader that was too slow."""
        if not self.holds(cursor):
            raise Cut(SLOW)
        return self._ring[cursor + 1 - self._first :]

    async def _run(self) -> None:
        """Look whenever the bell rings or the clock says so. The bell is cleared before the look: nothing falls between."""
        stream = self._feed.console()
        try:
            while not self._feed.draining.is_set():
                stream.bell.clear()
                try:
                    await self._look()
                    for fact in stream.taken():
                        await self._pass_on(fact)
                except Exception as exc:
                    log.error("tail.blind", error=repr(exc))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stream.bell.wait(), CLOCK_S)
            for follower in self._followers:
                follower.cut(RESTART)
        finally:
            self._feed.leave(stream)

    async def _look(self) -> None:
        """Take what is new into the ring."""
        if not self._ready.is_set():
            self._first = await self._hub.store.logs.inbox_head() + 1
            self._ready.set()
        while True:
            found = await self._hub.store.logs.inbox_after(self._first + len(self._ring) - 1, PAGE)
            if found:
                self._take(await self._hub.store.merging.shown(found))
            if len(found) < PAGE:
                return

    def _take(self, found: list[Entry]) -> None:
        if found[0].s != self._first + len(self._ring):
            log.error("tail.gap", expected=self._first + len(self._ring), found=found[0].s)
            self._ring, self._first = [], found[0].s
        self._ring += [text_of(console_event(entry, self._hub.files)) for entry in found]
        if len(self._ring) > ROOM + PAGE:
            over = len(self._ring) - ROOM
            del self._ring[:over]
            self._first += over
        for follower in self._followers:
            if follower.following and not self.holds(follower.cursor):
                follower.cut(SLOW)
            follower.bell.set()

    async def _pass_on(self, fact: dict[str, Any]) -> None:
        """Tell an ephemeral fact to everybody but the agent whom it is about, or to one agent's own browsers alone (`only`)."""
        told = {key: value for key, value in fact.items() if key not in ("to", "console", "who", "only")}
        if fact.get("by") == "customer":
            found = await self._about_customer(fact)
            if found is None:
                return
            told |= found
        by, only = told["by"].get("id"), fact.get("only")
        text = text_of(told)
        for follower in self._followers:
            if follower.agent.id == only if only else follower.agent.id != by:
                follower.tell(text)

    async def _about_customer(self, fact: dict[str, Any]) -> dict[str, Any] | None:
        """A customer's fact in the words of the console: which conversation, and which position in it."""
        console, who = self._hub.store.console, str(fact.get("who", ""))
        if fact.get("k") in ("read", "delivered"):
            place = await console.position(who, int(fact.get("s", 0)))
            return {"by": {"kind": "customer"}, "c": place[0], "n": place[1]} if place else None
        talk = await console.open_of(who)
        return {"by": {"kind": "customer"}, "c": talk} if talk else None

    async def _watch(self) -> None:
        """Hold sockets to their logins and to their readers, and write down who is here."""
        written = 0.0
        while True:
            await asyncio.sleep(WATCH_S)
            now = time.monotonic()
            for follower in self._followers:
                if follower.sending is not None and now - follower.sending > SEND_S:
                    follower.cut(SLOW)
            try:
                await self._check_logins()
                if now - written >= HERE_S:
                    await self._write_presence()
                    written = now
            except Exception as exc:
                log.error("tail.unchecked", error=repr(exc))

    async def _check_logins(self) -> None:
        """Close what was revoked; a role that changed counts from now on."""
        followers = list(self._followers)
        standing = await self._hub.store.agents.standing(sorted({f.hash for f in followers}))
        for follower in followers:
            login = standing.get(follower.hash)
            now = asker_of(self._hub.access, login, follower.hash) if login is not None else None
            if now is None or not now.may("read"):
                follower.cut(BAD_TOKEN)
            else:
                follower.asker = now

    async def _write_presence(self) -> None:
        now = asyncio.get_running_loop().time()
        here = [f for f in self._followers if now - f.pulse.heard < HEARTBEAT_S * 2.4]
        if here:
            await self._hub.store.agents.used(sorted({f.hash for f in here}), sorted({f.agent.id for f in here}))


def text_of(frame: dict[str, Any]) -> str:
    """A frame as it goes over the wire."""
    return orjson.dumps(frame, default=str).decode()
