"""The proxy does what it is ordered to, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.proxy import LATE_S, Proxy
from tests.servers.installation import free_port


class Echo:
    """Answers each line with itself, and remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self.heard.append(line)
                writer.write(line)
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def through() -> AsyncIterator[tuple[Echo, Proxy]]:
    """An echo behind a proxy, whose first target does not listen."""
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    proxy = await Proxy("echo", free_port(), int(server.sockets[0].getsockname()[1])).start()
    try:
        yield echo, proxy
    finally:
        await proxy.aclose()
        server.close()


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, words: bytes = b"hello\n", seconds: float = 2.0) -> bytes:
        self.writer.write(words)
        return await asyncio.wait_for(self.reader.readline(), seconds)


@asynccontextmanager
async def line_to(proxy: Proxy) -> AsyncIterator[Line]:
    line = Line(*await asyncio.open_connection("127.0.0.1", proxy.port))
    try:
        yield line
    finally:
        line.writer.close()


async def test_it_passes_on_and_goes_past_who_does_not_listen() -> None:
    async with through() as (_, proxy):
        for _ in range(3):
            async with line_to(proxy) as line:
                assert await line.ask() == b"hello\n"


async def test_late() -> None:
    async with through() as (_, proxy), line_to(proxy) as line:
        proxy.poison("latency")
        began = asyncio.get_running_loop().time()
        assert await line.ask() == b"hello\n"
        assert asyncio.get_running_loop().time() - began > LATE_S


async def test_reset() -> None:
    async with through() as (_, proxy), line_to(proxy) as line:
        await line.ask()
        proxy.poison("reset")
        with pytest.raises(ConnectionResetError):
            await line.ask()
        async with line_to(proxy) as other:
            assert await other.ask() == b"hello\n"


async def test_a_pulled_cable_is_silent_until_it_is_mended() -> None:
    async with through() as (echo, proxy), line_to(proxy) as line:
        proxy.poison("swallow")
        with pytest.raises(TimeoutError):
            await line.ask(seconds=0.1)
        assert echo.heard == []
        proxy.heal()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(line.reader.readline(), 2)
        async with line_to(proxy) as other:
            assert await other.ask() == b"hello\n"


async def test_a_lost_answer_leaves_a_request_that_was_heard() -> None:
    async with through() as (echo, proxy), line_to(proxy) as line:
        proxy.poison("deaf")
        with pytest.raises(TimeoutError):
            await line.ask(seconds=0.2)
        assert echo.heard == [b"hello\n"]


async def test_an_answer_is_cut_in_the_middle() -> None:
    async with through() as (echo, proxy), line_to(proxy) as line:
        proxy.poison("partial")
        with pytest.raises(ConnectionResetError):
            await line.ask()
        assert echo.heard == [b"hello\n"]


async def test_nobody_behind_it() -> None:
    proxy = await Proxy("nobody", free_port()).start()
    async with line_to(proxy) as line:
        with pytest.raises(ConnectionResetError):
            await line.ask()
    await proxy.aclose()
