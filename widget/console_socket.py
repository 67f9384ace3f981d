"""The console's socket: the inbox-wide log by cursor, what colleagues and customers are doing, and no more than a role may."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from hub.metrics import SOCKETS
from hub.runtime import Hub
from hub.store.console import Place
from hub.typists import typed
from widget.access import ID, asker, from_here, hub_of, in_time
from widget.frames import HEARTBEAT_S, POLL_S, console_event, refused
from widget.socket import BAD_FRAME, BAD_ORIGIN, BAD_TOKEN, HELLO_S, RESTART, TOO_MANY, Cut, both_ways, close, next_frame
from widget.tail import PAGE, Follower, Tail, text_of
from widget.wire import pulse_of

log = structlog.get_logger()
BACKLOG = 2_000
"""Entries that a console may be behind and still be brought up to date; beyond, it loads its lists anew."""
SOCKETS_PER_AGENT = 20
FRAMES, FRAMES_S = 60, 10.0
"""Frames that a console may send, in seconds."""
TYPING_S = 1.0


def tail_of(socket: WebSocket) -> Tail:
    """The process's only reader of the inbox-wide log."""
    state = socket.app.state
    if not hasattr(state, "tail"):
        state.tail = Tail(state.hub, state.feed)
    tail: Tail = state.tail
    return tail


async def console_socket(socket: WebSocket) -> None:
    """GET /console/socket."""
    await socket.accept()
    if not from_here(socket):
        await close(socket, BAD_ORIGIN)
        return
    tail = tail_of(socket)
    follower: Follower | None = None
    try:
        who = await asker(socket)
        if not await in_time(socket, who):
            raise Cut(TOO_MANY)
        if who is None or not who.may("read"):
            raise Cut(BAD_TOKEN)
        if tail.count(who.agent.id) >= SOCKETS_PER_AGENT:
            raise Cut(TOO_MANY)
        SOCKETS.labels("console", "opened").inc()
        follower = Follower(who, pulse_of(socket))
        hello = await next_frame(socket, HELLO_S)
        if hello.get("t") != "hello":
            raise Cut(BAD_FRAME)
        await Console(socket, hub_of(socket), tail, follower).run(hello)
    except Cut as exc:
        SOCKETS.labels("console", str(exc.code)).inc()
        await close(socket, exc.code)
    except WebSocketDisconnect:
        SOCKETS.labels("console", "left").inc()
    except Exception as exc:
        log.error("console.socket_failed", error=repr(exc), exc_info=exc)
        await close(socket, RESTART)
    finally:
        if follower is not None:
            tail.leave(follower)


class Console:
    """One open socket."""

    def __init__(self, socket: WebSocket, hub: Hub, tail: Tail, follower: Follower) -> None:
        self._socket = socket
        self._hub = hub
        self._tail = tail
        self._me = follower
        self._answers: asyncio.Queue[str] = asyncio.Queue(FRAMES)
        self._typed: tuple[str, float] = ("", 0.0)
        self._place: Place | None = None

    async def run(self, hello: dict[str, Any]) -> None:
        """Begin, then read and write until one of them ends. Joining comes before looking: nothing falls between."""
        await self._hub.store.agents.used([self._me.hash], [self._me.agent.id])
        try:
            await asyncio.wait_for(self._tail.join(self._me), HELLO_S)
        except TimeoutError:
            raise Cut(RESTART) from None
        await self._send(text_of(await self._welcome(hello)))
        await both_ways(self._read(), self._write(), self._me.fate())

    async def _welcome(self, hello: dict[str, Any]) -> dict[str, Any]:
        """Resume after `since` if the console knows this database, is not ahead of it and not too far behind; else say so."""
        store = self._hub.store
        head = await store.logs.inbox_head()
        given = hello.get("since")
        since = given if type(given) is int and hello.get("epoch") == store.epoch else -1
        near = max(0, head - BACKLOG) <= since <= head
        resumed = near and await store.console.count_between(since, head) == head - since
        self._me.cursor = since if resumed else head
        return {
            "t": "welcome",
            "me": self._me.agent.id,
            "epoch": store.epoch,
            "head": head,
            "from": self._me.cursor + 1,
            "resumed": resumed,
            "hb": HEARTBEAT_S,
            "lp": POLL_S,
            "cfg": {},
        }

    async def _send(self, text: str) -> None:
        self._me.sending = time.monotonic()
        await self._socket.send_text(text)
        self._me.sending = None

    async def _write(self) -> None:
        """First what is older than the ring, from the store; then the ring, as it grows."""
        me, tail = self._me, self._tail
        while not tail.holds(me.cursor):
            found = await self._hub.store.logs.inbox_after(me.cursor, PAGE)
            for entry in await self._hub.store.merging.shown(found):
                await self._send(text_of(console_event(entry, self._hub.files)))
                me.cursor = entry.s
        me.following = True
        while True:
            me.bell.clear()
            for text in tail.after(me.cursor):
                await self._send(text)
                me.cursor += 1
            facts, me.facts = me.facts, []
            for text in facts:
                await self._send(text)
            while not self._answers.empty():
                await self._send(self._answers.get_nowait())
            await me.bell.wait()

    async def _read(self) -> None:
        """Take the console's frames; one that says too much is cut off."""
        count, since = 0, time.monotonic()
        while True:
            frame = await next_frame(self._socket)
            now = time.monotonic()
            count, since = (count + 1, since) if now - since < FRAMES_S else (1, now)
            if count > FRAMES:
                raise Cut(TOO_MANY)
            match frame.get("t"):
                case "ping":
                    self._answer({"t": "pong"})
                case "typing":
                    await self._typing(frame)
                case "view":
                    await self._viewing(frame)
                case "hello":
                    raise Cut(BAD_FRAME)
                case _:
                    self._answer(refused("unknown") | {"message": "there is no such kind of frame"})

    def _answer(self, frame: dict[str, Any]) -> None:
        if self._answers.full():
            raise Cut(TOO_MANY)
        self._answers.put_nowait(text_of(frame))
        self._me.bell.set()

    async def _viewing(self, frame: dict[str, Any]) -> None:
        """Tell colleagues which conversation is open here; the page says so again while it is."""
        conversation = frame.get("c")
        if not isinstance(conversation, str) or not ID.fullmatch(conversation):
            return
        by = {"kind": "agent", "name": self._me.agent.name, "id": self._me.agent.id}
        fact = {"t": "eph", "k": "view", "c": conversation, "on": bool(frame.get("on", True)), "by": by, "console": True}
        await self._hub.live.poke(ephemeral=[fact])

    async def _typing(self, frame: dict[str, Any]) -> None:
        """Tell the customer and the colleagues, at most once a second unless it begins or ends."""
        conversation, on = frame.get("c"), bool(frame.get("on", True))
        if not self._me.asker.may("answer") or not isinstance(conversation, str) or not ID.fullmatch(conversation):
            return
        key, now = f"{conversation}{on}", time.monotonic()
        if self._typed[0] == key and now - self._typed[1] < TYPING_S:
            return
        self._typed = (key, now)
        if self._place is None or self._place.id != conversation:
            self._place = await self._hub.store.console.place(conversation)
        if self._place is None:
            return
        by = {"kind": "agent", "name": self._me.agent.name}
        if on:
            typed(self._hub, self._place.channel, self._place.identity_id)
        fact = {"t": "eph", "k": "typing", "c": conversation, "on": on}
        colleagues = {**fact, "by": {**by, "id": self._me.agent.id}, "console": True}
        await self._hub.live.poke(ephemeral=[{**fact, "by": by, "to": self._place.identity_id}, colleagues])
