"""`frontdesk up`: Valkey, web and worker processes on one machine; what dies is started again, and all of it ends in order.

`python -m config.supervise WEB WORKERS` imports once what web and worker need and forks them, so that the memory of it is there
once. It has no thread, no event loop and no connection to the database, and sleeps until something happens.
"""

from __future__ import annotations

from config import lean  # isort: skip  # first: it decides what structlog may import

import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from multiprocessing.connection import wait

from config import data_folder, figures, shared, valkey
from config.children import HANDLED, Child, run_module
from config.greeting import greet, say
from config.load import Faulty, Installation, load
from config.own_valkey import OwnValkey
from config.settings import reachable
from hub.errors import ConfigError

STOP_S = 20.0
"""Longer than the web process's own grace (15 s) and the worker's (10 s)."""
MISTAKEN = 2
"""The exit code of a process that can't keep to its configuration: to start it again would change nothing."""
REMEMBERED_S = 120.0
"""For how long children are told of a process that has ended: longer than anything is held by one that is gone."""
WEB, WORKER = "widget", "workers"
"""What children run, named and not imported: config stands below both."""


class Supervisor:
    """The processes of one installation on one machine."""

    def __init__(self, installation: Installation, line: socket.socket, *, webs: int, workers: int) -> None:
        settings = installation.hub
        self._installation = installation
        self._line = line
        self._woken, self._wake = socket.socketpair()
        self._asked = 0
        self._code: int | None = None
        self._ready = False
        self._ended: dict[str, float] = {}
        data, port, run = settings.data.resolve(), int(line.getsockname()[1]), secrets.token_hex(8)
        self._metrics, self._folder = figures.folder(data), data / "valkey"
        os.environ |= {
            figures.VARIABLE: str(self._metrics),
            "FRONTDESK_RUN": run,
            "PORT": str(port),
            "HOST": settings.host,
            "DATA": str(data),
        }
        host = reachable(settings.host)
        url = settings.public_url or f"http://{host}:{port}"
        self._webs = [Child(_numbered("web", n, webs), run_module, WEB, line, True) for n in range(webs)]
        self._workers = [Child(_numbered("worker", n, workers), run_module, WORKER, line, False) for n in range(workers)]
        self._tables = Child("tables", shared.bring_up_to_date, settings.database_url)
        self._greeting = Child("greeting", greet, url, host.strip("[]"), port, run, settings.environment == "development")
        self._valkey = OwnValkey(self._folder) if settings.redis is None else None

    def run(self) -> int:
        """Until Ctrl-C or SIGTERM. Exit code 0 after a clean stop, 2 when a process can't keep to its configuration."""
        shutil.rmtree(self._metrics, ignore_errors=True)
        self._metrics.mkdir(parents=True)
        self._listen_to_signals()
        self._prepare()
        while self._code is None:
            self._start_due()
            self._sleep()
            self._note_ends()
            if self._asked:
                self._code = 0
        say("Stopping; once more Ctrl-C ends it at once")
        self._end()
        return self._code

    def _listen_to_signals(self) -> None:
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in HANDLED:
            signal.signal(number, self._on_signal)
        os.register_at_fork(after_in_child=self._forget)

    def _on_signal(self, number: int, frame: object) -> None:
        self._asked += number != signal.SIGCHLD

    def _forget(self) -> None:
        """A child has no use for what its parent waits at."""
        self._woken.close()
        self._wake.close()
        if self._valkey is not None:
            self._valkey.forget()

    def _prepare(self) -> None:
        """Import what children share, while two of them start Valkey and bring the tables up to date."""
        if self._valkey is not None:
            self._valkey.starting.start()
        shared.import_store(self._installation.hub.database_url)
        self._tables.start()
        shared.import_places(self._installation)
        for module in (WEB, WORKER):
            import_module(f"{module}.__main__")
        lean.settle()

    def _children(self) -> list[Child]:
        return [*self._webs, *self._workers, self._greeting]

    def _start_due(self) -> None:
        """Web and worker wait for the tables: whoever else made them would keep what that took."""
        starting = [self._valkey.starting] if self._valkey is not None else []
        if self._tables.sentinel is None:
            starting += self._children()
        for child in starting:
            if child.due is not None and child.due <= time.monotonic():
                child.start(self._lately())

    def _lately(self) -> list[str]:
        """Who ended within the last two minutes, forgetting the others."""
        since = time.monotonic() - REMEMBERED_S
        self._ended = {one: at for one, at in self._ended.items() if at > since}
        return list(self._ended)

    def _sleep(self) -> None:
        """Until something ends, a signal comes, or something is to be started."""
        children = [*self._children(), self._tables]
        watched: list[socket.socket | int] = [self._woken]
        if self._valkey is not None:
            children.append(self._valkey.starting)
            watched += self._valkey.watched()
        watched += [child.sentinel for child in children if child.sentinel is not None]
        due = [child.due for child in children if child.due is not None and child is not self._tables]
        wait(watched, max(0.0, min(due) - time.monotonic()) if due else None)
        self._drain()

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(64):
                pass

    def _note_ends(self) -> None:
        if self._valkey is not None:
            self._valkey.look()
        self._tables.ended()
        if self._greeting.ended() is not None:
            self._ready = True
        for child in (*self._webs, *self._workers):
            code = child.ended()
            if code is None or self._asked:
                continue
            if code == MISTAKEN and not self._ready:
                self._code = MISTAKEN
                return
            self._ended[child.id] = time.monotonic()
            pause = child.pause()
            child.due = time.monotonic() + pause
            say(f"{child.name} ended {_how(code)}; starting it again{f' in {pause:g} s' if pause else ''}")

    def _end(self) -> None:
        """Web processes first, so that nothing new is taken; then workers, which finish what they began; then Valkey."""
        self._line.close()
        self._stop(self._webs)
        self._stop([*self._workers, self._greeting, self._tables])
        if self._valkey is not None:
            self._stop([self._valkey.starting])
            valkey.stop(self._folder)
        shutil.rmtree(self._metrics, ignore_errors=True)

    def _stop(self, children: Sequence[Child]) -> None:
        """Ask them to end, and kill what does not within so many seconds, or when asked to stop once more."""
        until = time.monotonic() + STOP_S
        for child in children:
            child.signal(signal.SIGTERM)
        while left := [child.sentinel for child in children if child.ended() is None and child.sentinel is not None]:
            wait([self._woken, *left], max(0.0, until - time.monotonic()))
            self._drain()
            if self._asked > 1 or time.monotonic() >= until:
                for child in children:
                    child.signal(signal.SIGKILL)
                until = time.monotonic() + STOP_S


