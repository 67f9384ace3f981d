"""The customer protocol on a WebSocket: frames up and down, resumed from the store, closed rather than skipped."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import orjson
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from config.settings import HubSettings, WebSettings
from hub.errors import Busy, Malformed
from hub.limits import Rule
from hub.metrics import SOCKETS
from hub.runtime import Hub
from widget.answers import Refusal, parse_object, word
from widget.attendance import Attendance
from widget.feed import Feed, Stream
from widget.talk import Talk
from widget.visitors import address_of, origin_allowed, settings_of, visitor_of
from widget.wire import pulse_of

log = structlog.get_logger()
HELLO_S = 10.0
SEND_S = 10.0
"""A reader that takes nothing for so long is cut off; it resumes where it was."""
MOST_BYTES = 65_536
"""Of a frame: the longest message, 10 000 characters of four bytes, and a form beside it."""
FRAMES = 200
FRAMES_S = 10.0
"""Frames that a page may send, in seconds: it reads a long backlog in that time, and types."""
MOST_SLOWED = 20
"""Messages in a row that were too many and were told so: who goes on is cut off. Pages wait as long as they are told."""
PONG = '{"t":"pong"}'
SLOW, RESTART, BAD_TOKEN, BAD_ORIGIN, TOO_MANY, BAD_FRAME = 4008, 1012, 4401, 4403, 4029, 4400


class Cut(Exception):
    """The socket must be closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


async def send_json(socket: WebSocket, frame: dict[str, Any]) -> None:
    """Send a frame; a reader that does not read is cut off."""
    await send_text(socket, orjson.dumps(frame, default=str).decode())


async def send_text(socket: WebSocket, text: str) -> None:
    """As `send_json`, of a frame that is text already."""
    try:
        async with asyncio.timeout(SEND_S):
            await socket.send_text(text)
    except TimeoutError:
        raise Cut(SLOW) from None


async def next_frame(socket: WebSocket, seconds: float | None = None) -> dict[str, Any]:
    """The next frame of a client, within so many seconds; without them, the connection itself ends who is silent."""
    try:
        async with asyncio.timeout(seconds):
            text = await socket.receive_text()
        if len(text) > MOST_BYTES:
            raise Cut(BAD_FRAME)
        return parse_object(text)
    except (Refusal, KeyError):
        raise Cut(BAD_FRAME) from None
    except TimeoutError:
        raise Cut(SLOW) from None


async def close(socket: WebSocket, code: int) -> None:
    """End a socket, with a `bye` that says whether to come back."""
    retry = code in (SLOW, RESTART, TOO_MANY)
    with contextlib.suppress(Exception):
        if socket.client_state is WebSocketState.CONNECTED:
            await asyncio.wait_for(socket.send_text(orjson.dumps({"t": "bye", "code": code, "retry": retry}).decode()), 1)
        await asyncio.wait_for(socket.close(code), 1)


async def both_ways(*halves: Any) -> None:
    """Run a socket's reader and writer until one of them ends, and end the other."""
    tasks = [asyncio.ensure_future(half) for half in halves]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def customer_socket(socket: WebSocket) -> None:
    """GET /chat/{channel}/socket."""
    hub: Hub = socket.app.state.hub
    try:
        web = settings_of(hub, socket.path_params["channel"])
    except Refusal:
        await socket.close(BAD_ORIGIN)
        return
    if not origin_allowed(web, socket, hub.public_url) or "tok" in socket.query_params:
        await socket.close(BAD_ORIGIN)
        return
    await socket.accept()
    SOCKETS.labels("customer", "opened").inc()
    settings: HubSettings = socket.app.state.settings
    feed: Feed = socket.app.state.feed
    address = address_of(socket, settings.trusted_proxies)
    try:
        with feed.counted(address):
            if feed.addresses[address] > settings.limits.sockets_per_ip:
                raise Cut(TOO_MANY)
            if not await hub.limits.hit(f"ip:{address}", Rule(settings.limits.requests_per_ip, 60)):
                raise Cut(TOO_MANY)
            await _spoken(socket, hub, web, settings, feed)
    except Cut as exc:
        SOCKETS.labels("customer", str(exc.code)).inc()
        await close(socket, exc.code)
    except Busy:
        SOCKETS.labels("customer", str(RESTART)).inc()
        await close(socket, RESTART)
    except Malformed:
        await close(socket, BAD_FRAME)
    except Refusal:
        await close(socket, BAD_TOKEN)
    except WebSocketDisconnect:
        SOCKETS.labels("customer", "left").inc()
    except Exception as exc:
        log.error("socket.failed", error=repr(exc), exc_info=exc)
        await close(socket, RESTART)


async def _spoken(socket: WebSocket, hub: Hub, web: WebSettings, settings: HubSettings, feed: Feed) -> None:
    """Everything after the accept: who it is, then frames both ways until one side ends it."""
    hello = await next_frame(socket, HELLO_S)
    if hello.get("t") != "hello":
        raise Cut(BAD_FRAME)
    visitor = visitor_of(hub, socket.path_params["channel"], word(hello, "tok", 4096))
    if feed.count(visitor.identity) >= settings.limits.sockets_per_customer:
        raise Cut(TOO_MANY)
    here: Attendance = socket.app.state.attendance
    talk = Talk(hub, web, settings.limits, visitor, here, word(hello, "page", 500))
    stream = feed.customer(visitor.identity)
    try:
        await send_json(socket, await talk.welcome(hello))
        del hello
        for fact in here.still(visitor.identity):
            stream.ring(fact)
        await both_ways(_read(socket, talk), _write(socket, talk, stream, feed))
    finally:
        feed.leave(stream, visitor.identity)


async def _read(socket: WebSocket, talk: Talk) -> None:
    """Answer the client's frames in order; one that floods is cut off. Heartbeats seldom come so far."""
    pulse_of(socket).answered = True
    count, since = 0, time.monotonic()
    while True:
        frame = await next_frame(socket)
        now = time.monotonic()
        count, since = (count + 1, since) if now - since < FRAMES_S else (1, now)
        if count > FRAMES:
            raise Cut(TOO_MANY)
        if frame.get("t") == "ping":
            await send_text(socket, PONG)
            continue
        for said in await talk.take(frame):
            await send_json(socket, said)
        if talk.slowed > MOST_SLOWED:
            raise Cut(TOO_MANY)


async def _write(socket: WebSocket, talk: Talk, stream: Stream, feed: Feed) -> None:
    """Bring the log to the client. The bell is cleared before the look, so that nothing falls between."""
    feed.here(talk.visitor.identity, talk.cursor)
    while not feed.draining.is_set():
        stream.bell.clear()
        while found := await talk.news():
            for frame in found:
                await send_json(socket, frame)
            feed.here(talk.visitor.identity, talk.cursor)
        stream.cursor = talk.cursor
        for fact in stream.taken():
            await send_json(socket, fact)
        await stream.bell.wait()
    raise Cut(RESTART)
