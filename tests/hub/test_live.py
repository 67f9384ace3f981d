"""Pokes: every listening process hears of a commit, and after a broken line is told to look at everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hub.jobs import connect
from hub.live import Live, Poke
from hub.model import identity_of
from hub.runtime import Hub
from hub.store.tables import Conversation
from tests.conftest import start_valkey, until
from tests.fakes import answered, said
from tests.hub.hubs import only, take_in


@asynccontextmanager
async def heard_by(live: Live) -> AsyncIterator[list[Poke]]:
    """What a process hears, from the moment on at which it listens."""
    heard: list[Poke] = []

    async def listen() -> None:
        async for poke in live.listen():
            heard.append(poke)

    task = asyncio.create_task(listen())
    try:
        await until(lambda: heard)
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_begins_to_listen_is_told_to_look_first(hub: Hub) -> None:
    async with heard_by(hub.live) as heard:
        assert heard == [Poke(inbox=True, missed=True)]


async def test_every_process_hears_what_was_committed(make_hub: Any) -> None:
    one, two = await make_hub(), await make_hub()
    async with heard_by(one.live) as first, heard_by(two.live) as second:
        await take_in(one, said("hi", channel="page"))
        await until(lambda: len(first) == len(second) == 2)
        assert first[1] == second[1] == Poke(inbox=True, identities=(identity_of("page", "ann"),))


async def test_a_poke_comes_after_the_commit(hub: Hub) -> None:
    """Whoever is poked and looks finds it."""
    found: list[int] = []

    async def look() -> None:
        async for poke in hub.live.listen():
            if not poke.missed:
                found.append(await hub.store.logs.inbox_head())

    task = asyncio.create_task(look())
    await asyncio.sleep(0.1)
    for n in range(5):
        await take_in(hub, said(f"{n}"))
        await until(lambda n=n: len(found) == n + 1)
    task.cancel()
    assert found == [1, 2, 3, 4, 5]


async def test_what_customers_must_not_see_pokes_none_of_them(hub: Hub) -> None:
    await take_in(hub, said("hi", channel="page"))
    talk = await only(hub.store, Conversation)
    async with heard_by(hub.live) as heard:
        await take_in(hub, answered("psst", conversation=talk["id"], kind="note"))
        await until(lambda: len(heard) == 2)
        assert heard[1] == Poke(inbox=True)


async def test_ephemeral_facts_travel_too(hub: Hub) -> None:
    async with heard_by(hub.live) as heard:
        await hub.live.poke(ephemeral=[{"typing": "ann"}])
        await until(lambda: len(heard) == 2)
        assert heard[1] == Poke(ephemeral=({"typing": "ann"},))


async def test_other_installations_on_the_same_redis_are_not_heard(hub: Hub) -> None:
    async with heard_by(hub.live) as heard:
        await Live(hub.live.redis, hub.live.prefix + "x").poke(inbox=True)
        await hub.live.poke(identities=["ours"])
        await until(lambda: len(heard) > 1)
        assert heard[1:] == [Poke(identities=("ours",))]


async def test_a_redis_that_was_away_costs_a_look_and_no_process(tmp_path: Path) -> None:
    server, url = start_valkey(tmp_path)
    pool = await connect(url)
    live = Live(pool, "t")
    async with heard_by(live) as heard:
        server.kill()
        server.wait(10)
        await live.poke(inbox=True)
        (tmp_path / "r.sock").unlink(missing_ok=True)
        server, _ = start_valkey(tmp_path)
        await until(lambda: len(heard) == 2)
        assert heard[1].missed
        await live.poke(identities=["ann"])
        await until(lambda: len(heard) == 3)
    await pool.aclose()
    server.kill()
    server.wait(10)
