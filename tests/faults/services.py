"""What a fault run kills besides the hub: a Redis that forgets everything when it dies, and a PostgreSQL cluster of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, Process, create_subprocess_exec
from pathlib import Path
from typing import Any, Protocol

from config.valkey import programs
from tests.faults.waiting import came
from tests.servers.installation import free_port

START_S = 30.0


class Service(Protocol):
    """A server program that can die and come back on the same port."""

    name: str
    port: int

    @property
    def pid(self) -> int:
        """The process to signal; 0 when there is none."""
        ...

    async def start(self) -> None: ...

    async def kill(self) -> bool:
        """kill -9; whether there was something to kill."""
        ...

    async def aclose(self) -> None: ...


async def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


class OwnRedis:
    """A Redis without a disk: every death is a loss of everything."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def start(self) -> None:
        """Empty, and listening when this returns."""
        where = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder))
        memory = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction")
        with (self._folder / "redis.log").open("ab") as log:
            self._process = await create_subprocess_exec(next(programs()), *where, *memory, stdin=DEVNULL, stdout=log, stderr=log)
        if not await came(lambda: listens(self.port), START_S):
            raise RuntimeError("Redis did not start")

    async def flush(self) -> None:
        """FLUSHALL."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"FLUSHALL\r\n")
        answer = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        if not answer.startswith(b"+OK"):
            raise OSError(f"FLUSHALL was answered with {answer!r}")

    async def kill(self) -> bool:
        return await _killed(self._process)

    async def aclose(self) -> None:
        await _killed(self._process)


def postgres_programs() -> Path | None:
    """The newest PostgreSQL's folder of programs; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    given = shutil.which("postgres")
    return Path(given).resolve().parent if given and shutil.which("initdb") else None


class OwnPostgres:
    """A throw-away cluster with the settings of a real one: every commit is flushed."""

    name = "postgres"

    def __init__(self, programs: Path) -> None:
        self.port = free_port()
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="frontdesk-pg-"))
        self._process: Process | None = None
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self._folder, "postgres", "postgres")
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": [], "cwd": self._folder}

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def create(self, database: str) -> None:
        """Make the cluster, start it, make a database."""
        await self._run(
            "initdb", "-D", str(self._folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-instructions"
        )
        await self.start()
        await self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", database)

    async def _run(self, program: str, *words: str) -> int:
        with (self._folder / "programs.log").open("ab") as log:
            path = str(self._programs / program)
            child = await create_subprocess_exec(path, *words, stdin=DEVNULL, stdout=log, stderr=log, **self._as)
        return await asyncio.wait_for(child.wait(), 60)

    async def start(self) -> None:
        """Accepting when this returns. What a killed server leaves behind keeps the next from starting for a moment."""
        async with asyncio.timeout(START_S):
            while True:
                await self._launch()
                while self.pid:
                    if await self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)) == 0:
                        return
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.2)

    async def _launch(self) -> None:
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self._folder}
        settings |= {"max_connections": 60, "shared_buffers": "32MB", "fsync": "on", "synchronous_commit": "on"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        path = str(self._programs / "postgres")
        with (self._folder / "postgres.log").open("ab") as log:
            self._process = await create_subprocess_exec(
                *(path, "-D", str(self._folder / "data"), *options), stdin=DEVNULL, stdout=log, stderr=log, **self._as
            )

    async def kill(self) -> bool:
        return await _killed(self._process)

    async def aclose(self) -> None:
        """Stop the cluster and remove it."""
        if self._process is not None and self.pid:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 15)
        await _killed(self._process)
        await asyncio.to_thread(shutil.rmtree, self._folder, True)


async def _killed(process: Process | None) -> bool:
    if process is None or process.returncode is not None:
        return False
    process.kill()
    return await process.wait() == -signal.SIGKILL
