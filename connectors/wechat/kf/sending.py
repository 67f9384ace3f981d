"""Parts → the body of an answer in 微信客服 (发送消息, send_msg; 发送欢迎语等事件响应消息, send_msg_on_event)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from connectors.wechat.kf.settings import TEXT_BYTES as TEXT_BYTES
from hub.model import Card, Choices, Location
from hub.ports import Shape, StoredFile

PROGRAM = "miniprogram://"
"""How the address of a card begins that opens a page of a mini program: miniprogram://<its AppID>/<the page's path>."""
SIZES = {"image": 10_000_000, "voice": 2_000_000, "video": 10_000_000, "file": 20_000_000}
"""Bytes (上传临时素材); a file has more than five."""
FORMS = {
    "image": {"image/jpeg": "jpg", "image/png": "png"},
    "voice": {"audio/amr": "amr"},
    "video": {"video/mp4": "mp4"},
}
"""What WeCom takes as each kind, and the ending that a file's name must have for it; everything else is a file."""
VOICE = Shape(("audio/amr",), SIZES["voice"], seconds=60)
SHAPES = {
    "image": Shape(("image/jpeg", "image/png"), SIZES["image"]),
    "voice": VOICE,
    "audio": VOICE,
    "video": Shape(("video/mp4",), SIZES["video"]),
}
"""What other files are made into before they come here; what can't be made so leaves as a file."""
BUTTONS = 10


def own_id(key: str) -> str:
    """The id that WeCom is given for a call: the same for each try of it, and another for every other call."""
    return key if re.fullmatch("[0-9A-Za-z_-]{1,32}", key) else hashlib.sha256(key.encode()).hexdigest()[:32]


def text(body: str) -> dict[str, Any]:
    """A line of text."""
    return {"msgtype": "text", "text": {"content": body}}


def menu(part: Choices) -> dict[str, Any]:
    """Buttons; a press comes back as text with the button's id, an address opens."""
    items: list[dict[str, Any]] = []
    for option in part.options[:BUTTONS]:
        if option.url:
            items.append({"type": "view", "view": {"url": option.url, "content": cut(option.text, 1024)}})
        else:
            items.append({"type": "click", "click": {"id": cut(option.id, 64), "content": cut(option.text, 128)}})
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": cut(part.text, 1024), "list": items}}


def asking(part: Card, picture: str) -> Choices:
    """A card with buttons as what WeCom has for them: a menu below the card's words."""
    return Choices(text=words(part, picture), options=part.options)


def words(part: Card, picture: str) -> str:
    """A card as text."""
    return "\n".join(filter(None, [part.title, part.text, part.url, picture]))


def link(part: Card, media_id: str) -> dict[str, Any]:
    """A link with its picture, which WeCom insists on."""
    card = {"title": cut(part.title, 128), "desc": cut(part.text, 512), "url": part.url, "thumb_media_id": media_id}
    return {"msgtype": "link", "link": card}


def program(part: Card, media_id: str) -> dict[str, Any]:
    """A mini program's page, with its picture."""
    app, _, page = part.url.removeprefix(PROGRAM).partition("/")
    card = {"appid": app, "title": cut(part.title, 64), "thumb_media_id": media_id, "pagepath": page}
    return {"msgtype": "miniprogram", "miniprogram": card}


def place(part: Location) -> dict[str, Any]:
    """A point on the map."""
    spot = {"name": part.title, "address": part.address, "latitude": part.latitude, "longitude": part.longitude}
    return {"msgtype": "location", "location": spot}


def media(kind: str, media_id: str) -> dict[str, Any]:
    """A file that was uploaded."""
    return {"msgtype": kind, kind: {"media_id": media_id}}


def form(kind: str, stored: StoredFile) -> tuple[str, str]:
    """(what WeCom takes a file as, the name that it must have for it); empty for one that must leave as a link."""
    wanted = "voice" if kind == "audio" else kind
    mime = "audio/amr" if stored.content.startswith(b"#!AMR") else stored.mime.split(";")[0]
    ending = FORMS.get(wanted, {}).get(mime, "")
    if ending and 0 < stored.size <= SIZES[wanted]:
        return wanted, f"{wanted}.{ending}"
    return ("file", stored.name or "file") if 5 < stored.size <= SIZES["file"] else ("", "")


def cut(text: str, most: int) -> str:
    """As much of a text as fits into so many bytes."""
    return text.encode()[:most].decode("utf-8", "ignore")
