"""Servers that take what the hub sends to Telegram and Slack, and say yes: `python -m config.bench.sinks` prints its port.

They know as much of either platform as the hub's calls need in order to succeed. `/seen` tells when each marked message's call
began, by the monotonic clock.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
import time
from typing import Any

import orjson
import uvloop

from config.bench.payloads import MARK

THREAD = re.compile(rb'"thread_ts":\s*"([\d.]+)"')
CHANNEL = re.compile(rb'"channel":\s*"(\w+)"')
CHAT = re.compile(rb'chat_id(?:"\s*:\s*|=)"?(-?\d+)')


class Sinks:
    """Both platforms on one port."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.began: dict[str, float] = {}

    def answer(self, path: str, body: bytes) -> Any:
        """What a call is answered with."""
        if path.startswith("/bot"):
            return {"ok": True, "result": self._telegram(path.rpartition("/")[2], body)}
        if path.startswith("/api/"):
            return {"ok": True, **self._slack(path.rpartition("/")[2], body)}
        return self.began

    def _telegram(self, method: str, body: bytes) -> Any:
        if method == "getMe":
            return {"id": 1, "is_bot": True, "first_name": "Frontdesk", "username": "frontdesk_bot"}
        found = CHAT.search(body)
        if not method.startswith("send") or found is None:
            return True
        chat = {"id": int(found[1]), "type": "private", "first_name": "Ana"}
        return {"message_id": next(self._numbers), "date": int(time.time()), "chat": chat, "text": "…"}

    def _slack(self, method: str, body: bytes) -> dict[str, Any]:
        if method == "auth.test":
            return {"team_id": "T0BENCH", "user_id": "U0BENCH", "bot_id": "B0BENCH"}
        if not method.startswith("chat."):
            return {}
        channel, thread = CHANNEL.search(body), THREAD.search(body)
        said = {"text": "…", **({"thread_ts": thread[1].decode()} if thread else {})}
        stamp = f"1700000000.{next(self._numbers):06d}"
        return {"channel": channel[1].decode() if channel else "", "ts": stamp, "message": said}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the other side hangs up."""
        try:
            while line := await reader.readline():
                began = time.monotonic()
                length = 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    if header.lower().startswith(b"content-length:"):
                        length = int(header[15:])
                body = await reader.readexactly(length)
                for run, number in MARK.findall(body) if b"chat.postMessage" in line else ():
                    self.began.setdefault(f"{run.decode()}x{number.decode()}", began)
                said = orjson.dumps(self.answer(line.split()[1].decode(), body))
                head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(said)
                writer.write(head + said)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def main() -> None:
    """Until stdin ends: whoever started us is gone then."""
    sinks = Sinks()
    server = await asyncio.start_server(sinks.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(main())
