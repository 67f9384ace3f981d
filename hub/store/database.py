"""One database: its engine, its transactions, its clock, and the settings without which the guarantee can't be kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Integer, SmallInteger, String, any_, bindparam, event, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from hub.errors import ConfigError

T = TypeVar("T")

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mariadb": "mysql+asyncmy",
}
STALLED_AFTER = 10
"""Seconds after which the server ends the transaction of a process that stopped in the middle: its locks are our leases."""
CLOSE_S = 2.0
RETRYABLE_STATES = {"40001", "40P01", "55P03", "57014"}
"""Serialization failure, deadlock, and a lock or a whole statement that took longer than we allow."""
RETRYABLE_CODES = {1205, 1213}
"""Of MariaDB: a lock that took too long, deadlock."""


class now_ms(FunctionElement[int]):
    """Milliseconds since 1970 by the database's clock: the only clock that due times and leases are compared with."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms, "postgresql")
def _(element: now_ms, compiler: Any, **kw: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"


@compiles(now_ms, "sqlite")
def _(element: now_ms, compiler: Any, **kw: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


@compiles(now_ms, "mysql")
@compiles(now_ms, "mariadb")
def _(element: now_ms, compiler: Any, **kw: Any) -> str:
    return "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000 AS SIGNED)"


def parse_url(given: str) -> URL:
    """A database URL as admins write it, with our driver put in."""
    url = make_url(given)
    driver = DRIVERS.get(url.drivername.split("+")[0])
    if driver is None:
        raise ConfigError(f"database: {url.drivername!r} is not supported; use sqlite, postgresql, mysql or mariadb")
    return url.set(drivername=driver)


def is_transient(exc: BaseException) -> bool:
    """Whether the same transaction may succeed when it is tried again from the start."""
    if isinstance(exc, DBAPIError):
        if exc.connection_invalidated:
            return True
        origin = exc.orig
        state = getattr(origin, "sqlstate", None) or ""
        code = origin.args[0] if origin is not None and origin.args else None
        lost = state.startswith(("08", "57P")) or code in {2006, 2013, 2014}
        return lost or state in RETRYABLE_STATES or code in RETRYABLE_CODES or "database is locked" in str(origin)
    return isinstance(exc, OSError | TimeoutError)


def among(dialect: str, column: Any, name: str) -> Any:
    """`column IN :name` for a list of any length; one array on PostgreSQL, so that one prepared statement serves all."""
    if dialect == "postgresql":
        kind = BigInteger() if isinstance(column.type, Integer | SmallInteger) else String()
        return column == any_(bindparam(name, type_=ARRAY(kind)))
    return column.in_(bindparam(name, expanding=True))


def is_refusal(exc: BaseException) -> bool:
    """Whether the database took exception to the data itself: trying the same again is of no use. SQLite's driver says of a
    number above 64 bits only OverflowError."""
    return isinstance(exc, DBAPIError | OverflowError) and not is_transient(exc)


class Database:
    """Connections to one database. `write` opens a transaction that may lock; `read` sees what is committed."""

    def __init__(self, url: str, *, pool: int = 5) -> None:
        self.url = parse_url(url)
        self.dialect = self.url.get_backend_name()
        self._writer = asyncio.Lock() if self.dialect == "sqlite" else None
        self._file = Path(self.url.database or "") if self.dialect == "sqlite" else None
        self._inode: tuple[int, int] | None = None
        self._finishing: set[asyncio.Task[None]] = set()
        self.engine = self._engine(pool)
        self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def _engine(self, pool: int) -> AsyncEngine:
        shared: dict[str, Any] = {
            "pool_size": pool,
            "max_overflow": 0,
            "pool_timeout": 10,
            "pool_use_lifo": True,
            "hide_parameters": True,
        }
        if self.dialect == "sqlite":
            return self._sqlite(**shared)
        if self.dialect == "postgresql":
            settings = {
                "idle_in_transaction_session_timeout": f"{STALLED_AFTER * 1000}",
                "lock_timeout": "8000",
                "statement_timeout": "20000",
                "application_name": "frontdesk",
                "jit": "off",
            }
            connect = {"server_settings": settings, "timeout": 5, "command_timeout": 20}
            return create_async_engine(self.url, connect_args=connect, **shared)
        engine = create_async_engine(
            self.url, isolation_level="READ COMMITTED", connect_args={"connect_timeout": 5, "charset": "utf8mb4"}, **shared
        )

        @event.listens_for(engine.sync_engine, "connect")
        def _settle(connection: Any, record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 8, time_zone = '+00:00'")
            if "MariaDB" in (connection.get_server_info() if hasattr(connection, "get_server_info") else "MariaDB"):
                cursor.execute(f"SET SESSION idle_transaction_timeout = {STALLED_AFTER}")
            cursor.close()

        return engine

    def _sqlite(self, **shared: Any) -> AsyncEngine:
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(self.url, connect_args={"timeout": 10}, **shared)

        @event.listens_for(engine.sync_engine, "connect")
        def _settle(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON", "cache_size=-8000"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: Any) -> None:
            if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
                connection.exec_driver_sql("BEGIN IMMEDIATE")

        def _end(adapted: Any) -> None:
            """SQLAlchemy waits, in the task that was cancelled, until the statement has ended, with the place in the pool and the
            lock of its transaction still held (2.1.9, `terminate`; seen 2026-11-28). Nobody should wait for that."""
            self._finish(_ended(adapted.driver_connection))

        engine.sync_engine.dialect.do_terminate = _end  # type: ignore[method-assign, assignment]
        return engine

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end of the block."""
        async with self._writer or contextlib.nullcontext():
            self._check_file()
            async with self._connected(self.engine) as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose every statement sees the newest commits."""
        self._check_file()
        async with self._connected(self._reader) as connection:
            yield connection

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection of the pool. Whoever is cancelled while it is being had, or given back, leaves that to a task: SQLAlchemy
        2.1 forgets a connection whose taker is cancelled while its isolation level is set (seen 2026-11-23)."""
        opening = asyncio.ensure_future(_open(engine))
        try:
            connection = await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._finish(_give_back(opening))
            raise
        try:
            yield connection
        finally:
            await asyncio.shield(self._finish(connection.close()))

    def _finish(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._finishing.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._finishing.discard(task)
        if not task.cancelled():
            task.exception()  # else asyncio complains of one that nobody waits for any more

    async def transact(self, work: Callable[[AsyncConnection], Awaitable[T]], tries: int = 3) -> T:
        """Run `work` in a transaction; after a deadlock or a lost connection, run it again from the start."""
        for turn in range(tries):
            try:
                async with self.write() as connection:
                    return await work(connection)
            except Exception as exc:
                if turn == tries - 1 or not is_transient(exc):
                    raise
                await asyncio.sleep(0.02 * 2**turn)
        raise AssertionError("unreachable")

    def _check_file(self) -> None:
        """A process must not go on acknowledging into a file that was unlinked or replaced under it."""
        if self._file is None or self._inode is None:
            return
        try:
            status = self._file.stat()
        except FileNotFoundError:
            status = None
        if status is None or (status.st_ino, status.st_dev) != self._inode:
            raise ConfigError(f"the database file {self._file} was replaced while it was in use; restart Frontdesk")

    async def check_promises(self) -> None:
        """Refuse to run on a database that may forget a commit (reliability: G1)."""
        async with self.read() as connection:
            if self.dialect == "sqlite":
                await self._check_sqlite(connection)
            elif self.dialect == "postgresql":
                await self._check_postgres(connection)
            else:
                await self._check_mysql(connection)

    async def _check_sqlite(self, connection: AsyncConnection) -> None:
        mode = (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()
        level = (await connection.execute(text("PRAGMA synchronous"))).scalar_one()
        if str(mode).lower() != "wal" or int(level) < 2:
            raise ConfigError(f"SQLite must run with journal_mode=WAL and synchronous=FULL; it has {mode} and {level}")
        if self._file is not None:
            status = await asyncio.to_thread(os.stat, self._file)
            self._inode = (status.st_ino, status.st_dev)

    async def _check_postgres(self, connection: AsyncConnection) -> None:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            value = (await connection.execute(text(f"SHOW {name}"))).scalar_one()
            if value in ("off", "local"):
                raise ConfigError(f"PostgreSQL has {name}={value}: an acknowledged message could be lost; set it to on")

    async def _check_mysql(self, connection: AsyncConnection) -> None:
        names = "@@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog"
        flush, binlog, sync = (await connection.execute(text(f"SELECT {names}"))).one()
        if int(flush) != 1 or (int(binlog) and int(sync) != 1):
            raise ConfigError(
                "MySQL/MariaDB needs innodb_flush_log_at_trx_commit=1, and sync_binlog=1 when the binary log is on: "
                "an acknowledged message could be lost"
            )

    async def close(self) -> None:
        """End every connection. Reads that were cancelled are still giving theirs back: they are waited for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                while self._finishing:
                    await asyncio.wait(self._finishing)
        await self.engine.dispose()


async def _open(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


async def _give_back(opening: asyncio.Future[AsyncConnection]) -> None:
    """Close a connection that nobody waits for any more, once it is there."""
    with contextlib.suppress(Exception):
        await (await opening).close()


async def _ended(connection: Any) -> None:
    """Close a connection of SQLite whose statement was given up. What only reads is interrupted; in a transaction that would
    reach the rollback too, and leave the database locked (aiosqlite 0.22, seen 2026-11-28)."""
    with contextlib.suppress(Exception):
        if not connection.in_transaction:
            await connection.interrupt()
        await connection.rollback()
    with contextlib.suppress(Exception):
        await connection.close()
