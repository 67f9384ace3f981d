"""An update's JSON → hub messages, without the SDK: this runs for every hook (Bot API 10.0, "Update" and "Message")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from hub.errors import Malformed
from hub.model import (
    ChannelName,
    Choice,
    Contact,
    Event,
    ExternalId,
    Location,
    Media,
    Message,
    Part,
    Profile,
    Span,
    Text,
    Unsupported,
)

SPANS = {
    "bold": "bold", "italic": "italic", "underline": "underline", "strikethrough": "strike", "code": "code", "pre": "pre",
    "blockquote": "quote", "expandable_blockquote": "quote", "spoiler": "spoiler", "text_link": "link", "url": "link",
    "mention": "mention", "text_mention": "mention",
}  # fmt: skip
"""Telegram's entity types → ours; the others stay plain text."""

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update that we ask for."""

UNSAID = {"photo": ("photo.jpg", "image/jpeg"), "voice": ("voice.ogg", "audio/ogg")}
"""Names and types that Telegram leaves out because they never differ."""

MEDIA = {"photo": "image", "voice": "voice", "audio": "audio", "video": "video", "document": "file"}

UNSUPPORTED = (
    "animation", "sticker", "video_note", "story", "paid_media", "live_photo", "poll", "dice", "game", "checklist", "invoice",
    "gift", "unique_gift", "giveaway", "giveaway_winners", "successful_payment", "passport_data", "web_app_data",
)  # fmt: skip
"""Kinds that agents must see and that we do not show yet; `animation` stands before `document`, which it also fills."""

SERVICE = frozenset((
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created",
    "supergroup_chat_created", "channel_chat_created", "message_auto_delete_timer_changed", "migrate_to_chat_id",
    "migrate_from_chat_id", "pinned_message", "users_shared", "chat_shared", "connected_website", "write_access_allowed",
    "proximity_alert_triggered", "boost_added", "chat_background_set", "forum_topic_created", "forum_topic_edited",
    "forum_topic_closed", "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden",
    "video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited",
    "giveaway_created", "giveaway_completed", "refunded_payment", "chat_owner_changed", "chat_owner_left",
    "checklist_tasks_added", "checklist_tasks_done", "direct_message_price_changed", "paid_message_price_changed",
    "gift_upgrade_sent", "managed_bot_created", "poll_option_added", "poll_option_deleted", "suggested_post_approved",
    "suggested_post_approval_failed", "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
))  # fmt: skip
"""Facts about a chat, which are nobody's message."""

AROUND = frozenset((
    "message_id", "from", "chat", "date", "edit_date", "reply_to_message", "caption", "caption_entities", "entities", "via_bot",
    "sender_chat", "media_group_id", "reply_markup", "has_protected_content", "author_signature", "quote", "external_reply",
    "link_preview_options", "effect_id", "show_caption_above_media", "is_topic_message", "message_thread_id",
    "has_media_spoiler", "business_connection_id", "sender_business_bot", "is_from_offline", "is_automatic_forward",
    "is_paid_post", "paid_star_count", "reply_to_story", "reply_to_checklist_task_id", "reply_to_poll_option_id",
    "sender_boost_count", "sender_tag", "suggested_post_info", "direct_messages_topic", "forward_origin", "forward_from",
    "forward_from_chat", "forward_from_message_id", "forward_sender_name", "forward_signature", "forward_date",
    "guest_bot_caller_chat", "guest_bot_caller_user", "guest_query_id",
))  # fmt: skip
"""Fields of a message that are not its content."""

Now = Callable[[], datetime]


