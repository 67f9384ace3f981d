"""Bringing a database's tables up to date, by one process at a time however many start together."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from hub.errors import Busy, ConfigError
from hub.store.database import is_transient, parse_url

log = structlog.get_logger()

HEAD = "0022"
"""The newest revision; a test holds it to the folder."""
FOLDER = Path(__file__).with_name("migrations")
PATIENCE_S = 30.0
"""How long a process waits for its database when it starts; whoever supervises it starts it again after that."""
LOOK_AGAIN_S = 0.5
CANNOT_CONNECT = 2003
"""MySQL's and MariaDB's client: can't connect to the server (error reference, client errors)."""
LOCK_S = 60
"""How long a process waits for another that migrates, where the database wants to be told."""
LOCK = 0x46524F4E
"""The advisory lock's number: "FRON"."""


async def migrate(url: str) -> None:
    """Upgrade the database behind `url`. Refuses one that a newer release has written."""
    target = parse_url(url)
    if target.get_backend_name() == "sqlite":
        Path(target.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(target, poolclass=NullPool, hide_parameters=True)
    try:
        if await _found(engine) == HEAD:
            return
        async with engine.connect() as connection, _alone(connection, target.database or ""):
            await connection.run_sync(_upgrade)
            await connection.commit()
    finally:
        await engine.dispose()


async def _found(engine: AsyncEngine) -> str | None:
    """The revision of a database, also of one that still starts, as after a power cut, when everything does. Raises `Busy` when
    that takes too long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_S
    while True:
        try:
            async with engine.connect() as connection:
                return await _revision(connection)
        except (DBAPIError, OSError, TimeoutError) as exc:
            if not (is_transient(exc) or (isinstance(exc, DBAPIError) and CANNOT_CONNECT in getattr(exc.orig, "args", ()))):
                raise
            where = engine.url.render_as_string(hide_password=True)
            if loop.time() > until:
                raise Busy(f"the database {where} does not answer: {exc}") from exc
            log.warning("store.waiting", database=where, error=type(exc).__name__)
        await asyncio.sleep(LOOK_AGAIN_S)


async def _revision(connection: AsyncConnection) -> str | None:
    """The revision that a database is at; None for an empty one."""
    try:
        found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
    except DBAPIError:
        await connection.rollback()
        return None
    return str(found) if found else None


@asynccontextmanager
async def _alone(connection: AsyncConnection, database: str) -> AsyncIterator[None]:
    """Hold the lock that other starting processes wait for."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        handle = await asyncio.to_thread(_locked, Path(f"{database}.lock"))
        try:
            yield
        finally:
            handle.close()
        return
    take, give = (
        (f"SELECT pg_advisory_lock({LOCK})", f"SELECT pg_advisory_unlock({LOCK})")
        if dialect == "postgresql"
        else (f"SELECT GET_LOCK('{lock_of(database)}', {LOCK_S})", f"SELECT RELEASE_LOCK('{lock_of(database)}')")
    )
    taken = (await connection.execute(text(take))).scalar()
    await connection.commit()
    if dialect == "mysql" and taken != 1:  # 0: not in time, NULL: the server gave up (MariaDB, "GET_LOCK")
        raise Busy(f"another process has been bringing the tables up to date for {LOCK_S} seconds")
    try:
        yield
    finally:
        await connection.execute(text(give))
        await connection.commit()


def lock_of(database: str) -> str:
    """The lock's name on MariaDB, where locks are the server's and not a database's, of at most 64 characters (GET_LOCK)."""
    return f"frontdesk{LOCK}.{hashlib.sha256(database.encode()).hexdigest()[:16]}"


def _locked(path: Path) -> IO[str]:
    handle = path.open("w")
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _upgrade(connection: Any) -> None:
    """Run Alembic; imported here because a database that is up to date never needs it."""
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise ConfigError(f"the database was written by a newer release of Frontdesk: {exc}") from exc
