"""Forks web and worker processes from one that has imported what they need, as `frontdesk up` does: for its imports a new Python
takes more than a second of the processor, and stories start hundreds.

`python -m tests.servers.warm 7` takes orders on the listening socket 7 until its standard input ends: one connection for each
process, which brings module or code, arguments, environment, files for output and errors, and is told the process id and then
the exit code.
"""

from __future__ import annotations

from config import lean  # isort: skip  # first: it decides what structlog may import

import array
import asyncio
import atexit
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module, reload
from pathlib import Path
from typing import Any, Protocol

from hub import failpoints

ROOT = Path(__file__).parents[2]
COMMAND = "config"
MODULES = {"widget", "workers", "config.supervise", "tests.faults.mutants", "-c", COMMAND}
KNOWN = {"FRONTDESK_CONFIG", "DATA", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL", "PORT", failpoints.VARIABLE}
"""Variables that a process reads when it has begun. Another may be read by an import, and that has happened before the fork."""
URLS = ("sqlite:///hub.db", "postgresql://127.0.0.1/hub", "mysql://127.0.0.1/hub")


class Started(Protocol):
    """A process: one of asyncio's, or a fork."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def send_signal(self, signal: int) -> None: ...


class Forked:
    """A process that another one has forked for us and looks after."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ending = asyncio.create_task(self._end(reader, writer))

    async def _end(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        self.returncode = int(await reader.readline())
        writer.close()
        return self.returncode

    async def wait(self) -> int:
        """Its exit code, when it has ended."""
        return await asyncio.shield(self._ending)

    def send_signal(self, signal: int) -> None:
        """Send it a signal, if it lives."""
        if self.returncode is None:
            os.kill(self.pid, signal)


def forkable(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a fork is the same as a new Python that runs this module with this environment."""
    names = environment.keys() | os.environ.keys()
    changed = {name for name in names if environment.get(name) != os.environ.get(name)}
    return hasattr(os, "pidfd_open") and words[0] in MODULES and changed <= KNOWN


async def ran(code: str, *arguments: str, **environment: str) -> int:
    """The exit code of a process that runs `python -c code arguments …`."""
    words, given = ("-c", code, *arguments), os.environ | environment
    process: Started
    if forkable(words, given):
        process = await forked(words, given, 2)
    else:
        process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, env=given)
    return await process.wait()


async def forked(words: Sequence[str], environment: Mapping[str, str], log: int) -> Forked:
    """As `python -m module arguments …`, or `python -c code arguments …`, with this environment and log."""
    reader, writer = await asyncio.open_unix_connection(sock=_order(words, environment, log, log))
    return Forked(int(await reader.readline()), reader, writer)


def frontdesk(*arguments: str, environment: Mapping[str, str], seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
    """What `frontdesk arguments …` has printed, and its exit code; a warning is an error. Raises `TimeoutExpired`."""
    words = (COMMAND, *arguments)
    if not forkable(words, environment):
        command = [sys.executable, "-W", "error", "-m", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as wrong:
        with _order(words, environment, out.fileno(), wrong.fileno()) as line, line.makefile() as told:
            pid = int(told.readline())
            line.settimeout(seconds)
            try:
                code = int(told.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(words, seconds) from None
        out.seek(0)
        wrong.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), wrong.read())


def _order(words: Sequence[str], environment: Mapping[str, str], out: int, wrong: int) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.connect(_address())
    order = json.dumps({"words": list(words), "environment": dict(environment)}).encode()
    socket.send_fds(line, [order + b"\n"], [out, wrong])
    return line


@cache
def _address() -> str:
    """Where the process that forks takes its orders. It is started now, and ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="frontdesk-warm-")
    address = f"{folder.name}/s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        words = (sys.executable, "-m", "tests.servers.warm", str(listener.fileno()))
        server = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])

    def end() -> None:
        assert server.stdin is not None
        server.stdin.close()
        server.wait()
        folder.cleanup()

    atexit.register(end)
    return address


def warm_up() -> None:
    """Import what web and worker import, with every connector, desk and database driver."""
    from agents_bridge import DESKS
    from config import shared
    from connectors import CONNECTORS

    for url in URLS:
        shared.import_store(url)
    for channel in CONNECTORS.values():
        channel.load()
    for desk in DESKS.values():
        desk.load()
    for module in ("widget", "workers", COMMAND):
        import_module(f"{module}.__main__")
        del sys.modules[f"{module}.__main__"]  # it is run, not imported
    lean.settle()
    assert threading.active_count() == 1, "an import has started a thread: no fork is safe any more"


def _ordered(line: socket.socket) -> tuple[dict[str, Any], Sequence[int]]:
    said, found = b"", array.array("i")
    while not said.endswith(b"\n"):
        piece, handles, _, _ = socket.recv_fds(line, 65_536, 2)
        if not piece:
            raise EOFError
        said += piece
        found.extend(handles)
    return json.loads(said), found


def orders(listener: socket.socket) -> list[str]:
    """Fork for every order. Returns in each child, with what to run; the parent's own end is its exit."""
    lines: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as events:
        events.register(listener, selectors.EVENT_READ)
        events.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in events.select():
                if key.fd == 0:
                    sys.exit()
                if key.fd != listener.fileno():
                    events.unregister(key.fd)
                    _tell_end(key.fd, *lines.pop(key.fd))
                    continue
                line, _ = listener.accept()
                order, handed = _ordered(line)
                pid = os.fork()
                if not pid:
                    for handle, (_, other) in lines.items():
                        os.close(handle)
                        other.close()
                    line.close()
                    listener.close()
                    return _become(order, *handed)
                for handle in handed:
                    os.close(handle)
                line.sendall(b"%d\n" % pid)
                handle = os.pidfd_open(pid)
                lines[handle] = pid, line
                events.register(handle, selectors.EVENT_READ)


def _tell_end(handle: int, pid: int, line: socket.socket) -> None:
    os.close(handle)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with line:
        try:
            line.sendall(b"%d\n" % code)
        except OSError:
            return  # who asked for it has ended


def _become(order: dict[str, Any], out: int, wrong: int) -> list[str]:
    """Standard input, output and environment as in a process that was started with them."""
    given = (os.open(os.devnull, os.O_RDONLY), out, wrong)
    for own, handle in enumerate(given):
        os.dup2(handle, own)
    for handle in given:
        os.close(handle)
    os.environ.clear()
    os.environ.update(order["environment"])
    reload(failpoints)  # the only module that reads one of `KNOWN` when it is imported
    return list(order["words"])


if __name__ == "__main__":
    warm_up()
    sys.argv = orders(socket.socket(fileno=int(sys.argv[1])))
    if sys.argv[0] == COMMAND:
        if sys.modules["rich"] is None:
            del sys.modules["rich"]  # kept out of web and worker, and not of commands
        warnings.simplefilter("error")
    if sys.argv[0] == "-c":
        code = sys.argv.pop(1)
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
