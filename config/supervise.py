"""`frontdesk up`: Valkey, web and worker processes on one machine; what dies is started again, and all of it ends in order.

`python -m config.supervise WEB WORKERS` stays small: it imports no SDK and no database, lets short-lived children check the
configuration and greet, and sleeps until something happens.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    sys.modules["ssl"] = None  # type: ignore[assignment]  # asyncio does without it, and 2 MiB less are held

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.children import Child, run_once
from config.valkey import socket_of, stop

STOP_S = 20.0
"""Longer than the web process's own grace (15 s) and the worker's (10 s)."""
READY_S = 30.0
MISTAKEN = 2
"""The exit code of a process that can't keep to its configuration: to start it again would change nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the checked configuration says that this process must know."""

    host: str
    port: int
    data: str
    public_url: str
    own_valkey: bool
    demo: bool


class Supervisor:
    """The processes of one installation on one machine."""

    def __init__(self, plan: Plan, *, webs: int, workers: int) -> None:
        self._plan = plan
        self._stop = asyncio.Event()
        self._code = 0
        self._ready = False
        self._socket = listener(plan.host, plan.port)
        self._port = int(self._socket.getsockname()[1])
        self._valkey = Path(plan.data).resolve() / "valkey"
        self._metrics = Path(plan.data).resolve() / "metrics"
        self._run = secrets.token_hex(8)
        environment = os.environ | {
            "PROMETHEUS_MULTIPROC_DIR": str(self._metrics),
            "FRONTDESK_RUN": self._run,
            "MALLOC_ARENA_MAX": "2",  # glibc gives each thread its own otherwise, and SQLite's threads need none
            "FRONTDESK_SOCKET": str(self._socket.fileno()),
            "PORT": str(self._port),
            "HOST": plan.host,
            "DATA": str(Path(plan.data).resolve()),
        }
        self._environment = environment
        kept = (self._socket.fileno(),)
        self._webs = [Child(_numbered("web", n, webs), "widget", environment, kept) for n in range(webs)]
        self._workers = [Child(_numbered("worker", n, workers), "workers", environment) for n in range(workers)]

    @property
    def url(self) -> str:
        """Where people click."""
        return self._plan.public_url or f"http://{_reachable(self._plan.host)}:{self._port}"

    async def run(self) -> int:
        """Until Ctrl-C or SIGTERM. Exit code 0 after a clean stop, 2 when a process can't keep to its configuration."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._asked_to_stop)
        shutil.rmtree(self._metrics, ignore_errors=True)
        self._metrics.mkdir(parents=True)
        tasks = [asyncio.create_task(self._keep(child)) for child in (*self._webs, *self._workers)]
        if self._plan.own_valkey:
            tasks.append(asyncio.create_task(self._keep_valkey()))
        tasks.append(asyncio.create_task(self._greet()))
        await self._stop.wait()
        say("Stopping; once more Ctrl-C ends it at once")
        await self._end()
        await asyncio.wait(tasks, timeout=1)
        return self._code

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():
            for child in (*self._webs, *self._workers):
                child.signal(signal.SIGKILL)
        self._stop.set()

    async def _keep(self, child: Child) -> None:
        """Start a process, and start it again when it dies."""
        while not self._stop.is_set():
            code = await child.run()
            if self._stop.is_set():
                return
            if code == MISTAKEN and not self._ready:
                self._code = MISTAKEN
                self._stop.set()
                return
            pause = child.pause()
            say(f"{child.name} ended {_how(code)}; starting it again{f' in {pause:g} s' if pause else ''}")
            await self._sleep(pause)

    async def _keep_valkey(self) -> None:
        """Start our Valkey and hold a line to it, whose end tells at once that it died."""
        folder, turn = self._valkey, 0
        while not self._stop.is_set():
            started, said = await run_once("config.valkey", str(folder), environment=self._environment)
            try:
                if started != 0:
                    raise OSError(said or "it did not start")
                reader, writer = await asyncio.open_unix_connection(str(socket_of(folder)))
            except OSError as exc:
                say(f"Valkey: {exc}")
                turn += 1
                await self._sleep(min(5.0, turn / 2))
                continue
            turn = 0
            with contextlib.suppress(OSError):
                await reader.read(1)
            writer.close()
            if not self._stop.is_set():
                say("Valkey ended; starting it again")

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def _greet(self) -> None:
        """Say where to click once the hub is ready; a short-lived child knows whether an admin must be made first."""
        patience = asyncio.get_running_loop().call_later(
            READY_S, say, f"Not ready after {READY_S:g} s; the log above says why. Still trying"
        )
        while not await self._says_ready():
            await self._sleep(0.1)
            if self._stop.is_set():
                return
        patience.cancel()
        self._ready = True
        what = ("--demo",) if self._plan.demo else ()
        await run_once("config", "welcome", self.url, *what, environment=self._environment, show=True)

    async def _says_ready(self) -> bool:
        """Whether a web process of this very run is ready. The question waits in the socket until one of them takes it."""
        writer = None
        try:
            host = _reachable(self._plan.host).strip("[]")
            reader, writer = await asyncio.open_connection(host, self._port)
            writer.write(f"GET /readyz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            return b" 200 " in head.split(b"\r\n")[0] and json.loads(body).get("run") == self._run
        except (OSError, ValueError):
            return False
        finally:
            if writer is not None:
                writer.close()

    async def _end(self) -> None:
        """Web processes first, so that nothing new is taken; then workers, which finish what they began; then Valkey."""
        self._socket.close()
        await _stopped(self._webs)
        await _stopped(self._workers)
        if self._plan.own_valkey:
            stop(self._valkey)
        shutil.rmtree(self._metrics, ignore_errors=True)


async def _stopped(children: Sequence[Child]) -> None:
    await asyncio.gather(*(child.end(STOP_S) for child in children))


def _numbered(name: str, n: int, of: int) -> str:
    return f"{name} {n + 1}" if of > 1 else name


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with code {code}"


def _reachable(host: str) -> str:
    """The address at which this machine reaches a host that may stand for all of its addresses."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


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
    line.set_inheritable(True)
    return line


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, flush=True)  # noqa: T201


async def up(webs: int, workers: int) -> int:
    """Check the configuration, then run everything. Exit code 1 when the port is taken, 2 for a configuration with mistakes."""
    began = time.monotonic()
    code, said = await run_once("config", "check", "--plan", environment=dict(os.environ))
    if code != 0:
        return MISTAKEN
    plan = Plan(**json.loads(said))
    try:
        supervisor = Supervisor(plan, webs=webs, workers=workers)
    except OSError as exc:
        other = "another one: make run PORT=8001, or frontdesk up --port 8001"
        say(f"Port {plan.port} of {plan.host} can't be used: {exc.strerror}. Take {other}")
        return 1
    code = await supervisor.run()
    say(f"Stopped after {time.monotonic() - began:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(up(int(sys.argv[1]), int(sys.argv[2]))))
