"""A message's content → parts (Bot API 10.0, "Message"): files, places, cards, and in words what has no better form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.telegram.worded import HINTED, WORDED
from hub.model import Contact, Location, Media, Part, Span, Text, Unsupported

SPANS = {
    "bold": "bold", "italic": "italic", "underline": "underline", "strikethrough": "strike", "code": "code", "pre": "pre",
    "blockquote": "quote", "expandable_blockquote": "quote", "spoiler": "spoiler", "text_link": "link", "url": "link",
    "mention": "mention", "text_mention": "mention",
}  # fmt: skip
"""Telegram's entity types → ours; the others stay plain text."""

UNSAID = {
    "photo": ("photo.jpg", "image/jpeg"), "voice": ("voice.ogg", "audio/ogg"), "animation": ("animation.mp4", "video/mp4"),
    "video_note": ("video_note.mp4", "video/mp4"), "live_photo": ("live_photo.mp4", "video/mp4"),
}  # fmt: skip
"""Names and types that Telegram leaves out because they hardly differ."""

MEDIA = {
    "live_photo": "video", "photo": "image", "voice": "voice", "audio": "audio", "animation": "video", "video_note": "video",
    "video": "video", "sticker": "sticker", "document": "file",
}  # fmt: skip
"""`animation` stands before `document` and `live_photo` before `photo`, which they also fill."""

MOST_HINTED = 2000
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


def parts_of(message: dict[str, Any]) -> Iterable[Part]:
    """A message's content. Text stands alone; a caption is text that follows its media. Before it stands who said it first, where
    it was forwarded, and what is quoted from elsewhere or only in part."""
    for around in filter(None, (_forwarded(message), _quoted(message))):
        yield Text(text=around, spans=(Span(kind="quote", start=0, end=len(around)),))
    if "text" in message:
        yield _text(message["text"], message.get("entities") or ())
        return
    worded = next((kind for kind in WORDED if kind in message), None)
    hinted = next((kind for kind in HINTED if kind in message), None)
    if worded is not None:
        yield Text(text=WORDED[worded](message[worded]) or f"[{worded}]")
    elif hinted is not None:
        yield Unsupported(kind=hinted, text=HINTED[hinted](message[hinted])[:MOST_HINTED])
    elif "paid_media" in message:
        yield from _paid(message["paid_media"])
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


def _quoted(message: dict[str, Any]) -> str:
    """The words that somebody chose to quote; of a message in another chat, who said it at least."""
    quote, elsewhere = message.get("quote"), message.get("external_reply")
    chosen = isinstance(quote, dict) and (quote.get("is_manual") or elsewhere)
    said = str(quote["text"])[:1024] if isinstance(quote, dict) and chosen else ""
    origin = elsewhere.get("origin") if isinstance(elsewhere, dict) else None
    author = _author(origin) if isinstance(origin, dict) else ""
    return ": ".join(piece for piece in (author, said) if piece)


def _forwarded(message: dict[str, Any]) -> str:
    """Whose words these are; of an album once, beside its caption. Gateways still write it as it was before Bot API 7.0."""
    if "media_group_id" in message and not message.get("caption"):
        return ""
    origin = message.get("forward_origin")
    before = {"sender_user": "forward_from", "chat": "forward_from_chat", "sender_user_name": "forward_sender_name"}
    found = origin if isinstance(origin, dict) else {name: message[old] for name, old in before.items() if message.get(old)}
    return f"↪ {_author(found)}".strip() if found else ""


def _author(origin: dict[str, Any]) -> str:
    """Who said what is quoted (Bot API, "MessageOrigin")."""
    person = origin.get("sender_user") or origin.get("sender_chat") or origin.get("chat") or {}
    name = " ".join(str(person[key]) for key in ("title", "first_name", "last_name") if person.get(key))
    return name or str(origin.get("sender_user_name") or "")


def _kind_of(message: dict[str, Any]) -> str:
    """The first field that is content of a kind this release does not know."""
    return next((key for key, value in message.items() if key not in AROUND and value), "empty")[:64]


def _location(found: dict[str, Any], title: str = "", address: str = "") -> Location:
    return Location(
        latitude=float(found["latitude"]),
        longitude=float(found["longitude"]),
        title=title,
        address=address,
        live="live_period" in found,
    )


def _paid(paid: dict[str, Any]) -> Iterable[Part]:
    """What somebody sells for stars: its files where they were bought, else the price."""
    yield Text(text=f"⭐ {int(paid['star_count'])}")
    for one in paid.get("paid_media") or ():
        kind = str(one.get("type"))
        if kind in MEDIA and one.get(kind):
            yield _media(kind, one[kind])
        else:
            yield Unsupported(kind="paid_media", text="🔒" if kind == "preview" else "")


def _sticker(found: dict[str, Any]) -> tuple[str, str]:
    """Name and type of a sticker's file: still, animated (gzipped Lottie) or video (Bot API, "Sticker")."""
    if found.get("is_animated"):
        return "sticker.tgs", "application/x-tgsticker"
    return ("sticker.webm", "video/webm") if found.get("is_video") else ("sticker.webp", "image/webp")


def _media(kind: str, content: Any) -> Media | Unsupported:
    found = content[-1] if kind == "photo" else content
    if kind == "sticker" and not found.get("file_id"):
        return Unsupported(kind=kind, text=str(found.get("emoji") or "")[:64])
    seconds = found.get("duration")
    name, mime = _sticker(found) if kind == "sticker" else UNSAID.get(kind, ("", ""))
    return Media(
        kind=MEDIA[kind],
        remote=str(found["file_id"]),
        name=str(found.get("file_name") or found.get("title") or name),
        mime=str(found.get("mime_type") or mime),
        alt=str(found.get("emoji") or "")[:64] if kind == "sticker" else "",
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
