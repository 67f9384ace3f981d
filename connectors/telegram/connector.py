"""A Telegram bot as a customer channel."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import orjson
import structlog
from telegram import Bot
from telegram.request import HTTPXRequest

from connectors.telegram.business import WINDOW
from connectors.telegram.calls import ALBUMS, CAPTION_LIMIT, TEXT_LIMIT, Place, call, change, pieces_of, place_of, plain, sent_at
from connectors.telegram.errors import Moved, NotAsSuch, NotParsable, too_big, translated
from connectors.telegram.groups import Groups
from connectors.telegram.kinds import METHODS, SHAPES
from connectors.telegram.normalize import ALLOWED_UPDATES, Source, messages_of
from connectors.telegram.reading import checked, parse, pressed_in
from connectors.telegram.receipts import readable, receipt_of
from connectors.telegram.settings import OFFICIAL, TelegramSettings
from connectors.telegram.unread import as_sent
from hub import ports
from hub.errors import ConfigError, ConnectorError, Rejected, Temporary, Uncertain, Undeliverable
from hub.model import ChannelName, ExternalId, Media, Message, Part
from hub.ports import Capabilities, Hook, IdempotencyKey, Identity, Kit, Pace, Receipt, StoredFile
from hub.text import clean_tree

log = structlog.get_logger()
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105
DOWNLOAD_LIMIT = 20_000_000
"""Bytes that getFile hands out (Bot API, "getFile")."""
LONG_POLL_S = 20
LONGEST_PAUSE_S = 10.0
"""Between two polls when Telegram refuses them."""
EMPTY_PAUSE_S = 1.0
"""From one poll to the next where nothing came: a gateway may not wait as it was asked to."""


class Telegram:
    """One bot."""

    Settings: ClassVar[type[ports.Settings]] = TelegramSettings

    def __init__(self, name: ChannelName, settings: TelegramSettings, kit: Kit) -> None:
        self.name = name
        self.polling = settings.polling
        self._settings = settings
        self._kit = kit
        self._secret = settings.webhook_secret.get_secret_value().encode()
        groups = Groups(settings.group_messages == "all", settings.bot, settings.username) if settings.groups else None
        self._source = Source(name, kit.now, groups, settings.account)
        self._made: tuple[Bot, HTTPXRequest, httpx.AsyncClient] | None = None
        self.capabilities = Capabilities(
            parts=frozenset({"text", "media", "choices", "location", "contact"}),
            media=frozenset(METHODS),
            brings=frozenset({*METHODS, "text", "location", "contact", "choice", "event"}),
            text_limit=TEXT_LIMIT,
            text_unit="utf16",
            caption_limit=CAPTION_LIMIT,
            media_limit=50_000_000,
            shapes=SHAPES,
            options_limit=100,
            edit=True,
            delete=True,
            quotes=True,
            window=WINDOW,
            pace=Pace(settings.per_chat_rate, burst=5),
            album=10,
            albums=ALBUMS,
            total=Pace(settings.rate, burst=max(1, int(settings.rate / 10))),
            deadline=10.0,
            timeout=settings.timeout,
        )

    def pieces(self, sent: ExternalId) -> Sequence[ExternalId]:
        """Each picture of an album is a message of its own."""
        return pieces_of(sent)

    def pace_of(self, address: ExternalId) -> tuple[str, Pace] | None:
        """A group and all its topics together take twenty messages in any minute (core.telegram.org/bots/faq#broadcasting)."""
        chat, _, _ = str(address).partition("@")[0].partition("/")
        return (f"group {chat}", self._settings.group_pace()) if chat.startswith("-") else None

    def _connections(self) -> tuple[Bot, HTTPXRequest, httpx.AsyncClient]:
        """Made at the first call: only processes that send need connection pools and their TLS contexts."""
        if self._made is None:
            t = self._settings.timeout
            request = HTTPXRequest(
                connection_pool_size=64,
                read_timeout=t,
                write_timeout=t,
                media_write_timeout=t,
                connect_timeout=min(t, 3.0),
                pool_timeout=min(t, 1.5),
            )
            api, token = self._settings.api_url, self._settings.token.get_secret_value()
            bot = Bot(
                token,
                base_url=f"{api}/bot",
                base_file_url=f"{api}/file/bot",
                request=request,
                get_updates_request=request,
            )
            self._made = bot, request, httpx.AsyncClient(timeout=httpx.Timeout(30, connect=5), follow_redirects=False)
        return self._made

    @property
    def _bot(self) -> Bot:
        return self._connections()[0]

    async def receive(self, hook: Hook) -> Receipt:
        """An update, authenticated by the secret header: nothing else authenticates a webhook (Bot API, "setWebhook")."""
        given = hook.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, self._secret):
            raise Rejected("telegram: wrong secret token")
        update = parse(hook.body)
        receipt = receipt_of(self._source, update)
        pressed = pressed_in(update) if receipt.items else None
        if pressed is None:
            return receipt
        # The one method that may travel in the answer: its own answer tells nothing, and the button must stop turning.
        answer = {"method": "answerCallbackQuery", "callback_query_id": pressed}
        return Receipt(receipt.items, body=orjson.dumps(answer), content_type="application/json")

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        """One Bot API call. Telegram has no idempotency key: an answer that never came is `Uncertain`. Only what was plainly
        refused goes a second time, without its formatting or as a document."""
        place = place_of(str(to.address), to.quoted)
        stored = [await self._read(part) for part in parts if isinstance(part, Media)]
        place, sent = await self._sent(place, parts, stored)
        # Two chats with the same customer, one through a Business account, count their messages apart.
        return ExternalId(f"{place.address}.{','.join(str(number) for number in sent)}")

    async def _sent(self, place: Place, parts: Sequence[Part], stored: Sequence[StoredFile]) -> tuple[Place, list[int]]:
        """Make the call; once more for each thing about it that Telegram refuses and that can be mended."""
        mended: set[type[Exception]] = set()
        while True:
            try:
                with translated(mended, group=place.chat < 0):
                    return place, await call(self._bot, place, parts, stored, document=NotAsSuch in mended)
            except NotParsable:
                parts = [plain(part) for part in parts]
                mended.add(NotParsable)
            except NotAsSuch:
                mended.add(NotAsSuch)
            except Moved as exc:
                log.warning("telegram.group_moved", channel=self.name, chat=place.chat, to=exc.chat)
                place = replace(place, chat=exc.chat, quoted=None, topic=None)
                mended.add(Moved)

    async def _read(self, media: Media) -> StoredFile:
        if media.file is None:
            raise Undeliverable("the file is gone")
        return await self._kit.files.read(media.file)

    async def edit(self, to: Identity, sent: ExternalId, parts: Sequence[Part]) -> None:
        """Change what was sent; "message is not modified" means that it is so already."""
        place, numbers = sent_at(sent)
        try:
            with translated({NotAsSuch, Moved}):
                await change(self._bot, place, numbers[0], parts)
        except NotParsable:
            with translated():
                await change(self._bot, place, numbers[0], [plain(part) for part in parts])
        except Undeliverable as exc:
            if exc.code != "not_modified":
                raise

    async def delete(self, to: Identity, sent: ExternalId) -> None:
        """Take back what was sent (up to 48 hours, Bot API "deleteMessage"); gone already is as good."""
        place, numbers = sent_at(sent)
        try:
            with translated():
                if place.connection:
                    await self._bot.delete_business_messages(place.connection, numbers)
                elif len(numbers) > 1:
                    await self._bot.delete_messages(place.chat, numbers)
                else:
                    await self._bot.delete_message(place.chat, numbers[0])
        except Undeliverable as exc:
            if exc.code != "gone":
                raise

    async def typing(self, to: Identity) -> None:
        """Visible for five seconds."""
        with translated():
            place = place_of(str(to.address))
            await self._bot.send_chat_action(place.chat, "typing", **place.here())

    async def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """A file's content. Its address holds the token: it is never stored, logged or shown."""
        try:
            with translated():
                found = await self._bot.get_file(remote)
        except Undeliverable as exc:
            if exc.code == "too_big":
                raise too_big() from exc
            raise
        if (found.file_size or 0) > DOWNLOAD_LIMIT:
            raise too_big()
        http = self._connections()[2]
        size = 0
        try:
            async with http.stream("GET", found.file_path or "") as answer:
                if answer.status_code != 200:
                    raise Temporary(f"Telegram answered {answer.status_code} for a file")
                async for piece in answer.aiter_bytes():
                    size += len(piece)
                    if size > DOWNLOAD_LIMIT:
                        raise too_big()
                    yield piece
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise Temporary(f"the file could not be fetched: {type(exc).__name__}") from None

    async def announce(self, url: str) -> None:
        """Tell Telegram where updates go; it calls only https addresses."""
        if not url.startswith("https://") and self._settings.api_url == OFFICIAL:
            raise ConfigError(f"{self.name}: Telegram calls only https addresses; set public_url to one, or polling: true")
        with translated():
            await self._bot.set_webhook(
                url,
                secret_token=self._settings.webhook_secret.get_secret_value(),
                allowed_updates=list(ALLOWED_UPDATES),
                max_connections=40,
            )

    async def poll(self, keep: Callable[[Receipt], Awaitable[None]]) -> None:
        """Fetch updates; the next offset, which tells Telegram to forget, is sent only after they are committed."""
        with translated():
            await self._bot.delete_webhook()
        offset: int | None = None
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                with translated():
                    updates = await self._updates(offset)
            except (Temporary, Uncertain) as exc:
                log.warning("telegram.poll_failed", channel=self.name, error=str(exc))
                wait = exc.retry_after if isinstance(exc, Temporary) else None
                await asyncio.sleep(min(wait or 1.0, LONGEST_PAUSE_S))
                continue
            if not updates:
                await asyncio.sleep(began + EMPTY_PAUSE_S - clock())
                continue
            read = [readable(self._source, update) for update in updates]
            await keep(Receipt([m for one in read for m in one.items], unread=[u for one in read for u in one.unread]))
            for one in read:
                if one.trouble or one.mended:
                    await keep(Receipt(trouble=one.trouble, mended=one.mended))
            offset = max(int(update["update_id"]) for update in updates) + 1
            for update in updates:
                await self._answer(update)

    async def _updates(self, offset: int | None) -> list[dict[str, Any]]:
        """The raw updates: the SDK would refuse a batch for one update that it cannot read."""
        bot, request, _ = self._connections()
        asked = {"timeout": str(LONG_POLL_S), "limit": "100", "allowed_updates": orjson.dumps(ALLOWED_UPDATES).decode()}
        query = httpx.QueryParams(asked if offset is None else {**asked, "offset": str(offset)})
        found = await request.post(f"{bot.base_url}/getUpdates?{query}", read_timeout=LONG_POLL_S + 10)
        return [update for update in found if "update_id" in update] if isinstance(found, list) else []

    def reread(self, raw: Mapping[str, Any]) -> list[Message]:
        """What was kept unread, as this release understands it."""
        return messages_of(self._source, clean_tree(checked(as_sent(raw))))

    async def _answer(self, update: dict[str, Any]) -> None:
        pressed = pressed_in(update)
        if pressed is not None:
            try:
                with translated():
                    await self._bot.answer_callback_query(pressed)
            except ConnectorError as exc:
                log.info("telegram.press_not_answered", channel=self.name, error=str(exc))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._made is not None:
            _, request, http = self._made
            await request.shutdown()
            await http.aclose()
