"""A WeChat Official Account: what its callbacks hold, what is refused, and what it takes of ours."""

from __future__ import annotations

import asyncio
import io
import json
import random
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import av
import pytest
import xmltodict  # type: ignore[import-untyped]
from pydantic import ValidationError
from redis.asyncio import Redis
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from connectors.wechat import crypto
from connectors.wechat.official import WeChat
from connectors.wechat.settings import WeChatSettings
from hub.alone import Alone
from hub.errors import Malformed, Rejected, Temporary, Uncertain, Undeliverable, WindowClosed
from hub.model import (
    Card,
    ChannelName,
    Choice,
    Choices,
    Event,
    ExternalId,
    FileId,
    Location,
    Media,
    Message,
    Option,
    Part,
    Proved,
    Text,
    Unsupported,
)
from hub.ports import Hook, IdempotencyKey, Identity, Kit, Receipt
from tests.connectors.conftest import NOW, Shelf
from tests.contract import storable
from tests.servers.wechat import AES_KEY, APP_ID, SECRET, TEMPLATE, TOKEN, WeChatServer, callback, signature, wechat

KEY = IdempotencyKey("k1")
ANN = Identity(ChannelName("wechat"), ExternalId("oAnn"))
OTHER_KEY = AES_KEY[::-1]
STAMP = str(int(NOW.timestamp()))
SHARED = Path(__file__).parents[3] / "shared" / "payloads" / "wechat"
INDEX: list[dict[str, Any]] = json.loads((SHARED / "INDEX.json").read_text("utf-8")) if SHARED.is_dir() else []


def account(
    server: WeChatServer | None = None,
    shelf: Shelf | None = None,
    now: datetime = NOW,
    alone: Alone | None = None,
    **settings: Any,
) -> WeChat:
    """A connector; with a server it can send."""
    asked = {"type": "wechat", "app_id": APP_ID, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY, "timeout": 2.0, **settings}
    if server is not None:
        asked["api_url"] = server.url
    kit = Kit(files=shelf or Shelf(), public_url="https://hub.example", now=lambda: now, alone=alone)
    return WeChat(ChannelName("wechat"), WeChatSettings.model_validate(asked), kit)


def xml(kind: str, more: str = "", sender: str = "oAnn") -> str:
    """A message as WeChat writes it."""
    head = f"<ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
    return f"<xml>{head}<CreateTime>{STAMP}</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{more}</xml>"


def said(text: str, number: int = 1) -> str:
    return xml("text", f"<Content><![CDATA[{text}]]></Content><MsgId>{number}</MsgId>")


async def received(body: str, **more: Any) -> Message | None:
    receipt = await account(**more).receive(callback(body, NOW.timestamp()))
    assert (receipt.status, receipt.body) == (200, b"success")
    item = receipt.items[0] if receipt.items else None
    assert item is None or isinstance(item, Message)
    if item is not None:
        storable(item)
    return item


async def test_the_address_is_shown_to_be_ours() -> None:
    query = {"timestamp": STAMP, "nonce": "n", "echostr": "5927782489442352469", "signature": signature(TOKEN, STAMP, "n")}
    receipt = await account().receive(Hook("GET", query, {}, b""))
    assert receipt.body == b"5927782489442352469"
    with pytest.raises(Rejected):
        await account().receive(Hook("GET", {**query, "signature": signature("other", STAMP, "n")}, {}, b""))


