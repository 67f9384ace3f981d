"""The load generator: `python -m config.bench.load` reads what to do from stdin, as JSON, and prints what it saw, as JSON.

It runs in a process of its own, so that the hub is measured and not the ruler. All times are of the monotonic clock, which all
processes of a machine share.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import uvloop

from config.bench.console import Watcher
from config.bench.payloads import SECRET, external_id, update
from config.bench.wire import HttpLine, post

HEADER = f"x-telegram-bot-api-secret-token: {SECRET}"
PAUSE_S = 0.05


@dataclass(frozen=True)
class Task:
    """What to do. `run` numbers the run: marks and ids depend on it."""

    kind: str
    port: int
    run: int
    token: str = ""
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
    """Posts updates as Telegram does: a customer's messages one after another, over connections that stay open."""

    def __init__(self, task: Task, sent: Sent) -> None:
        self._task = task
        self._sent = sent
        self._path = f"/hooks/{task.channel}"

    async def tell(self, line: HttpLine, number: int, customer: int) -> HttpLine:
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
        """As fast as the hub answers, on all connections; how long it took."""
        task, numbers = self._task, itertools.count()
        began = time.monotonic()
        until = began + task.seconds

        async def pump(which: int) -> None:
            line, mine = await HttpLine.open(task.port), itertools.cycle(range(which, max(task.customers, which + 1), lines))
            while time.monotonic() < until and (number := next(numbers)) < task.messages:
                while watcher is not None and task.window and len(self._sent.at) - len(watcher.seen) >= task.window:
                    watcher.changed.clear()
                    await asyncio.wait_for(watcher.changed.wait(), 30)
                line = await self.tell(line, number, next(mine))
            line.close()

        lines = min(task.connections, task.messages)
        await asyncio.gather(*(pump(which) for which in range(lines)))
        return time.monotonic() - began

    async def paced(self, first: int) -> None:
        """At a fixed rate, each on its own time: a slow answer does not slow down the next (numbers from `first` on)."""
        task = self._task
        lines = [await HttpLine.open(task.port) for _ in range(task.connections)]
        free: asyncio.Queue[HttpLine] = asyncio.Queue()
        for line in lines:
            free.put_nowait(line)

        async def one(number: int) -> None:
            free.put_nowait(await self.tell(await free.get(), number, number % task.customers))

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


def keep(task: Task, sent: Sent) -> None:
    """Write down what the hub has said it keeps."""
    if task.kept:
        with Path(task.kept).open("a", encoding="utf-8") as file:
            file.writelines(f"{one}\n" for one in sent.ids)


async def flood(task: Task) -> dict[str, Any]:
    """Messages as fast as they are accepted; then until the agent has seen them all."""
    sent = Sent()
    watcher = Watcher(task.port, task.token, task.run) if task.token else None
    if watcher is not None:
        await watcher.start()
    began = time.monotonic()
    took = await Hooks(task, sent).flood(watcher)
    keep(task, sent)
    found: dict[str, Any] = {
        "accepted": len(sent.at),
        "seconds": took,
        "refused": sent.refused,
        "p50_ms": share(sent.took, 0.5),
        "p99_ms": share(sent.took, 0.99),
    }
    if watcher is not None:
        found["complete"] = await watcher.all_seen(len(sent.at))
        found |= {"seen": len(watcher.seen), "gaps": watcher.gaps, "twice": watcher.twice}
        found["through_s"] = max(watcher.seen.values(), default=began) - began
        await watcher.close()
    return found


KINDS: dict[str, Callable[[Task], Coroutine[Any, Any, dict[str, Any]]]] = {"flood": flood}


def main() -> int:
    """One task, one answer."""
    task = Task(**orjson.loads(sys.stdin.readline()))
    found = uvloop.run(KINDS[task.kind](task))
    print(orjson.dumps(found | {"cpu_s": time.process_time()}).decode(), flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
