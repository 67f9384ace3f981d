"""Bringing a database's tables up to date, by one process at a time however many start together."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from hub.errors import ConfigError
from hub.store.database import parse_url

HEAD = "0005"
"""The newest revision; a test holds it to the folder."""
FOLDER = Path(__file__).with_name("migrations")
LOCK = 0x46524F4E
"""The advisory lock's number: "FRON"."""


async def migrate(url: str) -> None:
    """Upgrade the database behind `url`. Refuses one that a newer release has written."""
    target = parse_url(url)
    if target.get_backend_name() == "sqlite":
        Path(target.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(target, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            if await _revision(connection) == HEAD:
                return
        async with engine.connect() as connection, _alone(connection, target.database or ""):
            await connection.run_sync(_upgrade)
            await connection.commit()
    finally:
        await engine.dispose()


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
        else (f"SELECT GET_LOCK('frontdesk{LOCK}', 60)", f"SELECT RELEASE_LOCK('frontdesk{LOCK}')")
    )
    await connection.execute(text(take))
    await connection.commit()
    try:
        yield
    finally:
        await connection.execute(text(give))
        await connection.commit()


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
