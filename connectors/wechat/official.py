"""A WeChat Official Account as a customer channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, ClassVar

from connectors.wechat import sending
from connectors.wechat.api import Api
from connectors.wechat.crypto import Seal
from connectors.wechat.errors import NO_MENUS, REPEATED, STALE_MEDIA, TYPING, UNFIT_MEDIA, Refused, translated
from connectors.wechat.people import People
from connectors.wechat.reading import message_of, word
from connectors.wechat.settings import WeChatSettings
from hub import ports
from hub.errors import Malformed, Rejected, Undeliverable
from hub.model import Card, ChannelName, Choices, ExternalId, Media, Part, Text
from hub.ports import Capabilities, Hook, IdempotencyKey, Identity, Kit, Receipt, Window

SEND = "/cgi-bin/message/custom/send"
TAKEN = b"success"
"""What stops WeChat from repeating a callback, and shows the customer nothing."""
MINUTE = (60.0, 3)
"""Seconds and answers after a customer followed, scanned or pressed a button (客服消息, table of scenes)."""


class WeChat:
    """One account."""

    Settings: ClassVar[type[ports.Settings]] = WeChatSettings

    def __init__(self, name: ChannelName, settings: WeChatSettings, kit: Kit) -> None:
        self.name = name
        self.passive_s = settings.passive_s
        self.notice_after_s = settings.notice.after_minutes * 60 if settings.notice else None
        self._menus = True
        """Until WeChat says that the account may not send them (40200)."""
        self._settings = settings
        self._kit = kit
        self._seal = Seal(settings, kit.now)
        self._api = Api(settings)
        self._people = People(self._api)
        self.capabilities = Capabilities(
            parts=frozenset({"text", "media", "choices", "card"}),
            media=frozenset({*sending.FORMS, *sending.AS}),
            brings=frozenset({"text", "image", "voice", "video", "file", "location", "card", "choice", "event"}),
            text_limit=sending.TEXT_BYTES,
            text_unit="bytes",
            media_limit=10_000_000,
            options_limit=10,
            window=Window(
                settings.window_hours * 3600,
                settings.quota,
                {"followed": MINUTE, "scanned": MINUTE, "choice": MINUTE},
                hold_s=settings.hold_hours * 3600,
            ),
            coalesce=10,
            deadline=4.5,
            timeout=settings.timeout + 5,
        )

    async def receive(self, hook: Hook) -> Receipt:
        """A callback: GET asks once whether the address is ours, POST brings one message or event."""
        if hook.method == "GET":
            return Receipt(body=self._seal.greeted(hook).encode())
        item = message_of(self.name, self._seal.opened(hook), self._kit.now)
        if item is None:
            return Receipt(body=TAKEN)
        ask = None
        if self._settings.unionid:
            item = item.model_copy(update={"proved": self._people.proved(item.customer)})
            ask = partial(self._people.ask, item.customer) if self._people.unknown(item.customer) else None
        return Receipt((item,), body=TAKEN, after=ask)

    def passive(self, hook: Hook, parts: Sequence[Part]) -> bytes | None:
        """The free answer inside the callback: one short text."""
        try:
            fields = self._seal.opened(hook)
        except (Rejected, Malformed):
            return None
        xml = sending.passive(word(fields, "FromUserName"), word(fields, "ToUserName"), parts)
        return self._seal.closed(xml).encode() if xml else None

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        """One customer-service message. WeChat knows no key for it: what is not answered is `Uncertain`."""
        try:
            return await self._send(to, parts[0], key)
        except Refused as exc:
            raise translated(exc) from exc

    async def _send(self, to: Identity, part: Part, key: IdempotencyKey) -> ExternalId:
        match part:
            case Text():
                return await self._say(to, sending.text(part.text), key)
            case Media():
                return await self._send_file(to, part, key)
            case Choices():
                return await self._ask(to, part, key)
            case Card() if part.url.startswith(sending.PROGRAM):
                return await self._say(to, sending.program(part, await self._uploaded(part.image)), key)
            case Card() if part.options:
                return await self._ask(to, sending.asking(part, self._link(part.image)), key)
            case Card() if part.url:
                return await self._say(to, sending.article(part, self._link(part.image)), key)
            case Card():
                words = "\n".join(filter(None, [part.title, part.text, self._link(part.image)]))
                return await self._say(to, sending.text(words), key)
        raise Undeliverable(f"WeChat takes no {part.type}")

    async def _ask(self, to: Identity, part: Choices, key: IdempotencyKey) -> ExternalId:
        """A menu; numbered lines where it would lose an address, or the account may send none, which is remembered."""
        if self._menus and not any(option.url for option in part.options):
            try:
                return await self._say(to, sending.menu(part), key)
            except Refused as exc:
                if exc.code != NO_MENUS:
                    raise
                self._menus = False
        return await self._say(to, sending.numbered(part), key)

    def _link(self, image: Media | None) -> str:
        return self._kit.files.link(image.file) if image and image.file else ""

    async def _uploaded(self, image: Media | None) -> str:
        """A picture's id at WeChat; empty where there is none that it takes."""
        if image is None or image.file is None:
            return ""
        stored = await self._kit.files.read(image.file)
        ending = sending.ending("image", stored)
        return await self._api.upload("image", f"image.{ending}", stored.mime, stored.content) if ending else ""

    async def _send_file(self, to: Identity, part: Media, key: IdempotencyKey) -> ExternalId:
        """Upload, then send; once more when WeChat has lost the upload. What WeChat does not take leaves as a link."""
        if part.file is None:
            raise Undeliverable("the file is gone")
        stored, kind = await self._kit.files.read(part.file), sending.AS.get(part.kind, part.kind)
        ending = sending.ending(kind, stored)
        for again in (True, False) if ending else ():
            try:
                media_id = await self._api.upload(kind, f"{kind}.{ending}", stored.mime, stored.content)
                return await self._say(to, sending.media(kind, media_id), key)
            except Refused as exc:
                if exc.code in UNFIT_MEDIA:
                    break
                if exc.code != STALE_MEDIA or not again:
                    raise
        return await self._say(to, sending.text(f"📎 {stored.name}\n{self._kit.files.link(part.file)}"), key)

    async def _say(self, to: Identity, body: dict[str, Any], key: IdempotencyKey) -> ExternalId:
        whole = {"touser": str(to.address), **body}
        if self._settings.kf_account:
            whole["customservice"] = {"kf_account": self._settings.kf_account}
        answer = await self._api.post(SEND, whole)
        return ExternalId(str(answer.get("msgid") or key))

    async def typing(self, to: Identity) -> None:
        """Visible for fifteen seconds; WeChat refuses it when the customer was not here within thirty."""
        try:
            await self._api.post("/cgi-bin/message/custom/typing", {"touser": str(to.address), "command": "Typing"})
        except Refused as exc:
            if exc.code not in TYPING:
                raise translated(exc) from exc

    async def notice(self, to: Identity, link: str, key: IdempotencyKey) -> ExternalId:
        """A template message or subscription notice: it costs no answer, and says that one waits."""
        asked = self._settings.notice
        if asked is None:
            raise Undeliverable("no template is set up for it")
        path, body = sending.notice(asked, str(to.address), link, self._kit.now(), str(key))
        try:
            answer = await self._api.post(path, body)
        except Refused as exc:
            if exc.code == REPEATED:
                return ExternalId(str(key))
            raise translated(exc) from exc
        return ExternalId(str(answer.get("msgid") or key))

    def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """A file that a customer sent."""
        return self._api.download(remote)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()
