"""Intake: what is said to be kept is committed, once, and what can't be committed is refused and harms nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine

from hub.errors import Busy
from hub.intake import Intake
from hub.model import Message
from hub.runtime import Hub
from hub.store.database import Database, parse_url
from hub.store.inbox import DONE, InboxStore, Kept, row_of
from hub.store.store import Store, open_store
from hub.store.tables import Inbox
from tests.databases import fresh_store, throw_away_database
from tests.fakes import answered, fake_hub, said
from tests.hub.hubs import only, put, rows, take_in


class Counting(InboxStore):
    """Counts the commits, and the rows of each."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.sizes: list[int] = []

    async def keep(self, rows: Sequence[dict[str, Any]]) -> list[Kept]:
        self.sizes.append(len(rows))
        return await super().keep(rows)


@asynccontextmanager
async def intake_on(inbox: InboxStore, hub: Hub, **more: int) -> AsyncIterator[Intake]:
    """Another web process's intake on the same database."""
    intake = Intake(inbox, hub.jobs, lanes=hub.store.lanes, **more)
    try:
        yield intake
    finally:
        await intake.aclose()


def many(count: int, name: str = "m") -> list[Message]:
    return [said(f"hello {n}", customer=f"c{n % 7}", id=f"{name}{n}") for n in range(count)]


async def test_what_waits_shares_a_commit(hub: Hub) -> None:
    inbox = Counting(hub.store.db)
    async with intake_on(inbox, hub, most=40) as intake:
        kept = await asyncio.gather(*(intake.keep([message], 10.0) for message in many(100)))
    assert kept == [["new"]] * 100
    assert sum(inbox.sizes) == 100
    assert max(inbox.sizes) == 40, "a commit takes all that waits, up to its most"
    assert len(inbox.sizes) <= 4, inbox.sizes
    assert len(await rows(hub.store, Inbox)) == 100


async def test_a_row_is_there_when_keep_returns(hub: Hub) -> None:
    """Seen by another connection, not by the one that wrote it."""
    assert await hub.intake.keep([said("hello", id="m1")], 5.0) == ["new"]
    row = await only(hub.store, Inbox)
    assert (row["source"], row["external_id"], row["state"], row["tries"]) == ("phone", "m1", 0, 0)
    assert '"hello"' in row["body"]
    assert row["lane"] == row["bucket"] % hub.store.lanes


async def test_the_rows_of_one_hook_keep_their_order(hub: Hub) -> None:
    await hub.intake.keep(many(30), 5.0)
    assert [row["external_id"] for row in await rows(hub.store, Inbox)] == [f"m{n}" for n in range(30)]


async def test_the_same_id_twice_is_one_row(hub: Hub) -> None:
    first = said("hello", id="m1")
    assert await hub.intake.keep([first, first], 5.0) == ["new", "same"]
    assert await hub.intake.keep([said("hello again", id="m1"), said("more", id="m2")], 5.0) == ["same", "new"]
    assert '"hello"' in (await rows(hub.store, Inbox))[0]["body"], "what was there first stays"
    assert len(await rows(hub.store, Inbox)) == 2


async def test_the_same_id_of_another_channel_is_another_row(hub: Hub) -> None:
    assert await hub.intake.keep([said("a", id="1"), said("b", id="1", channel="page")], 5.0) == ["new", "new"]


async def test_ids_that_differ_in_case_are_different(hub: Hub) -> None:
    assert await hub.intake.keep([said("a", id="oPenId"), said("b", id="openid")], 5.0) == ["new", "new"]


async def test_one_id_of_ours_for_two_contents_is_a_conflict(hub: Hub) -> None:
    await hub.intake.keep([said("hello", id="m1", client_id="k1")], 5.0)
    again = [said("hello", id="m1", client_id="k1"), said("something else", id="m1", client_id="k1")]
    assert await hub.intake.keep(again, 5.0) == ["same", "conflict"]
    replies = [
        answered("yes", conversation="c1", id="r1", client_id="k2"),
        answered("yes", conversation="c2", id="r1", client_id="k2"),
    ]
    assert await hub.intake.keep(replies, 5.0) == ["new", "conflict"], "the same words to another conversation are something else"


async def test_two_processes_with_the_same_messages_keep_each_once(make_hub: Any) -> None:
    """A platform that repeats a hook to another web process while the first is still at it."""
    one, two = await make_hub(), await make_hub()
    messages = many(60)
    tasks = [
        hub.intake.keep([message], 20.0) for n, message in enumerate(messages) for hub in ((one, two) if n % 2 else (two, one))
    ]
    kept = [verdict for (verdict,) in await asyncio.gather(*tasks)]
    assert [sorted(pair) for pair in zip(kept[::2], kept[1::2], strict=True)] == [["new", "same"]] * 60
    assert len(await rows(one.store, Inbox)) == 60


async def test_a_row_that_the_database_refuses_harms_no_neighbour(hub: Hub) -> None:
    bad = said("bad", id="x" * 300) if hub.store.db.dialect != "sqlite" else said("bad", id="\ud800")
    messages = many(9)
    messages.insert(4, bad)
    kept = await asyncio.gather(*(hub.intake.keep([message], 10.0) for message in messages), return_exceptions=True)
    assert [verdict for n, verdict in enumerate(kept) if n != 4] == [["new"]] * 9
    await take_in(hub)
    if hub.store.db.dialect == "sqlite":  # which takes whatever can be written down
        assert not isinstance(kept[4], list), "nobody is told that it was kept"
        assert len(await rows(hub.store, Inbox)) == 9
        return
    assert kept[4] == ["new"], "it is kept where people see it"
    stored = await rows(hub.store, Inbox)
    assert [row["state"] for row in stored if row["external_id"].startswith("refused.")] == [2], "set aside"
    assert sum(row["state"] == 1 for row in stored) == 9
    assert await hub.intake.keep([bad], 10.0) == ["same"], "its platform may tell of it again"


