"""The load of a fault run, in a process of its own: customers on Telegram and on web pages, and agents who answer in Slack.

`python -m tests.faults.load SPEC.json`. Standard input takes `share 0.37` (so much of the messages may be sent by now) and `end`;
standard output says how far things are, a JSON object a line. What was sent, when, and what came back is in `load.jsonl`.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.faults.agents import Agents
from tests.faults.hooks import Hooks
from tests.faults.pages import Pages
from tests.faults.records import Records


@dataclass(frozen=True)
class Spec:
    """What a load is to be."""

    folder: str
    hub: str
    """Where customers and platforms reach the hub."""
    slack: str
    """Where the Slack server's /control is."""
    telegram_secret: str
    messages: int
    seed: int
    on_web: float = 0.2
    answered: float = 0.1
    customers: int = 0
    """0: one for about fifty messages."""

    def split(self) -> tuple[list[int], list[int]]:
        """How many messages each customer writes, on Telegram and on the web."""
        people = self.customers or max(8, min(400, self.messages // 50))
        on_web = max(2, round(people * self.on_web))
        counts = [self.messages // people + (n < self.messages % people) for n in range(people)]
        return counts[on_web:], counts[:on_web]


@dataclass
class Gate:
    """How much may be sent by now."""

    total: int
    share: float = 0.0
    begun: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def open(self) -> bool:
        """Whether one more message may be sent at once."""
        return self.begun < self.total * self.share

    async def enter(self) -> None:
        """Wait until one more message may be sent."""
        while not self.open:
            self.moved.clear()
            await self.moved.wait()
        self.begun += 1

    def allow(self, share: float) -> None:
        self.share = share
        self.moved.set()


class Load:
    """The whole of it."""

    def __init__(self, spec: Spec, http: aiohttp.ClientSession) -> None:
        folder = Path(spec.folder)
        self.records = Records(folder / "load.jsonl")
        self.gate = Gate(spec.messages)
        on_telegram, on_web = spec.split()
        chance = random.Random(spec.seed)
        self.hooks = Hooks(http, self.records, self.gate, spec, on_telegram, random.Random(chance.random()))
        self.pages = Pages(http, self.records, self.gate, spec, on_web)
        self.agents = Agents(http, self.records, folder / "slack.jsonl", spec)
        self.ending = asyncio.Event()

    async def run(self) -> None:
        """Until told to end."""
        telling = asyncio.create_task(self._tell())
        async with asyncio.TaskGroup() as work:
            for one in (self.hooks, self.pages, self.agents):
                work.create_task(one.run(self.ending))
        telling.cancel()
        self._say(ended=True)
        self.records.close()

    async def _tell(self) -> None:
        while True:
            self._say()
            await asyncio.sleep(0.25)

    def _say(self, **more: Any) -> None:
        taken = self.hooks.taken + self.pages.taken
        state = {"taken": taken, "attempts": self.hooks.attempts + self.pages.attempts, "answers": self.agents.given}
        print(json.dumps({**state, "idle": self.agents.idle, **more}), flush=True)

    async def listen(self) -> None:
        """Obey standard input."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while words := (await reader.readline()).split():
            if words[0] == b"share":
                self.gate.allow(float(words[1]))
            else:
                break
        self.ending.set()


async def main(spec: Spec) -> None:
    connector = aiohttp.TCPConnector(limit=0, force_close=False)
    async with aiohttp.ClientSession(connector=connector) as http:
        load = Load(spec, http)
        listening = asyncio.create_task(load.listen())
        await load.run()
        await listening


if __name__ == "__main__":
    asyncio.run(main(Spec(**json.loads(Path(sys.argv[1]).read_text("utf-8")))))