def _numbered(name: str, n: int, of: int) -> str:
    return f"{name} {n + 1}" if of > 1 else name


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with code {code}"


def listener(host: str, port: int) -> socket.socket:
    """The listening socket, handed to web processes: they come and go and leave no moment in which nobody listens."""
    line = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        line.bind((host, port))
        line.listen(2048)
    except OSError:
        line.close()
        raise
    return line


def up(webs: int, workers: int) -> int:
    """Check the configuration, then run everything. Exit code 1 when the data folder or the port is taken, 2 for a configuration
    with mistakes."""
    began = time.monotonic()
    try:
        installation = load()
        held = data_folder.hold(data_folder.made(installation.hub.data))
    except data_folder.InUse as exc:
        say(str(exc))
        return 1
    except ConfigError as exc:
        print(exc.told() if isinstance(exc, Faulty) else exc, file=sys.stderr)  # noqa: T201
        return MISTAKEN
    host, port = installation.hub.host, installation.hub.port
    try:
        line = listener(host, port)
    except OSError as exc:
        other = "another one: make run PORT=8001, or frontdesk up --port 8001"
        say(f"Port {port} of {host} can't be used: {exc.strerror}. Take {other}")
        return 1
    data_folder.note(held, host=host, port=line.getsockname()[1])
    code = Supervisor(installation, line, webs=webs, workers=workers).run()
    say(f"Stopped after {time.monotonic() - began:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(up(int(sys.argv[1]), int(sys.argv[2])))