async def test_a_database_that_is_locked_is_busy_and_a_late_commit_is_found_as_the_same(hub: Hub) -> None:
    """Somebody else holds the very key: each database makes us wait for that transaction."""
    message = said("hello", id="m1")
    row = {**row_of(message, 4), "state": DONE, "tries": 0, "due_ms": 0}
    engine = create_async_engine(hub.store.db.url)
    try:
        async with engine.connect() as connection:
            await connection.execute(insert(Inbox.__table__), [row])  # type: ignore[attr-defined]
            with pytest.raises(Busy) as busy:
                await hub.intake.keep([message], 0.2)
            assert busy.value.retry_after > 0
            await connection.rollback()
        assert await hub.intake.keep([message], 10.0) == ["same"], "it was committed after all"
        assert (await only(hub.store, Inbox))["state"] == 0
    finally:
        await engine.dispose()


async def test_a_database_that_is_gone_is_busy_and_intake_goes_on_when_it_is_back(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(rows: Any) -> Any:
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(hub.store.inbox, "_keep", refuses)
        broken.setattr(hub.store.inbox, "keep", refuses)
        with pytest.raises(Busy):
            await hub.intake.keep([said("hello", id="m1")], 5.0)
    assert not await rows(hub.store, Inbox)
    assert await hub.intake.keep([said("hello", id="m1")], 5.0) == ["new"]


@pytest.mark.parametrize("server", ["TEST_POSTGRES_URL", "TEST_MYSQL_URL"])
async def test_a_server_without_the_database_refuses_at_once(server: str, redis_url: str, prefix: str, tmp_path: Path) -> None:
    """Connections that break in the middle of a transaction, and new ones that are refused."""
    url = os.environ.get(server)
    if not url:
        pytest.skip(f"{server} is not set")
    async with throw_away_database(url) as own:
        store = await open_store(own, lanes=4)
        async with fake_hub(store, redis_url, prefix, tmp_path) as hub:
            assert await hub.intake.keep([said("before")], 5.0) == ["new"]
            await throw_away_database.__aexit__(_named(url, own), None, None, None)
            with pytest.raises(Busy):
                await hub.intake.keep([said("after")], 8.0)
        await store.close()


def _named(server: str, own: str) -> throw_away_database:
    found = throw_away_database(server)
    found.name = str(parse_url(own).database)
    return found


async def test_a_database_file_that_was_replaced_ends_the_process(
    redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An acknowledgement into a file that nobody will ever open again is a lost message."""
    signals: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", signals.append)
    store = await fresh_store(tmp_path, lanes=1)
    async with fake_hub(store, redis_url, prefix, tmp_path) as hub:
        await hub.intake.keep([said("before")], 5.0)
        (tmp_path / "hub.db").rename(tmp_path / "moved.db")
        with pytest.raises(Busy):
            await hub.intake.keep([said("after")], 5.0)
        assert signals == [signal.SIGTERM]
    await store.close()


async def test_newcomers_are_refused_when_too_many_wait(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()
    keep = hub.store.inbox.keep

    async def slow(rows: Any) -> Any:
        await gate.wait()
        return await keep(rows)

    monkeypatch.setattr(hub.store.inbox, "keep", slow)
    async with intake_on(hub.store.inbox, hub, room=5, most=1) as intake:
        waiting = []
        for message in many(6):
            waiting.append(asyncio.create_task(intake.keep([message], 10.0)))
            await asyncio.sleep(0.01)
        depth = intake.depth
        refused = await asyncio.gather(intake.keep([said("one too many")], 5.0), return_exceptions=True)
        gate.set()
        assert depth == 5, "one is being committed, five wait"
        assert isinstance(refused[0], Busy)
        assert await asyncio.gather(*waiting) == [["new"]] * 6
        assert intake.depth == 0


async def test_closing_commits_what_waits_and_refuses_the_rest(hub: Hub) -> None:
    waiting = [asyncio.create_task(hub.intake.keep([message], 10.0)) for message in many(20)]
    await asyncio.sleep(0)
    await hub.intake.aclose()
    assert await asyncio.gather(*waiting) == [["new"]] * 20
    with pytest.raises(Busy):
        await hub.intake.keep([said("late")], 5.0)


async def test_a_hook_without_messages_needs_no_commit(hub: Hub) -> None:
    assert await hub.intake.keep([], 0.0) == []


async def test_payloads_are_forgotten_after_their_time_and_only_of_what_is_done(hub: Hub) -> None:
    await hub.intake.keep([said("a", id="old", raw={"from": "a"}), said("b", id="waits", raw={"from": "b"})], 5.0)
    await put(hub.store, Inbox, {"external_id": "old"}, state=DONE)
    now = hub.now()
    assert await hub.store.inbox.forget_raw(now.replace(year=now.year - 1)) == 0
    assert await hub.store.inbox.forget_raw(now.replace(year=now.year + 1)) == 1
    assert {row["external_id"]: row["raw"] is None for row in await rows(hub.store, Inbox)} == {"old": True, "waits": False}


async def test_the_depth_tells_how_much_waits_and_since_when(store: Store, hub: Hub) -> None:
    assert await store.inbox.depth() == (0, 0, 0.0)
    await hub.intake.keep(many(3), 5.0)
    await put(store, Inbox, {"external_id": "m2"}, state=2)
    waiting, parked, age = await store.inbox.depth()
    assert (waiting, parked) == (2, 1)
    assert 0 <= age < 60
