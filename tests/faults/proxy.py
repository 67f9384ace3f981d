"""A TCP proxy that misbehaves on order: late, reset, swallowed, answers lost, or cut off in the middle of an answer.

`latency` holds back every piece; `reset` ends what is open with RST; `swallow` is a cable that was pulled (nobody hears anything,
and no FIN); `deaf` lets requests through and loses the answers, so that what was done is unknown; `partial` ends connections with
RST in the middle of their next answer. What was touched by `swallow` or `deaf` has a hole in it and is reset when it is healed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import Sequence
from typing import Literal

Toxic = Literal["latency", "reset", "swallow", "deaf", "partial"]
TOXICS: tuple[Toxic, ...] = ("latency", "reset", "swallow", "deaf", "partial")
PIECE = 65_536
CONNECT_S = 5.0
LATE_S = 0.15


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._near = near
        self._far = far
        self.holed = False

    async def pump(self, reader: asyncio.StreamReader, *, answers: bool) -> None:
        """Carry one direction until its end."""
        writer = self._near if answers else self._far
        while piece := await reader.read(PIECE):
            toxic = self._proxy.toxic
            if toxic == "latency":
                await asyncio.sleep(LATE_S)
            if toxic == "swallow" or (toxic == "deaf" and answers):
                self.holed = True
                continue
            if toxic == "partial" and answers:
                writer.write(piece[: len(piece) // 2])
                await asyncio.sleep(0.01)
                self.reset()
                return
            writer.write(piece)
            await writer.drain()
        if self._proxy.toxic != "swallow" and writer.can_write_eof():
            writer.write_eof()

    def reset(self) -> None:
        """RST at both ends."""
        reset(self._near)
        reset(self._far)


class Proxy:
    """Listens on a port of its own; new connections go to the next of the ports `targets` that answers."""

    def __init__(self, name: str, *targets: int) -> None:
        self.name = name
        self.toxic: Toxic | Literal[""] = ""
        self.port = 0
        self.targets = list(targets)
        self._turn = itertools.count()
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> Proxy:
        """Listen from now on."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, backlog=1024)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    @property
    def url(self) -> str:
        """Its address for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def poison(self, toxic: Toxic) -> None:
        """Misbehave until `heal`; `reset` is over at once."""
        if toxic == "reset":
            self._reset(list(self._links))
        else:
            self.toxic = toxic

    def heal(self) -> None:
        """Behave again."""
        self.toxic = ""
        self._reset([link for link in self._links if link.holed])

    @staticmethod
    def _reset(links: Sequence[Link]) -> None:
        for link in links:
            link.reset()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await self._connected()
        except OSError:
            reset(writer)
            return
        link = Link(self, writer, far_writer)
        self._links.add(link)
        try:
            ways = [link.pump(reader, answers=False), link.pump(far_reader, answers=True)]
            await asyncio.gather(*ways)
        except OSError:
            link.reset()
        finally:
            self._links.discard(link)
            for one in (writer, far_writer):
                one.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the next target; whoever refuses is passed over, as a load balancer does."""
        turn = next(self._turn)
        for step in range(len(self.targets)):
            port = self.targets[(turn + step) % len(self.targets)]
            with contextlib.suppress(OSError, TimeoutError):
                return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), CONNECT_S)
        raise ConnectionRefusedError(f"nobody listens behind {self.name}")

    async def aclose(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
        self._reset(list(self._links))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
