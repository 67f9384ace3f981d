"""Processes that `frontdesk up` forks: they share the memory of what it has imported, and end when it does.

Forking needs a parent with no thread and no event loop. Where a fork is not safe (macOS), `multiprocessing` starts a new Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from socket import socket
from typing import Any

PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a process that died is started again, by how many of its deaths are remembered."""
LIVED_S = 4.0
"""A death is forgotten for every four seconds lived: who is killed now and then is back at once, who dies in starting waits."""
PROCESS, ENDED = "FRONTDESK_PROCESS", "FRONTDESK_ENDED"
"""What a child is told: its own id, and the ids of those that ended lately, by which it knows what they held."""
PR_SET_PDEATHSIG = 1
LINUX = sys.platform.startswith("linux")
CONTEXT: Any = multiprocessing.get_context("fork" if LINUX else "spawn")
HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


def ends_with_parent() -> Callable[[], None] | None:
    """On Linux a child is told to end when its parent is killed: nobody else would, and it would hold the port."""
    if not LINUX:
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask


class Child:
    """A process that runs a function, once or again and again; what the function returns is its exit code."""

    def __init__(self, name: str, work: Callable[..., int | None], *arguments: Any) -> None:
        self.name = name
        self._work = work
        self._arguments = arguments
        self._process: Any = None
        self._deaths = 0
        self.id = ""
        """Of the process that was started last: 32 hex digits."""
        self._since = 0.0
        self.due: float | None = 0.0
        """When it may be started, by the monotonic clock; None while it runs or when it is not wanted any more."""

    @property
    def sentinel(self) -> int | None:
        """What becomes readable when the process ends; None when there is none."""
        return None if self._process is None else int(self._process.sentinel)

    def start(self, ended: Sequence[str] = ()) -> None:
        """Start it; `ended` are the ids of processes that are no more. A signal that comes meanwhile waits: the child would take
        it for its parent's."""
        self.began()
        self.due = None
        self.id = secrets.token_hex(16)
        told = {PROCESS: self.id, ENDED: ",".join(ended)}
        self._process = CONTEXT.Process(target=_enter, args=(os.getpid(), told, self._work, *self._arguments), name=self.name)
        with _signals_wait():
            self._process.start()

    def began(self) -> None:
        """It is started now."""
        self._since = time.monotonic()

    def ended(self) -> int | None:
        """The exit code of a process that has ended since the last time of asking."""
        if self._process is None or self._process.exitcode is None:
            return None
        code = int(self._process.exitcode)
        self._process.close()
        self._process = None
        return code

    def pause(self) -> float:
        """Seconds to wait before the next start."""
        lived = time.monotonic() - self._since
        self._deaths = max(0, self._deaths - int(lived / LIVED_S)) + 1
        return PAUSES[min(self._deaths, len(PAUSES)) - 1]

    def signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self._process is not None and self._process.exitcode is None:
            os.kill(self._process.pid, number)


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def own_id() -> str:
    """The id that the supervisor gave this process; empty where there is none."""
    return os.environ.get(PROCESS, "")


def ended_lately() -> list[str]:
    """The ids of processes that have certainly ended."""
    return [one for one in os.environ.get(ENDED, "").split(",") if one]


def _enter(parent: int, told: Mapping[str, str], work: Callable[..., int | None], *arguments: Any) -> None:
    """The child's first steps: signals as in a new process, a session of its own, and an end with its parent."""
    os.environ |= told
    signal.set_wakeup_fd(-1)
    for number in HANDLED:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.setsid()  # Ctrl-C reaches only the supervisor, which ends the others in order
    ask = ends_with_parent()
    if ask is not None:
        ask()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    if os.getppid() == parent:
        sys.exit(work(*arguments))


def run_module(module: str, line: socket, listens: bool) -> int:
    """As `python -m module`, which it is called in lists of processes. A listening socket is handed on by its number."""
    if listens:
        os.environ["FRONTDESK_SOCKET"] = str(line.fileno())
    else:
        line.close()
    if LINUX:
        _rename("python", "-m", module)
    return int(import_module(f"{module}.__main__").main())


def _rename(*arguments: str) -> None:
    """Write other arguments over those that a fork has inherited, as far as there is room."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    said = "".join(f"{argument}\0" for argument in arguments).encode()
    if 0 < start < end - len(said):
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, said, len(said))
