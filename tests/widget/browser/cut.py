"""A TCP proxy between a browser and a hub that can be cut, and that can swallow WebSockets as some company proxies do,
or long polls."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from urllib.parse import urlsplit

POLL = b"/poll HTTP/1.1"


class Cut:
    """Listens on a port of its own; `url` is the hub as the browser sees it."""

    def __init__(self, base: str) -> None:
        there = urlsplit(base)
        self.target = (there.hostname or "127.0.0.1", there.port or 80)
        self.down = False
        self.sockets = True
        self.polls = True
        self.delay = 0.0
        """Seconds that each piece is held back."""
        self.gate = asyncio.Event()
        self.gate.set()
        """While it is clear, connections that came under it stay open and nothing comes through them."""
        self.upgrades = 0
        self.asked = 0
        """How often a page asked for its line, by socket or by long poll, through an open gate."""
        self.tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Cut:
        self.server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        self.server.close()
        self.drop()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def stall(self) -> None:
        """Swallow what is under way: both ends believe that they are connected, until `drop`."""
        self.gate.clear()

    def hold(self) -> None:
        """Swallow for good what is under way, and let new connections through: only a page that notices comes back."""
        self.gate.clear()
        self.gate = asyncio.Event()
        self.gate.set()

    def drop(self) -> None:
        """Break every connection in the middle of whatever it does."""
        for task in self.tasks:
            task.cancel()
        self.gate.set()

    def cut(self) -> None:
        self.down = True
        self.drop()

    def mend(self) -> None:
        self.down = False

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._carry(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far: asyncio.StreamWriter | None = None
        gate, pumps = self.gate, list[asyncio.Future[None]]()
        try:
            head = b"" if self.down else await reader.read(65536)
            upgrade = b"upgrade: websocket" in head.lower()
            self.upgrades += upgrade
            if not head or (upgrade and not self.sockets) or self._refused(head):
                return
            self.asked += upgrade or POLL in head
            back, far = await asyncio.open_connection(*self.target)
            far.write(head)
            ways = [(reader, far), (back, writer)]
            pumps += [asyncio.ensure_future(self._pump(gate, *way)) for way in ways]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            return
        finally:
            for pump in pumps:
                pump.cancel()
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()

    def _refused(self, piece: bytes) -> bool:
        return not self.polls and POLL in piece

    async def _pump(self, gate: asyncio.Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes one way until either end is gone; that it is, passes no closed gate either."""
        with contextlib.suppress(OSError):
            while (piece := await reader.read(65536)) and not self._refused(piece):
                await asyncio.sleep(self.delay)
                self.asked += gate.is_set() and POLL in piece
                await gate.wait()
                writer.write(piece)
                await writer.drain()
        await gate.wait()
