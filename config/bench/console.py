"""An agent's console as the load generator has it: a socket that notes when each marked message arrives."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson

from config.bench.payloads import marked
from config.bench.wire import SocketLine

PING_S = 20.0
RESTING_S = 0.2


class Watcher:
    """Everything that the agent is shown, by the message's number. When the socket ends it goes on where it was."""

    def __init__(self, port: int, token: str, run: int) -> None:
        self._port = port
        self._token = token
        self._run = run
        self._line: SocketLine | None = None
        self._welcome: asyncio.Future[dict[str, Any]] | None = None
        self._last = b""
        self._tasks: list[asyncio.Task[None]] = []
        self.seen: dict[int, float] = {}
        self.twice = 0
        self.gaps = 0
        """How often the hub could not bring the console up to date, so that messages went unseen."""
        self.changed = asyncio.Event()

    async def start(self) -> None:
        """Follow from now on."""
        await self._connect({"t": "hello"})
        self._tasks = [asyncio.create_task(self._stay())]

    async def _connect(self, hello: dict[str, Any]) -> dict[str, Any]:
        self._welcome = asyncio.get_running_loop().create_future()
        self._line = await SocketLine.open(self._port, "/console/socket", self._heard, f"authorization: Bearer {self._token}")
        self._line.say(orjson.dumps(hello))
        self._epoch = (welcome := await asyncio.wait_for(self._welcome, 10))["epoch"]
        return welcome

    def _heard(self, text: bytes) -> None:
        now = time.monotonic()
        if not text.startswith(b'{"t":"ev"'):
            if b'"welcome"' in text and self._welcome is not None and not self._welcome.done():
                self._welcome.set_result(orjson.loads(text))
            return
        self._last = text
        number = marked(text, self._run)
        if number is None:
            return
        if number in self.seen:
            self.twice += 1
        else:
            self.seen[number] = now
        self.changed.set()

    async def _stay(self) -> None:
        """Say ping as consoles do, and come back after the hub hung up."""
        while True:
            assert self._line is not None
            try:
                await asyncio.wait_for(self._line.gone.wait(), PING_S)
            except TimeoutError:
                self._line.say(b'{"t":"ping"}')
                continue
            since = orjson.loads(self._last)["s"] if self._last else 0
            try:
                welcome = await self._connect({"t": "hello", "since": since, "epoch": self._epoch})
            except (OSError, TimeoutError):
                await asyncio.sleep(RESTING_S)
                continue
            if self._last and not welcome["resumed"]:
                self.gaps += 1

    async def all_seen(self, count: int, patience: float = 10.0) -> bool:
        """Wait until so many were seen; false when nothing more came for `patience` seconds."""
        while len(self.seen) < count:
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), patience)
            except TimeoutError:
                return False
        return True

    async def close(self) -> None:
        """Follow no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._line is not None:
            self._line.close()
