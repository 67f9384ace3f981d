"""A WeChat Official Account as tests set one up, what its customers send, and what they are sent."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import av

from connectors.wechat.official import WeChat
from connectors.wechat.settings import WeChatSettings
from hub.alone import Alone
from hub.model import Card, ChannelName, Choice, Event, ExternalId, Location, Media, Message, Part, Text, Unsupported
from hub.ports import IdempotencyKey, Identity, Kit
from tests.connectors.conftest import NOW, Shelf
from tests.contract import storable
from tests.servers.wechat import TEMPLATE, WeChatServer
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, SECRET, TOKEN, callback

KEY = IdempotencyKey("k1")
ANN = Identity(ChannelName("wechat"), ExternalId("oAnn"))
OTHER_KEY = AES_KEY[::-1]
STAMP = str(int(NOW.timestamp()))


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


TEMPLATED = {"kind": "template", "template_id": TEMPLATE, "fields": {"thing1": "您咨询的问题有新回复", "time2": "{time}"}}
