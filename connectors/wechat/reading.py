"""A callback's fields → the message or event that a customer caused (接收普通消息, 接收事件推送)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hub.errors import Malformed
from hub.model import Card, ChannelName, Choice, Event, ExternalId, Location, Media, Message, Part, Text, Unsupported
from hub.ports import Unread
from hub.text import clean, clean_tree

Fields = Mapping[str, Any]
SCENE = "qrscene_"
"""Before the scene of somebody who follows by a code."""
LONGEST_ID = 160
SILENT = frozenset((
    "view", "view_miniprogram", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location", "templatesendjobfinish",
    "subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event", "masssendjobfinish",
    "publishjobfinish", "kf_create_session", "kf_close_session", "kf_switch_session", "wxa_media_check",
    "user_authorization_revoke", "user_authorization_cancellation", "user_info_modified", "qualification_verify_success",
    "qualification_verify_fail", "naming_verify_success", "naming_verify_fail", "annual_renew", "verify_expired",
    "poi_check_notify", "shakearoundusershake", "wificonnected", "merchant_order", "submit_invoice_title",
    "update_invoice_status", "user_authorize_invoice", "card_pass_check", "card_not_pass_check", "card_pay_order",
    "card_sku_remind", "user_get_card", "user_del_card", "user_gifting_card", "user_consume_card", "user_view_card",
    "user_pay_from_pay_cell", "user_enter_session_from_card", "update_member_card", "submit_membercard_user_info",
    "user_scan_product", "user_scan_product_async", "user_scan_product_verify_action", "subscribe_scan_product",
    "device_bind", "device_unbind", "device_text", "device_subscribe_status", "device_unsubscribe_status",
    "weapp_audit_success", "weapp_audit_fail", "weapp_audit_delay", "wxa_nickname_audit", "wxa_category_audit",
    "wxa_privacy_apply", "wxa_illegal_record", "wxa_appeal_record",
))  # fmt: skip
"""Events that only the account is told of: what customers looked at, what became of its own mass messages, cards, names …"""

OPENS_NOTHING = frozenset({"location_select"})
"""Of the menu's buttons, WeChat takes answers after those that click or scan alone (客服消息, 下发条数限制)."""


def message_of(channel: ChannelName, fields: Fields, now: Callable[[], datetime]) -> Message | None:
    """What a customer said or did; None for what only the account itself is told. Raises `Malformed` for what names no kind or
    nobody, and for an event that nobody here knows."""
    kind, customer = word(fields, "MsgType").lower(), word(fields, "FromUserName")
    if not kind or not customer or len(customer) > LONGEST_ID:
        raise Malformed("wechat: no MsgType or FromUserName")
    parts = _event(fields) if kind == "event" else _parts(kind, fields)
    return _message(channel, fields, parts, now) if parts else None


def unread_of(channel: ChannelName, fields: Fields, why: str) -> Unread:
    """What stands in for a callback that can't be read: WeChat would repeat what is refused, and then tell the customer that the
    account is out of order."""
    own = _id(word(fields, "MsgType").lower(), word(fields, "FromUserName"), fields)
    return Unread(channel, ExternalId(own), clean_tree(dict(fields)), why)


def event_of(
    channel: ChannelName, fields: Fields, event: Event, now: Callable[[], datetime], reply_to: ExternalId | None
) -> Message | None:
    """What WeChat tells of a customer although they did nothing themselves."""
    customer = word(fields, "FromUserName")
    return _message(channel, fields, (event,), now, reply_to) if 0 < len(customer) <= LONGEST_ID else None


def _message(
    channel: ChannelName, fields: Fields, parts: tuple[Part, ...], now: Callable[[], datetime], reply_to: ExternalId | None = None
) -> Message:
    customer = word(fields, "FromUserName")
    return Message(
        channel=channel,
        id=ExternalId(_id(word(fields, "MsgType").lower(), customer, fields)),
        customer=ExternalId(customer),
        at=_at(fields, now),
        parts=parts,
        reply_to=reply_to,
        opens=word(fields, "Event").lower() not in OPENS_NOTHING,
        locale="zh",
        raw=clean_tree(dict(fields)),
    )


def word(fields: Fields, name: str) -> str:
    """A field that is text; empty when it is missing or something else. The parser has cut white space around it."""
    found = fields.get(name)
    return clean(found) if isinstance(found, str) else ""


