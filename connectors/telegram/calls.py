"""Hub parts → one Bot API call (Bot API 10.0, "Available methods")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
    MessageEntity,
    ReplyParameters,
)

from connectors.telegram.kinds import method_of
from hub.errors import Undeliverable
from hub.model import Choices, Contact, ExternalId, Location, Media, Option, Part, Span, Text
from hub.ports import StoredFile
from hub.splitting import measure
from hub.text import clean
from hub.wording import say

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
"""UTF-16 code units."""
DATA_LIMIT = 64
"""Bytes of `callback_data`."""
ENTITIES = {
    "bold": "bold", "italic": "italic", "underline": "underline", "strike": "strikethrough", "code": "code", "pre": "pre",
    "quote": "blockquote", "spoiler": "spoiler", "link": "text_link",
}  # fmt: skip
"""Our spans → Telegram's entities; it finds mentions by itself."""

INPUTS: dict[str, Any] = {
    "photo": InputMediaPhoto, "video": InputMediaVideo, "audio": InputMediaAudio, "document": InputMediaDocument,
}  # fmt: skip
ALBUMS = (frozenset({"image", "video"}), frozenset({"audio"}), frozenset({"file"}))
"""What sendMediaGroup takes together (Bot API, "sendMediaGroup"); voice notes travel alone."""
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: a chat or a topic of it, perhaps through somebody's Business account, perhaps as the answer to a message
    there."""

    chat: int
    connection: str | None = None
    quoted: int | None = None
    topic: int | None = None

    @property
    def address(self) -> str:
        """As normalization makes it."""
        place = f"{self.chat}" if self.topic is None else f"{self.chat}/{self.topic}"
        return f"{place}@{self.connection}" if self.connection else place

    def here(self) -> dict[str, Any]:
        """Where in the chat."""
        found: dict[str, Any] = {"business_connection_id": self.connection} if self.connection else {}
        return found if self.topic is None else {**found, "message_thread_id": self.topic}

    def more(self) -> dict[str, Any]:
        """What every sending method takes of it beside the chat."""
        found = self.here()
        if self.quoted is not None:
            # Without this a message that was deleted meanwhile would make the answer fail (Bot API, "ReplyParameters").
            found["reply_parameters"] = ReplyParameters(self.quoted, allow_sending_without_reply=True)
        return found


def place_of(address: str, quoted: str | None = None) -> Place:
    """An address of ours, as normalization made it, read again."""
    there, _, connection = address.partition("@")
    chat, _, topic = there.partition("/")
    own = (quoted or "").rpartition(".")[2]
    # A pressed button or an event has no number that could be quoted: the answer goes without.
    answers = int(own) if own.isascii() and own.isdigit() else None
    return Place(number(chat), connection or None, answers, number(topic) if topic else None)


def sent_at(sent: str) -> tuple[Place, list[int]]:
    """Where something is that was sent, and its number there; the numbers of an album's messages."""
    address, _, own = sent.rpartition(".")
    return place_of(address), [number(one) for one in own.split(",")]


def pieces_of(sent: str) -> list[ExternalId]:
    """The ids of an album's messages; none of what is one message."""
    address, _, own = sent.rpartition(".")
    numbers = own.split(",")
    return [ExternalId(f"{address}.{one}") for one in numbers] if len(numbers) > 1 else []


def number(text: str) -> int:
    """An id of Telegram's."""
    try:
        return int(text)
    except ValueError:
        raise Undeliverable(f"{text[:50]} is no Telegram chat") from None


async def call(bot: Bot, to: Place, parts: Sequence[Part], stored: Sequence[StoredFile], *, document: bool = False) -> list[int]:
    """Send what `fit` grouped for one call; returns the numbers of the messages that it became. `stored` are the files of its
    media; `document` sends them as nothing else."""
    if len(stored) > 1:
        sent = await _album(bot, to, parts, stored, document)
        return [message.message_id for message in sent]
    return [(await _one(bot, to, parts, stored, document)).message_id]


