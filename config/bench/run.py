"""One call of `frontdesk bench`: which installations are started, and what is measured on each."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from config.bench.hooks import Task
from config.bench.place import Place, installed, sinks_running, started
from config.bench.processes import busy_s, cpu_s, open_files, shares, spent, tree
from config.bench.report import Report
from config.bench.servers import Servers, cores, kept, reach, worked_off

HIDDEN = "the database's or Redis' processes can't be seen from here"
"""Why the cost of all processes can't be told."""
MUCH = 0.3
"""Cores that others may keep busy before the figures say little about us."""
PATIENCE_S = 180.0
"""How much longer than its task the load generator may take: for what is on its way to arrive."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    only: tuple[str, ...]
    servers: Servers
    seconds: float = 8.0
    messages: int = 20_000
    sockets: int = 10_000
    conversations: int = 10_000


@dataclass
class Bench:
    """What measurements share."""

    options: Options
    report: Report
    began: float = field(default_factory=time.monotonic)
    runs: int = 0
    others: list[float] = field(default_factory=list)
    """How many cores others kept busy, run by run."""

    def say(self, text: str) -> None:
        """Progress, for the person at the terminal."""
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", file=sys.stderr, flush=True)  # noqa: T201

    def task(self, place: Place, kind: str, **more: Any) -> Task:
        """A task for the load generator, with a number of its own."""
        self.runs += 1
        given: dict[str, Any] = {"seconds": self.options.seconds, "messages": self.options.messages, "token": place.token} | more
        return Task(kind, place.port, self.runs, kept=str(place.ids), sinks=place.sinks, **given)


@dataclass(frozen=True)
class Outcome:
    """What the load generator saw, and what it cost the hub meanwhile."""

    found: dict[str, Any]
    cpu_s: float | None
    cpu_by: dict[str, float]
    """The same by kind of process."""


async def generate(bench: Bench, place: Place, task: Task) -> Outcome:
    """Run the load generator in a process of its own."""
    pids = await place.all_pids()
    every = tree(os.getpid()) | (pids or set())
    before, busy, began = cpu_s(every), busy_s(), time.monotonic()
    async with started("config.bench.load") as child:
        said, _ = await asyncio.wait_for(child.communicate(orjson.dumps(asdict(task)) + b"\n"), task.seconds + PATIENCE_S)
    if child.returncode or not said:
        raise RuntimeError(f"the load generator ended with code {child.returncode}")
    found: dict[str, Any] = orjson.loads(said.splitlines()[-1])
    now = await place.all_pids()
    after, took = cpu_s(tree(os.getpid()) | (now or set())), time.monotonic() - began
    all_of_us, busy_now = spent(before, after), busy_s()
    if busy is not None and busy_now is not None and all_of_us is not None:
        bench.others.append(max(0.0, busy_now - busy - all_of_us - found["cpu_s"]) / took)
    mine = None if now is None or before is None else {pid: used for pid, used in (after or {}).items() if pid in now}
    return Outcome(found, spent(before, mine), shares(before or {}, mine or {}))


@asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


async def count(bench: Bench, place: Place) -> None:
    """At the end of an installation: was everything kept that was said to be?"""
    accepted = place.accepted()
    if not accepted:
        return
    if not await worked_off(place.database_url):
        bench.report.notes.append("the worker had not worked off everything when the time was over")
    found = await kept(place.database_url, accepted)
    bench.report.messages += found.messages
    bench.report.lost += found.lost
    bench.report.undone += found.undone


def python_s() -> float:
    """Processor seconds of five million additions, the best of three: by it, figures of two machines can be held together."""
    found = []
    for _ in range(3):
        began, total = time.thread_time(), 0
        for number in range(5_000_000):
            total += number
        found.append(time.thread_time() - began)
    return min(found)


Measure = Callable[[Bench, Place], Awaitable[None]]


async def bench_all(options: Options) -> Report:
    """Everything that was asked for, installation by installation. SIGTERM ends it as Ctrl-C does: with nothing left running."""
    from config.bench import measures

    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    open_files()
    await reach(options.servers)
    bench = Bench(options, Report(options.servers.named, cores()))
    bench.report.tell("python_s", await asyncio.to_thread(python_s))
    groups: list[tuple[dict[str, Measure], dict[str, Any]]] = [
        (measures.SHIPPED, {}),
        (measures.FRESH, {"sinks": True}),
        (measures.LOADED, {"sinks": True}),
        (measures.WITH_DESK, {"sinks": True, "desk": True}),
    ]
    async with scratch() as folder:
        for number, (group, how) in enumerate(groups):
            asked = [(name, measure) for name, measure in group.items() if name in options.only]
            if asked:
                await _group(bench, folder / str(number), asked, **how)
    if bench.others:
        others = sum(bench.others) / len(bench.others)
        bench.report.tell("other_cores", others)
        if others > MUCH:
            bench.report.notes.append(f"others kept {others:.1f} cores busy: rates are lower bounds, times upper bounds")
    return bench.report


async def _group(
    bench: Bench, folder: Path, asked: list[tuple[str, Measure]], *, sinks: bool = False, desk: bool = False
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(sinks_running()) if sinks else 0
        bench.say(f"starting frontdesk up ({bench.report.servers}{', with a desk' if desk else ''})")
        place = await stack.enter_async_context(installed(folder, bench.options.servers, sinks=port, desk=desk))
        bench.say(f"ready after {place.ready_s:.2f} s")
        try:
            for name, measure in asked:
                bench.say(name)
                await measure(bench, place)
        finally:
            await asyncio.shield(count(bench, place))
