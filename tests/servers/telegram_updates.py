"""The test Telegram's sending half: updates to the hub's hook, serial per chat, parallel over chats, again until they are taken.

An update that is not answered with 2xx in time is sent again with the same update_id; what lies behind it in its chat waits.
`factor` shortens Telegram's waits. Without a hook, updates lie ready for getUpdates.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from tests.servers.journal import Journal

Update = dict[str, Any]
LONGEST_WAIT = 60.0


class Updates:
    """What customers did, on its way to the hub."""

    def __init__(self, journal: Journal, *, factor: float = 1.0, patience: float = 60.0, first_id: int = 10_000) -> None:
        self.journal = journal
        self.hook = ""
        self.secret = ""
        self.connections = 40
        self.allowed: list[str] = []
        self.attempts: dict[int, int] = {}
        self.acked: dict[int, float] = {}
        self.last_error = ""
        self.pending = 0
        """Updates that the hub has not taken yet."""
        self.method_called: Callable[[dict[str, Any]], Awaitable[None]] | None = None
        self._factor = factor
        self._patience = patience
        self._next_id = first_id
        self._chats: dict[int, deque[Update]] = {}
        self._ready: asyncio.Queue[int] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._http: aiohttp.ClientSession | None = None
        self._polls = 0

    def push(self, chat: int, **content: Any) -> int:
        """A new update, say `message={…}`; returns its update_id."""
        update = {"update_id": self._next_id, **content}
        self._next_id += 1
        self.push_raw(chat, update)
        return int(update["update_id"])

    def push_raw(self, chat: int, update: Update) -> None:
        """An update that somebody else numbered, at the end of its chat."""
        if self.allowed and not any(kind in update for kind in self.allowed):
            return
        waiting = self._chats.setdefault(chat, deque())
        waiting.append(update)
        self.pending += 1
        if len(waiting) == 1:
            self._ready.put_nowait(chat)
        self._signal()

    async def drained(self, seconds: float = 30.0) -> None:
        """Wait until the hub has taken everything."""
        async with asyncio.timeout(seconds):
            while self.pending:
                self._changed.clear()
                await self._changed.wait()

    def _signal(self) -> None:
        self._changed.set()

    def _taken(self, chat: int, update: Update) -> None:
        number = int(update["update_id"])
        self._chats[chat].popleft()
        self.pending -= 1
        self.acked[number] = time.time()
        self.journal.append(update_id=number, chat=chat, attempts=self.attempts.get(number, 0), update=update)
        self._signal()

    # By hook

    def set_hook(self, hook: str, secret: str, connections: int, allowed: list[str]) -> None:
        """What setWebhook says."""
        self.hook, self.secret, self.connections, self.allowed = hook, secret, connections, allowed
        self.start()

    async def remove_hook(self) -> None:
        """What deleteWebhook says."""
        self.hook = self.secret = ""
        await self.stop()

    def start(self) -> None:
        """Deliver by hook from now on."""
        if not self._tasks and self.hook:
            connector = aiohttp.TCPConnector(limit=self.connections)
            self._http = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=self._patience))
            self._tasks = [asyncio.create_task(self._deliver()) for _ in range(self.connections)]

    async def stop(self) -> None:
        """End deliveries; what was not taken stays."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._http:
            await self._http.close()
        self._ready = asyncio.Queue()
        for chat, waiting in self._chats.items():
            if waiting:
                self._ready.put_nowait(chat)

    async def _deliver(self) -> None:
        while True:
            chat = await self._ready.get()
            update = self._chats[chat][0]
            if await self._post(update):
                self._taken(chat, update)
                if self._chats[chat]:
                    self._ready.put_nowait(chat)
                continue
            wait = min(LONGEST_WAIT, 2.0 ** (self.attempts[update["update_id"]] - 1)) * self._factor
            asyncio.get_running_loop().call_later(wait, self._ready.put_nowait, chat)

    async def _post(self, update: Update) -> bool:
        """One delivery; whether it was answered with 2xx."""
        assert self._http is not None
        number = update["update_id"]
        self.attempts[number] = self.attempts.get(number, 0) + 1
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": self.secret}
        try:
            async with self._http.post(self.hook, data=json.dumps(update).encode(), headers=headers) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as exc:
            self.last_error = type(exc).__name__
            return False
        if not 200 <= answer.status < 300:
            self.last_error = f"Wrong response from the webhook: {answer.status}"
            return False
        if body and answer.content_type == "application/json" and self.method_called:
            await self.method_called(json.loads(body))
        return True

    # By getUpdates

    def hang_up(self) -> None:
        """End the poll that waits, as another one would."""
        self._polls += 1
        self._signal()

    async def poll(self, offset: int | None, seconds: float, limit: int) -> list[Update] | None:
        """What getUpdates answers: updates from `offset` on, in order; those before it are taken. None when another poll came."""
        self._polls += 1
        mine = self._polls
        self._signal()
        if offset is not None:
            for chat, waiting in self._chats.items():
                while waiting and waiting[0]["update_id"] < offset:
                    self._taken(chat, waiting[0])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.pending and mine == self._polls:
                    self._changed.clear()
                    await self._changed.wait()
        if mine != self._polls:
            return None
        found = sorted((u for waiting in self._chats.values() for u in waiting), key=lambda u: int(u["update_id"]))[:limit]
        for update in found:
            self.attempts[update["update_id"]] = self.attempts.get(update["update_id"], 0) + 1
        return found
