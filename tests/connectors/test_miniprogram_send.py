"""What leaves a Mini Program: text, pictures, links, pages and notices within its window; customers' pictures are fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.wechat.program import MiniProgram
from hub.errors import Undeliverable, WindowClosed
from hub.model import Card, Choices, Media, Option, Text
from hub.rendering import fit
from tests.connectors.conftest import NOW, Shelf
from tests.connectors.programs import KEY, MEI, NOTICE, program
from tests.servers.wechat import TEMPLATE, ProgramServer, miniprogram
from tests.servers.wechat_callbacks import APP_ID


@pytest.fixture
async def server() -> AsyncIterator[ProgramServer]:
    async with miniprogram() as running:
        yield running


@pytest.fixture
async def shop(server: ProgramServer, shelf: Shelf) -> AsyncIterator[MiniProgram]:
    made = program(server, shelf)
    yield made
    await made.aclose()


async def test_text_picture_link_and_page_leave_as_what_they_are(server: ProgramServer, shop: MiniProgram, shelf: Shelf) -> None:
    server.acted(str(MEI.address), "message")
    picture = Media(kind="image", file=shelf.put("照片.png", "image/png", b"\x89PNG"))
    await shop.send(MEI, [Text(text='您好 "😀"')], KEY)
    await shop.send(MEI, [picture], KEY)
    await shop.send(MEI, [Card(title="快递", text="已发货", url="https://sf.example/1", image=picture)], KEY)
    page = Card(title="订单", url=f"miniprogram://{APP_ID}/pages/order?id=1", image=picture)
    await shop.send(MEI, [page], KEY)
    text, image, link, card = [{**body} for body in server.sent]
    assert {body["touser"] for body in server.sent} == {"oMini_LinMei-0001"}
    assert text["text"] == {"content": '您好 "😀"'}
    assert server.media[image["image"]["media_id"]][1:] == ("image/png", b"\x89PNG")
    shown = f"https://hub.example/files/{picture.file}"
    assert link["link"] == {"title": "快递", "description": "已发货", "url": "https://sf.example/1", "thumb_url": shown}
    assert server.media[card["miniprogrampage"].pop("thumb_media_id")][2] == b"\x89PNG"
    assert card["miniprogrampage"] == {"title": "订单", "pagepath": "pages/order?id=1"}


async def test_a_page_without_a_picture_or_of_another_program_leaves_as_its_link(
    server: ProgramServer, shop: MiniProgram, shelf: Shelf
) -> None:
    server.acted(str(MEI.address), "message")
    picture = Media(kind="image", file=shelf.put("a.png", "image/png", b"\x89PNG"))
    await shop.send(MEI, [Card(title="订单", url=f"miniprogram://{APP_ID}/pages/order")], KEY)
    await shop.send(MEI, [Card(title="别的", url="miniprogram://wx9999999999999999/pages/x", image=picture)], KEY)
    links = [body["text"]["content"] for body in server.sent]
    assert f'data-miniprogram-appid="{APP_ID}" data-miniprogram-path="pages/order"' in links[0]
    assert 'data-miniprogram-appid="wx9999999999999999" data-miniprogram-path="pages/x"' in links[1]


def test_what_its_session_does_not_take_leaves_in_words_or_as_a_link(shelf: Shelf) -> None:
    can = program().capabilities
    for kind in ("voice", "video", "audio", "file"):
        (call,) = fit([Media(kind=kind, file=shelf.put(f"a.{kind}", "x/y", b"1"))], can, shelf.link)
        assert isinstance(call[0], Text)
        assert "https://hub.example/files/" in call[0].text
    asked = Choices(text="满意吗？", options=(Option(id="1", text="满意"), Option(id="0", text="不")))
    (call,) = fit([asked], can, shelf.link)
    assert call == (Text(text="满意吗？\n1. 满意\n2. 不"),)


async def test_an_upload_that_wechat_lost_is_made_once_more(server: ProgramServer, shop: MiniProgram, shelf: Shelf) -> None:
    server.acted(str(MEI.address), "message")
    server.codes = [40007]
    await shop.send(MEI, [Media(kind="image", file=shelf.put("a.png", "image/png", b"\x89PNG"))], KEY)
    assert (len(server.sent), len(server.media)) == (1, 2)


async def test_the_window_is_counted_as_wechat_counts_it(server: ProgramServer, shop: MiniProgram) -> None:
    window, now = shop.capabilities.window, [1_000_000.0]
    assert window is not None
    server.clock = lambda: now[0]
    for scene, act in (("enter", "opened"), ("message", "message")):
        opened_for = window.of(act)
        assert opened_for is not None
        seconds, calls = opened_for
        now[0] += 10**6
        server.acted("oMini_LinMei-0001", scene)
        for _ in range(calls):
            await shop.send(MEI, [Text(text="hi")], KEY)
        with pytest.raises(WindowClosed, match="45047"):
            await shop.send(MEI, [Text(text="hi")], KEY)
        now[0] += 10**6
        server.acted("oMini_LinMei-0001", scene)
        now[0] += seconds - 1
        await shop.send(MEI, [Text(text="hi")], KEY)
        now[0] += 1
        with pytest.raises(WindowClosed, match="45015"):
            await shop.send(MEI, [Text(text="hi")], KEY)
    assert (window.of("opened"), window.of("message"), window.of("followed")) == ((60.0, 2), (48 * 3600.0, 5), None)


async def test_typing_is_shown_where_wechat_lets_it(server: ProgramServer, shop: MiniProgram) -> None:
    now = [1_000_000.0]
    server.clock = lambda: now[0]
    server.acted("oMini_LinMei-0001", "message")
    await shop.typing(MEI)
    await shop.typing(MEI)
    now[0] += 60
    await shop.typing(MEI)
    assert server.calls["typing"] == 3
    assert server.typed_at == {"oMini_LinMei-0001": 1_000_000.0}, "too soon and too late are nobody's trouble"


async def test_a_notice_spends_one_consent_and_leads_to_a_page_of_its_own(server: ProgramServer, shop: MiniProgram) -> None:
    with pytest.raises(Undeliverable, match="no template"):
        await shop.notice(MEI, "", KEY)
    told = program(server, notice=NOTICE)
    assert (shop.notice_after_s, told.notice_after_s) == (None, 300)
    server.consents["oMini_LinMei-0001"] = 1
    await told.notice(MEI, "https://hub.example/w/site", KEY)
    with pytest.raises(Undeliverable, match="has not agreed"):
        await told.notice(MEI, "", KEY)
    await told.aclose()
    time = NOW.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")
    assert [body for _, body in server.notices] == [
        {
            "touser": "oMini_LinMei-0001",
            "template_id": TEMPLATE,
            "page": "pages/support",
            "miniprogram_state": "formal",
            "data": {"thing1": {"value": "您咨询的问题有新回复"}, "time2": {"value": time}},
        }
    ]


async def test_a_customers_picture_is_fetched_while_wechat_has_it(server: ProgramServer, shop: MiniProgram) -> None:
    fresh, old = server.keep(b"\xff\xd8", "image/jpeg"), server.keep(b"x", "image/jpeg", age_s=timedelta(days=4).total_seconds())
    assert b"".join([piece async for piece in shop.fetch(fresh)]) == b"\xff\xd8"
    with pytest.raises(Undeliverable, match="lost"):
        _ = [piece async for piece in shop.fetch(old)]