MEDIA = "<MediaId>MEDIA</MediaId><MsgId>7</MsgId>"
KINDS: list[tuple[str, str, tuple[Part, ...]]] = [
    ("text", "<Content>你好 ]]&gt;</Content><MsgId>7</MsgId>", (Text(text="你好 ]]>"),)),
    ("text", "<Content>满意</Content><bizmsgmenuid>101</bizmsgmenuid><MsgId>7</MsgId>", (Choice(id="101", text="满意"),)),
    ("image", f"<PicUrl>http://p</PicUrl>{MEDIA}", (Media(kind="image", remote="MEDIA"),)),
    ("voice", f"<Format>amr</Format>{MEDIA}", (Media(kind="voice", remote="MEDIA", mime="audio/amr"),)),
    (
        "voice",
        f"<Format>amr</Format><Recognition>退货</Recognition>{MEDIA}",
        (Media(kind="voice", remote="MEDIA", mime="audio/amr", alt="退货"), Text(text="🎤 退货")),
    ),
    ("video", MEDIA, (Media(kind="video", remote="MEDIA"),)),
    ("shortvideo", MEDIA, (Media(kind="video", remote="MEDIA"),)),
    ("file", f"<Title>发票.pdf</Title>{MEDIA}", (Media(kind="file", remote="MEDIA", name="发票.pdf"),)),
    (
        "location",
        "<Location_X>23.1</Location_X><Location_Y>113.3</Location_Y><Label>广州</Label><MsgId>7</MsgId>",
        (Location(latitude=23.1, longitude=113.3, title="广州"),),
    ),
    ("location", "<Location_X>999</Location_X><Location_Y>1</Location_Y><MsgId>7</MsgId>", (Unsupported(kind="location"),)),
    ("link", "<Title>T</Title><Description>D</Description><Url>https://x</Url>", (Card(title="T", text="D", url="https://x"),)),
    ("sticker", "<MsgId>7</MsgId>", (Unsupported(kind="sticker"),)),
    ("event", "<Event>subscribe</Event><EventKey>qrscene_shop7</EventKey>", (Event(kind="followed", data="shop7"),)),
    ("event", "<Event>unsubscribe</Event><EventKey></EventKey>", (Event(kind="unfollowed"),)),
    ("event", "<Event>SCAN</Event><EventKey>shop7</EventKey>", (Event(kind="scanned", data="shop7"),)),
    ("event", "<Event>CLICK</Event><EventKey>ORDERS</EventKey>", (Choice(id="ORDERS", text="ORDERS"),)),
]


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


@pytest.fixture
async def server() -> AsyncIterator[WeChatServer]:
    async with wechat() as running:
        yield running


@pytest.fixture
async def shop(server: WeChatServer, shelf: Shelf) -> AsyncIterator[WeChat]:
    made = account(server, shelf)
    yield made
    await made.aclose()


async def test_a_line_is_sent_as_it_is_written(server: WeChatServer, shop: WeChat) -> None:
    await shop.send(ANN, [Text(text='您好 "<a>" 😀')], KEY)
    assert server.sent == [{"touser": "oAnn", "msgtype": "text", "text": {"content": '您好 "<a>" 😀'}}]


async def test_one_token_serves_all_and_a_spoiled_one_is_replaced_once(server: WeChatServer, shop: WeChat) -> None:
    for n in range(3):
        await shop.send(ANN, [Text(text=str(n))], KEY)
    assert server.calls["token"] == 1
    server.spoil()
    await shop.send(ANN, [Text(text="3")], KEY)
    assert (server.calls["token"], server.calls["forced"], len(server.sent)) == (2, 0, 4)


WORKER = """
import asyncio, sys
from tests.connectors.test_wechat import ANN, KEY, account
from hub.model import Text

async def main():
    shop = account(None, api_url=sys.argv[1])
    for round in range(2):
        await asyncio.gather(*(shop.send(ANN, [Text(text=f"{sys.argv[2]}.{round}.{n}")], KEY) for n in range(5)))
        print("done", flush=True)
        sys.stdin.readline()
    await shop.aclose()

asyncio.run(main())
"""


@pytest.mark.timeout(60)
async def test_two_workers_come_to_one_new_token_without_forcing_it(server: WeChatServer) -> None:
    workers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, server.url, name, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        for name in ("a", "b")
    ]
    for turn in range(2):
        for worker in workers:
            assert worker.stdout is not None
            assert await worker.stdout.readline() == b"done\n"
        if turn == 0:
            server.spoil()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(b"\n")
            await worker.stdin.drain()
    assert [await worker.wait() for worker in workers] == [0, 0]
    assert len(server.sent) == 20
    assert (server.calls["token"], server.calls["forced"]) == (4, 0), "each worker asked once, and once more when it was over"


async def test_two_processes_whose_token_was_spoiled_force_one_new_one(server: WeChatServer, redis_url: str, prefix: str) -> None:
    """Where even the stable token is no longer good, the first process forces a new one, and the other is given it."""
    async with AsyncExitStack() as stack:
        shops = [account(server, alone=await redis_alone(stack, redis_url, prefix)) for _ in range(2)]
        for shop in shops:
            stack.push_async_callback(shop.aclose)
            await shop.send(ANN, [Text(text="hi")], KEY)
        server.revoke()
        await asyncio.gather(*(shop.send(ANN, [Text(text="still there?")], KEY) for shop in shops))
    assert (server.calls["forced"], len(server.sent)) == (1, 4)


