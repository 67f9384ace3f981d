"""What agents say through 微信客服 arrives once and as what WeCom has for it, and each error code says what to do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.wechat.kf.connector import WeComKf
from hub.errors import Temporary, Uncertain, Undeliverable, WindowClosed
from hub.model import Card, Choices, FileId, Location, Media, Option, Text
from hub.ports import IdempotencyKey
from tests.connectors.conftest import Shelf
from tests.connectors.kf_company import ANN, KEY, company
from tests.servers.kf import KfServer, kf
from tests.servers.kf_callbacks import ACCOUNT


@pytest.fixture
async def server() -> AsyncIterator[KfServer]:
    async with kf() as running:
        yield running


@pytest.fixture
async def desk(server: KfServer, shelf: Shelf) -> AsyncIterator[WeComKf]:
    made = company(server, shelf)
    yield made
    await made.aclose()


async def test_a_line_is_sent_under_an_id_of_ours_and_twice_is_once(server: KfServer, desk: WeComKf) -> None:
    server.text("wmAnn", "hi")
    for strict in (True, False):
        server.strict_ids = strict
        for _ in range(2):
            assert str(await desk.send(ANN, [Text(text='您好 "<a>" 😀')], KEY)) == str(KEY)
    assert server.sent == [
        {"touser": "wmAnn", "open_kfid": ACCOUNT, "msgid": KEY, "msgtype": "text", "text": {"content": '您好 "<a>" 😀'}}
    ]
    long = IdempotencyKey("a key that WeCom would not take, " * 3)
    own = await desk.send(ANN, [Text(text="b")], long)
    assert re.fullmatch("[0-9a-f]{32}", own)
    assert await desk.send(ANN, [Text(text="b")], long) == own
    assert len(server.sent) == 2


async def test_an_answer_that_was_lost_is_repeated_and_shown_once(server: KfServer, desk: WeComKf) -> None:
    server.text("wmAnn", "hi")
    server.lose_answers = 1
    with pytest.raises(Uncertain):
        await desk.send(ANN, [Text(text="a")], KEY)
    assert str(await desk.send(ANN, [Text(text="a")], KEY)) == str(KEY)
    assert server.texts() == ["a"]


REFUSED: list[tuple[int, type[Exception], str]] = [
    (95001, WindowClosed, "used up"),
    (95002, WindowClosed, "48 hours"),
    (95013, WindowClosed, "session has ended"),
    (-1, Temporary, "busy"),
    (45009, Temporary, "no more calls"),
    (45011, Temporary, "no more calls"),
    (45033, Temporary, "no more calls"),
    (40001, Temporary, "compare secret"),
    (40013, Temporary, "compare corp_id"),
    (40056, Temporary, "from the same one"),
    (48002, Temporary, "可调用接口的应用"),
    (60011, Temporary, "可调用接口的应用"),
    (301002, Temporary, "可调用接口的应用"),
    (60020, Temporary, "企业可信IP: 203.0.113.9"),
    (95011, Temporary, "通过API管理"),
    (95012, Temporary, "set it up"),
    (95017, Temporary, "switch it on"),
    (40003, Undeliverable, "not known"),
    (40007, Undeliverable, "send it again"),
    (40008, Undeliverable, "report it"),
    (40033, Undeliverable, "report it"),
    (40035, Undeliverable, "report it"),
    (40058, Undeliverable, "report it"),
    (41006, Undeliverable, "report it"),
    (44004, Undeliverable, "report it"),
    (47001, Undeliverable, "report it"),
    (45002, Undeliverable, "in pieces"),
    (95000, Undeliverable, "客服账号"),
    (95004, Undeliverable, "another channel"),
    (95008, Undeliverable, "ask in words"),
    (95009, Undeliverable, "ask in words"),
    (95014, Undeliverable, "接待人员"),
    (95016, Undeliverable, "does not allow"),
    (99999, Undeliverable, "ordered by the test"),
]


@pytest.mark.parametrize(("code", "kind", "words"), REFUSED)
async def test_each_code_says_what_to_do(server: KfServer, desk: WeComKf, code: int, kind: type[Exception], words: str) -> None:
    server.codes = [code]
    with pytest.raises(kind, match=re.escape(words)) as caught:
        await desk.send(ANN, [Text(text="hi")], KEY)
    assert str(code) in str(caught.value)
    assert "1700000000000000000000042" in str(caught.value), "WeCom's support asks for it"


async def test_a_session_comes_back_to_us_where_wecom_allows_it(server: KfServer, desk: WeComKf) -> None:
    server.text("wmAnn", "hi")
    server.codes = [95018]
    await desk.send(ANN, [Text(text="a")], KEY)
    assert (server.states["wmAnn"], server.texts()) == (1, ["a"])
    for state, words in [(2, "waits for somebody in WeCom"), (3, "end it or answer there")]:
        server.states["wmAnn"] = state
        with pytest.raises(Undeliverable, match=words):
            await desk.send(ANN, [Text(text="b")], IdempotencyKey("k2"))
    server.states["wmAnn"] = 4
    with pytest.raises(WindowClosed, match="when the customer writes"):
        await desk.send(ANN, [Text(text="b")], IdempotencyKey("k2"))
    server.text("wmAnn", "still there?")
    await desk.send(ANN, [Text(text="b")], IdempotencyKey("k2"))
    assert server.texts() == ["a", "b"]


async def test_silence_is_uncertain_and_an_unreachable_server_is_not(server: KfServer) -> None:
    server.hangs = 1.0
    slow = company(server, timeout=0.2)
    with pytest.raises(Uncertain):
        await slow.send(ANN, [Text(text="hi")], KEY)
    await slow.aclose()
    nobody = company(None, api_url="http://127.0.0.1:1")
    with pytest.raises(Temporary):
        await nobody.send(ANN, [Text(text="hi")], KEY)
    with pytest.raises(Temporary):
        await nobody.page(ACCOUNT, "", "")
    await nobody.aclose()


@pytest.mark.parametrize(
    ("kind", "mime", "content", "as_what"),
    [
        ("image", "image/png", b"\x89PNG", "image"),
        ("image", "image/gif", b"GIF89a....", "file"),
        ("voice", "application/octet-stream", b"#!AMR\nxx", "voice"),
        ("audio", "audio/mpeg", b"ID3......", "file"),
        ("video", "video/mp4", b"....ftyp", "video"),
        ("file", "application/pdf", b"%PDF-1.7", "file"),
    ],
)
async def test_files_leave_as_what_wecom_takes(
    server: KfServer, desk: WeComKf, shelf: Shelf, kind: Any, mime: str, content: bytes, as_what: str
) -> None:
    server.text("wmAnn", "hi")
    await desk.send(ANN, [Media(kind=kind, file=shelf.put("发票.bin", mime, content))], KEY)
    sent = server.sent[-1]
    assert sent["msgtype"] == as_what
    assert server.media[sent[as_what]["media_id"]][2] == content


async def test_what_wecom_does_not_take_leaves_as_a_link(server: KfServer, desk: WeComKf, shelf: Shelf) -> None:
    server.text("wmAnn", "hi")
    tiny = shelf.put("a.txt", "text/plain", b"12345")
    await desk.send(ANN, [Media(kind="file", file=tiny)], IdempotencyKey("k1"))
    assert server.texts() == [f"📎 a.txt\nhttps://hub.example/files/{tiny}"]
    server.codes = [40004]
    picture = shelf.put("a.png", "image/png", b"\x89PNG")
    await desk.send(ANN, [Media(kind="image", file=picture)], IdempotencyKey("k2"))
    assert server.texts()[-1] == f"📎 a.png\nhttps://hub.example/files/{picture}"
    server.codes = [40007]
    await desk.send(ANN, [Media(kind="image", file=picture)], IdempotencyKey("k3"))
    assert server.sent[-1]["msgtype"] == "image", "an upload that WeCom lost is made once more"
    with pytest.raises(Undeliverable, match="gone"):
        await desk.send(ANN, [Media(kind="image", file=FileId("nothing"))], KEY)


async def test_buttons_cards_and_places_leave_as_what_wecom_has_for_them(server: KfServer, desk: WeComKf, shelf: Shelf) -> None:
    server.allowed["wmAnn"], server.states["wmAnn"] = (100, server.clock() + 3600), 1
    numbers = iter(range(100))

    async def send(part: Any) -> dict[str, Any]:
        await desk.send(ANN, [part], IdempotencyKey(f"k{next(numbers)}"))
        kind = server.sent[-1]["msgtype"]
        return {"msgtype": kind, **server.sent[-1][kind]}

    options = (Option(id="1", text="满意"), Option(id="2", text="看", url="https://y"))
    assert await send(Choices(text="满意吗？", options=options)) == {
        "msgtype": "msgmenu",
        "head_content": "满意吗？",
        "list": [
            {"type": "click", "click": {"id": "1", "content": "满意"}},
            {"type": "view", "view": {"url": "https://y", "content": "看"}},
        ],
    }
    place = {"name": "店", "address": "路 1 号", "latitude": 31.2, "longitude": 121.5}
    assert await send(Location(latitude=31.2, longitude=121.5, title="店", address="路 1 号")) == {"msgtype": "location"} | place
    picture = Media(kind="image", file=shelf.put("a.png", "image/png", b"\x89PNG"))
    shown = f"https://hub.example/files/{picture.file}"
    card = Card(title="T", text="D", url="https://x", image=picture)
    link = await send(card)
    assert server.media[link.pop("thumb_media_id")][2] == b"\x89PNG"
    assert link == {"msgtype": "link", "title": "T", "desc": "D", "url": "https://x"}
    page = await send(card.model_copy(update={"url": "miniprogram://wx9999999999999999/pages/order?id=1"}))
    assert server.media[page.pop("thumb_media_id")][2] == b"\x89PNG"
    assert page == {"msgtype": "miniprogram", "appid": "wx9999999999999999", "title": "T", "pagepath": "pages/order?id=1"}
    assert (await send(Card(title="T", text="D", url="https://x")))["content"] == "T\nD\nhttps://x"
    assert (await send(Card(title="T", image=picture)))["content"] == f"T\n{shown}"
    asked = await send(Card(title="T", text="D", image=picture, options=options))
    assert (asked["msgtype"], asked["head_content"]) == ("msgmenu", f"T\nD\n{shown}")
