"""A hub for each of the hub's own tests, on each database, with nothing of it left behind.

A database with all its tables takes a second or two to make. Here each kind is made once and emptied after each test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from hub.jobs import connect
from hub.runtime import Hub
from hub.store.store import Store
from tests.fakes import fake_hub
from tests.hub.hubs import Phone, Scene, scene_of


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
