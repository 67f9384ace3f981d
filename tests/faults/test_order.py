"""No 2xx leaves before its commit is on the disk: kill -9 can't show that, because the page cache survives it; strace can.

For every message: when it was written into the database's log, when that log was flushed, when the 2xx began to leave. A hub
that commits without a flush must fail the same test, or the test shows nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.faults.services import OwnPostgres, postgres_programs
from tests.faults.tracing import READS, WRITES, Call, calls, command, missing, settled
from tests.servers.installation import HOOK_SECRET, Running, installed

NOWHERE = "http://127.0.0.1:9"
"""A platform that nobody reaches: the web process takes hooks and calls nobody."""
WAL = "frontdesk.db-wal"
ROUNDS, AT_ONCE = 5, 4
COMMITTED = r"COMMIT\0"
"""PostgreSQL's CommandComplete, as strace writes it down."""

WHY_NOT = missing()
pytestmark = [pytest.mark.faults, pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)]


def mark(n: int) -> str:
    return f"order-{n:04}-mark"


async def hooked(hub: Running, at_once: int) -> list[str]:
    """Updates by HTTP, some at a time; the marks of those that were answered with 2xx."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": HOOK_SECRET}
    taken: list[str] = []

    async def one(n: int) -> None:
        who = {"id": 900 + n % at_once, "is_bot": False, "first_name": "Ann"}
        message = {"message_id": n, "date": 1_700_000_000, "from": who, "chat": {**who, "type": "private"}, "text": mark(n)}
        async with http.post(hub.hook("telegram"), json={"update_id": n, "message": message}, headers=headers) as answer:
            if answer.status == 200:
                taken.append(mark(n))

    async with aiohttp.ClientSession() as http:
        for turn in range(ROUNDS):
            await asyncio.gather(*(one(turn * at_once + n + 1) for n in range(at_once)))
    return taken


@asynccontextmanager
async def traced_web(folder: Path, module: str, database_url: str, redis_url: str) -> AsyncIterator[tuple[Running, Path]]:
    """A web process under strace, and the log of its calls, whole when the process has ended."""
    log = folder / "web.strace"
    async with installed(folder, database_url, redis_url, telegram=NOWHERE, workers=0) as hub:
        await hub.kill("web1")
        await hub.start("web1", f"tests.faults.tracing {log} {module}")
        yield hub, log


def first(made: Sequence[Call], fits: Callable[[Call], bool], *, after: Call | None = None) -> Call | None:
    """The first call that fits and began after another one had ended."""
    since = after.ended if after is not None else -1
    return next((call for call in made if call.began > since and fits(call)), None)


def request(made: Sequence[Call], text: str) -> Call:
    """The read by which a message came in over HTTP."""
    found = first(made, lambda call: call.name in READS and text in call.text)
    assert found is not None, f"{text} was never read"
    return found


def answer(made: Sequence[Call], asked: Call) -> Call:
    """The 2xx on the same connection."""
    fits = first(made, lambda c: c.name in WRITES and c.file == asked.file and '"HTTP/1.1 2' in c.text, after=asked)
    assert fits is not None, "the 2xx is not in the log"
    return fits


def unflushed(made: Sequence[Call], marks: Sequence[str]) -> list[str]:
    """SQLite: marks whose 2xx began to leave before the log that holds them was flushed by the thread that wrote it."""
    early = []
    for text in marks:
        asked = request(made, text)
        kept = first(made, lambda call, text=text: call.wrote(WAL) and text in call.text, after=asked)  # type: ignore[misc]
        assert kept is not None, f"{text} was never written into {WAL}"
        own = [call for call in made if call.thread == kept.thread]
        flush = first(own, lambda call: call.flushed(WAL), after=kept)
        if flush is None or flush.ended > answer(made, asked).began:
            early.append(text)
    return early


def unconfirmed(made: Sequence[Call], marks: Sequence[str]) -> list[str]:
    """PostgreSQL, seen from the web process: marks whose 2xx began to leave before the COMMIT was answered."""
    early = []
    for text in marks:
        asked = request(made, text)
        leaves = answer(made, asked)
        sent = first(made, lambda c, asked=asked, text=text: c.name in WRITES and c.file != asked.file and text in c.text)  # type: ignore[misc]
        assert sent is not None, f"{text} never went to the database"
        line = [call for call in made if call.file == sent.file]
        commit = first(line, lambda call: call.name in WRITES and "COMMIT" in call.text, after=sent)
        done = first(line, lambda call: call.name in READS and COMMITTED in call.text, after=commit) if commit else None
        if done is None or done.ended > leaves.began:
            early.append(text)
    return early


def uncommitted(made: Sequence[Call], marks: Sequence[str]) -> list[str]:
    """PostgreSQL, seen from its own processes: marks whose COMMIT was answered before the log was written and flushed."""
    early = []
    for text in marks:
        came = request(made, text)
        own = [call for call in made if call.thread == came.thread]
        commit = first(own, lambda call: call.name in READS and "COMMIT" in call.text, after=came)
        reply = first(own, lambda call: call.name in WRITES and COMMITTED in call.text, after=commit)
        assert commit is not None and reply is not None, f"{text} was never committed"
        kept = first(made, lambda call: call.wrote("/pg_wal/"), after=commit)
        flush = first(made, lambda call: call.flushed("/pg_wal/"), after=kept) if kept else None
        if flush is None or flush.ended > reply.began:
            early.append(text)
    return early


LOG = r"""
10 read(7<socket:[1]>, "POST /hooks/telegram order-0001-mark", 65536) = 36
11 pwrite64(5</d/frontdesk.db-wal>, "order-0001-mark", 15, 32) = 15
11 fdatasync(5</d/frontdesk.db-wal> <unfinished ...>
{}
"""
ENDS = "11 <... fdatasync resumed>) = {}"
LEAVES = '10 write(7<socket:[1]>, "HTTP/1.1 200 OK", 15) = 15'


@pytest.mark.parametrize(
    ("rest", "early"),
    [
        ((ENDS.format(0), LEAVES), False),
        ((LEAVES, ENDS.format(0)), True),
        ((ENDS.format("-1 EIO (Input/output error)"), LEAVES), True),
    ],
    ids=["after", "before", "failed"],
)
def test_a_flush_counts_when_it_has_ended_well(tmp_path: Path, rest: tuple[str, str], early: bool) -> None:
    log = tmp_path / "strace"
    log.write_text(LOG.format("\n".join(rest)), "utf-8")
    assert unflushed(calls(log), [mark(1)]) == ([mark(1)] if early else [])


MODULES = [("widget", False), ("tests.faults.mutants commits_without_flush widget", True)]


@pytest.mark.parametrize(("module", "early"), MODULES, ids=["full", "normal"])
async def test_on_sqlite_the_log_is_flushed_before_the_2xx(tmp_path: Path, redis_url: str, module: str, early: bool) -> None:
    async with traced_web(tmp_path, module, "", redis_url) as (hub, log):
        taken = await hooked(hub, AT_ONCE)
        assert await hub.stop("web1") == 0
    assert len(taken) == ROUNDS * AT_ONCE
    assert unflushed(settled(log), taken) == (taken if early else [])


@pytest.fixture
def programs() -> Path:
    found = postgres_programs()
    if found is None:
        pytest.skip("PostgreSQL's programs are not installed")
    return found


def under_strace(programs: Path, place: Path, log: Path) -> Path:
    """A folder of PostgreSQL's programs in which the server is started under strace."""
    place.chmod(0o777)  # the cluster may run as somebody else
    for name in ("initdb", "createdb", "pg_isready"):
        (place / name).symlink_to(programs / name)
    wrapper = place / "postgres"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(command(log))} {programs / "postgres"} "$@"\n', "utf-8")
    wrapper.chmod(0o755)
    return place


