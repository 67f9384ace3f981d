"""Runs a test server over real HTTP inside the test's own event loop, with connections that can be cut.

`async with serving(app) as url:` listens on a free port of 127.0.0.1. A handler may `cut(request.scope)`: the peer sees a reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_open: dict[tuple[str, int], asyncio.Transport] = {}
"""Connections by the address of their other end."""


class Cuttable(HttpToolsProtocol):
    """uvicorn's protocol, with its transports known."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._peer: tuple[str, int] = transport.get_extra_info("peername")[:2]
        _open[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _open.pop(self._peer, None)
        super().connection_lost(exc)


def cut(scope: Any) -> None:
    """Reset (RST, not FIN) the connection that a request came by."""
    transport = _open.get(tuple(scope["client"]))
    if transport is not None:
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


def listening(port: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1, so that the port is known before the server runs."""
    # asyncio turns Nagle off only where the protocol is said; a separate head and body would otherwise wait 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(1024)
    return sock


class Quiet(uvicorn.Server):
    """Leaves signals to the test runner, and ends at once: uvicorn 0.54 looks ten times a second whether it should."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._ending = asyncio.Event()
        super().__init__(config)

    @property
    def should_exit(self) -> bool:
        return self._ending.is_set()

    @should_exit.setter
    def should_exit(self, wanted: bool) -> None:
        if wanted:
            self._ending.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 1.0)

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Cuttable,
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )


def server_of(app: Any) -> uvicorn.Server:
    """A uvicorn server, with its signals, that does not wait for those who hang."""
    return uvicorn.Server(_config(app))


@asynccontextmanager
async def serving(app: Any, port: int = 0) -> AsyncIterator[str]:
    """Serve an ASGI app until the block ends; yields its address."""
    sock = listening(port)
    server = Quiet(_config(app))
    task = asyncio.create_task(server.serve([sock]))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the test server did not start")
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)
        sock.close()