def messages_of(channel: ChannelName, update: dict[str, Any], now: Now) -> list[Message]:
    """What an update says; empty for what is none of our business (groups, service messages, kinds we did not ask for)."""
    number = update.get("update_id")
    if isinstance(number, bool) or not isinstance(number, int):
        raise Malformed("telegram: an update without update_id")
    try:
        match update:
            case {"message": dict() as message}:
                return _message(channel, message, update)
            case {"edited_message": dict() as message}:
                return _message(channel, message, update, edited=True)
            case {"callback_query": dict() as query}:
                return _pressed(channel, query, update, now)
            case {"my_chat_member": dict() as change}:
                return _membership(channel, change, update)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as exc:
        raise Malformed(f"telegram: not an update as documented: {type(exc).__name__}") from exc
    if any(kind in update for kind in ALLOWED_UPDATES):
        raise Malformed("telegram: not an update as documented")
    return []


def _message(channel: ChannelName, message: dict[str, Any], update: dict[str, Any], edited: bool = False) -> list[Message]:
    chat = message["chat"]
    sender = message.get("from") or chat
    if chat["type"] != "private" or sender.get("is_bot"):
        return []
    if "text" not in message and not SERVICE.isdisjoint(message):
        return []
    customer = _id(chat["id"])
    own = f"{customer}.{_id(message['message_id'])}"
    at = (message.get("edit_date") if edited else None) or message["date"]
    reply = message.get("reply_to_message")
    return [
        Message(
            channel=channel,
            # Two edits within a second have the same edit_date; a redelivered update has the same update_id.
            id=ExternalId(f"{own}.e{int(at)}.{update['update_id']}" if edited else own),
            customer=ExternalId(customer),
            at=datetime.fromtimestamp(int(at), UTC),
            parts=tuple(parts_of(message)),
            reply_to=ExternalId(f"{customer}.{_id(reply['message_id'])}") if reply else None,
            edit_of=ExternalId(own) if edited else None,
            locale=str(sender.get("language_code") or ""),
            profile=profile_of(sender),
            raw=update,
        )
    ]


def _id(value: Any) -> str:
    """A number of Telegram's, which has at most 52 significant bits; some gateways write it as a string."""
    number = int(value)
    if isinstance(value, (bool, float)) or abs(number) >= 1 << 63:
        raise ValueError("not an id")
    return str(number)


def profile_of(person: dict[str, Any]) -> Profile:
    """A person's name; usernames come and go, so that nothing is keyed by them."""
    name = " ".join(str(person[key]) for key in ("first_name", "last_name") if person.get(key))
    return Profile(name=name or str(person.get("username") or ""), username=str(person.get("username") or ""))


def parts_of(message: dict[str, Any]) -> Iterable[Part]:
    """A message's content. Text stands alone; a caption is text that follows its media."""
    if "text" in message:
        yield _text(message["text"], message.get("entities") or ())
        return
    unknown = next((kind for kind in UNSUPPORTED if kind in message), None)
    if unknown is not None:
        yield Unsupported(kind=unknown, text=_hint(message[unknown]))
    elif "venue" in message:
        venue = message["venue"]
        yield _location(venue["location"], str(venue.get("title") or ""), str(venue.get("address") or ""))
    elif "location" in message:
        yield _location(message["location"])
    elif "contact" in message:
        card = message["contact"]
        name = " ".join(str(card[key]) for key in ("first_name", "last_name") if card.get(key))
        yield Contact(name=name, phone=str(card.get("phone_number") or ""))
    else:
        kind = next((kind for kind in MEDIA if kind in message), None)
        yield _media(kind, message[kind]) if kind is not None else Unsupported(kind=_kind_of(message))
    if message.get("caption"):
        yield _text(message["caption"], message.get("caption_entities") or ())


def _kind_of(message: dict[str, Any]) -> str:
    """The first field that is content of a kind this release does not know."""
    return next((key for key, value in message.items() if key not in AROUND and value), "empty")[:64]


def _hint(content: Any) -> str:
    """What can be said in words of a kind that is not shown: a sticker's emoji, a poll's question, a die's value."""
    if not isinstance(content, dict):
        return ""
    words = content.get("emoji") or content.get("question") or content.get("title") or content.get("data") or ""
    return f"{words} {content.get('value', '')}".strip()[:300]


