"""Hub parts → one Bot API call (Bot API 10.0, "Available methods")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageEntity

from hub.errors import Undeliverable
from hub.model import Choices, Contact, Location, Media, Option, Part, Span, Text
from hub.ports import StoredFile
from hub.splitting import measure
from hub.text import clean
from hub.wording import say

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
"""UTF-16 code units."""
PHOTO_LIMIT = 10_000_000
DATA_LIMIT = 64
"""Bytes of `callback_data`."""
ENTITIES = {
    "bold": "bold", "italic": "italic", "underline": "underline", "strike": "strikethrough", "code": "code", "pre": "pre",
    "quote": "blockquote", "spoiler": "spoiler", "link": "text_link",
}  # fmt: skip
"""Our spans → Telegram's entities; it finds mentions by itself."""

METHODS = {"image": "photo", "voice": "voice", "audio": "audio", "video": "video", "file": "document", "sticker": "document"}
TAKEN = {
    "photo": {"image/jpeg", "image/png", "image/webp"},
    "voice": {"audio/ogg", "audio/opus", "application/ogg"},
    "audio": {"audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a"},
    "video": {"video/mp4"},
}
"""What each method shows as what it is; anything else travels as a document."""

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


async def call(bot: Bot, chat: int, parts: Sequence[Part], stored: StoredFile | None, *, document: bool = False) -> Any:
    """Send what `fit` grouped for one call. `stored` is the file of a media; `document` sends it as nothing else."""
    match parts[0]:
        case Text() as text:
            return await _text(bot, chat, text)
        case Media() as media if stored is not None:
            caption = parts[1] if len(parts) > 1 and isinstance(parts[1], Text) else None
            return await _media(bot, chat, "document" if document else method_of(media, stored), stored, caption)
        case Choices() as choices:
            rows = InlineKeyboardMarkup([[button(option)] for option in choices.options])
            return await bot.send_message(chat, clean(choices.text), reply_markup=rows, link_preview_options=NO_PREVIEW)
        case Location(title=title, address=address) as place if title and address:
            return await bot.send_venue(chat, place.latitude, place.longitude, title, address)
        case Location() as place:
            return await bot.send_location(chat, place.latitude, place.longitude)
        case Contact(phone=phone, name=name) if phone and name:
            return await bot.send_contact(chat, phone, clean(name))
        case Contact() as contact:
            return await _text(bot, chat, Text(text=say(contact)))
    raise Undeliverable(f"Telegram cannot carry {parts[0].type}")


async def _text(bot: Bot, chat: int, text: Text) -> Any:
    return await bot.send_message(chat, clean(text.text), entities=entities(text), link_preview_options=NO_PREVIEW)


async def _media(bot: Bot, chat: int, method: str, stored: StoredFile, caption: Text | None) -> Any:
    more: dict[str, Any] = {method: stored.content, "filename": clean(stored.name) or method}
    if caption is not None:
        more |= {"caption": clean(caption.text), "caption_entities": entities(caption)}
    return await getattr(bot, f"send_{method}")(chat, **more)


def method_of(media: Media, stored: StoredFile) -> str:
    """As what a file travels."""
    method = METHODS[media.kind]
    kind = stored.mime.split(";")[0].strip().lower()
    if method == "voice" and kind in TAKEN["audio"]:
        return "audio"
    if kind not in TAKEN.get(method, {kind}) or (method == "photo" and stored.size > PHOTO_LIMIT):
        return "document"
    return method


async def change(bot: Bot, chat: int, number: int, parts: Sequence[Part]) -> None:
    """Change a text, or a media's caption. What is too long is refused by us: half an answer would be worse than none."""
    text = next((part for part in parts if isinstance(part, Text)), Text(text=""))
    captioned = isinstance(parts[0], Media) if parts else False
    limit = CAPTION_LIMIT if captioned else TEXT_LIMIT
    if measure(text.text, "utf16") > limit:
        raise Undeliverable(f"the new text is too long: Telegram takes {limit} characters here")
    if captioned:
        await bot.edit_message_caption(chat, number, caption=clean(text.text), caption_entities=entities(text))
    elif text.text.strip():
        await bot.edit_message_text(clean(text.text), chat, number, entities=entities(text), link_preview_options=NO_PREVIEW)
    else:
        raise Undeliverable("only text can be changed in Telegram")


def entities(text: Text) -> list[MessageEntity] | None:
    """Spans → entities, which count UTF-16 code units (core.telegram.org/api/entities)."""
    made = [_entity(text.text, span) for span in text.spans if span.kind in ENTITIES]
    return [entity for entity in made if entity is not None] or None


def _entity(text: str, span: Span) -> MessageEntity | None:
    start, end = (measure(text[:n], "utf16") for n in (span.start, span.end))
    kind = ENTITIES[span.kind]
    if end <= start or (kind == "text_link" and not span.url):
        return None
    return MessageEntity(kind, start, end - start, url=span.url if kind == "text_link" else None)


def plain(part: Part) -> Part:
    """The same without formatting."""
    return part.model_copy(update={"spans": ()}) if isinstance(part, Text) else part


def button(option: Option) -> InlineKeyboardButton:
    """A button under a message."""
    if option.url:
        return InlineKeyboardButton(clean(option.text), url=option.url)
    if len(option.id.encode()) > DATA_LIMIT:
        raise Undeliverable(f"the button “{option.text}” has an id of more than {DATA_LIMIT} bytes")
    return InlineKeyboardButton(clean(option.text), callback_data=option.id)
