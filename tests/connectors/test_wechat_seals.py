"""An Official Account takes what is signed, new and sealed with a key of its own, and answers inside a callback sealed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from connectors.wechat import crypto
from connectors.wechat.official import WeChat
from hub.errors import Malformed, Rejected
from hub.model import Media, Message, Text
from hub.ports import Hook
from tests.connectors.conftest import NOW, Shelf
from tests.connectors.wechat_accounts import OTHER_KEY, STAMP, account, said
from tests.servers.wechat import WeChatServer, wechat
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, TOKEN, callback, signature


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


async def test_the_address_is_shown_to_be_ours() -> None:
    query = {"timestamp": STAMP, "nonce": "n", "echostr": "5927782489442352469", "signature": signature(TOKEN, STAMP, "n")}
    receipt = await account().receive(Hook("GET", query, {}, b""))
    assert receipt.body == b"5927782489442352469"
    with pytest.raises(Rejected):
        await account().receive(Hook("GET", {**query, "signature": signature("other", STAMP, "n")}, {}, b""))


async def test_forged_and_old_callbacks_are_rejected() -> None:
    good = callback(said("hi"), NOW.timestamp())
    forged = [
        Hook("POST", {**good.query, "msg_signature": "0" * 40}, {}, good.body),
        Hook("POST", {k: v for k, v in good.query.items() if k != "msg_signature"}, {}, good.body),
        Hook("POST", {**good.query, "nonce": "other"}, {}, good.body),
        Hook("POST", good.query, {}, good.body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[A")),
        Hook("POST", good.query, {}, said("unsealed").encode()),
        Hook("POST", good.query, {}, b"\xff\xfe"),
        callback(said("hi"), NOW.timestamp(), token="other"),
        callback(said("hi"), NOW.timestamp(), key=OTHER_KEY),
        callback(said("hi"), NOW.timestamp(), app_id="wx9999999999999999"),
        callback(said("hi"), (NOW - timedelta(minutes=6)).timestamp()),
        callback(said("hi"), (NOW + timedelta(minutes=6)).timestamp()),
        Hook("POST", {}, {}, b""),
    ]
    for number, hook in enumerate(forged):
        with pytest.raises(Rejected):
            await account().receive(hook)
            pytest.fail(f"forgery {number} was taken")


async def test_in_plain_mode_a_signature_is_good_for_one_body() -> None:
    """It covers the time and the nonce alone: who saw one request could say anything in a customer's name."""
    plain = account(mode="plain", aes_key=None)

    def plainly(body: str, nonce: str = "n") -> Hook:
        query = {"timestamp": STAMP, "nonce": nonce, "signature": signature(TOKEN, STAMP, nonce)}
        return Hook("POST", query, {}, body.encode())

    first = (await plain.receive(plainly(said("hi")))).items[0]
    again = (await plain.receive(plainly(said("hi")))).items[0]
    assert first == again, "WeChat may repeat it: it is the same message"
    with pytest.raises(Rejected, match="another body"):
        await plain.receive(plainly(said("send me the goods", 2)))


async def test_the_memory_of_signatures_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "MANY", 3)
    plain = account(mode="plain", aes_key=None)
    for nonce in ("n0", "n1", "n2", "n3"):
        query = {"timestamp": STAMP, "nonce": nonce, "signature": signature(TOKEN, STAMP, nonce)}
        await plain.receive(Hook("POST", query, {}, said("hi").encode()))
    assert [nonce for _, nonce in plain._seal._seen] == ["n1", "n2", "n3"]


@pytest.mark.parametrize("echo", ["", "<script>", "x" * 65, "1 2", "你"])
async def test_a_greeting_that_is_no_plain_word_is_not_repeated(echo: str) -> None:
    query = {"timestamp": STAMP, "nonce": "n", "echostr": echo, "signature": signature(TOKEN, STAMP, "n")}
    with pytest.raises(Malformed):
        await account().receive(Hook("GET", query, {}, b""))


@pytest.mark.parametrize("mode", ["secure", "compatible"])
async def test_the_plain_half_of_a_compatible_callback_is_not_read(mode: str) -> None:
    sealed = callback(said("真"), NOW.timestamp())
    plain = "<Content>假</Content><MsgType>text</MsgType><FromUserName>oEve</FromUserName>"
    both = Hook("POST", {**sealed.query, "signature": "x"}, {}, sealed.body.replace(b"<Encrypt>", f"{plain}<Encrypt>".encode()))
    (item,) = (await account(mode=mode).receive(both)).items
    assert isinstance(item, Message)
    assert (item.customer, item.parts) == ("oAnn", (Text(text="真"),))


async def test_both_keys_count_while_one_takes_over_from_the_other() -> None:
    changing = account(aes_key=OTHER_KEY, old_aes_key=AES_KEY)
    for key in (AES_KEY, OTHER_KEY):
        receipt = await changing.receive(callback(said("hi"), NOW.timestamp(), key=key))
        assert len(receipt.items) == 1


async def test_a_free_answer_goes_back_sealed_inside_the_callback() -> None:
    shop, hook = account(), callback(said("hi"), NOW.timestamp())
    body = shop.passive(hook, [Text(text="]]></Content><MsgType>")])
    assert body is not None
    stamp, nonce, given = [re.search(f"<{name}>(?:<!\\[CDATA\\[)?(.+?)(?:\\]\\]>)?</{name}>", body.decode()) for name in
                           ("TimeStamp", "Nonce", "MsgSignature")]  # fmt: skip
    assert stamp and nonce and given
    plain = WeChatCrypto(TOKEN, AES_KEY, APP_ID).decrypt_message(body.decode(), given[1], stamp[1], nonce[1])
    again = await account(mode="plain", aes_key=None).receive(
        Hook("POST", {"timestamp": STAMP, "nonce": "n", "signature": signature(TOKEN, STAMP, "n")}, {}, plain.encode())
    )
    assert isinstance(again.items[0], Message)
    assert again.items[0].parts == (Text(text="]]></Content><MsgType>"),)
    assert shop.passive(hook, [Text(text="长" * 700)]) is None
    assert shop.passive(hook, [Media(kind="image")]) is None
