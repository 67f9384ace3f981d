"""The real web process over a real database, with a worker that never sleeps: for browsers that need more than a likeness."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from connectors.web import Web
from connectors.web_settings import WebSettings
from hub.model import ChannelName
from hub.ports import Kit
from hub.store.store import LANES
from tests.config.folders import shipped
from tests.databases import fresh_store
from tests.widget.consoles import Agent, House, house

WEB = ChannelName("web")


@asynccontextmanager
async def living(
    folder: Path, redis_url: str, prefix: str, *, web: dict[str, Any] | None = None, **hub: Any
) -> AsyncIterator[House]:
    """A hub on SQLite with the shipped chat `web`, but for what is given: `web` for the channel, the rest for the hub."""
    base = shipped().channels[WEB]
    own = WebSettings.model_validate({**base.model_dump(), **(web or {})})
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    store = await fresh_store(folder, lanes=LANES)
    try:
        async with house(
            store, redis_url, prefix, folder / "files", connectors={WEB: Web(WEB, own, Kit.__new__(Kit))}, **hub
        ) as home:
            home.hub.channels = {WEB: own}
            setattr(home.hub.files, "_public_url", home.url)  # noqa: B010 -- the port is known only now
            worker = asyncio.create_task(_work(home))
            try:
                yield home
            finally:
                worker.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await worker
    finally:
        await store.close()


async def _work(home: House) -> None:
    while True:
        await home.work()
        await asyncio.sleep(0.02)


async def only_talk(home: House, agent: Agent) -> dict[str, Any]:
    """The one conversation that there is, as the console shows it."""
    while True:
        items: list[dict[str, Any]] = (await agent.api.get("/console/api/conversations?view=all")).json()["items"]
        if items:
            return items[0]
        await asyncio.sleep(0.05)
