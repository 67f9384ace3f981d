"""Who a customer of an Official Account is elsewhere: the unionid, where there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.wechat.official import WeChat
from hub.model import Message, Proved
from hub.ports import Receipt
from tests.connectors.conftest import NOW, Shelf
from tests.connectors.wechat_accounts import account, said
from tests.servers.wechat import WeChatServer, wechat
from tests.servers.wechat_callbacks import callback


@pytest.fixture
async def server() -> AsyncIterator[WeChatServer]:
    async with wechat() as running:
        running.acted("oAnn", "message")
        yield running


@pytest.fixture
async def shop(server: WeChatServer, shelf: Shelf) -> AsyncIterator[WeChat]:
    made = account(server, shelf)
    yield made
    await made.aclose()


def proved_in(receipt: Receipt) -> Proved | None:
    (item,) = receipt.items
    assert isinstance(item, Message)
    return item.proved


async def test_who_somebody_is_elsewhere_travels_with_what_they_say_next(server: WeChatServer) -> None:
    shop = account(server, unionid=True)
    server.unions["oAnn"] = "u42"
    hook = callback(said("hi"), NOW.timestamp())
    first = await shop.receive(hook)
    assert (proved_in(first), server.calls["user"]) == (None, 0), "nothing is asked before WeChat has its answer"
    assert first.after is not None
    await first.after()
    again = await shop.receive(hook)
    assert (proved_in(again), again.after) == (Proved(unionid="u42"), None)
    assert again.items[0].id == first.items[0].id
    await shop.aclose()
    assert (await account(server).receive(hook)).after is None, "it is asked for only where somebody wants it"


@pytest.mark.parametrize(("code", "asked_again"), [(0, False), (48001, True), (40003, True)])
async def test_a_person_without_a_unionid_is_just_this_accounts(server: WeChatServer, code: int, asked_again: bool) -> None:
    shop = account(server, unionid=True)
    server.codes = [code] if code else []
    hook = callback(said("hi"), NOW.timestamp())
    first = await shop.receive(hook)
    assert first.after is not None
    await first.after()
    again = await shop.receive(hook)
    assert proved_in(again) is None
    assert (again.after is not None) == asked_again
    await shop.aclose()
