"""A TCP proxy between a browser and a hub that can be cut, and that can swallow WebSockets as some company proxies do."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from urllib.parse import urlsplit


class Cut:
    """Listens on a port of its own; `url` is the hub as the browser sees it."""

    def __init__(self, base: str) -> None:
        there = urlsplit(base)
        self.target = (there.hostname or "127.0.0.1", there.port or 80)
        self.down = False
        self.sockets = True
        self.delay = 0.0
        """Seconds that each piece is held back."""
        self.stalled = asyncio.Event()
        self.stalled.set()
        """While it is clear, connections stay open and nothing comes through them."""
        self.upgrades = 0
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
        self.stalled.clear()

    def drop(self) -> None:
        """Break every connection in the middle of whatever it does."""
        for task in self.tasks:
            task.cancel()
        self.stalled.set()

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
        try:
            head = b"" if self.down else await reader.read(65536)
            upgrade = b"upgrade: websocket" in head.lower()
            self.upgrades += upgrade
            if not head or (upgrade and not self.sockets):
                return
            back, far = await asyncio.open_connection(*self.target)
            far.write(head)
            await asyncio.wait(
                [asyncio.ensure_future(self._pump(reader, far)), asyncio.ensure_future(self._pump(back, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        except OSError:
            return
        finally:
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes one way until either end is gone."""
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                await asyncio.sleep(self.delay)
                await self.stalled.wait()
                writer.write(piece)
                await writer.drain()
