"""A throw-away installation: `frontdesk up` in a folder of its own, on this machine only, and everything gone at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from config.bench.payloads import SECRET
from config.bench.processes import command_of, name_of, tree
from config.bench.servers import Servers, database_pids, forget_keys, own_database, redis_pids
from config.bench.wire import HttpLine, get
from config.children import ends_with_parent
from config.load import OVERRIDES
from hub.errors import ConfigError

ROOT = Path(__file__).parents[2]
READY_S = 30.0
END_S = 30.0
CALM_S, CALM_TIMES, CALM_EVERY_S = 0.1, 5, 0.5
MANY = 1_000_000_000
LIMITS = f"""
limits:
  requests_per_ip: {MANY}
  sessions_per_ip: {MANY}
  messages_per_customer: {MANY}
  sockets_per_customer: {MANY}
  sockets_per_ip: {MANY}
"""
CHANNEL = """
type: telegram
token: '1:bench'
webhook_secret: {secret}
api_url: http://127.0.0.1:{sinks}
per_chat_rate: 1000
"""
DESK = """
type: slack
who_answers: members
ask_first: false
bot_token: xoxb-bench
signing_secret: {secret}
channel: C0BENCH
api_url: http://127.0.0.1:{sinks}/api/
rate: 1000
"""
BUSY, QUIET = "telegram", "many"
"""Two channels: on the second the bot says nothing."""


def files(sinks: int, *, desk: bool) -> dict[str, str]:
    """The configuration: as shipped, but nobody is slowed down, every conversation finds an agent, and platforms are sinks."""
    one = CHANNEL.format(secret=SECRET, sinks=sinks)
    shipped = Path(__file__).parents[1]
    bot = (shipped / "bot.yaml").read_text("utf-8")
    routing = (shipped / "routing.yaml").read_text("utf-8").replace("capacity: 8", f"capacity: {MANY}")
    made = {
        "hub.yaml": f"log_level: warning\n{LIMITS}",
        "channels/web.yaml": (shipped / "channels" / "web.yaml").read_text("utf-8"),
        f"channels/{BUSY}.yaml": one,
        f"channels/{QUIET}.yaml": one,
        "bot.yaml": f"{bot}\nchannels: {{{QUIET}: false}}\n",
        "routing.yaml": routing,
        "notices.yaml": (shipped / "notices.yaml").read_text("utf-8"),
    }
    return made | ({"desks/slack.yaml": DESK.format(secret=SECRET, sinks=sinks)} if desk else {})


@dataclass
class Place:
    """One running installation."""

    folder: Path
    port: int
    process: asyncio.subprocess.Process
    environment: Mapping[str, str]
    database: str
    redis: str
    ready_s: float
    epoch: str
    sinks: int = 0
    opened: bool = False
    """Whether customers have conversations."""
    token: str = ""
    """Of an agent whose console the load generator opens."""

    @property
    def ids(self) -> Path:
        """Where the load generator writes down what was accepted."""
        return self.folder / "accepted"

    def accepted(self) -> set[str]:
        """What it said it keeps, each as `channel id`."""
        return {line for line in self.ids.read_text("utf-8").splitlines() if line} if self.ids.exists() else set()

    @property
    def database_url(self) -> str:
        """Of the database that it writes to."""
        return self.database or f"sqlite:///{self.folder / 'data' / 'frontdesk.db'}"

    def own_pids(self) -> set[int]:
        """`frontdesk up`, what it started, and its Valkey."""
        found = tree(self.process.pid)
        with contextlib.suppress(OSError, ValueError):
            valkey = int((self.folder / "data" / "valkey" / "valkey.pid").read_text())
            found |= {valkey} if name_of(valkey) else set()
        return found

    def web_pid(self) -> int | None:
        """The web process."""
        return next((pid for pid in tree(self.process.pid) if command_of(pid).endswith("-m widget")), None)

    async def all_pids(self) -> set[int] | None:
        """Every process of the installation and of its servers; None when a server's can't be seen."""
        found = self.own_pids()
        for url, ask in ((self.database, database_pids), (self.redis, redis_pids)):
            if url:
                more = await ask(url)
                if more is None:
                    return None
                found |= more
        return found

    async def calm(self, seconds: float) -> bool:
        """Wait until the web process answers at once, several times in a row; false when it does not within so many seconds."""
        until, good, line = time.monotonic() + seconds, 0, await HttpLine.open(self.port)
        while good < CALM_TIMES and time.monotonic() < until:
            began = time.monotonic()
            status, _ = await line.ask(get("/readyz"))
            good = good + 1 if status == 200 and time.monotonic() - began < CALM_S else 0
            await asyncio.sleep(CALM_EVERY_S)
        line.close()
        return good >= CALM_TIMES

    async def command(self, *words: str) -> str:
        """Run `frontdesk …` here; what it printed."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "config", *words),
            env=self.environment,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, wrong = await asyncio.wait_for(child.communicate(), 60)
        if child.returncode:
            raise ConfigError(f"frontdesk {' '.join(words)}: {(wrong or said).decode().strip()}")
        return said.decode().strip()