def _id(kind: str, customer: str, fields: Fields) -> str:
    """WeChat repeats a callback with the same MsgId; of events, which have none, with the same sender and second (消息排重)."""
    own = word(fields, "MsgId")
    if kind != "event" and own and len(own) <= LONGEST_ID:
        return own
    told = [customer, *(word(fields, name) for name in ("CreateTime", "MsgType", "Event", "EventKey", "Content", "MediaId"))]
    told += [more for name in ("SessionFrom", "MsgID") if (more := word(fields, name))]
    return "e" + hashlib.sha256("\0".join(told).encode()).hexdigest()[:40]


def _at(fields: Fields, now: Callable[[], datetime]) -> datetime:
    stamp = word(fields, "CreateTime")
    try:
        return datetime.fromtimestamp(int(stamp), UTC) if stamp.isascii() and len(stamp) < 12 else now()
    except (ValueError, OverflowError, OSError):
        return now()


def _parts(kind: str, fields: Fields) -> tuple[Part, ...]:
    match kind:
        case "text":
            return _text(fields)
        case "image" | "voice" | "video" | "shortvideo" | "file":
            return _media(kind, fields)
        case "location":
            return _place(fields, "Location_X", "Location_Y")
        case "link":
            url = word(fields, "Url")
            title = word(fields, "Title")[:500] or url or "link"
            return (Card(title=title, text=word(fields, "Description")[:2000], url=url),)
        case "miniprogrampage":
            return (Card(title=word(fields, "Title")[:500] or "小程序", text=word(fields, "PagePath")[:2000]),)
        case _:
            return (Unsupported(kind=kind[:64], text=word(fields, "Content")[:2000]),)


def _text(fields: Fields) -> tuple[Part, ...]:
    content, pressed = word(fields, "Content"), word(fields, "bizmsgmenuid")
    if pressed:
        return (Choice(id=pressed[:200], text=content[:2000]),)
    return (Text(text=content),) if content else (Unsupported(kind="text"),)


def _media(kind: str, fields: Fields) -> tuple[Part, ...]:
    media = word(fields, "MediaId")
    shown: Any = {"shortvideo": "video"}.get(kind, kind)
    if not media or len(media) > 400:
        told = (word(fields, name) for name in ("Title", "Description", "PicUrl"))
        return (Unsupported(kind=kind, text=" · ".join(filter(None, told))[:2000]),)
    form = word(fields, "Format").lower()
    mime = {"amr": "audio/amr", "speex": "audio/x-speex", "mp3": "audio/mpeg"}.get(form, "") if kind == "voice" else ""
    name = word(fields, "Title")[:190] if kind == "file" else ""
    heard = word(fields, "Recognition")
    part = Media(kind=shown, remote=media, mime=mime, name=name, alt=heard[:2000])
    return (part, Text(text=f"🎤 {heard}")) if heard else (part,)


def _place(fields: Fields, north: str, east: str) -> tuple[Part, ...]:
    try:
        latitude, longitude = float(word(fields, north)), float(word(fields, east))
        return (Location(latitude=latitude, longitude=longitude, title=word(fields, "Label")[:500]),)
    except ValueError:
        return (Unsupported(kind="location", text=word(fields, "Label")[:2000]),)


def _event(fields: Fields) -> tuple[Part, ...]:
    """Events that a customer caused, and that open a time to answer in or tell agents something; the others are the account's."""
    key = word(fields, "EventKey")[:1000]
    match word(fields, "Event").lower():
        case "subscribe":
            return (Event(kind="followed", data=key.removeprefix(SCENE)),)
        case "unsubscribe":
            return (Event(kind="unfollowed"),)
        case "scan":
            return (Event(kind="scanned", data=key),)
        case "click":
            return (Choice(id=key[:200] or "menu", text=key),)
        case "scancode_push" | "scancode_waitmsg":
            scanned = fields.get("ScanCodeInfo")
            return (Event(kind="scanned", data=word(scanned, "ScanResult")[:1000] if isinstance(scanned, Mapping) else key),)
        case "location_select":
            chosen = fields.get("SendLocationInfo")
            return _place(chosen, "Location_X", "Location_Y") if isinstance(chosen, Mapping) else ()
        case "user_enter_tempsession":
            return (Event(kind="opened", data=word(fields, "SessionFrom")[:1000]),)
        case "user_scan_product_enter_session":
            return (Event(kind="opened", data=word(fields, "KeyStr")[:1000]),)
        case name:
            if name not in SILENT:
                raise Malformed(f"wechat: an event that nobody here knows: {name[:64] or 'it has no name'}")
            return ()
