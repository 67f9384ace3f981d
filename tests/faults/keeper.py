"""Starts the hub's processes again whenever they end, as a supervisor does, and remembers how each of them ended.

Some are started with a trap: a failpoint (hub/failpoints.py) at which they kill themselves after so many passes, at moments that
a kill from outside rarely meets.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from hub.failpoints import VARIABLE
from tests.faults.records import Records
from tests.faults.remains import open_files
from tests.faults.waiting import came
from tests.servers.installation import Running

AGAIN_S = 0.3
CLEAN = (0, -signal.SIGKILL)
TRAPS = {
    "web": ("intake.received", "intake.queued", "txn.before_commit", "txn.committed", "ack.before"),
    "worker": (
        *("inbound.handled", "inbound.before_commit", "inbound.committed", "claim.before", "claim.committed", "send.before"),
        *("send.response", "outcome.before", "outcome.committed", "recon.before", "recon.found"),
    ),
}
TRAPPED = 0.25
"""Share of starts with a trap."""
PASSES = (5, 150)
RARE = 3
"""Passes at most for places that are seldom passed: asking whether a call arrived."""


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where the kernel does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


class Keeper:
    """The processes of one installation."""

    def __init__(self, running: Running, records: Records, chance: random.Random) -> None:
        self.running = running
        self.ends: Counter[str] = Counter()
        """How processes ended: "worker -9", "web 2"."""
        self.trapped: Counter[str] = Counter()
        """Kills by traps: "worker at send.response"."""
        self.trapping = True
        self.mutes: set[str] = set()
        """Processes that are stopped at this moment (SIGSTOP)."""
        self._since: dict[str, float] = {}
        self._traps: dict[str, str] = {}
        self._records = records
        self._chance = chance
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    def keep(self) -> None:
        """From now on."""
        for name in self.running.processes:
            self._since[name] = time.monotonic()
            self._tasks.append(asyncio.create_task(self._keep(name), name=f"keep {name}"))

    def working(self, kind: str, seconds: float) -> list[str]:
        """Processes of a kind that have been up for so long, the longest first."""
        now = time.monotonic()
        names = [name for name in self.running.processes if name.startswith(kind) and self._alive(name)]
        up = [name for name in names if name in self._since and now - self._since[name] >= seconds]
        return sorted(up, key=lambda name: self._since[name])

    def _alive(self, name: str) -> bool:
        return self.running.processes[name].returncode is None

    async def _keep(self, name: str) -> None:
        while True:
            code = await self.running.processes[name].wait()
            self._since.pop(name, None)
            self.mutes.discard(name)
            self.ends[f"{name.rstrip('0123456789')} {code}"] += 1
            self._records.add("ended", name=name, code=code)
            trap = self._traps.pop(name, "")
            if trap and code == -signal.SIGKILL:
                self.trapped[f"{name.rstrip('0123456789')} at {trap}"] += 1
            if self._closing:
                return
            await asyncio.sleep(self._chance.random() * AGAIN_S if code in CLEAN else AGAIN_S)
            await self._start(name)

    async def _start(self, name: str) -> None:
        """Start it; one that ends while it starts, because its database is away, is started again by the loop."""
        more = self._trap(name)
        try:
            await self.running.start(name, **more)
            self._since[name] = time.monotonic()
            self._records.add("started", name=name, pid=self.running.processes[name].pid, **more)
        except (RuntimeError, TimeoutError) as exc:
            self._records.add("not_started", name=name, error=str(exc)[-500:])
            self._traps.pop(name, None)
            self.running.signal(name, signal.SIGKILL)

    def _trap(self, name: str) -> dict[str, str]:
        """The environment of a process that will, sometimes, kill itself."""
        if not self.trapping or self._chance.random() >= TRAPPED:
            return {}
        place = self._chance.choice(TRAPS[name.rstrip("0123456789")])
        passes = self._chance.randint(1, RARE) if place.startswith("recon") else self._chance.randint(*PASSES)
        self._traps[name] = place
        return {VARIABLE: f"{place}=kill@{passes}"}

    def killed(self, name: str) -> bool:
        """kill -9; whether it lived."""
        if not self._alive(name):
            return False
        self._traps.pop(name, None)
        self.running.signal(name, signal.SIGKILL)
        return True

    async def pause(self, name: str, seconds: float) -> None:
        """SIGSTOP, and SIGCONT to the same process after so long."""
        process = self.running.processes[name]
        if process.returncode is not None:
            return
        process.send_signal(signal.SIGSTOP)
        self.mutes.add(name)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.mutes.discard(name)
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)

    def memory(self) -> dict[str, int]:
        """MiB that each process holds (resident)."""
        return {name: _resident(pid) >> 20 for name, pid in self._living().items()}

    def open_files(self) -> dict[str, int]:
        """Files and sockets that each process holds."""
        return {name: open_files(pid) for name, pid in self._living().items()}

    def _living(self) -> dict[str, int]:
        return {name: one.pid for name, one in self.running.processes.items() if self._alive(name)}

    async def whole(self, seconds: float = 60.0) -> bool:
        """Wait until everything is up."""
        names = self.running.processes
        return await came(lambda: all(name in self._since and self._alive(name) for name in names), seconds)

    async def aclose(self) -> None:
        """Leave off; the processes are ended by whoever started them."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
