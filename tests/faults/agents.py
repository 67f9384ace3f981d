"""Agents for fault runs: they read the Slack server's log, and answer some customers' lines in their threads.

In one thread an agent writes again only after Slack has told the hub of the answer before, or has given up: people type slowly,
and Slack promises no order between events.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.faults.records import Records, Tail
from tests.faults.tokens import Token, body, chosen, tokens

if TYPE_CHECKING:
    from tests.faults.load import Spec


class Agents:
    """Everybody who answers."""

    def __init__(self, http: aiohttp.ClientSession, records: Records, log: Path, spec: Spec) -> None:
        self.given = 0
        self._http = http
        self._records = records
        self._tail = Tail(log)
        self._spec = spec
        self._answered: set[str] = set()
        self._waiting: dict[str, deque[str]] = defaultdict(deque)
        self._busy: dict[str, str] = {}
        """Threads in which an answer is on its way to the hub, with the answer's text."""
        self._stamps: dict[str, str] = {}
        self._counts: dict[str, int] = defaultdict(int)

    @property
    def idle(self) -> bool:
        """Whether nobody has anything to answer."""
        return not any(self._waiting.values()) and not self._busy

    async def run(self, ending: asyncio.Event) -> None:
        """Read and answer until told to end."""
        while not ending.is_set():
            for line in self._tail.lines():
                self._read(line)
            for thread in [t for t, waiting in self._waiting.items() if waiting and t not in self._busy]:
                await self._answer(thread, self._waiting[thread].popleft())
            await asyncio.sleep(0.1)

    def _read(self, line: dict[str, Any]) -> None:
        thread = f"{line.get('channel')}:{line.get('thread_ts')}"
        match line["what"]:
            case "post" if line["thread_ts"] and line["username"]:
                for token in tokens(line["text"]):
                    if token.kind == "m" and str(token) not in self._answered and chosen(token, self._spec.answered):
                        self._answered.add(str(token))
                        self._waiting[thread].append(token.secret)
            case "reply":
                self._stamps[line["ts"]] = thread
            case "acked" | "given_up" if line["ts"] in self._stamps:
                self._busy.pop(self._stamps.pop(line["ts"]), None)

    async def _answer(self, thread: str, secret: str) -> None:
        self._counts[secret] += 1
        token = Token("r", secret, self._counts[secret])
        self._busy[thread] = str(token)
        asked = {"thread": thread, "text": body(token)}
        async with self._http.post(f"{self._spec.slack}/control/reply", json=asked) as answer:
            if answer.status != 200:
                raise RuntimeError(f"the Slack server said {answer.status} to an agent's reply")
        self.given += 1
        self._records.add("answered", token=str(token), thread=thread, text=asked["text"])
