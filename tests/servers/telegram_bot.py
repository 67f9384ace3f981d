"""The bot of a test Telegram: its chats, what was sent and kept, and whom it can reach how often."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.servers.behaviour import Behaviour
from tests.servers.journal import Journal
from tests.servers.telegram_business import Business
from tests.servers.telegram_updates import Updates
from tests.servers.telegram_wire import Refusal, StoredFile


@dataclass
class Bot:
    """What the test Telegram knows of its one bot."""

    token: str
    journal: Journal
    updates: Updates
    behaviour: Behaviour
    anyone: bool = False
    """Whether chats that never wrote can be reached; the real bot cannot begin a conversation."""
    rate: float = 0.0
    """Messages a second and chat beyond which the answer is 429; 0: never."""
    burst: int = 3
    total: float = 0.0
    """Messages a second of the whole bot beyond which the answer is 429; 0: never."""
    limited: int = 0
    """How often somebody was told to slow down."""
    chats: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    sent: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    unanswered: set[str] = field(default_factory=set)
    """Callback queries whose buttons still turn."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    last_message_id: int = 1000
    moved: dict[int, int] = field(default_factory=dict)
    """Groups that have become supergroups, with their new ids."""
    business: Business = field(default_factory=Business)
    _refusals: deque[tuple[str, Refusal]] = field(default_factory=deque)
    _tokens: dict[int, tuple[float, float]] = field(default_factory=dict)

    def fail(self, code: int, description: str, *, method: str = "", **parameters: Any) -> None:
        """Refuse the next call (of `method`) so."""
        self._refusals.append((method, Refusal(code, description, **parameters)))

    def next_message_id(self) -> int:
        """One counter for both directions, as for a real bot's private chats."""
        self.last_message_id += 1
        return self.last_message_id

    def keep_file(self, content: bytes, name: str) -> StoredFile:
        """Hold a file; its id is what updates and answers name."""
        stored = StoredFile(f"F{len(self.files) + 1:06d}", f"files/{len(self.files) + 1}/{name}", content)
        self.files[stored.id] = stored
        return stored

    def _reachable(self, asked: dict[str, Any]) -> None:
        try:
            chat = int(asked["chat_id"])
        except (KeyError, ValueError):
            raise Refusal(400, "Bad Request: chat_id is empty") from None
        if chat in self.moved:
            described = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, described, migrate_to_chat_id=self.moved[chat])
        if chat in self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if not self.anyone and chat not in self.chats:
            raise Refusal(400, "Bad Request: chat not found")
        self.business.check(asked)
        if self.rate:
            self._spend(chat, self.rate, self.burst)
        if self.total:
            self._spend(0, self.total, self.total)

    def _spend(self, chat: int, rate: float, burst: float) -> None:
        now = time.monotonic()
        left, seen = self._tokens.get(chat, (float(burst), now))
        left = min(float(burst), left + (now - seen) * rate)
        if left < 1:
            self._tokens[chat] = (left, now)
            self.limited += 1
            seconds = max(1, math.ceil((1 - left) / rate))
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        self._tokens[chat] = (left - 1, now)
