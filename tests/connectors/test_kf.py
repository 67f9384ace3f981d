"""A company's 微信客服: what its callbacks say, what its feed holds, and what it takes of ours."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.wechat.kf.connector import WeComKf
from connectors.wechat.kf.settings import KfSettings
from hub.errors import Malformed, Rejected, Temporary, Uncertain, Undeliverable, WindowClosed
from hub.model import Card, ChannelName, Choice, Choices, Event, ExternalId, FileId, Location, Media, Option, Proved, Text
from hub.ports import Hook, IdempotencyKey, Identity, Kit, News, Page
from tests.connectors.conftest import NOW, Shelf
from tests.servers.kf import ACCOUNT, AES_KEY, CORP, SECRET, TOKEN, KfServer, callback, event_xml, greeting, kf

KEY = IdempotencyKey("0190a0b0c0d0e0f00112233445566778")
ANN = Identity(ChannelName("kf"), ExternalId(f"{ACCOUNT}/wmAnn"))
OTHER_KEY = AES_KEY[::-1]
STAMP = NOW.timestamp()


def company(server: KfServer | None = None, shelf: Shelf | None = None, now: datetime = NOW, **settings: Any) -> WeComKf:
    """A connector; with a server it can read and send."""
    asked = {"corp_id": CORP, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY, "timeout": 2.0, **settings}
    if server is not None:
        asked["api_url"] = server.url
    kit = Kit(files=shelf or Shelf(), public_url="https://hub.example", now=lambda: now)
    return WeComKf(ChannelName("kf"), KfSettings.model_validate(asked), kit)


async def read_all(desk: WeComKf, place: str = "", ticket: str = "") -> list[Page]:
    """Every page of the feed."""
    pages = [await desk.page(ACCOUNT, place, ticket)]
    while pages[-1].more:
        pages.append(await desk.page(ACCOUNT, pages[-1].place, ticket))
    return pages


@pytest.fixture
async def server() -> AsyncIterator[KfServer]:
    async with kf() as running:
        yield running


@pytest.fixture
async def desk(server: KfServer, shelf: Shelf) -> AsyncIterator[WeComKf]:
    made = company(server, shelf)
    yield made
    await made.aclose()


async def test_the_address_is_shown_to_be_ours() -> None:
    assert (await company().receive(greeting("5927782489442352469", STAMP))).body == b"5927782489442352469"
    good = greeting("42", STAMP)
    forged = [
        greeting("42", STAMP, token="other"),
        greeting("42", STAMP, key=OTHER_KEY),
        greeting("42", STAMP, corp="ww9999999999999999"),
        greeting("42", STAMP - 400),
        Hook("GET", {**good.query, "echostr": "QUFB"}, {}, b""),
        Hook("GET", {**good.query, "echostr": "</Encrypt>"}, {}, b""),
        Hook("GET", {}, {}, b""),
    ]
    for number, hook in enumerate(forged):
        with pytest.raises(Rejected):
            await company().receive(hook)
            pytest.fail(f"forgery {number} was taken")
    with pytest.raises(Malformed):
        await company().receive(greeting("<script>", STAMP))


async def test_a_callback_says_only_where_to_read() -> None:
    receipt = await company().receive(callback(event_xml("ENC1"), STAMP))
    assert (receipt.status, receipt.body, receipt.items, receipt.news) == (200, b"success", (), (News(ACCOUNT, "ENC1"),))
    assert (await company(accounts=[ACCOUNT]).receive(callback(event_xml("E"), STAMP))).news
    assert not (await company(accounts=["wkOther"]).receive(callback(event_xml("E"), STAMP))).news
    for other in (event_xml("E", event="change_contact"), event_xml("E", ""), event_xml("E", "w" * 65)):
        receipt = await company().receive(callback(other, STAMP))
        assert (receipt.body, receipt.news) == (b"success", ())


async def test_forged_and_old_callbacks_are_rejected() -> None:
    good = callback(event_xml("E"), STAMP)
    forged = [
        Hook("POST", {**good.query, "msg_signature": "0" * 40}, {}, good.body),
        Hook("POST", {k: v for k, v in good.query.items() if k != "msg_signature"}, {}, good.body),
        Hook("POST", {**good.query, "nonce": "other"}, {}, good.body),
        Hook("POST", good.query, {}, good.body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[A")),
        Hook("POST", good.query, {}, event_xml("unsealed").encode()),
        Hook("POST", good.query, {}, b"\xff\xfe"),
        callback(event_xml("E"), STAMP, token="other"),
        callback(event_xml("E"), STAMP, key=OTHER_KEY),
        callback(event_xml("E"), STAMP, corp="ww9999999999999999"),
        callback(event_xml("E"), (NOW - timedelta(minutes=6)).timestamp()),
        Hook("POST", {}, {}, b""),
    ]
    for number, hook in enumerate(forged):
        with pytest.raises(Rejected):
            await company().receive(hook)
            pytest.fail(f"forgery {number} was taken")


async def test_both_keys_count_while_one_takes_over_from_the_other() -> None:
    changing = company(aes_key=OTHER_KEY, old_aes_key=AES_KEY)
    for key in (AES_KEY, OTHER_KEY):
        assert (await changing.receive(callback(event_xml("E"), STAMP, key=key))).news


DEEP = "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>"
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'


@pytest.mark.parametrize("body", ["", "<", "<xml/>", "<a/>", "{}", "<xml>x</xml>", BOMB, DEEP, "<xml><Event>x</Event></xml>"])
async def test_what_is_no_callback_is_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        await company().receive(callback(body, STAMP))


async def test_a_body_beyond_64_kib_is_refused_by_size() -> None:
    with pytest.raises(Malformed) as caught:
        await company().receive(callback(event_xml("E" * 60_000), STAMP))
    assert caught.value.too_large


async def test_a_feed_is_read_to_its_end_through_empty_pages(server: KfServer, desk: WeComKf) -> None:
    ids = [server.text("wmAnn", f"line {n}") for n in range(5)]
    server.page, server.empty_pages = 2, 2
    pages = await read_all(desk)
    assert [item.id for page in pages for item in page.items] == ids
    assert [len(page.items) for page in pages] == [0, 0, 2, 2, 1]
    assert server.places == ["", "cur0e1", "cur0e0", "cur2", "cur4"]
    server.text("wmAnn", "later")
    (page,) = await read_all(desk, pages[-1].place)
    assert ([item.parts for item in page.items], page.place) == ([(Text(text="later"),)], "cur6")


async def test_a_page_that_leads_nowhere_is_not_read_for_ever(server: KfServer, desk: WeComKf) -> None:
    server.stuck = True
    with pytest.raises(Temporary, match="not where"):
        await desk.page(ACCOUNT, "cur0", "")


async def test_a_callbacks_token_is_used_and_is_no_obstacle_once_it_is_over(server: KfServer, desk: WeComKf) -> None:
    server.text("wmAnn", "hi")
    ticket = (await company(now=datetime.now(NOW.tzinfo)).receive(server.ring())).news[0].ticket
    assert len((await desk.page(ACCOUNT, "", ticket)).items) == 1
    assert server.without_ticket == 0
    server.tickets[ticket] = 0
    assert len((await desk.page(ACCOUNT, "", ticket)).items) == 1
    assert server.without_ticket == 1


async def test_who_customers_are_comes_with_what_they_say(server: KfServer, desk: WeComKf) -> None:
    server.people["wmAnn"] = {"nickname": "安", "avatar": "https://wx.example/a.png", "gender": 2, "unionid": "u42"}
    for who in ("wmAnn", "wmBob", "wmAnn"):
        server.text(who, "hi")
    (page,) = await read_all(desk)
    ann, bob, again = page.items
    assert (ann.profile.name, ann.profile.avatar, ann.proved) == ("安", "https://wx.example/a.png", Proved(unionid="u42"))
    assert (bob.profile.name, bob.proved) == ("", None)
    assert again.profile == ann.profile
    await read_all(desk)
    assert server.calls["customer/batchget"] == 1, "each is asked for once"


async def test_more_customers_than_one_question_takes(server: KfServer, desk: WeComKf) -> None:
    for n in range(150):
        server.people[f"wm{n}"] = {"nickname": f"N{n}"}
        server.text(f"wm{n}", "hi")
    (page,) = await read_all(desk)
    assert [item.profile.name for item in page.items] == [f"N{n}" for n in range(150)]
    assert server.calls["customer/batchget"] == 2


async def test_messages_do_not_wait_for_names(server: KfServer, desk: WeComKf, monkeypatch: pytest.MonkeyPatch) -> None:
    server.text("wmAnn", "hi")
    posting = desk._api.post

    async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path.endswith("batchget"):
            raise Temporary("WeCom cannot be reached")
        return await posting(path, body)

    monkeypatch.setattr(desk._api, "post", post)
    (page,) = await read_all(desk)
    assert [item.parts for item in page.items] == [(Text(text="hi"),)]


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
from tests.connectors.test_kf import ANN, company
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
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, server.url, name) for name in ("a", "b")]
    assert [await one.wait() for one in started] == [0, 0]
    assert (len(server.sent), server.calls["token"]) == (4, 2)


async def test_a_token_that_is_refused_for_ever_is_not_asked_for_for_ever(server: KfServer, desk: WeComKf) -> None:
    server.codes = [40014, 42001]
    with pytest.raises(Temporary, match="busy"):
        await desk.send(ANN, [Text(text="hi")], KEY)
    assert (server.calls["send_msg"], server.calls["token"]) == (2, 2)


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


async def test_a_pressed_button_comes_back_with_its_id(server: KfServer, desk: WeComKf) -> None:
    server.say("wmAnn", "text", content="满意", menu_id="csat.1")
    (page,) = await read_all(desk)
    assert page.items[0].parts == (Choice(id="csat.1", text="满意"),)


async def test_somebody_who_opens_the_chat_is_greeted_by_the_code_once(server: KfServer, desk: WeComKf, shelf: Shelf) -> None:
    code = server.enters("wmAnn", scene_param="shop7")
    (page,) = await read_all(desk)
    (came,) = page.items
    assert (came.parts, came.ticket) == ((Event(kind="opened", data="shop7"), Event(kind="started")), code)
    at_the_door = Identity(ANN.channel, ANN.address, ticket=came.ticket)
    picture = shelf.put("a.png", "image/png", b"\x89PNG")
    for _ in range(2):
        await desk.send(at_the_door, [Media(kind="image", file=picture)], KEY)
    assert server.texts("wmAnn") == [f"📎 a.png\nhttps://hub.example/files/{picture}"], "a code takes words and buttons only"
    with pytest.raises(Undeliverable):
        await desk.send(at_the_door, [Text(text="once more")], IdempotencyKey("k2"))
    server.text("wmAnn", "hi")
    assert server.enters("wmAnn") == ""
    (page,) = await read_all(desk, page.place)
    assert page.items[-1].parts == (Event(kind="opened", data="oth"),)
    assert page.items[-1].ticket == ""


async def test_a_session_that_ends_has_one_last_word(server: KfServer) -> None:
    quiet, polite = company(server), company(server, ending="感谢您的咨询，再见！")
    code = server.ends("wmAnn")
    assert (await quiet.page(ACCOUNT, "", "")).after is None
    page = await polite.page(ACCOUNT, "", "")
    assert (page.items, page.unread) == ([], [])
    assert page.after is not None
    for _ in range(2):
        await page.after()
    assert server.texts() == ["感谢您的咨询，再见！"]
    assert code not in server.codes_given
    await quiet.aclose()
    await polite.aclose()


async def test_a_customers_file_is_fetched_while_wecom_has_it(server: KfServer, desk: WeComKf) -> None:
    fresh, old = server.keep(b"#!AMR\n", "audio/amr"), server.keep(b"x", "image/jpeg", age_s=4 * 86_400)
    assert b"".join([piece async for piece in desk.fetch(fresh)]) == b"#!AMR\n"
    with pytest.raises(Undeliverable, match="lost"):
        _ = [piece async for piece in desk.fetch(old)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"aes_key": "short"}, "43 letters"),
        ({"token": "a b c"}, "letters and digits"),
        ({"corp_id": "nothing"}, "corp_id"),
        ({"accounts": ["no such id"]}, "no open_kfid"),
        ({"ending": "长" * 700}, "2048 bytes"),
        ({"api_url": "qyapi.weixin.qq.com"}, "must begin"),
        ({"mode": "plain"}, "mode"),
    ],
)
def test_mistakes_in_the_settings_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        company(None, **settings)
