"""Who looks is noted together with others, and soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.live import Live
from hub.store.logs import LogStore
from hub.store.store import Store
from hub.store.tables import Identity
from tests.conftest import until
from tests.fakes import said
from tests.hub.hubs import rows
from tests.widget.consoles import House, house
from widget.feed import Feed


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def test_customers_who_come_back_at_once_share_a_commit(home: House, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.hub.intake.keep([said("hi", channel="page", customer=f"c{n}") for n in range(50)], 5)
    await home.work()
    people = [row["id"] for row in await rows(store, Identity)]
    commits: list[int] = []
    seen = LogStore.seen

    async def counted(self: LogStore, places: Mapping[str, int]) -> None:
        commits.append(len(places))
        await seen(self, places)

    monkeypatch.setattr(LogStore, "seen", counted)
    feed = Feed(Live(home.hub.jobs.redis, home.hub.jobs.prefix), home.hub.store.logs)
    running = asyncio.create_task(feed.run())
    for one in people:
        feed.here(one, 1)
        feed.here(one, 0)

    async def noted() -> Any:
        return all(row["seen_cs"] == 1 and row["seen_ms"] for row in await rows(store, Identity))

    await until(noted)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert commits == [50]
