"""A mail server and a web server of a few lines, on free ports of this machine, that keep what notices tell them."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Listener(ABC):
    """A server of one connection after another, on a free port of this machine, that keeps what it was told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.broken = False
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.talk(reader, writer)
        finally:
            writer.close()

    @abstractmethod
    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...


class MailServer(Listener):
    """As much SMTP (RFC 5321) as it takes to accept a message."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n")
        while line := (await reader.readline()).decode().strip():
            command = line.split()[0].upper()
            if command == "DATA":
                writer.write(b"354 go on\r\n")
                told = await reader.readuntil(b"\r\n.\r\n")
                self.heard.append(told.decode())
                writer.write(b"250 kept\r\n")
            elif command == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            elif self.broken and command == "RCPT":
                writer.write(b"451 try later\r\n")
            else:
                writer.write(b"250 mail\r\n" if command == "EHLO" else b"250 yes\r\n")


class WebServer(Listener):
    """Takes one JSON POST a connection, as apprise's `json://` sends it."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(int(line.partition(":")[2]) for line in head.split("\r\n") if line.startswith("content-length"))
        body = await reader.readexactly(length)
        if not self.broken:
            self.heard.append(body.decode())
        status = b"503 Busy" if self.broken else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
