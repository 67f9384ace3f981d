"""HTTP/1.1 and WebSocket lines of the load generator, as cheap as they can be: it runs on the processors that it measures.

They understand the answers of our own server on this machine, and nothing more of either protocol.
"""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import cast

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
HANDSHAKE_S = 15.0


class HttpLine(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._buffer = b""

    @classmethod
    async def open(cls, port: int) -> HttpLine:
        """A connection to this machine."""
        _, line = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: a piece of an answer."""
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._waiting is None:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        body, self._buffer = self._buffer[end + 4 : end + 4 + length], b""
        waiting, self._waiting = self._waiting, None
        if not waiting.done():
            waiting.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("the server hung up"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; status and body of the answer."""
        if self._transport is None:
            raise ConnectionResetError("the server hung up")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A whole POST request with a JSON body."""
    more = "".join(f"{header}\r\n" for header in headers)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{more}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, *headers: str) -> bytes:
    """A whole GET request."""
    more = "".join(f"{header}\r\n" for header in headers)
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{more}\r\n".encode()


class SocketLine(asyncio.Protocol):
    """One WebSocket. `heard` is called with every text; `gone` is set when it has ended."""

    def __init__(self, request: bytes, heard: Callable[[bytes], None]) -> None:
        self._request = request
        self._heard = heard
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._upgraded = False
        self.gone = asyncio.Event()

    @classmethod
    async def open(cls, port: int, path: str, heard: Callable[[bytes], None], *headers: str) -> SocketLine:
        """A socket on this machine, after the handshake. Raises `ConnectionError` when it is refused."""
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade = ("connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13", f"sec-websocket-key: {key}")
        request = get(path, *upgrade, *headers)
        _, line = await asyncio.get_running_loop().create_connection(lambda: cls(request, heard), "127.0.0.1", port)
        try:
            await asyncio.wait_for(line._open, HANDSHAKE_S)
        except BaseException:
            line.close()
            raise
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """asyncio: a piece of the handshake's answer, or of frames."""
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if self._buffer[9:12] != b"101":
                self._open.set_exception(ConnectionRefusedError(self._buffer[:end].split(b"\r\n")[0].decode()))
                return
            del self._buffer[: end + 4]
            self._upgraded = True
            self._open.set_result(None)
        self._frames()

    def _frames(self) -> None:
        at, buffer = 0, self._buffer
        while len(buffer) - at >= 2:
            kind, length, start = buffer[at] & 15, buffer[at + 1] & 127, at + 2
            if length >= 126:
                width = 2 if length == 126 else 8
                start += width
                if len(buffer) < start:
                    break
                length = int.from_bytes(buffer[at + 2 : start], "big")
            if len(buffer) < start + length:
                break
            self._frame(kind, bytes(buffer[start : start + length]))
            at = start + length
        del buffer[:at]

    def _frame(self, kind: int, body: bytes) -> None:
        if kind == TEXT:
            self._heard(body)
        elif kind == PING:
            self._write(PONG, body)
        elif kind == CLOSE:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self._transport = None
        self.gone.set()
        if not self._open.done():
            self._open.set_exception(ConnectionResetError("the server hung up"))

    def say(self, text: bytes) -> None:
        """Send a text."""
        self._write(TEXT, text)

    def _write(self, kind: int, body: bytes) -> None:
        """A masked frame (RFC 6455, 5.3); the mask is zero, which leaves the body as it is."""
        length = len(body)
        head = bytes([128 | kind, 128 | length]) if length < 126 else struct.pack("!BBH", 128 | kind, 254, length)
        if self._transport is not None:
            self._transport.write(head + b"\0\0\0\0" + body)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()
