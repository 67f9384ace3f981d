"""The access token of an Official Account: one for all workers, renewed once when it is over, and not for ever."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from connectors.wechat.official import WeChat
from hub.alone import Alone
from hub.errors import Temporary
from hub.model import Text
from tests.connectors.conftest import Shelf
from tests.connectors.wechat_accounts import ANN, KEY, account
from tests.servers.wechat import WeChatServer, wechat


@pytest.fixture
async def server() -> AsyncIterator[WeChatServer]:
    async with wechat() as running:
        running.acted("oAnn", "payment")
        yield running


@pytest.fixture
async def shop(server: WeChatServer, shelf: Shelf) -> AsyncIterator[WeChat]:
    made = account(server, shelf)
    yield made
    await made.aclose()


async def test_one_token_serves_all_and_a_spoiled_one_is_replaced_once(server: WeChatServer, shop: WeChat) -> None:
    for n in range(3):
        await shop.send(ANN, [Text(text=str(n))], KEY)
    assert server.calls["token"] == 1
    server.tokens.spoil()
    await shop.send(ANN, [Text(text="3")], KEY)
    assert (server.calls["token"], server.calls["forced"], len(server.sent)) == (2, 0, 4)


WORKER = """
import asyncio, sys
from tests.connectors.wechat_accounts import ANN, KEY, account
from hub.model import Text

async def main():
    shop = account(None, api_url=sys.argv[1])
    for round in range(2):
        await asyncio.gather(*(shop.send(ANN, [Text(text=f"{sys.argv[2]}.{round}.{n}")], KEY) for n in range(5)))
        print("done", flush=True)
        sys.stdin.readline()
    await shop.aclose()

asyncio.run(main())
"""


@pytest.mark.timeout(60)
async def test_two_workers_come_to_one_new_token_without_forcing_it(server: WeChatServer) -> None:
    workers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, server.url, name, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        for name in ("a", "b")
    ]
    for turn in range(2):
        for worker in workers:
            assert worker.stdout is not None
            assert await worker.stdout.readline() == b"done\n"
        if turn == 0:
            server.tokens.spoil()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(b"\n")
            await worker.stdin.drain()
    assert [await worker.wait() for worker in workers] == [0, 0]
    assert len(server.sent) == 20
    assert (server.calls["token"], server.calls["forced"]) == (4, 0), "each worker asked once, and once more when it was over"


async def test_two_processes_whose_token_was_spoiled_force_one_new_one(server: WeChatServer, redis_url: str, prefix: str) -> None:
    """Where even the stable token is no longer good, the first process forces a new one, and the other is given it."""
    async with AsyncExitStack() as stack:
        shops = [account(server, alone=await redis_alone(stack, redis_url, prefix)) for _ in range(2)]
        for shop in shops:
            stack.push_async_callback(shop.aclose)
            await shop.send(ANN, [Text(text="hi")], KEY)
        server.tokens.revoke()
        await asyncio.gather(*(shop.send(ANN, [Text(text="still there?")], KEY) for shop in shops))
    assert (server.calls["forced"], len(server.sent)) == (1, 4)


async def redis_alone(stack: AsyncExitStack, url: str, prefix: str) -> Alone:
    """The lock of a process of its own."""
    redis = Redis.from_url(url)
    stack.push_async_callback(redis.aclose)
    return Alone(redis, prefix)


async def test_a_token_that_is_refused_for_ever_is_not_asked_for_for_ever(server: WeChatServer, shop: WeChat) -> None:
    server.codes = [40001, 40001]
    with pytest.raises(Temporary):
        await shop.send(ANN, [Text(text="hi")], KEY)
    assert (server.calls["send"], server.calls["forced"]) == (2, 1)


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_token_that_is_over_is_renewed_and_the_line_sent(server: WeChatServer, shop: WeChat, code: int) -> None:
    server.codes = [code]
    await shop.send(ANN, [Text(text="hi")], KEY)
    assert len(server.sent) == 1
