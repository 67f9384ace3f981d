"""The database under the store: one clock, transactions that are tried again, and settings without which it refuses to run."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, String, bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError

from hub.errors import ConfigError
from hub.store.database import Database, among, is_refusal, is_transient, now_ms, parse_url
from hub.store.store import Store, open_store
from hub.store.tables import Lane, Meta
from tests.databases import throw_away_database
from tests.hub.hubs import rows

meta = Meta.__table__  # type: ignore[attr-defined]


async def test_the_clock_is_the_databases_and_in_milliseconds(store: Store) -> None:
    async with store.db.read() as connection:
        one = int((await connection.execute(select(now_ms()))).scalar_one())
        await asyncio.sleep(0.05)
        two = int((await connection.execute(select(now_ms()))).scalar_one())
    assert abs(one / 1000 - time.time()) < 5
    assert 40 <= two - one < 5000


async def test_the_clock_goes_on_inside_of_a_transaction(store: Store) -> None:
    """A transaction that waited for a lane's lock must not reckon with the time at which it began."""
    async with store.db.write() as connection:
        one = int((await connection.execute(select(now_ms()))).scalar_one())
        await asyncio.sleep(0.05)
        two = int((await connection.execute(select(now_ms()))).scalar_one())
    assert two - one >= 40


async def test_a_lane_is_held_until_the_end_of_the_transaction(store: Store) -> None:
    order: list[str] = []
    held = asyncio.Event()

    async def first() -> None:
        async with store.db.write() as connection:
            await store.timeline.lock(connection, "in", 1)
            held.set()
            await asyncio.sleep(0.3)
            order.append("first")

    async def second() -> None:
        await held.wait()
        async with store.db.write() as connection:
            await store.timeline.lock(connection, "in", 1)
            order.append("second")

    await asyncio.gather(second(), first())
    assert order == ["first", "second"]


async def test_what_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.db.write() as connection:
            await connection.execute(insert(meta), [{"name": "test", "value": "1"}])
            raise ZeroDivisionError
    assert await rows(store, Meta, name="test") == []


async def test_a_lost_connection_is_tried_again_from_the_start_and_a_mistake_is_not(store: Store) -> None:
    turns: list[int] = []

    async def work(connection: Any) -> str:
        turns.append(1)
        await connection.execute(insert(meta), [{"name": "test", "value": str(len(turns))}])
        if len(turns) < 3:
            raise ConnectionResetError
        return "done"

    assert await store.db.transact(work) == "done"
    assert [row["value"] for row in await rows(store, Meta, name="test")] == ["3"]
    turns.clear()

    async def wrong(connection: Any) -> None:
        turns.append(1)
        await connection.execute(insert(meta), [{"name": "test", "value": "again"}])

    with pytest.raises(DBAPIError) as refused:
        await store.db.transact(wrong)
    assert len(turns) == 1
    assert is_refusal(refused.value)
    assert not is_transient(refused.value)
    async with store.db.write() as connection:
        await connection.execute(meta.delete().where(meta.c.name == "test"))


async def test_two_transactions_that_wait_for_each_other_both_end(store: Store) -> None:
    """One is sent away by the database and tries again."""
    meeting = asyncio.Barrier(2)
    met: set[int] = set()

    async def crossing(mine: int, other: int) -> None:
        async def work(connection: Any) -> None:
            await store.timeline.lock(connection, "out", mine)
            if store.db.dialect != "sqlite" and mine not in met:
                met.add(mine)
                await meeting.wait()
            await store.timeline.lock(connection, "out", other)

        await store.db.transact(work)

    await asyncio.wait_for(asyncio.gather(crossing(0, 1), crossing(1, 0)), 20)


async def test_a_list_of_any_length_is_one_question(store: Store) -> None:
    names = [f"n{n}" for n in range(3000)]
    async with store.db.read() as connection:
        wanted = select(meta.c.name).where(among(store.db.dialect, meta.c.name, "names"))
        found = (await connection.execute(wanted, {"names": [*names, "epoch"]})).scalars().all()
        lanes = Lane.__table__  # type: ignore[attr-defined]
        numbers = select(lanes.c.n).where(among(store.db.dialect, lanes.c.n, "ns"), lanes.c.kind == bindparam("kind"))
        ns = (await connection.execute(numbers, {"ns": [1, 3], "kind": "in"})).scalars().all()
    assert list(found) == ["epoch"]
    assert sorted(ns) == [1, 3]


