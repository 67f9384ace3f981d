"""An Official Account says what agents write, shows that they type, and knows what each error code asks for."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from connectors.wechat.official import WeChat
from hub.errors import Temporary, Uncertain, Undeliverable, WindowClosed
from hub.model import Text
from hub.ports import Hook
from tests.connectors.conftest import Shelf
from tests.connectors.wechat_accounts import ANN, KEY, STAMP, account, said
from tests.servers.wechat import WeChatServer, wechat
from tests.servers.wechat_callbacks import TOKEN, signature


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


async def test_links_that_hide_their_address_leave_only_where_that_is_wanted(server: WeChatServer, shop: WeChat) -> None:
    hidden = 'see <a href="https://evil.example">our shop</a>, <A\nHREF="x">b</A> & 1 <a 2'
    await shop.send(ANN, [Text(text=hidden)], KEY)
    shown = 'see [a href="https://evil.example">our shop</a>, [A\nHREF="x">b</A> & 1 [a 2'
    allowed = account(server, hidden_links=True)
    await allowed.send(ANN, [Text(text=hidden)], KEY)
    await allowed.aclose()
    assert [one["text"]["content"] for one in server.sent] == [shown, hidden]
    plain = account(mode="plain", aes_key=None)
    hook = Hook("POST", {"timestamp": STAMP, "nonce": "n", "signature": signature(TOKEN, STAMP, "n")}, {}, said("hi").encode())
    free = plain.passive(hook, [Text(text=hidden)])
    assert free is not None
    assert b"[a href" in free


async def test_a_line_is_sent_as_it_is_written(server: WeChatServer, shop: WeChat) -> None:
    await shop.send(ANN, [Text(text='您好 "<a>" 😀')], KEY)
    assert server.sent == [{"touser": "oAnn", "msgtype": "text", "text": {"content": '您好 "<a>" 😀'}}]


REFUSED: list[tuple[int, type[Exception], str]] = [
    (45015, WindowClosed, "next message"),
    (45047, WindowClosed, "used up"),
    (-1, Temporary, "busy"),
    (45009, Temporary, "day's"),
    (45011, Temporary, "minute's"),
    (40013, Temporary, "compare app_id"),
    (40125, Temporary, "compare secret"),
    (41004, Temporary, "set secret"),
    (48001, Undeliverable, "verified"),
    (48004, Temporary, "blocked this interface"),
    (48008, Temporary, "接口权限"),
    (40164, Temporary, "IP白名单"),
    (61004, Temporary, "第三方平台"),
    (43004, Undeliverable, "once they follow again"),
    (46004, Undeliverable, "no such customer"),
    (50005, Undeliverable, "once they follow again"),
    (48002, Undeliverable, "switched off"),
    (50002, Undeliverable, "limited or closed"),
    (43019, Undeliverable, "take them off it"),
    (43101, Undeliverable, "has not agreed"),
    (40003, Undeliverable, "another account"),
    (40007, Undeliverable, "send it again"),
    (40008, Undeliverable, "report it"),
    (40033, Undeliverable, "report it"),
    (44004, Undeliverable, "report it"),
    (47001, Undeliverable, "report it"),
    (47003, Undeliverable, "notice.fields"),
    (40037, Undeliverable, "notice.template_id"),
    (40200, Undeliverable, "ask in words"),
    (45002, Undeliverable, "in pieces"),
    (45056, Undeliverable, "too many tags"),
    (45162, Undeliverable, "say it otherwise"),
    (87014, Undeliverable, "say it otherwise"),
    (99999, Undeliverable, "ordered by the test"),
]


@pytest.mark.parametrize(("code", "kind", "words"), REFUSED)
async def test_each_code_says_what_to_do(
    server: WeChatServer, shop: WeChat, code: int, kind: type[Exception], words: str
) -> None:
    server.codes = [code]
    with pytest.raises(kind, match=re.escape(words)) as caught:
        await shop.send(ANN, [Text(text="hi")], KEY)
    assert str(code) in str(caught.value)
    assert "6543-abcdef01" in str(caught.value)
    assert getattr(caught.value, "unreachable", False) == (code in (43004, 46004, 48002, 50002, 50005))


@pytest.mark.parametrize("code", [45072, 45080, 45081])
async def test_typing_that_cannot_be_shown_is_nobodys_trouble(server: WeChatServer, shop: WeChat, code: int) -> None:
    server.codes = [code]
    await shop.typing(ANN)
    assert server.codes == []


async def test_silence_is_uncertain_and_an_unreachable_server_is_not(server: WeChatServer, shop: WeChat) -> None:
    server.hangs = 1.0
    slow = account(server, timeout=0.2)
    with pytest.raises(Uncertain):
        await slow.send(ANN, [Text(text="hi")], KEY)
    await slow.aclose()
    nobody = account(None, api_url="http://127.0.0.1:1")
    with pytest.raises(Temporary):
        await nobody.send(ANN, [Text(text="hi")], KEY)
    await nobody.aclose()


async def test_typing_is_shown(server: WeChatServer, shop: WeChat) -> None:
    await shop.typing(ANN)
    assert server.calls["typing"] == 1


async def test_typing_is_shown_again_when_wechat_shows_it_no_more(server: WeChatServer, shop: WeChat) -> None:
    begun = time.time()
    for n in range(2):
        server.clock = partial(float, begun + n * shop.capabilities.typing_s)
        server.acted("oAnn", "message")
        await shop.typing(ANN)
        assert server.typed_at["oAnn"] == server.clock(), "taken, and not refused with 45081"
