"""How often one address, and one login, may call and connect: chats, the console and both kinds of sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from config.settings import HubSettings, RateLimits
from hub.store.store import Store
from tests.widget.consoles import House, Line
from tests.widget.customers import web_house

MOST = 5


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as own:
        own.server.config.app._app.state.settings = HubSettings(limits=RateLimits(requests_per_ip=MOST))  # type: ignore[union-attr]
        yield own


pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


async def test_sockets_of_a_chat_count_as_calls_of_their_address(home: House) -> None:
    address = home.url.replace("http", "ws") + "/chat/web/socket"
    for _ in range(MOST):
        async with connect(address):
            pass
    async with connect(address) as ws:
        assert await Line(ws).next() == {"t": "bye", "code": 4029, "retry": True}
    page = await home.browser()
    refused = await page.post("/chat/web/session", json={})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")


async def test_the_console_counts_by_login_and_without_one_by_address(home: House) -> None:
    """An office may share an address: nobody is held up by a colleague, or by a stranger who guesses."""
    stranger, bo, ann = await home.browser(), await home.agent(), await home.agent("ann@example.com", name="Ann")
    told = [(await stranger.get("/console/api/conversations")).status_code for _ in range(MOST + 1)]
    assert told == [401] * MOST + [429]
    told = [(await bo.api.get("/console/api/conversations")).status_code for _ in range(MOST + 1)]
    assert told == [200] * MOST + [429]
    assert (await ann.api.get("/console/api/conversations")).status_code == 200


async def test_sockets_of_the_console_count_too(home: House) -> None:
    bo = await home.agent()
    for _ in range(MOST):
        await bo.api.get("/console/api/conversations")
    address = home.url.replace("http", "ws") + "/console/socket"
    async with connect(address, additional_headers={"authorization": f"Bearer {bo.token}"}) as ws:
        assert await Line(ws).next() == {"t": "bye", "code": 4029, "retry": True}
