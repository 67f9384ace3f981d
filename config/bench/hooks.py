"""Hooks as a platform sends them: as fast as they are answered, or at a fixed pace; and what became of each."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from config.bench.console import Watcher
from config.bench.payloads import SECRET, external_id, update
from config.bench.wire import HttpLine, post

HEADER = f"x-telegram-bot-api-secret-token: {SECRET}"
PAUSE_S = 0.05
STUCK_S = 30.0


@dataclass(frozen=True)
class Task:
    """What to do. `run` numbers the run: marks and ids depend on it."""

    kind: str
    port: int
    run: int
    token: str = ""
    """Of the agent whose console watches; empty: nobody does."""
    channel: str = "telegram"
    kept: str = ""
    """The file to which the ids of accepted messages are added, one a line, each after its channel."""
    connections: int = 64
    customers: int = 64
    seconds: float = 8.0
    messages: int = 20_000
    window: int = 0
    """How many messages may be on their way to the console; 0: as many as will."""
    rate: float = 0.0
    sockets: int = 0
    sinks: int = 0


@dataclass
class Sent:
    """What became of the messages of a run, by number."""

    at: dict[int, float] = field(default_factory=dict)
    """When each accepted one was sent."""
    took: list[float] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, why: str) -> None:
        """A message that the hub did not take."""
        self.refused[why] = self.refused.get(why, 0) + 1


class Hooks:
    """Posts updates over connections that stay open, a customer's messages one after another."""

    def __init__(self, task: Task, sent: Sent) -> None:
        self._task = task
        self._sent = sent
        self._path = f"/hooks/{task.channel}"

    async def _tell(self, line: HttpLine, number: int, customer: int) -> HttpLine:
        """One update, once; the line to go on with."""
        task, sent = self._task, self._sent
        body = update(task.run, number, customer)
        began = time.monotonic()
        try:
            status, _ = await line.ask(post(self._path, body, HEADER))
        except OSError as exc:
            sent.refuse(type(exc).__name__)
            await asyncio.sleep(PAUSE_S)
            return await HttpLine.open(task.port)
        if 200 <= status < 300:
            sent.took.append(time.monotonic() - began)
            sent.at[number] = began
            sent.ids.append(f"{task.channel} {external_id(task.run, number, customer)}")
        else:
            sent.refuse(str(status))
            await asyncio.sleep(PAUSE_S)
        return line

    async def flood(self, watcher: Watcher | None) -> float:
        """As fast as the hub answers, on all connections; how long it took. Each connection has customers of its own."""
        task, numbers, lines = self._task, itertools.count(), min(self._task.connections, self._task.messages)
        began = time.monotonic()

        async def pump(which: int) -> None:
            line, mine = await HttpLine.open(task.port), itertools.cycle(range(which, max(task.customers, which + 1), lines))
            while time.monotonic() < began + task.seconds and (number := next(numbers)) < task.messages:
                await self._room(watcher)
                line = await self._tell(line, number, next(mine))
            line.close()

        await asyncio.gather(*(pump(which) for which in range(lines)))
        return time.monotonic() - began

    async def _room(self, watcher: Watcher | None) -> None:
        """Wait until no more than the window's messages are on their way."""
        while watcher is not None and self._task.window and len(self._sent.at) - len(watcher.seen) >= self._task.window:
            watcher.changed.clear()
            await asyncio.wait_for(watcher.changed.wait(), STUCK_S)

    async def paced(self, first: int) -> None:
        """At a fixed rate, each at its time: a slow answer does not put off the next. Numbers from `first` on."""
        task = self._task
        free: asyncio.Queue[HttpLine] = asyncio.Queue()
        for _ in range(task.connections):
            free.put_nowait(await HttpLine.open(task.port))

        async def one(number: int) -> None:
            free.put_nowait(await self._tell(await free.get(), number, number % task.customers))

        began, waiting = time.monotonic(), []
        for n in range(int(task.seconds * task.rate)):
            await asyncio.sleep(max(0.0, began + n / task.rate - time.monotonic()))
            waiting.append(asyncio.create_task(one(first + n)))
        await asyncio.gather(*waiting)
        while not free.empty():
            free.get_nowait().close()


def share(values: list[float], part: float) -> float | None:
    """The value below which this part of all lies, in milliseconds."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] * 1000 if values else None


def keep(task: Task, ids: Iterable[str]) -> None:
    """Write down what the hub has said it keeps."""
    if task.kept:
        with Path(task.kept).open("a", encoding="utf-8") as file:
            file.writelines(f"{one}\n" for one in ids)
