"""Parts → the body of a customer-service message (客服消息), or of an answer inside the callback (被动回复)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from wechatpy.replies import TextReply, TransferCustomerServiceReply  # type: ignore[import-untyped]

from connectors.wechat.settings import AccountNotice, Notice, ProgramNotice
from hub.model import Card, Choices, Part, Text
from hub.ports import Shape, StoredFile
from hub.splitting import split

TEXT_BYTES = 2048
SHORTEST = 256
"""Bytes of a text that is not cut any more."""
PROGRAM = "miniprogram://"
"""How the address of a card begins that opens a page of a mini program: miniprogram://<its AppID>/<the page's path>."""
SIZES = {"image": 10_000_000, "voice": 2_000_000, "video": 10_000_000}
"""Bytes (新增临时素材)."""
FORMS = {
    "image": {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"},
    "voice": {"audio/amr": "amr", "audio/mpeg": "mp3", "audio/mp3": "mp3"},
    "video": {"video/mp4": "mp4"},
}
"""What WeChat takes of each kind, and the ending that a file's name must have for it."""
SHAPES = {
    "image": Shape(("image/jpeg", "image/png", "image/gif"), SIZES["image"]),
    "voice": Shape(("audio/mpeg", "audio/amr", "audio/mp3"), SIZES["voice"], seconds=60),
    "audio": Shape(("audio/mpeg", "audio/amr", "audio/mp3"), SIZES["voice"], seconds=60),
    "video": Shape(("video/mp4",), SIZES["video"]),
}
"""What other files are made into before they come here."""
AS = {"audio": "voice"}
"""Kinds of ours that leave as another one of WeChat's; what is longer than a minute it refuses (45007)."""


def text(body: str) -> dict[str, Any]:
    """A line of text."""
    return {"msgtype": "text", "text": {"content": body}}


def shorter(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same text in two, for when WeChat takes less at once than it has said; with room to end the first where a line ends."""
    content = str(body.get("text", {}).get("content", ""))
    size = len(content.encode())
    return [{**body, **text(one.text)} for one in split(Text(text=content), size * 3 // 5, "bytes")] if size >= SHORTEST else []


def unhidden(body: str) -> str:
    """A text in which no address hides behind other words: WeChat shows `<a href>` as a link."""
    return re.sub(r"<(?=a\s)", "[", body, flags=re.IGNORECASE)


def menu(part: Choices) -> dict[str, Any]:
    """Buttons; a press comes back as text with the button's id."""
    options = [{"id": option.id[:64], "content": option.text[:128]} for option in part.options]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": part.text, "list": options, "tail_content": ""}}


def asking(part: Card, picture: str) -> Choices:
    """A card with buttons as what WeChat has for them: a menu below the card's words."""
    words = "\n".join(filter(None, [part.title, part.text, part.url, picture]))
    return Choices(text=words, options=part.options)


def program(part: Card, media_id: str) -> dict[str, Any]:
    """A mini program's page: as its card with a picture, else as a link in a text."""
    app, _, page = part.url.removeprefix(PROGRAM).partition("/")
    if media_id:
        card = {"title": part.title, "appid": app, "pagepath": page, "thumb_media_id": media_id}
        return {"msgtype": "miniprogrampage", "miniprogrampage": card}
    link = f'<a data-miniprogram-appid="{escape(app)}" data-miniprogram-path="{escape(page)}" href="">{escape(part.title)}</a>'
    return text("\n".join(filter(None, [part.text, link])))


def numbered(part: Choices) -> dict[str, Any]:
    """The same for accounts that may not send menus."""
    lines = [f"{n}. {option.text}{f' {option.url}' if option.url else ''}" for n, option in enumerate(part.options, 1)]
    return text("\n".join(filter(None, [part.text, *lines])))


def article(part: Card, picture: str) -> dict[str, Any]:
    """One article; WeChat takes no second one."""
    one = {"title": part.title, "description": part.text, "url": part.url, "picurl": picture}
    return {"msgtype": "news", "news": {"articles": [one]}}


def link(part: Card, picture: str) -> dict[str, Any]:
    """A card with an address, in a Mini Program's session."""
    return {"msgtype": "link", "link": {"title": part.title, "description": part.text, "url": part.url, "thumb_url": picture}}


def own_page(part: Card, page: str, media_id: str) -> dict[str, Any]:
    """A page of the Mini Program itself, as its card."""
    return {"msgtype": "miniprogrampage", "miniprogrampage": {"title": part.title, "pagepath": page, "thumb_media_id": media_id}}


def media(kind: str, media_id: str) -> dict[str, Any]:
    """A file that was uploaded."""
    return {"msgtype": kind, kind: {"media_id": media_id}}


def ending(kind: str, stored: StoredFile) -> str:
    """The ending of a file that WeChat takes as what it is; empty for one that must leave as a link."""
    mime = "audio/amr" if stored.content.startswith(b"#!AMR") else stored.mime.split(";")[0]
    return FORMS.get(kind, {}).get(mime, "") if 0 < stored.size <= SIZES.get(kind, 0) else ""


def notice(asked: AccountNotice, customer: str, where: str, now: datetime, key: str) -> tuple[str, dict[str, Any]]:
    """(method, body) of the message that says that an answer waits. Template messages know an id of ours against repetition, for
    ten minutes (模板消息, client_msg_id); subscription notices know none."""
    body = _filled(asked, customer, now)
    if asked.kind == "subscription":
        return "/cgi-bin/message/subscribe/bizsend", body | ({"page": where} if where else {})
    own = hashlib.sha256(key.encode()).hexdigest()[:32]
    return "/cgi-bin/message/template/send", body | {"client_msg_id": own} | ({"url": where} if where else {})


def program_notice(asked: ProgramNotice, customer: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """The same of a Mini Program (订阅消息, subscribeMessage.send): it leads to one of its own pages, and nowhere else."""
    page = {"page": asked.page} if asked.page else {}
    return "/cgi-bin/message/subscribe/send", _filled(asked, customer, now) | page | {"miniprogram_state": asked.state}


def _filled(asked: Notice, customer: str, now: datetime) -> dict[str, Any]:
    time = now.astimezone(ZoneInfo(asked.timezone)).strftime("%Y-%m-%d %H:%M")
    return {
        "touser": customer,
        "template_id": asked.template_id,
        "data": {name: {"value": text.replace("{time}", time)} for name, text in asked.fields.items()},
    }


def handed_on(fields: Mapping[str, str], now: datetime, *, as_json: bool) -> str:
    """What makes WeChat show a customer's message at its own desk too (转发客服消息), in the form in which it asked."""
    reply = TransferCustomerServiceReply()
    reply.target, reply.source, reply.time = fields["FromUserName"], fields["ToUserName"], int(now.timestamp())
    if not as_json:
        return str(reply.render())
    told = {"ToUserName": reply.target, "FromUserName": reply.source, "CreateTime": reply.time, "MsgType": reply.type}
    return orjson.dumps(told).decode()


def passive(customer: str, account: str, parts: Sequence[Part], shown: Callable[[str], str]) -> str | None:
    """An answer inside the callback: one text; None for anything else."""
    if len(parts) != 1 or not isinstance(parts[0], Text) or len(parts[0].text.encode()) > TEXT_BYTES:
        return None
    # The library puts the text into one CDATA section without looking (wechatpy 1.8.18, fields.py).
    content = shown(parts[0].text).replace("]]>", "]]]]><![CDATA[>")
    reply = TextReply(content=content)
    reply.target, reply.source = customer, account
    return str(reply.render())
