"""Databases that are made once for a run and emptied after each test: one with all its tables takes a second or two to make."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from sqlalchemy import delete, text, update
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


class Kept:
    """The databases of this run, by kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, throw_away_database] = {}
        self._urls: dict[str, str] = {}

    async def url(self, kind: str, folder: Path) -> str:
        """An empty database with its tables."""
        if kind == "sqlite":
            return await self._copied(folder)
        if kind not in self._urls:
            self._made[kind] = throw_away_database(os.environ[DATABASES[kind]])
            self._urls[kind] = await self._made[kind].__aenter__()
        return self._urls[kind]

    async def _copied(self, folder: Path) -> str:
        template = self._folder / "template.db"
        if not template.exists():
            await (await open_store(f"sqlite:///{template}", lanes=4)).close()
        shutil.copyfile(template, folder / "hub.db")
        return f"sqlite:///{folder}/hub.db"

    async def drop(self) -> None:
        for made in self._made.values():
            await made.__aexit__()


async def empty(store: Store) -> None:
    """Forget everything that a test has written."""
    tables = SQLModel.metadata.tables
    stay = {table.__tablename__ for table in (Meta, Lane, Counter)}
    async with store.db.write() as connection:
        for name in tables.keys() - stay:
            await connection.execute(delete(tables[name]))
        await connection.execute(update(tables[str(Counter.__tablename__)]).values(value=0))
