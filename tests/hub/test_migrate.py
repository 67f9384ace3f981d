"""Migrations: on every database they end in exactly the model's tables, once, however many processes start together."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from hub.errors import Busy, ConfigError
from hub.store import agent_tables, tables
from hub.store import migrate as migrating
from hub.store.database import Database
from hub.store.migrate import FOLDER, HEAD, migrate
from hub.store.store import open_store

ROOT = Path(__file__).parents[2]
START = """
import asyncio, sys
from hub.store.store import open_store
async def main():
    store = await open_store(sys.argv[1], lanes=3)
    print(store.epoch, store.secret.hex(), store.lanes)
    await store.close()
asyncio.run(main())
"""


async def seen(url: str, look: Any) -> Any:
    """What a synchronous function finds on a connection of its own."""
    database = Database(url)
    try:
        async with database.engine.connect() as connection:
            return await connection.run_sync(look)
    finally:
        await database.close()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, SQLModel.metadata)
    return [one for one in found if "alembic_version" not in str(one)]


def shape(connection: Connection) -> dict[str, Any]:
    """Every table's columns, keys and indexes."""
    inspector = inspect(connection)
    return {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)],
            sorted(str(index["column_names"]) + str(index["unique"]) for index in inspector.get_indexes(name)),
            sorted(str(unique["column_names"]) for unique in inspector.get_unique_constraints(name)),
            inspector.get_pk_constraint(name)["constrained_columns"],
        )
        for name in inspector.get_table_names()
    }


def test_the_newest_revision_is_the_folders() -> None:
    assert ScriptDirectory(str(FOLDER)).get_heads() == [HEAD]


async def test_the_migrations_end_in_the_model(database_url: str) -> None:
    assert tables.Inbox.__table__.name, agent_tables.Agent.__table__.name  # type: ignore[attr-defined]
    await migrate(database_url)
    assert await seen(database_url, differences) == []
    assert (await seen(database_url, shape)).keys() == {*SQLModel.metadata.tables, "alembic_version"}


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE agent ADD COLUMN shoe_size INTEGER",
        "DROP INDEX ix_message_source_external_id",
        "CREATE TABLE leftover (id INTEGER)",
    ],
)
async def test_the_comparison_sees_what_differs(database_url: str, change: str) -> None:
    await migrate(database_url)
    database = Database(database_url)
    mysql = database.dialect == "mysql" and change.startswith("DROP INDEX")
    async with database.write() as connection:
        await connection.execute(text(f"{change} ON message" if mysql else change))
    await database.close()
    assert len(await seen(database_url, differences)) == 1


async def test_a_second_time_changes_nothing(database_url: str) -> None:
    store = await open_store(database_url, lanes=4)
    await store.agents.invite("ann@example.com", "Ann", "admin")
    await store.close()
    before = await seen(database_url, shape)
    for _ in range(2):
        await migrate(database_url)
    assert await seen(database_url, shape) == before
    again = await open_store(database_url, lanes=4)
    assert (again.epoch, again.secret, again.lanes) == (store.epoch, store.secret, store.lanes)
    assert [person.email for person in await again.agents.everyone()] == ["ann@example.com"]
    await again.close()


async def test_many_processes_may_start_together(database_url: str) -> None:
    """They find one database with one identity, and the lanes that the first one asked for."""
    command = [sys.executable, "-W", "error", "-c", START, database_url]
    pipe = asyncio.subprocess.PIPE
    started = [await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=pipe) for _ in range(4)]
    ended = await asyncio.gather(*(process.communicate() for process in started))
    assert [process.returncode for process in started] == [0] * 4, b"".join(errors for _, errors in ended).decode()
    assert len({told for told, _ in ended}) == 1
    lanes = await seen(
        database_url, lambda connection: list(connection.execute(text("SELECT kind, n FROM lane ORDER BY kind, n")))
    )
    assert [tuple(lane) for lane in lanes] == [(kind, n) for kind in ("in", "out") for n in range(3)]
    counted = await seen(database_url, lambda connection: connection.execute(text("SELECT count(*) FROM meta")).scalar())
    assert counted == 3


async def test_the_number_of_lanes_is_that_of_the_database(database_url: str) -> None:
    """Another number in the settings of a later start would split conversations over two lanes."""
    first = await open_store(database_url, lanes=3)
    await first.close()
    second = await open_store(database_url, lanes=8)
    assert second.lanes == 3
    await second.close()


async def test_a_database_of_a_newer_release_is_refused_and_left_alone(database_url: str) -> None:
    await migrate(database_url)
    database = Database(database_url)
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    before = await seen(database_url, shape)
    with pytest.raises(ConfigError, match="newer release"):
        await migrate(database_url)
    assert await seen(database_url, shape) == before


@pytest.mark.parametrize("url", ["oracle://somewhere/hub", "mongodb://somewhere/hub"])
async def test_other_databases_are_refused_by_name(url: str) -> None:
    with pytest.raises(ConfigError, match="not supported"):
        await migrate(url)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
async def test_a_database_that_still_starts_is_waited_for_and_then_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "PATIENCE_S", 0.2)
    monkeypatch.setattr(migrating, "LOOK_AGAIN_S", 0.05)
    with pytest.raises(Busy, match=r"fd:\*\*\*@127\.0\.0\.1:1/.* does not answer"):
        await migrate(f"{kind}://fd:secret@127.0.0.1:1/hub")


@pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
async def test_who_does_not_get_the_lock_does_not_migrate(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """MariaDB answers 0 after a while instead of waiting on."""
    monkeypatch.setattr(migrating, "LOCK_S", 1)
    holder, lock = Database(database_url), migrating.lock_of(str(make_url(database_url).database))
    async with holder.engine.connect() as connection:
        assert (await connection.execute(text(f"SELECT GET_LOCK('{lock}', 0)"))).scalar() == 1
        with pytest.raises(Busy, match="up to date"):
            await migrate(database_url)
        assert await seen(database_url, lambda found: inspect(found).get_table_names()) == []
    await holder.close()
    await migrate(database_url)
