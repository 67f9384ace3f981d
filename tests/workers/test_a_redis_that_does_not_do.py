"""A Redis that is too old, or may throw keys away, is refused at the start with a sentence that says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hub.errors import ConfigError
from hub.jobs import connect


@asynccontextmanager
async def saying(info: str) -> AsyncIterator[str]:
    """As much of a server as a start asks: of no old Redis there is a package left. CONFIG is refused, as rented ones do."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (head := await reader.readline()).startswith(b"*"):
            words = []
            for _ in range(int(head[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2].upper())
            if words[0] == b"INFO":
                writer.write(b"$%d\r\n%s\r\n" % (len(info), info.encode()))
            elif words[0] == b"CONFIG":
                writer.write(b"-ERR unknown command\r\n")
            else:
                writer.write(b"+PONG\r\n" if words[0] == b"PING" else b"+OK\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ("redis_version:5.0.14\r\nmaxmemory:0\r\n", "too old: Frontdesk needs 6.2"),
        ("redis_version:7.2.4\r\nmaxmemory:52428800\r\nmaxmemory_policy:allkeys-lru\r\n", "noeviction"),
    ],
)
async def test_it_is_refused(info: str, said: str) -> None:
    async with saying(info) as url:
        with pytest.raises(ConfigError, match=said):
            await connect(url)


@pytest.mark.parametrize("info", ["redis_version:6.2.0\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", "role:master\r\n"])
async def test_one_that_will_do_is_taken(info: str) -> None:
    async with saying(info) as url:
        pool = await connect(url)
        await pool.aclose()