@asynccontextmanager
async def traced_postgres(programs: Path, whole: Path) -> AsyncIterator[str]:
    """A cluster of our own under strace, and a database in it. At the end the log of all its processes' calls is at `whole`."""
    place = Path(tempfile.mkdtemp(prefix="frontdesk-strace-"))
    log = place / "postgres.strace"
    cluster = OwnPostgres(under_strace(programs, place, log))
    try:
        await cluster.create("frontdesk")
        yield f"postgresql://postgres@127.0.0.1:{cluster.port}/frontdesk"
    finally:
        await cluster.aclose()
        if log.exists():
            shutil.move(log, whole)
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.parametrize(("module", "early"), MODULES, ids=["on", "off"])
async def test_on_postgres_the_log_is_flushed_before_the_commit_s_answer_and_that_comes_before_the_2xx(
    tmp_path: Path, programs: Path, redis_url: str, module: str, early: bool
) -> None:
    """One update at a time: what others commit must not be taken for its own."""
    server = tmp_path / "postgres.strace"
    async with (
        traced_postgres(programs, server) as database_url,
        traced_web(tmp_path, module, database_url, redis_url) as (hub, log),
    ):
        taken = await hooked(hub, 1)
        assert await hub.stop("web1") == 0
    assert len(taken) == ROUNDS
    assert unconfirmed(settled(log), taken) == []
    assert uncommitted(settled(server), taken) == (taken if early else [])
