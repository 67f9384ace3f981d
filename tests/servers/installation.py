"""A whole Frontdesk for tests: a configuration folder, and web and worker processes that can be killed and started one by one.

async with telegram() as sim, slack_server() as slack:
    async with installed(folder, database_url, redis_url, telegram=sim.url, slack=slack.api_url, webs=2, workers=2) as hub:
        slack.sender.hook = hub.hook("slack")
        sim.say(7, "hello")
        await hub.kill("web1"); await hub.start("web1")
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from config import valkey
from tests.servers.slack import SECRET
from tests.servers.slack import TOKEN as SLACK_TOKEN
from tests.servers.telegram import TOKEN
from tests.servers.warm import Started, forkable, forked, frontdesk

ROOT = Path(__file__).parents[2]
HOOK_SECRET = "a_secret_of_the_tests"
MODULES = {"web": "widget", "worker": "workers"}
FILES = {
    "hub.yaml": """
log_level: warning
limits: {requests_per_ip: 1000000, sessions_per_ip: 1000000, messages_per_customer: 1000000, sockets_per_ip: 10000}
""",
    "channels/web.yaml": "type: web\n",
    "routing.yaml": "",
    "bot.yaml": "",
    "notices.yaml": "",
}
TELEGRAM = "type: telegram\ntoken: '{token}'\nwebhook_secret: {secret}\napi_url: {url}\nper_chat_rate: 1000\n"
SLACK = (
    "type: slack\nbot_token: {token}\nsigning_secret: {secret}\nchannel: C0SUPPORT\nwho_answers: members\nask_first: false\n"
    "api_url: {url}\n{more}"
)


_own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
_ports = itertools.cycle(range(16_000 + 2_000 * _own, 18_000 + 2_000 * _own))
for _ in range(os.getpid() % 2_000):
    next(_ports)


def free_port() -> int:
    """A port that nobody listens on, and that nobody else takes before it is used: the kernel gives away others (from 32 768 on),
    and each process of the tests has some of its own."""
    while True:
        port = next(_ports)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port


def write_config(folder: Path, *, telegram: str, slack: str, desk: str, files: Mapping[str, str]) -> None:
    """The YAML of an installation: the channel `web`, and `telegram` and `slack` where their servers are given."""
    written = dict(FILES)
    if telegram:
        written["channels/telegram.yaml"] = TELEGRAM.format(token=TOKEN, secret=HOOK_SECRET, url=telegram)
    if slack:
        written["desks/slack.yaml"] = SLACK.format(token=SLACK_TOKEN, secret=SECRET, url=slack, more=desk)
    for name, content in (written | dict(files)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


def _until_silent(socket: Path) -> None:
    """Wait until nobody answers there any more."""
    while valkey.answers(socket):
        time.sleep(0.01)


@dataclass
class Running:
    """The processes, by name: web1, web2 …, worker1, worker2 …"""

    folder: Path
    environment: dict[str, str]
    ports: dict[str, int]
    processes: dict[str, Started] = field(default_factory=dict)

    def url(self, name: str = "web1") -> str:
        """Where a web process listens."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def hook(self, name: str, web: str = "web1") -> str:
        """Where a platform delivers to a channel or desk."""
        return f"{self.url(web)}/hooks/{name}"

    @property
    def webs(self) -> list[str]:
        """Names of the web processes."""
        return list(self.ports)

    async def start(self, name: str, module: str = "", **environment: str) -> None:
        """Start a process that does not run; a web process answers /readyz when this returns."""
        kind = name.rstrip("0123456789")
        more = {"PORT": str(self.ports[name])} if kind == "web" else {}
        words, given = module.split() or [MODULES[kind]], self.environment | more | environment
        with (self.folder / f"{name}.log").open("ab") as log:
            if forkable(words, given):
                self.processes[name] = await forked(words, given, log.fileno())
            else:
                nothing = asyncio.subprocess.DEVNULL
                self.processes[name] = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", *words), cwd=ROOT, env=given, stdin=nothing, stdout=log, stderr=log
                )
        if kind == "web":
            await self.ready(name)

    async def ready(self, name: str, seconds: float = 30.0) -> None:
        """Wait until a web process says so."""
        async with asyncio.timeout(seconds), httpx.AsyncClient() as http:
            while True:
                if self.processes[name].returncode is not None:
                    raise RuntimeError(f"{name} ended: {self.log(name)[-2000:]}")
                try:
                    if (await http.get(f"{self.url(name)}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.02)

    def signal(self, name: str, number: int) -> None:
        """Send a signal, if it lives: SIGSTOP and SIGCONT for a pause."""
        if self.processes[name].returncode is None:
            self.processes[name].send_signal(number)

    async def kill(self, name: str) -> None:
        """kill -9."""
        self.signal(name, signal.SIGKILL)
        await self.processes[name].wait()

    async def stop(self, name: str, seconds: float = 20.0) -> int:
        """Ask it to end; its exit code."""
        self.signal(name, signal.SIGTERM)
        return await asyncio.wait_for(self.processes[name].wait(), seconds)

    async def restart(self, name: str) -> None:
        """kill -9, and a new one at once."""
        await self.kill(name)
        await self.start(name)

    def children(self, module: str) -> list[int]:
        """Of a supervised installation: the processes of a module that live, by id, the oldest first."""
        there = []
        for one in psutil.Process(self.processes["web1"].pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile, or is a zombie
                if module in one.cmdline():
                    there.append((one.create_time(), one.pid))
        return [pid for _, pid in sorted(there)]

    async def kill_redis(self) -> None:
        """kill -9 of the bundled Valkey; `start_redis` brings it back, as `frontdesk up` would."""
        pid = int((self._valkey / "valkey.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(_until_silent, valkey.socket_of(self._valkey))

    async def start_redis(self) -> None:
        """Start the bundled Valkey where it has died."""
        words = (sys.executable, "-m", "config.valkey", str(self._valkey))
        child = await asyncio.create_subprocess_exec(*words, cwd=ROOT, env=self.environment)
        if await child.wait():
            raise RuntimeError("Valkey did not start")

    @property
    def redis_url(self) -> str:
        """Where the bundled Valkey listens."""
        return f"unix://{valkey.socket_of(self._valkey)}"

    @property
    def _valkey(self) -> Path:
        return self.folder / "data" / "valkey"

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    async def command(self, *words: str) -> str:
        """Run `frontdesk …` on this installation; what it printed."""
        done = await asyncio.to_thread(frontdesk, *words, environment=self.environment)
        if done.returncode:
            raise RuntimeError(f"frontdesk {' '.join(words)} → {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    async def aclose(self) -> None:
        """End every process, and the bundled Valkey if one was started."""
        for name in self.processes:
            self.signal(name, signal.SIGCONT)
            self.signal(name, signal.SIGTERM)
        for name, process in self.processes.items():
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                await self.kill(name)
        pid = self._valkey / "valkey.pid"
        if pid.exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), signal.SIGTERM)


@asynccontextmanager
async def installed(
    folder: Path,
    database_url: str = "",
    redis_url: str = "",
    *,
    telegram: str = "",
    slack: str = "",
    desk: str = "rate: 1000\nlookup_after: 2\n",
    webs: int = 1,
    workers: int = 1,
    supervised: bool = False,
    files: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """A running installation with its data in `folder`; without URLs, on SQLite and the bundled Valkey. One that is `supervised`
    is `frontdesk up`: `web1` is the supervisor, and `children` finds what it has forked."""
    ports = {f"web{number + 1}": free_port() for number in range(webs)}
    write_config(folder / "config", telegram=telegram, slack=slack, desk=desk, files=files or {})
    given = {
        "FRONTDESK_CONFIG": str(folder / "config"),
        "DATA": str(folder / "data"),
        "PUBLIC_URL": f"http://127.0.0.1:{ports['web1']}",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
    }
    kept = {name: value for name, value in os.environ.items() if name not in given}
    running = Running(folder, kept | {name: value for name, value in given.items() if value} | dict(environment or {}), ports)
    try:
        if supervised:
            await running.start("web1", f"config.supervise {webs} {workers}")
        for name in [] if supervised else [*ports, *(f"worker{number + 1}" for number in range(workers))]:
            await running.start(name)
        yield running
    finally:
        await running.aclose()