def _location(found: dict[str, Any], title: str = "", address: str = "") -> Location:
    return Location(
        latitude=float(found["latitude"]),
        longitude=float(found["longitude"]),
        title=title,
        address=address,
        live="live_period" in found,
    )


def _media(kind: str, content: Any) -> Media:
    found = content[-1] if kind == "photo" else content
    seconds = found.get("duration")
    return Media(
        kind=MEDIA[kind],
        remote=str(found["file_id"]),
        name=str(found.get("file_name") or found.get("title") or UNSAID.get(kind, ("", ""))[0]),
        mime=str(found.get("mime_type") or UNSAID.get(kind, ("", ""))[1]),
        size=int(found["file_size"]) if found.get("file_size") is not None else None,
        width=found.get("width"),
        height=found.get("height"),
        seconds=float(seconds) if seconds is not None else None,
    )


def _text(text: str, entities: Iterable[Any]) -> Text:
    spans = tuple(_spans(text, entities)) if entities else ()
    return Text(text=text, spans=spans)


def _spans(text: str, entities: Iterable[Any]) -> Iterable[Span]:
    """Entities count UTF-16 code units (core.telegram.org/api/entities); spans count code points."""
    at = [0]
    for character in text:
        at.append(at[-1] + (2 if ord(character) > 0xFFFF else 1))
    point = {unit: n for n, unit in enumerate(at)}
    for entity in entities:
        kind = SPANS.get(str(entity.get("type")))
        start, end = point.get(entity["offset"]), point.get(entity["offset"] + entity["length"])
        if kind is None or start is None or end is None or start >= end:
            continue
        yield Span(kind=kind, start=start, end=end, url=_address(entity, text[start:end]) if kind == "link" else "")


def _address(entity: dict[str, Any], shown: str) -> str:
    """Where a link leads; of a bare `www.example.com` Telegram leaves the scheme to its readers."""
    address = str(entity.get("url") or shown)
    return address if ":" in address.split("/")[0] else f"https://{address}"


def _pressed(channel: ChannelName, query: dict[str, Any], update: dict[str, Any], now: Now) -> list[Message]:
    """A button of ours that a customer pressed, which has no date; the message may be too old for Telegram to show it."""
    message = query.get("message") or {}
    chat = message.get("chat") or {}
    if chat.get("type", "private") != "private" or query["from"].get("is_bot"):
        return []
    customer = _id(query["from"]["id"])
    data = str(query.get("data") or "")
    of = f"{_id(chat['id'])}.{_id(message['message_id'])}" if chat and message.get("message_id") else None
    return [
        Message(
            channel=channel,
            id=ExternalId(f"q{str(query['id'])[:64]}"),
            customer=ExternalId(customer),
            at=now(),
            parts=(Choice(id=data, text=_label(message, data), of=ExternalId(of) if of else None),),
            locale=str(query["from"].get("language_code") or ""),
            profile=profile_of(query["from"]),
            raw=update,
        )
    ]


def _label(message: dict[str, Any], data: str) -> str:
    """What stands on the button."""
    for row in (message.get("reply_markup") or {}).get("inline_keyboard") or ():
        for button in row:
            if button.get("callback_data") == data:
                return str(button.get("text") or "")
    return ""


def _membership(channel: ChannelName, change: dict[str, Any], update: dict[str, Any]) -> list[Message]:
    if change["chat"]["type"] != "private":
        return []
    kind = "blocked" if change["new_chat_member"]["status"] == "kicked" else "unblocked"
    return [
        Message(
            channel=channel,
            id=ExternalId(f"u{update['update_id']}"),
            customer=ExternalId(_id(change["chat"]["id"])),
            at=datetime.fromtimestamp(int(change["date"]), UTC),
            parts=(Event(kind=kind),),
            profile=profile_of(change["from"]),
            raw=update,
        )
    ]
