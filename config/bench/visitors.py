"""Visitors of the web widget as the load generator has them: sockets that say something, and sockets that only stay open."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterator

import orjson

from config.bench.payloads import mark
from config.bench.wire import HttpLine, SocketLine, post

CHAT = "/chat/web"
HELLO_S = 20.0
OPENING = 64
"""Handshakes at the same time."""
KEPT = re.compile(rb'^\{"t":"ok","id":"b\d+x(\d+)z"')


class Visitor:
    """One visitor with a widget open; `kept` is called with the number of each message that the hub keeps."""

    def __init__(self, port: int, kept: Callable[[int], None]) -> None:
        self._port = port
        self._kept = kept
        self._welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.line: SocketLine | None = None
        self.customer = ""

    async def enter(self, http: HttpLine) -> None:
        """Get a token, open the socket, say hello. Raises `ConnectionError` when the hub refuses."""
        status, body = await http.ask(post(f"{CHAT}/session", b'{"lang":"es"}'))
        if status != 200:
            raise ConnectionRefusedError(f"session: {status}")
        session = orjson.loads(body)
        self.customer = session["customer"]
        self.line = await SocketLine.open(self._port, f"{CHAT}/socket", self._heard)
        hello = {"t": "hello", "tok": session["token"], "since": 0, "epoch": session["epoch"], "page": "http://127.0.0.1/shop"}
        self.line.say(orjson.dumps(hello))
        await asyncio.wait_for(self._welcome, HELLO_S)

    def _heard(self, text: bytes) -> None:
        found = KEPT.match(text)
        if found:
            self._kept(int(found[1]))
        elif not self._welcome.done():
            self._welcome.set_result(None)

    def say(self, run: int, number: int) -> float:
        """Send a message; when."""
        assert self.line is not None
        own = mark(run, number)
        frame = {"t": "send", "id": own, "d": {"text": f"Hola, mi pedido no ha llegado todavía. ¿Pueden mirar? {own}"}}
        now = time.monotonic()
        self.line.say(orjson.dumps(frame))
        return now

    def leave(self) -> None:
        """Close the page."""
        if self.line is not None:
            self.line.close()


async def arrive(port: int, count: int, kept: Callable[[int], None], inside: list[Visitor]) -> dict[str, int]:
    """So many visitors come, and are `inside` one by one; why the others are not."""
    refused: dict[str, int] = {}
    left: Iterator[int] = iter(range(count))

    async def some() -> None:
        http = await HttpLine.open(port)
        for _ in left:
            visitor = Visitor(port, kept)
            try:
                await visitor.enter(http)
                inside.append(visitor)
            except (OSError, TimeoutError) as exc:
                refused[f"{type(exc).__name__}: {exc}"] = refused.get(f"{type(exc).__name__}: {exc}", 0) + 1
                http.close()
                with contextlib.suppress(OSError):
                    http = await HttpLine.open(port)
        http.close()

    await asyncio.gather(*(some() for _ in range(min(OPENING, count))))
    return refused
