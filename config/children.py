"""Processes that `frontdesk up` starts: long-lived ones that must live, and short-lived ones that are asked something."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import sys
import time
from collections.abc import Callable, Mapping

PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a process that died is started again; back to none once it has lived for a minute."""
LIVED_S = 60.0
PR_SET_PDEATHSIG = 1


def ends_with_parent() -> Callable[[], None] | None:
    """On Linux a child is told to end when its parent is killed: nobody else would, and it would hold the port."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask


class Child:
    """One process that must live."""

    def __init__(self, name: str, module: str, environment: Mapping[str, str], keep: tuple[int, ...] = ()) -> None:
        self.name = name
        self._module = module
        self._environment = environment
        self._keep = keep
        self._process: asyncio.subprocess.Process | None = None
        self._deaths = 0
        self._since = 0.0

    async def run(self) -> int:
        """Start it and wait for its end; its exit code."""
        self.began()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=self._keep,
            start_new_session=True,  # Ctrl-C reaches only the supervisor, which ends the others in order
            preexec_fn=ends_with_parent(),
        )
        return await self._process.wait()

    def began(self) -> None:
        """It is started now."""
        self._since = time.monotonic()

    def pause(self) -> float:
        """Seconds to wait before the next start."""
        if time.monotonic() - self._since > LIVED_S:
            self._deaths = 0
        self._deaths += 1
        return PAUSES[min(self._deaths, len(PAUSES)) - 1]

    def signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def end(self, seconds: float) -> None:
        """Ask it to end, and kill it when it does not within so many seconds."""
        self.signal(signal.SIGTERM)
        if self._process is not None:
            try:
                await asyncio.wait_for(self._process.wait(), seconds)
            except TimeoutError:
                self.signal(signal.SIGKILL)
                await self._process.wait()


async def run_once(module: str, *arguments: str, environment: Mapping[str, str], show: bool = False) -> tuple[int, str]:
    """Run a module to its end: its exit code and what it printed, unless that is shown to the person at the terminal."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=None if show else asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        said, _ = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        raise
    return child.returncode or 0, (said or b"").decode().strip()
