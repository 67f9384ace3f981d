"""Files, buttons, cards and surveys leave an Official Account as what WeChat has for them; customers' files are fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest

from connectors.wechat.official import WeChat
from hub.errors import Undeliverable
from hub.model import Card, Choice, Choices, FileId, Media, Option
from tests.connectors.conftest import Shelf
from tests.connectors.wechat_accounts import ANN, KEY, account, mp3, received, xml
from tests.servers.wechat import WeChatServer, wechat


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


async def test_files_leave_as_what_wechat_takes_and_else_as_a_link(server: WeChatServer, shop: WeChat, shelf: Shelf) -> None:
    picture = shelf.put("照片.png", "image/png", b"\x89PNG")
    await shop.send(ANN, [Media(kind="image", file=picture)], KEY)
    media_id = server.sent[-1]["image"]["media_id"]
    assert server.media[media_id][1:] == ("image/png", b"\x89PNG")
    note = shelf.put("note.ogg", "audio/ogg", b"OggS")
    await shop.send(ANN, [Media(kind="voice", file=note)], KEY)
    assert server.sent[-1]["text"]["content"] == f"📎 note.ogg\nhttps://hub.example/files/{note}"
    with pytest.raises(Undeliverable, match="gone"):
        await shop.send(ANN, [Media(kind="image", file=FileId("nothing"))], KEY)


@pytest.mark.parametrize("kind", ["voice", "audio"])
async def test_an_mp3_leaves_as_a_voice_note_up_to_a_minute(
    server: WeChatServer, shop: WeChat, shelf: Shelf, kind: Literal["voice", "audio"]
) -> None:
    content = mp3(58)
    await shop.send(ANN, [Media(kind=kind, file=shelf.put("a.mp3", "audio/mpeg", content))], KEY)
    assert server.media[server.sent[-1]["voice"]["media_id"]][1:] == ("audio/mpeg", content)
    long = shelf.put("long.mp3", "audio/mpeg", mp3(63))
    await shop.send(ANN, [Media(kind=kind, file=long)], KEY)
    assert server.sent[-1]["text"]["content"] == f"📎 long.mp3\nhttps://hub.example/files/{long}"


async def test_an_upload_that_wechat_lost_is_made_once_more(server: WeChatServer, shop: WeChat, shelf: Shelf) -> None:
    picture = shelf.put("a.png", "image/png", b"\x89PNG")
    server.codes = [40007]
    await shop.send(ANN, [Media(kind="image", file=picture)], KEY)
    assert (len(server.sent), len(server.media)) == (1, 2)


async def test_buttons_leave_as_a_menu_and_as_numbers_where_there_are_none(server: WeChatServer, shop: WeChat) -> None:
    asked = Choices(text="满意吗？", options=(Option(id="1", text="满意"), Option(id="0", text="不满意")))
    await shop.send(ANN, [asked], KEY)
    assert server.sent[-1]["msgmenu"]["list"] == [{"id": "1", "content": "满意"}, {"id": "0", "content": "不满意"}]
    server.codes = [40200]
    await shop.send(ANN, [asked], KEY)
    assert server.sent[-1]["text"]["content"] == "满意吗？\n1. 满意\n2. 不满意"
    await shop.send(ANN, [asked], KEY)
    assert server.calls["send"] == 4, "what the account may not do is not tried again"


async def test_cards_leave_as_what_wechat_has_for_them(server: WeChatServer, shop: WeChat, shelf: Shelf) -> None:
    picture = Media(kind="image", file=shelf.put("a.png", "image/png", b"\x89PNG"))
    shown = f"https://hub.example/files/{picture.file}"
    await shop.send(ANN, [Card(title="T", text="D", url="https://x", image=picture)], KEY)
    assert server.sent[-1]["news"]["articles"] == [{"title": "T", "description": "D", "url": "https://x", "picurl": shown}]
    await shop.send(ANN, [Card(title="T", text="D", image=picture)], KEY)
    assert server.sent[-1]["text"]["content"] == f"T\nD\n{shown}"
    options = (Option(id="yes", text="要"), Option(id="no", text="不要"))
    await shop.send(ANN, [Card(title="T", text="D", url="https://x", image=picture, options=options)], KEY)
    menu = server.sent[-1]["msgmenu"]
    assert menu["head_content"] == f"T\nD\nhttps://x\n{shown}"
    assert menu["list"] == [{"id": "yes", "content": "要"}, {"id": "no", "content": "不要"}]
    open_page = (Option(id="1", text="看", url="https://y"),)
    await shop.send(ANN, [Card(title="T", options=open_page)], KEY)
    assert server.sent[-1]["text"]["content"] == "T\n1. 看 https://y"


async def test_a_mini_programs_page_leaves_as_its_card_or_its_link(server: WeChatServer, shop: WeChat, shelf: Shelf) -> None:
    page = Card(title="订单 <1>", text="您的订单", url='miniprogram://wx9999999999999999/pages/order?id=1&"')
    picture = Media(kind="image", file=shelf.put("a.png", "image/png", b"\x89PNG"))
    await shop.send(ANN, [page.model_copy(update={"image": picture})], KEY)
    card = server.sent[-1]["miniprogrampage"]
    assert server.media[card.pop("thumb_media_id")][2] == b"\x89PNG"
    assert card == {"title": "订单 <1>", "appid": "wx9999999999999999", "pagepath": 'pages/order?id=1&"'}
    await shop.send(ANN, [page], KEY)
    said = server.sent[-1]["text"]["content"]
    assert said == (
        '您的订单\n<a data-miniprogram-appid="wx9999999999999999" data-miniprogram-path="pages/order?id=1&amp;&quot;" href="">'
        "订单 &lt;1&gt;</a>"
    )


async def test_a_survey_is_a_menu_and_its_answer_a_choice(server: WeChatServer, shop: WeChat) -> None:
    """What leaves with an id comes back with it."""
    options = tuple(Option(id=f"csat.{n}", text=text) for n, text in enumerate(["不满意", "满意"]))
    asked = Choices(text="您对本次服务满意吗？", options=options)
    await shop.send(ANN, [asked], KEY)
    pressed = server.sent[-1]["msgmenu"]["list"][1]
    back = await received(
        xml("text", f"<Content>{pressed['content']}</Content><bizmsgmenuid>{pressed['id']}</bizmsgmenuid><MsgId>9</MsgId>")
    )
    assert back is not None
    assert back.parts == (Choice(id="csat.1", text="满意"),)


async def test_a_customers_file_is_fetched_while_wechat_has_it(server: WeChatServer, shop: WeChat) -> None:
    fresh, old = server.keep(b"#!AMR\n", "audio/amr"), server.keep(b"x", "image/jpeg", age_s=4 * 86_400)
    assert b"".join([piece async for piece in shop.fetch(fresh)]) == b"#!AMR\n"
    with pytest.raises(Undeliverable, match="lost"):
        _ = [piece async for piece in shop.fetch(old)]


async def test_a_video_is_fetched_where_wechats_answer_leads(server: WeChatServer, shop: WeChat) -> None:
    video, clip = server.keep(b"\0\0\0\x18ftypisom", "video/mp4"), server.keep(b"\0" * 100, "video/mp4", age_s=4 * 86_400)
    assert b"".join([piece async for piece in shop.fetch(video)]) == b"\0\0\0\x18ftypisom"
    assert server.calls["video"] == 1
    with pytest.raises(Undeliverable, match="lost"):
        _ = [piece async for piece in shop.fetch(clip)]