async def redis_alone(stack: AsyncExitStack, url: str, prefix: str) -> Alone:
    """The lock of a process of its own."""
    redis = Redis.from_url(url)
    stack.push_async_callback(redis.aclose)
    return Alone(redis, prefix)


async def test_a_token_that_is_refused_for_ever_is_not_asked_for_for_ever(server: WeChatServer, shop: WeChat) -> None:
    server.codes = [40001, 40001]
    with pytest.raises(Temporary):
        await shop.send(ANN, [Text(text="hi")], KEY)
    assert (server.calls["send"], server.calls["forced"]) == (2, 1)


REFUSED: list[tuple[int, type[Exception], str]] = [
    (45015, WindowClosed, "next message"),
    (45047, WindowClosed, "used up"),
    (-1, Temporary, "busy"),
    (45009, Temporary, "day's"),
    (45011, Temporary, "minute's"),
    (40013, Temporary, "compare app_id"),
    (40125, Temporary, "compare secret"),
    (41004, Temporary, "set secret"),
    (48001, Temporary, "verified"),
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


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_token_that_is_over_is_renewed_and_the_line_sent(server: WeChatServer, shop: WeChat, code: int) -> None:
    server.codes = [code]
    await shop.send(ANN, [Text(text="hi")], KEY)
    assert len(server.sent) == 1


@pytest.mark.parametrize("code", [45072, 45080, 45081])
async def test_typing_that_cannot_be_shown_is_nobodys_trouble(server: WeChatServer, shop: WeChat, code: int) -> None:
    server.codes = [code]
    await shop.typing(ANN)
    assert server.codes == []


async def test_a_notice_that_wechat_has_had_has_arrived(server: WeChatServer) -> None:
    told = account(server, notice=TEMPLATED)
    server.codes = [45065]
    assert str(await told.notice(ANN, "", KEY)) == str(KEY)
    await told.aclose()


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


def mp3(seconds: float) -> bytes:
    """Silence."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as made:
        stream = made.add_stream("libmp3lame", rate=16_000, layout="mono", bit_rate=32_000)
        for start in range(0, int(seconds * 16_000), 1600):
            frame = av.AudioFrame(format="s16p", layout="mono", samples=1600)
            frame.planes[0].update(bytes(3200))
            frame.sample_rate, frame.pts = 16_000, start
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return out.getvalue()


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


TEMPLATED = {"kind": "template", "template_id": TEMPLATE, "fields": {"thing1": "您咨询的问题有新回复", "time2": "{time}"}}


async def test_a_template_message_says_that_an_answer_waits(server: WeChatServer, shop: WeChat) -> None:
    with pytest.raises(Undeliverable, match="no template"):
        await shop.notice(ANN, "", KEY)
    assert (shop.notice_after_s, account(notice=TEMPLATED).notice_after_s) == (None, 300)
    told = account(server, notice=TEMPLATED)
    for key in ("k1", "k1", "k2"):
        await told.notice(ANN, "https://hub.example/w/site#talk=x", IdempotencyKey(key))
    await told.aclose()
    assert len(server.notices) == 2, "WeChat knows the key"
    body = server.notices[0][1]
    assert len(body.pop("client_msg_id")) == 32
    time = NOW.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")
    assert body == {
        "touser": "oAnn",
        "template_id": TEMPLATE,
        "url": "https://hub.example/w/site#talk=x",
        "data": {"thing1": {"value": "您咨询的问题有新回复"}, "time2": {"value": time}},
    }
    assert server.sent == [], "it is no answer"


async def test_a_subscription_notice_spends_one_consent(server: WeChatServer) -> None:
    told = account(server, notice=TEMPLATED | {"kind": "subscription"})
    server.consents["oAnn"] = 1
    await told.notice(ANN, "https://hub.example/w/site", KEY)
    assert server.notices[0][1]["page"] == "https://hub.example/w/site"
    with pytest.raises(Undeliverable, match="has not agreed"):
        await told.notice(ANN, "", KEY)
    await told.aclose()
    assert (len(server.notices), server.consents["oAnn"]) == (1, 0)


def finished(status: str) -> str:
    return f"<Event>TEMPLATESENDJOBFINISH</Event><MsgID>42</MsgID>{status and f'<Status>{status}</Status>'}"


def told_of(*entries: tuple[str, str]) -> str:
    listed = "".join(
        f"<List><TemplateId>{template}</TemplateId><MsgID>7</MsgID><ErrorStatus>{status}</ErrorStatus></List>"
        for template, status in entries
    )
    return f"<Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent>{listed}</SubscribeMsgSentEvent>"


TOLD_LATER = [
    ("template", finished("success"), "arrived", "", "42"),
    ("template", finished("failed:user block"), "bounced", "switched off", "42"),
    ("template", finished("failed: system failed"), "bounced", "could not bring", "42"),
    ("template", finished(""), "bounced", "does not say", "42"),
    ("subscription", told_of((TEMPLATE, "success")), "arrived", "", None),
    ("subscription", told_of(("other", "success"), (TEMPLATE, "reject")), "bounced", "reject", None),
]


@pytest.mark.parametrize(("kind", "more", "fate", "words", "about"), TOLD_LATER)
async def test_what_became_of_a_notice_is_no_message_of_the_customers(
    kind: str, more: str, fate: str, words: str, about: str | None
) -> None:
    message = await received(xml("event", more), notice=TEMPLATED | {"kind": kind})
    assert message is not None
    (event,) = message.parts
    assert isinstance(event, Event)
    assert (event.kind, message.reply_to, message.customer) == (fate, about, "oAnn")
    assert words in event.data
    again = await received(xml("event", more), notice=TEMPLATED | {"kind": kind})
    assert again is not None
    assert again.id == message.id
    assert await received(xml("event", more)) is None, "where nobody sends notices, it is somebody else's"
    other = await received(xml("event", more), notice=TEMPLATED | {"kind": kind, "template_id": "another"})
    assert (other is None) == (kind == "subscription"), "of another template"


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"template_id": "other"}, "template_id"), ({"fields": {"thing1": "长" * 21}}, "notice.fields")],
)
async def test_a_template_that_is_set_up_wrongly_is_named(server: WeChatServer, changed: dict[str, Any], words: str) -> None:
    told = account(server, notice=TEMPLATED | changed)
    with pytest.raises(Undeliverable, match=words):
        await told.notice(ANN, "", KEY)
    await told.aclose()


def proved_in(receipt: Receipt) -> Proved | None:
    (item,) = receipt.items
    assert isinstance(item, Message)
    return item.proved


async def test_who_somebody_is_elsewhere_travels_with_what_they_say_next(server: WeChatServer) -> None:
    shop = account(server, unionid=True)
    server.unions["oAnn"] = "u42"
    hook = callback(said("hi"), NOW.timestamp())
    first = await shop.receive(hook)
    assert (proved_in(first), server.calls["user"]) == (None, 0), "nothing is asked before WeChat has its answer"
    assert first.after is not None
    await first.after()
    again = await shop.receive(hook)
    assert (proved_in(again), again.after) == (Proved(unionid="u42"), None)
    assert again.items[0].id == first.items[0].id
    await shop.aclose()
    assert (await account(server).receive(hook)).after is None, "it is asked for only where somebody wants it"


@pytest.mark.parametrize(("code", "asked_again"), [(0, False), (48001, True), (40003, True)])
async def test_a_person_without_a_unionid_is_just_this_accounts(server: WeChatServer, code: int, asked_again: bool) -> None:
    shop = account(server, unionid=True)
    server.codes = [code] if code else []
    hook = callback(said("hi"), NOW.timestamp())
    first = await shop.receive(hook)
    assert first.after is not None
    await first.after()
    again = await shop.receive(hook)
    assert proved_in(again) is None
    assert (again.after is not None) == asked_again
    await shop.aclose()


async def test_typing_is_shown(server: WeChatServer, shop: WeChat) -> None:
    await shop.typing(ANN)
    assert server.calls["typing"] == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"aes_key": None}, "needs aes_key"),
        ({"aes_key": "short"}, "43 letters"),
        ({"token": "a b c"}, "letters and digits"),
        ({"app_id": "nothing"}, "app_id"),
        ({"mode": "open"}, "mode"),
        ({"notice": TEMPLATED | {"fields": {"thing1": "{who}"}}}, "stands for nothing"),
        ({"notice": TEMPLATED | {"timezone": "Nowhere"}}, "no time zone"),
    ],
)
def test_mistakes_in_the_settings_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        account(None, **settings)


def test_plain_mode_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_ENV", "production")
    with pytest.raises(ValidationError, match="not for production"):
        account(None, mode="plain", aes_key=None)
