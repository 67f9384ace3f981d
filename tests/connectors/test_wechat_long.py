"""A text that WeChat finds too long (45002) is cut once more: all of it arrives in order, and nothing of it twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.wechat.official import WeChat
from hub.errors import Uncertain, Undeliverable
from hub.model import Text
from tests.connectors.conftest import Shelf
from tests.connectors.wechat_accounts import ANN, KEY, account
from tests.servers.wechat import WeChatServer, wechat

LONG = "".join(f"Line {n:03} of what was said.\n" for n in range(40)).rstrip()


@pytest.fixture
async def server() -> AsyncIterator[WeChatServer]:
    async with wechat() as running:
        running.acted("oAnn", "message")
        yield running


@pytest.fixture
async def shop(server: WeChatServer, shelf: Shelf) -> AsyncIterator[WeChat]:
    made = account(server, shelf, kf_account="lin@shop")
    yield made
    await made.aclose()


def texts(server: WeChatServer) -> list[str]:
    return [one["text"]["content"] for one in server.sent]


@pytest.mark.parametrize(("most", "calls"), [(700, 2), (400, 4)])
async def test_it_leaves_in_shorter_ones(server: WeChatServer, shop: WeChat, most: int, calls: int) -> None:
    server.text_bytes = most
    await shop.send(ANN, [Text(text=LONG)], KEY)
    assert "\n".join(texts(server)).split() == LONG.split()
    assert len(server.sent) == calls
    assert {one["customservice"]["kf_account"] for one in server.sent} == {"lin@shop"}


async def test_what_is_short_already_is_not_cut_for_ever(server: WeChatServer, shop: WeChat) -> None:
    server.text_bytes = 10
    with pytest.raises(Undeliverable, match="45002"):
        await shop.send(ANN, [Text(text=LONG)], KEY)
    assert server.calls["send"] <= 4
    assert server.sent == []


async def test_once_the_beginning_is_there_it_is_over(server: WeChatServer, shop: WeChat) -> None:
    """It must not wait for the customer's next act: what was held would be sent from its beginning."""
    server.text_bytes = 700
    server.left = {"oAnn": 1}
    with pytest.raises(Undeliverable, match=r"only the beginning.*45047"):
        await shop.send(ANN, [Text(text=LONG)], KEY)
    assert len(server.sent) == 1


async def test_a_piece_that_may_have_arrived_leaves_the_whole_unknown(server: WeChatServer, shop: WeChat) -> None:
    server.text_bytes = 700
    server.behaviour.next("ok", "accept_reset")
    with pytest.raises(Uncertain):
        await shop.send(ANN, [Text(text=LONG)], KEY)
    assert len(server.sent) == 2
