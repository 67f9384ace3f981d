"""`frontdesk up` as whoever starts it sees it: ready, greeted, back after every kill, ended in order, honest when it can't."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.error import URLError

import pytest

from config import data_folder, valkey
from config.children import Child
from tests.servers.installation import free_port

ROOT = Path(__file__).parents[2]
REFUSED = 1
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def soon(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds:g} s"
        time.sleep(0.02)


class Running:
    """An installation that `frontdesk up` runs."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.log = folder / "up.log"
        known = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
        known |= {"PORT": str(self.port), "DATA": str(self.data), "PYTHONUNBUFFERED": "1"} | environment
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config", "up", *options], cwd=ROOT, env=known, stdout=log, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        return self.log.read_text()

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(json.load(answer)["ok"])
        except (URLError, OSError):
            return False

    def children(self, module: str) -> list[int]:
        """Processes of a module, by id; one that ends meanwhile is none."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = []
        for pid in listed:
            with suppress(FileNotFoundError, ProcessLookupError):
                if f"-m\0{module}\0".encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
        return found

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(40)


@contextmanager
def running(folder: Path, *options: str, **environment: str) -> Iterator[Running]:
    made = Running(folder, *options, **environment)
    try:
        yield made
    finally:
        ended = made.process.poll()
        if ended is None:
            made.process.kill()
            made.process.wait(10)
        if ended != REFUSED:
            valkey.stop((made.data).resolve() / "valkey")


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


@linux
def test_from_an_empty_folder_to_ready_and_through_every_kill(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        soon(lambda: "first admin" in hub.said() or hub.process.poll() is not None)
        said = hub.said()
        for line in (f"Frontdesk is ready: http://127.0.0.1:{hub.port}", f"http://127.0.0.1:{hub.port}/demo"):
            assert line in said
        assert re.search(rf"first admin http://127\.0\.0\.1:{hub.port}/console/#setup=\S+\n", said)
        assert hub.ready()
        for module in ("widget", "workers"):
            (before,) = hub.children(module)
            os.kill(before, signal.SIGKILL)
            soon(lambda module=module, before=before: hub.children(module) not in ([], [before]))  # type: ignore[misc]
        soon(hub.ready)
        place = valkey.socket_of(hub.data.resolve() / "valkey")
        server = int((place.parent / "valkey.pid").read_text())
        os.kill(server, signal.SIGKILL)
        soon(lambda: gone(server) and valkey.answers(place), 3.0)
        soon(hub.ready)
        left = [*hub.children("widget"), *hub.children("workers"), int((place.parent / "valkey.pid").read_text())]
        assert hub.end(signal.SIGINT) == 0
        assert all(gone(pid) for pid in left)
        assert not place.exists()
        assert "by signal 9; starting it again" in hub.said()


@linux
def test_many_processes_share_one_port_and_leave_no_orphan(tmp_path: Path) -> None:
    with running(tmp_path, "--web", "2", "--workers", "2") as hub:
        soon(lambda: len(hub.children("widget")) == 2 and hub.ready())
        answered = set()

        def both() -> bool:
            with urllib.request.urlopen(f"http://127.0.0.1:{hub.port}/healthz", timeout=5) as answer:
                answered.add(json.load(answer)["pid"])
            return answered == set(hub.children("widget"))

        soon(both)
        children = [*hub.children("widget"), *hub.children("workers")]
        assert len(children) == 4
        hub.process.kill()
        soon(lambda: all(gone(pid) for pid in children))
    valkey.stop(tmp_path / "data" / "valkey")  # it outlives a killed supervisor on purpose: the next one finds it


@linux
def test_what_it_imports_is_there_once_and_it_sleeps(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        soon(lambda: "first admin" in hub.said())
        pids = [hub.process.pid, *hub.children("widget"), *hub.children("workers")]
        assert len(list(Path(f"/proc/{hub.process.pid}/task").iterdir())) == 1, "a fork copies only the thread that forks"
        opened = [behind(path) for path in Path(f"/proc/{hub.process.pid}/fd").iterdir()]
        assert not [name for name in opened if "frontdesk.db" in name or "eventpoll" in name]
        for pid in pids[1:]:
            held = memory(pid)
            assert held["Shared_Dirty"] > held["Rss"] * 0.4, "a child has imported everything again"

        def ticks() -> int:
            return sum(map(int, Path(f"/proc/{hub.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))

        before = ticks()
        time.sleep(1.0)  # nothing happens, and that is what is looked at
        assert ticks() - before <= 1


@linux
def test_the_port_is_free_once_the_web_process_has_ended(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        soon(lambda: hub.children("workers") and hub.ready())
        (worker,) = hub.children("workers")
        listening = {line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines() if f":{hub.port:04X} 0" in line}
        assert listening
        soon(lambda: not listening & {socket_number(path) for path in Path(f"/proc/{worker}/fd").iterdir()})


def memory(pid: int) -> dict[str, int]:
    """What a process holds, in kB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, rest in (line.split(":") for line in lines)}