async def test_text_of_every_kind_comes_back_as_it_was(store: Store) -> None:
    """Emoji, right-to-left, combining marks, quotes, backslashes: collations and escapes differ, stored text does not."""
    told = "👩‍👩‍👧 שלום é\u0301 'x' \"y\" \\n %s :name ; -- \t\n\r end "
    async with store.db.write() as connection:
        await connection.execute(insert(meta), [{"name": "Test", "value": told}, {"name": "test", "value": "other"}])
    try:
        assert [row["value"] for row in await rows(store, Meta, name="Test")] == [told]
    finally:
        async with store.db.write() as connection:
            await connection.execute(meta.delete().where(meta.c.name.in_(["Test", "test"])))


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgres://h/d", "postgresql+asyncpg"),
        ("postgresql://h/d", "postgresql+asyncpg"),
        ("mariadb://h/d", "mysql+asyncmy"),
        ("mysql+pymysql://h/d", "mysql+asyncmy"),
        ("sqlite:///d.db", "sqlite+aiosqlite"),
    ],
)
def test_admins_name_a_database_not_a_driver(given: str, driver: str) -> None:
    assert parse_url(given).drivername == driver


@pytest.mark.postgres
@pytest.mark.parametrize("setting", ["synchronous_commit = off", "synchronous_commit = local"])
async def test_a_postgres_that_may_forget_a_commit_is_refused(setting: str) -> None:
    server = os.environ.get("TEST_POSTGRES_URL")
    if not server:
        pytest.skip("TEST_POSTGRES_URL is not set")
    async with throw_away_database(server) as url:
        await (await open_store(url)).close()
        database = Database(url)
        async with database.write() as connection:
            await connection.execute(text(f"ALTER DATABASE {database.url.database} SET {setting}"))
        await database.close()
        with pytest.raises(ConfigError, match="synchronous_commit"):
            await open_store(url)


@pytest.mark.parametrize("pragma", ["synchronous=NORMAL", "synchronous=OFF", "journal_mode=DELETE"])
async def test_a_sqlite_that_may_forget_a_commit_is_refused(tmp_path: Path, pragma: str) -> None:
    database = Database(f"sqlite:///{tmp_path}/hub.db")
    try:
        await database.check_promises()
        async with database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            await raw.driver_connection.execute(f"PRAGMA {pragma}")  # type: ignore[union-attr]
        with pytest.raises(ConfigError, match="synchronous=FULL"):
            await database.check_promises()
    finally:
        await database.close()


async def test_a_file_that_was_replaced_is_written_to_no_more(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/hub.db")
    other = await open_store(f"sqlite:///{tmp_path}/other.db")
    await other.close()
    (tmp_path / "other.db").rename(tmp_path / "hub.db")
    try:
        with pytest.raises(ConfigError, match="was replaced"):
            await store.agents.record("ann", "something")
    finally:
        await store.close()


def test_columns_of_numbers_and_of_words_are_asked_for_differently_on_postgres() -> None:
    """One array parameter serves lists of any length; its type must be the column's."""
    words, numbers = Column("w", String), Column("n", Integer)
    assert "VARCHAR[]" in str(among("postgresql", words, "x").compile(dialect=_postgres()))
    assert "BIGINT[]" in str(among("postgresql", numbers, "x").compile(dialect=_postgres()))


def _postgres() -> Any:
    from sqlalchemy.dialects.postgresql import asyncpg

    return asyncpg.dialect()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("store", ["postgres", "mysql"], indirect=True)
async def test_who_waited_too_long_for_a_lock_may_try_again(store: Store) -> None:
    """It says nothing of the data: a good message must not be put aside for it."""
    patience = {"postgresql": "SET lock_timeout = {}", "mysql": "SET SESSION innodb_lock_wait_timeout = {}"}[store.db.dialect]
    short, usual = ("'50ms'", "8000") if store.db.dialect == "postgresql" else ("1", "8")
    async with store.db.write() as holder:
        await store.timeline.lock(holder, "in", 1)
        async with store.db.read() as other:
            await other.execute(text(patience.format(short)))
            with pytest.raises(DBAPIError) as late:
                await store.timeline.lock(other, "in", 1)
            await other.execute(text(patience.format(usual)))
    assert is_transient(late.value)
    assert not is_refusal(late.value)


@pytest.mark.parametrize("store", ["postgres"], indirect=True)
async def test_a_statement_that_took_too_long_may_be_tried_again(store: Store) -> None:
    async with store.db.read() as connection:
        await connection.execute(text("SET statement_timeout = '50ms'"))
        with pytest.raises(DBAPIError) as late:
            await connection.execute(text("SELECT pg_sleep(5)"))
        await connection.execute(text("SET statement_timeout = 20000"))
    assert is_transient(late.value)
