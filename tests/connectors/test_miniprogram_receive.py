"""What the callbacks of a Mini Program hold, as XML and JSON, in the open and sealed, becomes what customers said and did."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
import xmltodict  # type: ignore[import-untyped]
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from connectors.wechat.bodies import fields
from connectors.wechat.program import MiniProgram
from hub.errors import Malformed, Rejected
from hub.model import Event, Message, Text
from hub.ports import Hook
from tests.connectors.conftest import NOW, Shelf
from tests.connectors.programs import ENTERED, MEI, NOTICE, PAYLOADS, STAMP, plain, plainly, program, said, written
from tests.connectors.test_telegram_receive import within
from tests.contract import Contract, dump, storable
from tests.servers.wechat import TEMPLATE, ProgramServer, miniprogram
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, TOKEN, callback, signature


@pytest.fixture
async def server() -> AsyncIterator[ProgramServer]:
    async with miniprogram() as running:
        yield running


@pytest.fixture
async def shop(server: ProgramServer, shelf: Shelf) -> AsyncIterator[MiniProgram]:
    made = program(server, shelf)
    yield made
    await made.aclose()


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


@pytest.mark.parametrize("several", [True, False])
async def test_what_became_of_a_notice_is_told(several: bool) -> None:
    one = {"TemplateId": TEMPLATE, "MsgID": "1", "ErrorCode": 0, "ErrorStatus": "success"}
    body = said() | {"MsgType": "event", "Event": "subscribe_msg_sent_event", "List": [one] if several else one}
    (item,) = (await plain(notice=NOTICE).receive(plainly(dump(body)))).items
    assert isinstance(item, Message)
    assert (item.parts, item.reply_to) == ((Event(kind="arrived"),), None)
    assert (await plain().receive(plainly(dump(body)))).items == ()


async def test_entering_is_an_event_and_opens_two_answers() -> None:
    receipt = await plain().receive(plainly(dump(said() | ENTERED)))
    (item,) = receipt.items
    assert isinstance(item, Message)
    assert item.parts == (Event(kind="opened", data="a"),)
