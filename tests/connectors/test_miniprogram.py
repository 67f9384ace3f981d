"""A WeChat Mini Program: what its callbacks hold as XML and JSON, what is refused, and what its session takes of ours."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xmltodict  # type: ignore[import-untyped]
from pydantic import ValidationError
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from connectors.wechat.bodies import fields
from connectors.wechat.program import MiniProgram
from connectors.wechat.settings import ProgramSettings
from hub.errors import Malformed, Rejected, Undeliverable, WindowClosed
from hub.model import Card, ChannelName, Choices, Event, ExternalId, Media, Message, Option, Text
from hub.ports import Hook, IdempotencyKey, Identity, Kit
from hub.rendering import fit
from tests.connectors.conftest import NOW, Shelf
from tests.connectors.test_telegram_receive import within
from tests.contract import Contract, dump, storable
from tests.servers.wechat import AES_KEY, APP_ID, SECRET, TEMPLATE, TOKEN, ProgramServer, callback, miniprogram, signature

KEY = IdempotencyKey("k1")
MEI = Identity(ChannelName("miniprogram"), ExternalId("oMini_LinMei-0001"))
STAMP = str(int(NOW.timestamp()))
FOLDER = Path(__file__).parents[1] / "payloads" / "miniprogram"
PAYLOADS: dict[str, Any] = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def program(server: ProgramServer | None = None, shelf: Shelf | None = None, now: datetime = NOW, **settings: Any) -> MiniProgram:
    """A connector; with a server it can send."""
    asked = {"app_id": APP_ID, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY, "timeout": 2.0, **settings}
    if server is not None:
        asked["api_url"] = server.url
    kit = Kit(files=shelf or Shelf(), public_url="https://hub.example", now=lambda: now)
    return MiniProgram(ChannelName("miniprogram"), ProgramSettings.model_validate(asked), kit)


def plain(**settings: Any) -> MiniProgram:
    return program(mode="plain", aes_key=None, **settings)


def plainly(body: bytes, stamp: str = STAMP) -> Hook:
    """A callback as WeChat makes it in plain mode."""
    return Hook("POST", {"timestamp": stamp, "nonce": "n", "signature": signature(TOKEN, stamp, "n")}, {}, body)


def said(text: str = "hi", number: int = 1) -> dict[str, Any]:
    return {
        "ToUserName": "gh_1",
        "FromUserName": str(MEI.address),
        "CreateTime": int(STAMP),
        "MsgType": "text",
        "Content": text,
        "MsgId": number,
    }


class Program(Contract):
    """What every connector must do, with JSON callbacks."""

    def good(self) -> dict[str, Any]:
        return said()

    def unknown(self) -> Iterable[tuple[str, dict[str, Any]]]:
        return [("kind", said() | {"MsgType": "hologram"}), ("event", said() | {"MsgType": "event", "Event": "something_new"})]


class TestPlain(Program):
    """Plain mode."""

    def place(self) -> MiniProgram:
        return plain()

    def prove(self, body: bytes) -> Hook:
        return plainly(body)

    def forged(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        good = plainly(body)
        yield "none", Hook("POST", {}, {}, body)
        yield "other token", Hook("POST", {**good.query, "signature": signature("other", STAMP, "n")}, {}, body)
        yield "other nonce", Hook("POST", {**good.query, "nonce": "m"}, {}, body)

    def replayed(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        yield "late", plainly(body, str(int(STAMP) - 301))
        yield "early", plainly(body, str(int(STAMP) + 301))


class TestSecure(Program):
    """Secure mode: what is sealed is JSON, and so is its cover."""

    too_big = 70_000

    def place(self) -> MiniProgram:
        return program()

    def prove(self, body: bytes) -> Hook:
        if len(body) > 65_536:
            return callback("x" * len(body), NOW.timestamp(), json=True)
        return callback(body.decode("utf-8", "replace"), NOW.timestamp(), json=True)

    def forged(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        text, good = body.decode(), callback(body.decode(), NOW.timestamp(), json=True)
        yield "no seal", Hook("POST", good.query, {}, body)
        yield "cut off", Hook("POST", good.query, {}, good.body[:-2])
        yield "a list", Hook("POST", good.query, {}, b'["Encrypt"]')
        yield "signature", Hook("POST", {**good.query, "msg_signature": "0" * 40}, {}, good.body)
        yield "key", callback(text, NOW.timestamp(), key=AES_KEY[::-1], json=True)
        yield "token", callback(text, NOW.timestamp(), token="other", json=True)
        yield "app", callback(text, NOW.timestamp(), app_id="wx9999999999999999", json=True)

    def replayed(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        yield "late", callback(body.decode(), NOW.timestamp() - 301, json=True)
        yield "early", callback(body.decode(), NOW.timestamp() + 301, json=True)


def written(payload: dict[str, Any]) -> str:
    """The body of a payload."""
    return (
        str(payload["xml"]) if "xml" in payload else str(payload.get("text") or json.dumps(payload["json"], ensure_ascii=False))
    )


@pytest.mark.parametrize("name", PAYLOADS)
async def test_every_payload_becomes_what_its_file_says(name: str) -> None:
    payload = PAYLOADS[name]
    body = written(payload)
    expected = json.loads(json.dumps(payload["expect"]).replace('"NOW"', json.dumps(NOW.isoformat().replace("+00:00", "Z"))))
    ids = set()
    sealed = callback(body, NOW.timestamp(), json="xml" not in payload)
    for shop, hook in ((plain(), plainly(body.encode())), (program(), sealed)):
        if expected == "malformed":
            with pytest.raises(Malformed):
                await shop.receive(hook)
            continue
        receipt = await shop.receive(hook)
        assert (receipt.status, receipt.body) == (200, b"success")
        if expected == "unread":
            (kept,) = receipt.unread
            assert not receipt.items
            assert kept.why.startswith("wechat: ")
            with pytest.raises(Malformed):
                shop.reread(kept.raw)
            ids.add(kept.id)
            continue
        assert not receipt.unread
        found = [json.loads(item.model_dump_json()) for item in receipt.items]
        assert within(expected, found), json.dumps(found, indent=1, ensure_ascii=False)
        for item in receipt.items:
            storable(item)
            ids.add(item.id)
    wanted = 1 if expected == "unread" else len(expected) if isinstance(expected, list) else 0
    assert len(ids) == wanted, "the same id in both modes"


def test_there_is_a_payload_for_each_condition() -> None:
    assert len({written(payload) for payload in PAYLOADS.values()}) == len(PAYLOADS) >= 55


async def test_who_enters_again_with_another_word_has_entered_again() -> None:
    ids = []
    for name in ("enter", "enter", "enter_again_in_the_same_second", "enter_no_word"):
        receipt = await plain().receive(plainly(written(PAYLOADS[name]).encode()))
        ids.append(receipt.items[0].id)
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


async def test_the_address_is_shown_to_be_ours() -> None:
    query = {"timestamp": STAMP, "nonce": "n", "echostr": "5927782489442352469", "signature": signature(TOKEN, STAMP, "n")}
    assert (await program().receive(Hook("GET", query, {}, b""))).body == b"5927782489442352469"
    with pytest.raises(Rejected):
        await program().receive(Hook("GET", {**query, "signature": signature("other", STAMP, "n")}, {}, b""))


@pytest.mark.parametrize("json_cover", [True, False])
async def test_the_plain_half_of_a_compatible_callback_is_not_read(json_cover: bool) -> None:
    sealed = callback(json.dumps(said("真")), NOW.timestamp(), json=json_cover)
    false = said("假") | {"FromUserName": "oEve"}
    body = json.dumps(false | json.loads(sealed.body)).encode() if json_cover else sealed.body
    (item,) = (await program(mode="compatible").receive(Hook("POST", sealed.query, {}, body))).items
    assert isinstance(item, Message)
    assert (item.customer, item.parts) == (MEI.address, (Text(text="真"),))


async def test_both_keys_count_while_one_takes_over_from_the_other() -> None:
    changing = program(aes_key=AES_KEY[::-1], old_aes_key=AES_KEY)
    for key in (AES_KEY, AES_KEY[::-1]):
        receipt = await changing.receive(callback(json.dumps(said()), NOW.timestamp(), key=key, json=True))
        assert len(receipt.items) == 1


def opened(body: bytes, as_json: bool) -> Any:
    """An answer inside a callback, as WeChat opens it."""
    outer = json.loads(body) if as_json else xmltodict.parse(body)["xml"]
    sealed = WeChatCrypto(TOKEN, AES_KEY, APP_ID).decrypt_message(
        {"Encrypt": outer["Encrypt"]}, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"]
    )
    return fields(sealed)


@pytest.mark.parametrize("name", ["text", "image", "xml_text", "enter"])
async def test_messages_are_handed_on_to_wechats_own_desk_where_that_is_wanted(name: str) -> None:
    payload, shop = PAYLOADS[name], program(own_desk=True)
    as_json = "xml" not in payload
    receipt = await shop.receive(callback(written(payload), NOW.timestamp(), json=as_json))
    assert len(receipt.items) == 1
    if name == "enter":
        assert receipt.body == b"success", "of events WeChat's desk would only see nonsense"
        return
    told = opened(receipt.body, as_json)
    assert told == {
        "ToUserName": "oMini_LinMei-0001",
        "FromUserName": "gh_fd8a3c9e01b7",
        "CreateTime": STAMP,
        "MsgType": "transfer_customer_service",
    }
    bare = await plain(own_desk=True).receive(plainly(written(payload).encode()))
    assert fields(bare.body) == told


def test_there_is_no_answer_inside_a_callback() -> None:
    assert not hasattr(program(), "passive")


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


ENTERED = {"MsgType": "event", "Event": "user_enter_tempsession", "SessionFrom": "a"}
NOTICE = {"template_id": TEMPLATE, "fields": {"thing1": "您咨询的问题有新回复", "time2": "{time}"}, "page": "pages/support"}


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


@pytest.mark.parametrize("several", [True, False])
async def test_what_became_of_a_notice_is_told(several: bool) -> None:
    one = {"TemplateId": TEMPLATE, "MsgID": "1", "ErrorCode": 0, "ErrorStatus": "success"}
    body = said() | {"MsgType": "event", "Event": "subscribe_msg_sent_event", "List": [one] if several else one}
    (item,) = (await plain(notice=NOTICE).receive(plainly(dump(body)))).items
    assert isinstance(item, Message)
    assert (item.parts, item.reply_to) == ((Event(kind="arrived"),), None)
    assert (await plain().receive(plainly(dump(body)))).items == ()


async def test_a_customers_picture_is_fetched_while_wechat_has_it(server: ProgramServer, shop: MiniProgram) -> None:
    fresh, old = server.keep(b"\xff\xd8", "image/jpeg"), server.keep(b"x", "image/jpeg", age_s=timedelta(days=4).total_seconds())
    assert b"".join([piece async for piece in shop.fetch(fresh)]) == b"\xff\xd8"
    with pytest.raises(Undeliverable, match="lost"):
        _ = [piece async for piece in shop.fetch(old)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"aes_key": None}, "needs aes_key"),
        ({"token": "a b c"}, "letters and digits"),
        ({"passive_s": 3}, "passive_s"),
        ({"notice": NOTICE | {"state": "beta"}}, "state"),
        ({"notice": NOTICE | {"kind": "template"}}, "kind"),
    ],
)
def test_mistakes_in_the_settings_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        program(None, **settings)


def test_plain_mode_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_ENV", "production")
    with pytest.raises(ValidationError, match="not for production"):
        plain()


async def test_entering_is_an_event_and_opens_two_answers() -> None:
    receipt = await plain().receive(plainly(dump(said() | ENTERED)))
    (item,) = receipt.items
    assert isinstance(item, Message)
    assert item.parts == (Event(kind="opened", data="a"),)
