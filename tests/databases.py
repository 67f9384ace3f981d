"""Databases that are made once for a run and emptied after each test: one with all its tables takes a second or two to make."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, event, exists, literal, select, text, union_all, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from hub.store.database import parse_url
from hub.store.store import Store, open_store
from hub.store.tables import Counter, Lane, Meta

DATABASES = {"sqlite": "", "postgres": "TEST_POSTGRES_URL", "mysql": "TEST_MYSQL_URL"}


class throw_away_database:
    """A database of its own on a server, dropped at the end."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.name = f"frontdesk_test_{secrets.token_hex(6)}"

    async def _run(self, statement: str) -> None:
        url = parse_url(self.server)
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                await connection.execute(text(statement))
        finally:
            await engine.dispose()

    async def __aenter__(self) -> str:
        charset = " CHARACTER SET utf8mb4" if "mysql" in self.server or "mariadb" in self.server else ""
        await self._run(f"CREATE DATABASE {self.name}{charset}")
        return make_url(self.server).set(database=self.name).render_as_string(hide_password=False)

    async def __aexit__(self, *_: object) -> None:
        force = " WITH (FORCE)" if "postgres" in self.server else ""
        await self._run(f"DROP DATABASE IF EXISTS {self.name}{force}")


class Compiled(dict[Any, Any]):
    """Statements that engines have compiled, for those of the same kind that come after: to do so anew in every test took a tenth
    of its time. SQLAlchemy's key begins with the engine's own dialect; here stands what tells dialects apart."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._common(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._common(key), value)

    @staticmethod
    def _common(key: Any) -> Any:
        dialect, *rest = key
        return type(dialect), dialect.server_version_info, getattr(dialect, "is_mariadb", False), *rest


_compiled = Compiled()


async def opened(url: str, lanes: int) -> Store:
    """A store on a database with today's tables, which need not compile what another has compiled in this process."""
    store = await open_store(url, lanes=lanes)

    @event.listens_for(store.db.engine.sync_engine, "engine_connect")
    def _share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=_compiled)

    return store


@cache
def _templates() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


async def _copied(folder: Path, lanes: int) -> str:
    template = _templates() / f"{lanes}.db"
    if not template.exists():
        await (await open_store(f"sqlite:///{template}", lanes=lanes)).close()
    shutil.copyfile(template, folder / "hub.db")
    return f"sqlite:///{folder}/hub.db"


async def fresh_store(folder: Path, *, lanes: int = 4) -> Store:
    """A store on an SQLite database of its own, `hub.db` in the folder, copied from one that this process has made once."""
    return await opened(await _copied(folder, lanes), lanes)


class Kept:
    """The databases of this run, by kind."""

    def __init__(self) -> None:
        self._made: dict[str, throw_away_database] = {}
        self._urls: dict[str, str] = {}

    async def url(self, kind: str, folder: Path) -> str:
        """An empty database with its tables."""
        if kind == "sqlite":
            return await _copied(folder, 4)
        if kind not in self._urls:
            self._made[kind] = throw_away_database(os.environ[DATABASES[kind]])
            self._urls[kind] = await self._made[kind].__aenter__()
        return self._urls[kind]

    async def drop(self) -> None:
        for made in self._made.values():
            await made.__aexit__()


async def empty(store: Store) -> None:
    """Forget everything that a test has written."""
    tables = SQLModel.metadata.tables
    stay = {table.__tablename__ for table in (Meta, Lane, Counter)}
    some = [select(literal(name)).where(exists().select_from(tables[name])) for name in tables.keys() - stay]
    async with store.db.write() as connection:
        for name in (await connection.execute(union_all(*some))).scalars().all():
            await connection.execute(delete(tables[name]))
        facts = tables[str(Meta.__tablename__)]
        await connection.execute(delete(facts).where(facts.c.name.contains(":")))  # what is known of a desk or a channel
        await connection.execute(update(tables[str(Counter.__tablename__)]).values(value=0))