@asynccontextmanager
async def installed(folder: Path, servers: Servers, *, sinks: int = 0, desk: bool = False) -> AsyncIterator[Place]:
    """A running installation. Without sinks it is as shipped: an empty folder and no configuration of ours."""
    async with own_database(servers.database) as database:
        environment = _environment(folder, database, servers.redis, port := free_port())
        environment |= _furnish(folder, files(sinks, desk=desk) if sinks else {})
        began = time.monotonic()
        process = await _up(folder, environment)
        place = Place(folder, port, process, environment, database, servers.redis, 0.0, "", sinks)
        try:
            place.epoch = await _ready(place)
            place.ready_s = time.monotonic() - began
            if sinks:
                place.token = await place.command("agent", "add", "bench@example.com", "--name", "Bench", "--token")
            yield place
        finally:
            await _end(place)
            if place.redis and place.epoch:
                await forget_keys(place.redis, place.epoch)


def _furnish(folder: Path, made: Mapping[str, str]) -> dict[str, str]:
    """Make the folder, and the settings in it; what says where they are."""
    folder.mkdir(parents=True)
    for name, content in made.items():
        path = folder / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return {"FRONTDESK_CONFIG": str(folder / "settings")} if made else {}


def _environment(folder: Path, database: str, redis: str, port: int) -> dict[str, str]:
    """Ours, without anything that would lead to another installation."""
    kept = {name: value for name, value in os.environ.items() if name not in OVERRIDES and not name.startswith("FRONTDESK_")}
    given = {"PORT": str(port), "HOST": "127.0.0.1", "DATA": str(folder / "data"), "DATABASE_URL": database, "REDIS_URL": redis}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return kept | {name: value for name, value in given.items() if value} | {"PYTHONPATH": path}


async def _up(folder: Path, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    with (folder / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "config", "up"),
            env=environment,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=ends_with_parent(),
        )


async def _ready(place: Place) -> str:
    """Wait for /readyz; the identity of the database."""
    until = time.monotonic() + READY_S
    while place.process.returncode is None and time.monotonic() < until:
        with contextlib.suppress(OSError, TimeoutError):
            line = await HttpLine.open(place.port)
            try:
                status, body = await asyncio.wait_for(line.ask(get("/readyz")), 5)
            finally:
                line.close()
            if status == 200:
                return str(orjson.loads(body)["epoch"])
        await asyncio.sleep(0.01)
    log = (place.folder / "log").read_text("utf-8", "replace").strip()[-2000:]
    raise ConfigError(f"Frontdesk did not become ready within {READY_S:g} s. It said:\n{log}")


async def _end(place: Place) -> None:
    """Ask it to end, and end by force what is left of it: its own processes, by number."""
    left = place.own_pids() - {os.getpid()}
    with contextlib.suppress(ProcessLookupError):
        place.process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(place.process.wait(), END_S)
    except TimeoutError:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await place.process.wait()


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@asynccontextmanager
async def sinks_running() -> AsyncIterator[int]:
    """The platforms' stand-ins, in a process of their own; their port."""
    async with started("config.bench.sinks") as child:
        assert child.stdout is not None
        yield int(await asyncio.wait_for(child.stdout.readline(), 20))


@asynccontextmanager
async def started(module: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A module of the bench as a process, ended by the end of its stdin."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        env=os.environ | {"PYTHONPATH": path},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    try:
        yield child
    finally:
        assert child.stdin is not None
        child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), 5)
        except TimeoutError:
            child.kill()
            await child.wait()
