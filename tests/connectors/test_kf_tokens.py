"""The access token of 微信客服: one for all workers, renewed once when it is over, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from connectors.wechat.kf.connector import WeComKf
from hub.errors import Temporary
from hub.model import Text
from hub.ports import IdempotencyKey
from tests.connectors.conftest import Shelf
from tests.connectors.kf_company import ANN, KEY, company
from tests.servers.kf import KfServer, kf
from tests.servers.warm import ran


@pytest.fixture
async def server() -> AsyncIterator[KfServer]:
    async with kf() as running:
        yield running


@pytest.fixture
async def desk(server: KfServer, shelf: Shelf) -> AsyncIterator[WeComKf]:
    made = company(server, shelf)
    yield made
    await made.aclose()


async def test_one_token_serves_all_and_a_spoiled_one_is_replaced_once(server: KfServer, desk: WeComKf) -> None:
    server.text("wmAnn", "hi")
    for n in range(3):
        await desk.send(ANN, [Text(text=str(n))], IdempotencyKey(f"k{n}"))
    assert server.calls["token"] == 1
    server.spoil()
    sent = [desk.send(ANN, [Text(text=str(n))], IdempotencyKey(f"k{n}")) for n in (3, 4)]
    await asyncio.gather(*sent)
    assert (server.calls["token"], len(server.sent)) == (2, 5)


WORKER = """
import asyncio, sys
from tests.connectors.kf_company import ANN, company
from hub.model import Text
from hub.ports import IdempotencyKey

async def main():
    desk = company(None, api_url=sys.argv[1])
    keys = [IdempotencyKey(f"{sys.argv[2]}{n}") for n in range(2)]
    await asyncio.gather(*(desk.send(ANN, [Text(text=key)], key) for key in keys))
    await desk.aclose()

asyncio.run(main())
"""


@pytest.mark.timeout(60)
async def test_two_workers_share_one_token(server: KfServer) -> None:
    server.text("wmAnn", "hi")
    assert await asyncio.gather(*(ran(WORKER, server.url, name) for name in ("a", "b"))) == [0, 0]
    assert (len(server.sent), server.calls["token"]) == (4, 2)


async def test_a_token_that_is_refused_for_ever_is_not_asked_for_for_ever(server: KfServer, desk: WeComKf) -> None:
    server.codes = [40014, 42001]
    with pytest.raises(Temporary, match="busy"):
        await desk.send(ANN, [Text(text="hi")], KEY)
    assert (server.calls["send_msg"], server.calls["token"]) == (2, 2)
