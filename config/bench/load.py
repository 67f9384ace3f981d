"""The load generator: `python -m config.bench.load` reads what to do from stdin, as JSON, and prints what it saw, as JSON.

It runs in a process of its own, so that the hub is measured and not the ruler. All times are of the monotonic clock, which all
processes of a machine share.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
import uvloop

from config.bench.console import Watcher
from config.bench.hooks import Hooks, Sent, Task, keep, share
from config.bench.visitors import Visitor, arrive
from config.bench.wire import HttpLine, get

VISITORS = 20
EVERY_S = 0.5
"""How often each of them writes while latency is measured."""
FIRST_OF_VISITORS = 5_000_000
"""Their messages' numbers begin here: the background has those before it."""
HEARTBEAT_S = 25.0
"""As the hub asks widgets for in its welcome."""
LISTS = 20


async def flood(task: Task) -> dict[str, Any]:
    """Messages as fast as they are accepted; with a console, until the agent has seen them all."""
    sent = Sent()
    watcher = Watcher(task.port, task.token, task.run) if task.token else None
    if watcher is not None:
        await watcher.start()
    began = time.monotonic()
    took = await Hooks(task, sent).flood(watcher)
    keep(task, sent.ids)
    found: dict[str, Any] = {
        "accepted": len(sent.at),
        "seconds": took,
        "refused": sent.refused,
        "p50_ms": share(sent.took, 0.5),
        "p99_ms": share(sent.took, 0.99),
    }
    if watcher is not None:
        found["complete"] = await watcher.all_seen(len(sent.at))
        found |= {"gaps": watcher.gaps, "twice": watcher.twice}
        found["through_s"] = max(watcher.seen.values(), default=began) - began
        await watcher.close()
    return found


async def latency(task: Task) -> dict[str, Any]:
    """Visitors write while customers elsewhere do: from each visitor's send to the agent's console."""
    kept: set[int] = set()
    sent = Sent()
    watcher = Watcher(task.port, task.token, task.run)
    await watcher.start()
    visitors: list[Visitor] = []
    refused = await arrive(task.port, VISITORS, kept.add, visitors)
    numbers = itertools.count(FIRST_OF_VISITORS)
    written: dict[int, tuple[float, Visitor]] = {}

    def write(visitor: Visitor) -> None:
        number = next(numbers)
        written[number] = visitor.say(task.run, number), visitor

    for visitor in visitors:
        write(visitor)
    await watcher.all_seen(len(visitors))
    measured_from = FIRST_OF_VISITORS + len(visitors)
    background = asyncio.create_task(Hooks(task, sent).paced(0))
    began = time.monotonic()
    for turn in range(int(task.seconds / EVERY_S) * len(visitors)):
        await asyncio.sleep(max(0.0, began + turn * EVERY_S / len(visitors) - time.monotonic()))
        write(visitors[turn % len(visitors)])
    await background
    complete = await watcher.all_seen(len(sent.at) + len(written))
    keep(task, [*sent.ids, *(f"web {who.customer}.b{task.run}x{n}z" for n, (_, who) in written.items() if n in kept)])
    times = [watcher.seen[n] - at for n, (at, _) in written.items() if n >= measured_from and n in watcher.seen]
    await watcher.close()
    for visitor in visitors:
        visitor.leave()
    return {
        "p50_ms": share(times, 0.5),
        "p99_ms": share(times, 0.99),
        "samples": len(times),
        "background": len(sent.at),
        "complete": complete,
        "refused": sent.refused | refused,
    }


async def desk(task: Task) -> dict[str, Any]:
    """Customers write at an even pace: from each one's hook to the beginning of the call to the desk's platform."""
    sent = Sent()
    await Hooks(task, sent).paced(0)
    keep(task, sent.ids)
    line, last, since = await HttpLine.open(task.sinks), -1, time.monotonic()
    while True:
        _, body = await line.ask(get("/seen"))
        began: dict[str, float] = orjson.loads(body)
        times = [began[f"{task.run}x{n}"] - at for n, at in sent.at.items() if f"{task.run}x{n}" in began]
        if len(times) > last:
            last, since = len(times), time.monotonic()
        if len(times) == len(sent.at) or time.monotonic() - since > 10:
            break
        await asyncio.sleep(0.1)
    line.close()
    found = {"samples": len(times), "complete": len(times) == len(sent.at), "refused": sent.refused}
    return found | {"p50_ms": share(times, 0.5), "p99_ms": share(times, 0.99)}


async def sockets(task: Task) -> dict[str, Any]:
    """Widgets that are open and say nothing but their heartbeat, until stdin ends."""
    visitors: list[Visitor] = []
    beating = asyncio.create_task(beat(visitors, task.sockets))
    refused = await arrive(task.port, task.sockets, lambda number: None, visitors)
    tell({"open": len(visitors), "refused": refused})
    await asyncio.to_thread(sys.stdin.read)
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating
    gone = sum(visitor.line is None or visitor.line.gone.is_set() for visitor in visitors)
    for visitor in visitors:
        visitor.leave()
    return {"gone": gone}


async def beat(visitors: list[Visitor], count: int) -> None:
    """Each says ping once in `HEARTBEAT_S`, spread evenly; there will be `count` of them."""
    began = time.monotonic()
    for turn in itertools.count():
        await asyncio.sleep(max(0.0, began + turn * HEARTBEAT_S / count - time.monotonic()))
        line = visitors[turn % count].line if turn % count < len(visitors) else None
        if line is not None:
            line.say(b'{"t":"ping"}')


async def lists(task: Task) -> dict[str, Any]:
    """The console's first list, some times over, from the request to the whole answer."""
    line, times, shown, bytes_ = await HttpLine.open(task.port), [], 0, 0
    for _ in range(LISTS):
        began = time.monotonic()
        status, body = await line.ask(get("/console/api/conversations", f"authorization: Bearer {task.token}"))
        times.append(time.monotonic() - began)
        if status != 200:
            return {"p50_ms": None, "refused": status}
        shown, bytes_ = orjson.loads(body)["counts"]["all"], len(body)
    line.close()
    return {"first_ms": times[0] * 1000, "p50_ms": share(times, 0.5), "open": shown, "bytes": bytes_}


KINDS: dict[str, Callable[[Task], Coroutine[Any, Any, dict[str, Any]]]] = {
    "flood": flood,
    "latency": latency,
    "desk": desk,
    "sockets": sockets,
    "lists": lists,
}


def tell(found: dict[str, Any]) -> None:
    """A line for whoever started us."""
    print(orjson.dumps(found).decode(), flush=True)  # noqa: T201


def main() -> int:
    """One task, one answer."""
    task = Task(**orjson.loads(sys.stdin.readline()))
    found = uvloop.run(KINDS[task.kind](task))
    tell(found | {"cpu_s": time.process_time()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