def behind(path: Path) -> str:
    """What a file descriptor stands for; empty when it was closed meanwhile."""
    try:
        return str(path.readlink())
    except OSError:
        return ""


def socket_number(path: Path) -> str:
    """The inode of the socket behind a file descriptor."""
    return behind(path).removeprefix("socket:[").removesuffix("]")


def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with closing(socket.socket()) as line:
        line.bind(("127.0.0.1", 0))
        line.listen()
        port = str(line.getsockname()[1])
        with running(tmp_path, PORT=port) as hub:
            assert hub.process.wait(30) == 1
            said = f"Port {port} of 127.0.0.1 can't be used: Address already in use. Take another one: make run PORT=8001"
            assert said in hub.said()
        assert not (tmp_path / "data" / "valkey").exists()


@linux
def test_a_data_folder_is_run_once_and_tells_commands_where(tmp_path: Path) -> None:
    with running(tmp_path) as hub:
        soon(lambda: "first admin" in hub.said())
        with running(tmp_path) as second:
            assert second.process.wait(30) == 1
            assert f"in use: process {hub.process.pid} runs Frontdesk in it on port {hub.port}. " in second.said()
        assert hub.ready()
        assert valkey.answers(valkey.socket_of(hub.data.resolve() / "valkey")), "the second one ended what the first one needs"
        with urllib.request.urlopen(f"http://127.0.0.1:{hub.port}/metrics", timeout=5) as answer:
            assert answer.status == 200
        told = subprocess.run(
            [sys.executable, "-m", "config", "first-admin", "--data", str(hub.data)], cwd=ROOT, capture_output=True, text=True
        )
        assert told.stdout.startswith(f"http://127.0.0.1:{hub.port}/console/#setup="), told.stderr
        left = [*hub.children("widget"), *hub.children("workers")]
        for pid in left:
            os.kill(pid, signal.SIGSTOP)  # they outlive the one who holds the folder
        hub.process.kill()
        hub.process.wait(10)
        try:
            data_folder.hold(hub.data).close()
        finally:
            for pid in left:
                os.kill(pid, signal.SIGCONT)


def test_mistakes_in_the_configuration_start_nothing(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text("prot: 1\n")
    with running(tmp_path, "--config", str(tmp_path)) as hub:
        assert hub.process.wait(30) == 2
        assert "hub.yaml:1:1: prot: unknown key 'prot'; did you mean 'port'?" in hub.said()
    assert not (tmp_path / "data").exists()


def test_a_hub_that_can_t_keep_its_promise_is_not_started_again_and_again(tmp_path: Path) -> None:
    folder = valkey_of_others(tmp_path / "theirs")
    try:
        with running(tmp_path, REDIS_URL=f"unix://{folder}/r.sock") as hub:
            assert hub.process.wait(60) == 2
            assert "maxmemory-policy" in hub.said()
            assert "starting it again" not in hub.said()
    finally:
        valkey.ask(folder / "r.sock", "SHUTDOWN")


def valkey_of_others(folder: Path) -> Path:
    """A Redis that throws keys away."""
    folder.mkdir()
    program = list(valkey.programs())[-1]
    options = ["--port", "0", "--unixsocket", f"{folder}/r.sock", "--dir", str(folder), "--save", ""]
    subprocess.Popen(
        [program, *options, "--maxmemory", "20mb", "--maxmemory-policy", "allkeys-lru", "--daemonize", "yes"],
        stdout=subprocess.DEVNULL,
    ).wait(10)
    soon(lambda: valkey.answers(folder / "r.sock"))
    return folder


def test_pauses_grow_and_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("config.children.time.monotonic", lambda: now)
    child = Child("web", print)
    child.began()
    assert [child.pause() for _ in range(6)] == [0.0, 0.5, 1.0, 2.0, 5.0, 5.0]
    now += 3.9
    assert child.pause() == 5.0, "what dies in its first seconds may do so again"
    child.began()
    now += 9
    assert child.pause() == 5.0, "one good start does not make up for many that were not"
    child.began()
    now += 61
    assert child.pause() == 0.0
    for _ in range(20):
        child.began()
        now += 4.5
        assert child.pause() == 0.0, "killed now and then, its start is no fault"
