"""What a callback of an Official Account holds becomes messages; what is damaged, hostile or too much is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import xmltodict  # type: ignore[import-untyped]

from hub.errors import Malformed
from hub.model import Message, Part, Text
from hub.ports import Hook
from tests.connectors.conftest import NOW
from tests.connectors.wechat_accounts import KINDS, STAMP, account, received, said, xml
from tests.contract import storable
from tests.servers.wechat_callbacks import TOKEN, callback, signature

SHARED = Path(__file__).parents[3] / "shared" / "payloads" / "wechat"
INDEX: list[dict[str, Any]] = json.loads((SHARED / "INDEX.json").read_text("utf-8")) if SHARED.is_dir() else []


@pytest.mark.parametrize(("kind", "more", "parts"), KINDS)
async def test_each_kind_arrives_as_what_it_is(kind: str, more: str, parts: tuple[Part, ...]) -> None:
    message = await received(xml(kind, more))
    assert message is not None
    assert (message.parts, message.customer, message.at) == (parts, "oAnn", NOW)


@pytest.mark.parametrize("event", ["VIEW", "LOCATION", "TEMPLATESENDJOBFINISH", "kf_create_session", "something_new"])
async def test_what_only_the_account_is_told_is_no_message(event: str) -> None:
    assert await received(xml("event", f"<Event>{event}</Event>")) is None


async def test_a_repeated_callback_has_the_same_id_though_its_seal_is_new() -> None:
    first, again, other = [await received(said("hi", n)) for n in (1, 1, 2)]
    assert first and again and other
    assert first.id == again.id != other.id
    events = [await received(xml("event", f"<Event>{one}</Event>")) for one in ("subscribe", "subscribe", "unsubscribe")]
    assert events[0] and events[1] and events[2]
    assert events[0].id == events[1].id != events[2].id


DEEP = "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>"
DEEPER = "<xml><MsgType>text</MsgType><FromUserName>oAnn</FromUserName>" + "<a>" * 25 + "</a>" * 25 + "</xml>"
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'


@pytest.mark.parametrize("body", ["", "<", "<xml/>", "<a/>", "<xml>x</xml>", BOMB, DEEP, DEEPER])
async def test_what_is_no_message_is_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        await received(body)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))


@pytest.mark.parametrize("place", ["FromUserName", "MsgType", "Content"])
async def test_no_entity_is_ever_expanded_and_no_file_read(place: str, tmp_path: Path) -> None:
    secret = tmp_path / "canary"
    secret.write_text("the canary")
    kinds = {
        "laughs": f"<!DOCTYPE x [{LAUGHS}]>",
        "quadratic": f'<!DOCTYPE x [<!ENTITY l9 "{"a" * 2000}">]>',
        "file": f'<!DOCTYPE x [<!ENTITY l9 SYSTEM "{secret.as_uri()}">]>',
        "parameter": f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p; <!ENTITY l9 "x">]>',
        "elsewhere": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
    }
    for name, head in kinds.items():
        fields = {"FromUserName": "oAnn", "MsgType": "text", "Content": "hi", "MsgId": "1"}
        fields[place] = "&l9;" * (1 if name != "quadratic" else 20)
        body = f"{head}<xml>{''.join(f'<{key}>{value}</{key}>' for key, value in fields.items())}</xml>"
        with pytest.raises(Malformed):
            await received(body)
            pytest.fail(f"{name} was read")


async def test_elements_without_end_are_refused_before_they_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    parse = xmltodict.parse

    def watched(text: str) -> Any:
        read.append(text)
        return parse(text)

    monkeypatch.setattr(xmltodict, "parse", watched)
    with pytest.raises(Malformed, match="too many elements"):
        await account(mode="plain", aes_key=None).receive(
            Hook("POST", {"timestamp": STAMP, "nonce": "n", "signature": signature(TOKEN, STAMP, "n")}, {}, DEEP.encode())
        )
    assert read == []
    (item,) = (await account().receive(callback(said("<" * 600), NOW.timestamp()))).items
    assert isinstance(item, Message)
    assert item.parts == (Text(text="<" * 600),), "a text of such signs is no element"


async def test_a_body_beyond_64_kib_is_refused_by_size() -> None:
    with pytest.raises(Malformed) as caught:
        await received(said("x" * 60_000))
    assert caught.value.too_large


async def test_damaged_messages_are_kept_or_malformed_and_nothing_else() -> None:
    chance = random.Random(4)
    for number in range(400):
        _, more, _ = KINDS[number % len(KINDS)]
        body = list(xml(KINDS[number % len(KINDS)][0], more))
        for _ in range(chance.randrange(1, 6)):
            body[chance.randrange(len(body))] = chance.choice(["<", ">", "\0", "", "9" * 40, "<x/>", "&", "]]>", "\ud800", "😀"])
        query = {"timestamp": STAMP, "nonce": "n", "signature": signature(TOKEN, STAMP, "n")}
        hook = Hook("POST", query, {}, "".join(body).encode("utf-8", "surrogatepass"))
        try:
            receipt = await account(mode="plain", aes_key=None).receive(hook)
        except Malformed:
            continue
        for item in receipt.items:
            storable(item)


@pytest.mark.skipif(not INDEX, reason="no ../shared/payloads/wechat beside the repository")
@pytest.mark.parametrize(
    "entry", [e for e in INDEX if e["file"].endswith(".xml") and not e.get("crypto")], ids=lambda e: e["file"]
)
async def test_real_callbacks_say_what_is_expected(entry: dict[str, Any]) -> None:
    expect = entry["expect"]
    query = {"timestamp": STAMP, "nonce": "n", "signature": signature(TOKEN, STAMP, "n")}
    receipt = await account(mode="plain", aes_key=None).receive(Hook("POST", query, {}, (SHARED / entry["file"]).read_bytes()))
    if not receipt.items:
        assert expect["ignore"]
        return
    (item,) = receipt.items
    assert isinstance(item, Message)
    assert (item.customer, int(item.at.timestamp())) == (expect["sender_id"], expect["timestamp"])
    assert "message_id" not in expect or item.id == expect["message_id"]
    assert not expect["ignore"] or item.parts[0].type in ("event", "choice", "location"), "what agents see of an event"
    if "text" in expect:
        assert item.parts == (Text(text=expect["text"]),)
