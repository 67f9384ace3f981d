"""The database and the Redis under the measured installation: made for it, looked into, and taken away again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from config.bench.processes import name_of
from hub.errors import ConfigError
from hub.jobs import connect
from hub.store.database import Database, parse_url

HERE = ("", "localhost", "127.0.0.1", "::1")
OWN_PIDS = {
    "postgresql": "SELECT pid FROM pg_stat_activity "
    "WHERE (datname = current_database() OR datname IS NULL) AND pid <> pg_backend_pid()",
    "mysql": "SELECT @@pid_file",
}
CUSTOMERS = (
    "SELECT source, external_id FROM message WHERE author_kind = 'customer' AND external_id IS NOT NULL AND edit_of IS NULL"
)
LEFT = (
    "SELECT (SELECT count(*) FROM inbox WHERE state = 0) + (SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending'))"
)
UNDONE = "SELECT source, external_id FROM inbox WHERE state <> 1"


@dataclass(frozen=True)
class Servers:
    """What the installation runs on; empty URLs are SQLite and the bundled Valkey, in the data folder."""

    database: str = ""
    redis: str = ""

    @property
    def named(self) -> str:
        """As `sqlite + valkey`."""
        database = parse_url(self.database).get_backend_name() if self.database else "sqlite"
        return f"{database} + {'redis' if self.redis else 'valkey'}"


def check(servers: Servers) -> None:
    """Raise `ConfigError` for what can't be a server to measure on."""
    if servers.database and parse_url(servers.database).get_backend_name() not in OWN_PIDS:
        raise ConfigError("--database takes postgresql://… or mysql://…; without it the bench makes a SQLite file of its own")
    if servers.redis and urlsplit(servers.redis).scheme not in ("redis", "rediss", "unix"):
        raise ConfigError("--redis takes redis://…, rediss://… or unix://…")


async def reach(servers: Servers) -> None:
    """Raise `ConfigError` for a server that can't be reached or won't have us."""
    try:
        if servers.database:
            await rows(servers.database, "SELECT 1")
    except Exception as exc:
        raise ConfigError(f"--database {_shown(servers.database)} can't be used: {exc}") from exc
    try:
        if servers.redis:
            await (await connect(servers.redis)).aclose()
    except Exception as exc:
        raise ConfigError(f"--redis {_shown(servers.redis)} can't be used: {exc}") from exc


def _shown(url: str) -> str:
    """Where a URL leads, without what is secret in it."""
    return urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path


@asynccontextmanager
async def own_database(server: str) -> AsyncIterator[str]:
    """The URL of an empty database on a server, dropped at the end; empty without a server."""
    if not server:
        yield ""
        return
    name = f"frontdesk_bench_{secrets.token_hex(6)}"
    charset, force = (" CHARACTER SET utf8mb4", "") if parse_url(server).get_backend_name() == "mysql" else ("", " WITH (FORCE)")
    await _command(server, f"CREATE DATABASE {name}{charset}")
    try:
        yield parse_url(server).set(database=name, drivername=urlsplit(server).scheme).render_as_string(hide_password=False)
    finally:
        await _command(server, f"DROP DATABASE IF EXISTS {name}{force}")


async def _command(server: str, statement: str) -> None:
    database = Database(server, pool=1)
    try:
        async with database.read() as connection:
            await connection.exec_driver_sql(statement)
    finally:
        await database.close()


async def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    database = Database(url, pool=1)
    try:
        async with database.read() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query)]
    finally:
        await database.close()


async def database_pids(url: str) -> set[int] | None:
    """The processes of the server that work for this database, and those that work for all; None when they can't be seen."""
    parsed = parse_url(url)
    if (parsed.host or "") not in HERE:
        return None
    found = await rows(url, OWN_PIDS[parsed.get_backend_name()])
    try:
        pids = {_number(str(row[0])) for row in found}
    except (OSError, ValueError):
        return None
    return _seen(pids, ("postgres", "mariadbd", "mysqld"))


def _number(told: str) -> int:
    """A process's number, or what is in the file that was told instead."""
    return int(told if told.isdigit() else Path(told).read_text())


async def redis_pids(url: str) -> set[int] | None:
    """The process of a Redis; None when it can't be seen."""
    if (urlsplit(url).hostname or "") not in HERE:
        return None
    redis = await connect(url)
    try:
        return _seen({int((await redis.info("server"))["process_id"])}, ("redis", "valkey"))
    finally:
        await redis.aclose()


def _seen(pids: set[int], names: tuple[str, ...]) -> set[int] | None:
    """The processes, if they are what they should be: a server in a container has numbers of its own."""
    return pids if pids and all(name_of(pid).startswith(names) for pid in pids) else None


async def forget_keys(url: str, epoch: str) -> None:
    """Take away what an installation left in a Redis that it shared: every key that names its database."""
    redis = await connect(url)
    try:
        async for key in redis.scan_iter(match=f"*{epoch[-10:]}*", count=1000):
            await redis.delete(key)
    finally:
        await redis.aclose()


class Kept(NamedTuple):
    """Of the messages that were accepted: how many the database lacks, and how many it has not worked off."""

    messages: int
    lost: int
    undone: int


async def kept(url: str, accepted: set[str]) -> Kept:
    """Compare what was accepted, each as `channel id`, with what is in the database, row by row."""
    if not accepted:
        return Kept(0, 0, 0)
    stored = {" ".join(row) for row in await rows(url, CUSTOMERS)}
    waiting = {" ".join(row) for row in await rows(url, UNDONE)}
    missing = accepted - stored
    return Kept(len(accepted), len(missing - waiting), len(missing & waiting))


async def worked_off(url: str, patience: float = 20.0) -> bool:
    """Wait until nothing is left to do; false when it does not get less for `patience` seconds."""
    last, since = -1, asyncio.get_running_loop().time()
    while True:
        left = int((await rows(url, LEFT))[0][0])
        now = asyncio.get_running_loop().time()
        if left == 0:
            return True
        if left != last:
            last, since = left, now
        if now - since > patience:
            return False
        await asyncio.sleep(0.1)


def cores() -> int:
    """How many processors this process may use."""
    with contextlib.suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
