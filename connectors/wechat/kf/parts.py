"""One message of a feed → parts: everything that a customer can send in 微信客服 (接收消息, the list of msgtypes)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hub.model import Card, Choice, Choices, Contact, Location, Media, Option, Part, Text, Unsupported
from hub.text import clean, loads

Fields = Mapping[str, Any]
MEDIA = ("image", "voice", "video", "file")
LONGEST_MEDIA_ID = 400
MOST_LINES = 100
"""Of a forwarded conversation; WeChat forwards up to a hundred."""
KINDS = {"text": "", "image": "[图片]", "voice": "[语音]", "video": "[视频]", "file": "[文件]", "location": "[位置]",
         "link": "[链接]", "emotion": "[表情]"}  # fmt: skip
"""What WeChat itself writes for what is no text in a forwarded conversation."""


def word(fields: Any, name: str, most: int = 2000) -> str:
    """A field that is text; empty when it is missing or something else."""
    found = fields.get(name) if isinstance(fields, Mapping) else None
    return clean(found)[:most] if isinstance(found, str) else ""


def parts_of(kind: str, message: Fields) -> tuple[Part, ...]:
    """What a message holds; a kind that nobody knows, or one whose content is not there, is `Unsupported`."""
    said = message.get(kind)
    body: Fields = said if isinstance(said, Mapping) else {}
    if kind in MEDIA:
        return (_media(kind, body),)
    match kind:
        case "text":
            found = _text(body)
        case "location":
            found = _place(body)
        case "link":
            found = _card(word(body, "title", 500), word(body, "desc"), word(body, "url"))
        case "business_card":
            found = _contact(word(body, "userid", 191))
        case "miniprogram":
            found = _card(word(body, "title", 500) or "小程序", word(body, "pagepath"))
        case "msgmenu":
            found = _menu(body)
        case "merged_msg":
            found = _merged(body)
        case _:
            found = _video_channel(kind, body)
    return (found or Unsupported(kind=clean(kind)[:64], text=word(body, "content") or word(body, "title")),)


def _text(body: Fields) -> Part | None:
    content, pressed = word(body, "content", 20_000), word(body, "menu_id", 200)
    if pressed:
        return Choice(id=pressed, text=content[:2000])
    return Text(text=content) if content else None


def _media(kind: Any, body: Fields) -> Part:
    media = word(body, "media_id", LONGEST_MEDIA_ID + 1)
    if not media or len(media) > LONGEST_MEDIA_ID:
        return Unsupported(kind=kind)
    return Media(kind=kind, remote=media, mime="audio/amr" if kind == "voice" else "")


def _place(body: Fields) -> Part | None:
    title, address = word(body, "name", 500), word(body, "address", 500)
    try:
        north, east = float(body["latitude"]), float(body["longitude"])
        if isinstance(body["latitude"], bool) or not (math.isfinite(north) and math.isfinite(east)):
            raise ValueError
        return Location(latitude=north, longitude=east, title=title, address=address)
    except (KeyError, TypeError, ValueError, OverflowError):
        return Unsupported(kind="location", text="\n".join(filter(None, [title, address])))


def _card(title: str, text: str = "", url: str = "") -> Part | None:
    address = url if url.startswith(("https://", "http://")) else ""
    return Card(title=title or address, text=text, url=address) if title or address else None


def _contact(person: str) -> Part | None:
    """The card of somebody in the company, whom WeCom names by their id."""
    return Contact(name=person) if person else None


def _menu(body: Fields) -> Part | None:
    """Buttons that somebody in WeCom sent, as a customer may quote or forward them."""
    found = body.get("list")
    options = []
    for number, item in enumerate(found if isinstance(found, list) else ()):
        inner = item.get(word(item, "type", 20)) if isinstance(item, Mapping) else None
        if text := word(inner, "content", 128):
            options.append(Option(id=word(inner, "id", 64) or f"item{number}", text=text, url=word(inner, "url")))
    head = "\n".join(filter(None, [word(body, "head_content", 1024), word(body, "tail_content", 1024)]))
    return Choices(text=head, options=tuple(options[:10])) if head or options else None


def _merged(body: Fields) -> Part | None:
    """A conversation that was forwarded, as lines of who said what. What is in it is known to WeCom by no other id."""
    items = body.get("item")
    lines = [_line(one) for one in (items if isinstance(items, list) else ())[:MOST_LINES]]
    shown = "\n".join(filter(None, [word(body, "title", 500), *lines]))
    return Text(text=shown) if any(lines) else None


def _line(item: Any) -> str:
    kind = word(item, "msgtype", 64)
    if not kind:
        return ""
    try:
        inner = loads(word(item, "msg_content", 100_000))
    except ValueError:
        inner = None
    inner = inner.get(kind, inner) if isinstance(inner, dict) else None
    said = word(inner, "content") or " ".join(filter(None, [KINDS.get(kind, f"[{kind}]"), word(inner, "title", 200)]))
    return f"{word(item, 'sender_name', 191)}: {said}"


def _video_channel(kind: str, body: Fields) -> Part | None:
    """What is shared from 视频号 and its shops; a kind that nobody knows is None."""
    shop = word(body, "shop_nickname", 191)
    if kind == "channels_shop_product":
        return _card(word(body, "title", 500), "\n".join(filter(None, [_price(body), shop])))
    if kind == "channels_shop_order":
        facts = [word(body, "price_wording", 200), word(body, "state", 200), shop, word(body, "order_id", 200)]
        return _card(word(body, "product_titles", 500), "\n".join(filter(None, facts)))
    if kind == "channels":
        return _card(word(body, "title", 500) or word(body, "nickname", 191), word(body, "nickname", 191))
    return None


def _price(body: Fields) -> str:
    """WeCom tells prices in fen, as digits."""
    told = word(body, "sales_price", 20)
    return f"¥{int(told) / 100:.2f}" if told.isascii() and told.isdecimal() and len(told) < 13 else ""
