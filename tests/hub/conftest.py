"""A hub for each of the hub's own tests, on each database, with nothing of it left behind.

A database with all its tables takes a second or two to make. Here each kind is made once and emptied after each test.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import SQLModel

from hub.jobs import connect
from hub.runtime import Hub
from hub.store.store import Store, open_store
from hub.store.tables import Counter, Lane, Meta
from tests.conftest import DATABASES, throw_away_database
from tests.fakes import fake_hub
from tests.hub.hubs import Phone, Scene, scene_of


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


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    databases = Kept(tmp_path_factory.mktemp("template"))
    yield databases
    asyncio.run(databases.drop())


async def empty(store: Store) -> None:
    """Forget everything that a test has written."""
    tables = SQLModel.metadata.tables
    stay = {table.__tablename__ for table in (Meta, Lane, Counter)}
    async with store.db.write() as connection:
        for name in tables.keys() - stay:
            await connection.execute(delete(tables[name]))
        await connection.execute(update(tables[str(Counter.__tablename__)]).values(value=0))


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mysql", marks=pytest.mark.mysql)]
)
async def store(request: pytest.FixtureRequest, kept: Kept, tmp_path: Path) -> AsyncIterator[Store]:
    """A store on an empty database: SQLite always, PostgreSQL and MariaDB where their URLs are set."""
    kind: str = request.param
    if DATABASES[kind] and not os.environ.get(DATABASES[kind]):
        pytest.skip(f"{DATABASES[kind]} is not set")
    opened = await open_store(await kept.url(kind, tmp_path), lanes=4)
    yield opened
    if kind != "sqlite":
        await empty(opened)
    await opened.close()


@pytest.fixture
async def make_hub(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Any]:
    """`await make_hub(desks=…, routing=…)`: another process on the same database and Redis each time."""
    async with AsyncExitStack() as stack:

        async def make(**more: Any) -> Hub:
            return await stack.enter_async_context(fake_hub(store, redis_url, prefix, tmp_path / "files", **more))

        yield make
    redis = await connect(redis_url)
    if keys := await redis.keys(f"*{prefix}*"):
        await redis.delete(*keys)
    await redis.aclose()


@pytest.fixture
async def hub(make_hub: Any) -> Hub:
    """A hub with the pushed channel `phone`, the pulled channel `page`, no desk and no bot."""
    made: Hub = await make_hub()
    return made


@pytest.fixture
async def scene(make_hub: Any) -> Scene:
    """An answer about to leave for a platform that knows no keys and answers no questions."""
    return await scene_of(make_hub, Phone())