async def _one(bot: Bot, to: Place, parts: Sequence[Part], stored: Sequence[StoredFile], document: bool) -> Any:
    chat, more = to.chat, to.more()
    match parts[0]:
        case Text() as text:
            return await _text(bot, to, text)
        case Media() as media if stored:
            caption = parts[1] if len(parts) > 1 and isinstance(parts[1], Text) else None
            return await _media(bot, to, "document" if document else method_of(media, stored[0]), stored[0], caption)
        case Choices() as choices:
            rows = InlineKeyboardMarkup([[button(option)] for option in choices.options])
            words = clean(choices.text)
            return await bot.send_message(chat, words, reply_markup=rows, link_preview_options=NO_PREVIEW, **more)
        case Location(title=title, address=address) as place if title and address:
            return await bot.send_venue(chat, place.latitude, place.longitude, title, address, **more)
        case Location() as place:
            return await bot.send_location(chat, place.latitude, place.longitude, **more)
        case Contact(phone=phone, name=name) if phone and name:
            return await bot.send_contact(chat, phone, clean(name), **more)
        case Contact() as contact:
            return await _text(bot, to, Text(text=say(contact)))
    raise Undeliverable(f"Telegram cannot carry {parts[0].type}")


async def _album(bot: Bot, to: Place, parts: Sequence[Part], stored: Sequence[StoredFile], document: bool) -> Sequence[Any]:
    """Several files as one (sendMediaGroup): photos and videos, or files of one other sort; all as documents where they do not
    go together otherwise. Their text stands under the first."""
    methods = [method_of(part, file) for part, file in zip((p for p in parts if isinstance(p, Media)), stored, strict=True)]
    together = any(set(methods) <= sort for sort in ({"photo", "video"}, {"audio"}, {"document"}))
    if document or not together:
        methods = ["document"] * len(stored)
    caption = parts[-1] if isinstance(parts[-1], Text) else Text(text="")
    media = [
        INPUTS[method](
            file.content,
            filename=clean(file.name) or method,
            caption=clean(caption.text) or None if n == 0 else None,
            caption_entities=entities(caption) if n == 0 else None,
        )
        for n, (method, file) in enumerate(zip(methods, stored, strict=True))
    ]
    return await bot.send_media_group(to.chat, media, **to.more())


async def _text(bot: Bot, to: Place, text: Text) -> Any:
    words, made = clean(text.text), entities(text)
    return await bot.send_message(to.chat, words, entities=made, link_preview_options=NO_PREVIEW, **to.more())


async def _media(bot: Bot, to: Place, method: str, stored: StoredFile, caption: Text | None) -> Any:
    more: dict[str, Any] = {method: stored.content, "filename": clean(stored.name) or method, **to.more()}
    if caption is not None:
        more |= {"caption": clean(caption.text), "caption_entities": entities(caption)}
    return await getattr(bot, f"send_{method}")(to.chat, **more)


async def change(bot: Bot, place: Place, own: int, parts: Sequence[Part]) -> None:
    """Change a text, or a media's caption. What is too long is refused by us: half an answer would be worse than none."""
    text = next((part for part in parts if isinstance(part, Text)), Text(text=""))
    captioned = isinstance(parts[0], Media) if parts else False
    limit = CAPTION_LIMIT if captioned else TEXT_LIMIT
    if measure(text.text, "utf16") > limit:
        raise Undeliverable(f"the new text is too long: Telegram takes {limit} characters here")
    if captioned:
        await bot.edit_message_caption(
            place.chat, own, caption=clean(text.text), caption_entities=entities(text), business_connection_id=place.connection
        )
    elif text.text.strip():
        await bot.edit_message_text(
            clean(text.text),
            place.chat,
            own,
            entities=entities(text),
            link_preview_options=NO_PREVIEW,
            business_connection_id=place.connection,
        )
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
