"""Parts → the body of a customer-service message (客服消息), or of an answer inside the callback (被动回复)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wechatpy.replies import TextReply  # type: ignore[import-untyped]

from hub.model import Card, Choices, Media, Part, Text
from hub.ports import StoredFile

TEXT_BYTES = 2048
SIZES = {"image": 10_000_000, "voice": 2_000_000, "video": 10_000_000}
"""Bytes (新增临时素材)."""
FORMS = {
    "image": {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"},
    "voice": {"audio/amr": "amr", "audio/mpeg": "mp3", "audio/mp3": "mp3"},
    "video": {"video/mp4": "mp4"},
}
"""What WeChat takes of each kind, and the ending that a file's name must have for it."""


def text(body: str) -> dict[str, Any]:
    """A line of text."""
    return {"msgtype": "text", "text": {"content": body}}


def menu(part: Choices) -> dict[str, Any]:
    """Buttons; a press comes back as text with the button's id."""
    options = [{"id": option.id[:64], "content": option.text[:128]} for option in part.options]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": part.text, "list": options, "tail_content": ""}}


def numbered(part: Choices) -> dict[str, Any]:
    """The same for accounts that may not send menus."""
    lines = [f"{n}. {option.text}{f' {option.url}' if option.url else ''}" for n, option in enumerate(part.options, 1)]
    return text("\n".join(filter(None, [part.text, *lines])))


def article(part: Card, picture: str) -> dict[str, Any]:
    """One article; WeChat takes no second one."""
    one = {"title": part.title, "description": part.text, "url": part.url, "picurl": picture}
    return {"msgtype": "news", "news": {"articles": [one]}}


def media(part: Media, media_id: str) -> dict[str, Any]:
    """A file that was uploaded."""
    return {"msgtype": part.kind, part.kind: {"media_id": media_id}}


def ending(part: Media, stored: StoredFile) -> str:
    """The ending of a file that WeChat takes as what it is; empty for one that must leave as a link."""
    mime = "audio/amr" if stored.content.startswith(b"#!AMR") else stored.mime.split(";")[0]
    return FORMS.get(part.kind, {}).get(mime, "") if 0 < stored.size <= SIZES.get(part.kind, 0) else ""


def passive(customer: str, account: str, parts: Sequence[Part]) -> str | None:
    """An answer inside the callback: one text; None for anything else."""
    if len(parts) != 1 or not isinstance(parts[0], Text) or len(parts[0].text.encode()) > TEXT_BYTES:
        return None
    # The library puts the text into one CDATA section without looking (wechatpy 1.8.18, fields.py).
    content = parts[0].text.replace("]]>", "]]]]><![CDATA[>")
    reply = TextReply(content=content)
    reply.target, reply.source = customer, account
    return str(reply.render())
