"""A 微信客服 callback says only where to read: it is taken when it is signed, new and small, and else refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.errors import Malformed, Rejected
from hub.ports import Hook, News
from tests.connectors.conftest import NOW
from tests.connectors.kf_company import OTHER_KEY, STAMP, company
from tests.servers.kf_callbacks import ACCOUNT, AES_KEY, callback, event_xml, greeting


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
