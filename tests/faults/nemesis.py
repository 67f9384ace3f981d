"""Everything that goes wrong in a fault run, by a seeded list that is worked off in step with the load.

Kills are `kill -9` of web, worker, Redis (which comes back empty) and PostgreSQL; counted is what was really killed.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.faults.keeper import Keeper
from tests.faults.proxy import TOXICS, Proxy
from tests.faults.records import Records
from tests.faults.services import OwnRedis, Service
from tests.faults.waiting import came

WEIGHTS = {"worker": 4, "web": 3, "redis": 2, "postgres": 2}
PER_KILLS = {"pause": 8, "roll": 33, "toxic": 4}
"""One such fault for so many kills, besides the kills."""
LONG_PAUSE_S = 30.0
"""Longer than a call's lease and the wait before it is asked about together."""
UP_S = 1.0
"""How long a process works, most often, before it is killed."""
STEP_S = (0.2, 1.4)
AHEAD = 0.04
"""By how much of the whole the faults may be ahead of the load."""
BEHIND_S = 20.0


@dataclass
class Nemesis:
    """The faults of one run. `load` says how much of the load is done, from 0 to 1."""

    keeper: Keeper
    services: Sequence[Service]
    proxies: Sequence[Proxy]
    records: Records
    load: Callable[[], float]
    seed: int
    kills: int
    flushes: int
    done: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    _aside: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._by_name = {one.name: one for one in self.services}
        self.plan = self._plan()

    def _plan(self) -> list[str]:
        bag = [kind for kind, weight in WEIGHTS.items() if kind in ("worker", "web", *self._by_name) for _ in range(weight)]
        self._chance.shuffle(bag)
        plan = [f"kill {bag[n % len(bag)]}" for n in range(self.kills)] + ["flush"] * self.flushes
        for what, every in PER_KILLS.items():
            plan += [what] * max(1, self.kills // every)
        self._chance.shuffle(plan)
        return plan

    @property
    def share(self) -> float:
        """How much of the list is worked off."""
        return self.done / len(self.plan)

    @property
    def killed(self) -> int:
        """Kills that happened, those by traps among them."""
        return sum(n for what, n in self.happened.items() if what.startswith("kill ")) + self.keeper.trapped.total()

    async def run(self) -> None:
        """Work the list off; what was begun is over when this returns."""
        for what in self.plan:
            await self._in_step()
            await self._act(what)
            self.done += 1
        if self._aside:
            await asyncio.wait(self._aside)

    async def _in_step(self) -> None:
        """Let the load come along: faults on idle processes show little."""
        await asyncio.sleep(self._chance.uniform(*STEP_S))
        await came(lambda: self.load() >= self.share - AHEAD, BEHIND_S)

    async def _act(self, what: str) -> None:
        kind, _, target = what.partition(" ")
        match kind:
            case "kill" if target in self._by_name:
                await self._kill_service(self._by_name[target])
            case "kill":
                await self._kill_process(target)
            case "flush":
                await self._flush()
            case "pause":
                self._spawn(self._pause())
            case "toxic":
                self._spawn(self._poison())
            case "roll":
                await self._roll()

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    def _note(self, what: str, **facts: object) -> None:
        self.happened[what] += 1
        self.records.add("fault", fault=what, **facts)

    async def _kill_process(self, kind: str) -> None:
        """One that has worked a while; now and then one that has only just come up."""
        wait = UP_S if self._chance.random() < 0.85 else 0.0
        if await came(lambda: bool(self.keeper.working(kind, wait)), BEHIND_S):
            name = self._chance.choice(self.keeper.working(kind, wait))
            if self.keeper.killed(name):
                self._note(f"kill {kind}", name=name)

    async def _kill_service(self, service: Service) -> None:
        if await service.kill():
            self._note(f"kill {service.name}")
        await asyncio.sleep(self._chance.uniform(0.3, 1.2))
        await service.start()

    async def _flush(self) -> None:
        redis = self._by_name["redis"]
        assert isinstance(redis, OwnRedis)
        await redis.flush()
        self._note("flush")

    async def _pause(self) -> None:
        """A process that stands still, sometimes for longer than its leases last."""
        long = self._chance.random() < 0.15
        kind = "worker" if long or self._chance.random() < 0.5 else "web"
        names = [name for name in self.keeper.working(kind, 0.0) if name not in self.keeper.mutes]
        if not names:
            return
        name, seconds = self._chance.choice(names), LONG_PAUSE_S if long else self._chance.uniform(0.5, 5.0)
        self._note("pause", name=name, seconds=round(seconds, 1))
        await self.keeper.pause(name, seconds)

    async def _poison(self) -> None:
        proxy, toxic = self._chance.choice(self.proxies), self._chance.choice(TOXICS)
        if proxy.toxic:
            return
        seconds = self._chance.uniform(0.3, 3.0)
        self._note("toxic", proxy=proxy.name, toxic=toxic, seconds=round(seconds, 1))
        proxy.poison(toxic)
        try:
            await asyncio.sleep(seconds)
        finally:
            proxy.heal()

    async def _roll(self) -> None:
        """A rolling restart: SIGTERM to one after the other, each when the one before is back."""
        for name in list(self.keeper.running.processes):
            if name in self.keeper.mutes or not self.keeper.working(name, 0.0):
                continue
            self.keeper.running.signal(name, 15)
            self.records.add("asked_to_end", name=name)
            await came(lambda name=name: not self.keeper.working(name, 0.0), BEHIND_S)  # type: ignore[misc]
            await came(lambda name=name: bool(self.keeper.working(name, UP_S)), BEHIND_S)  # type: ignore[misc]
        self._note("roll")
