"""A WeChat Official Account as a customer channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

from connectors.wechat import sending
from connectors.wechat.api import Api
from connectors.wechat.crypto import Seal
from connectors.wechat.errors import NO_MENUS, STALE_MEDIA, Refused, translated
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
        self._settings = settings
        self._kit = kit
        self._seal = Seal(settings, kit.now)
        self._api = Api(settings)
        self.capabilities = Capabilities(
            parts=frozenset({"text", "media", "choices", "card"}),
            media=frozenset(sending.FORMS),
            text_limit=sending.TEXT_BYTES,
            text_unit="bytes",
            media_limit=10_000_000,
            options_limit=10,
            window=Window(
                settings.window_hours * 3600, settings.quota, {"followed": MINUTE, "scanned": MINUTE, "choice": MINUTE}
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
        return Receipt((item,) if item else (), body=TAKEN)

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
        part = parts[0]
        try:
            if isinstance(part, Media):
                return await self._send_file(to, part, key)
            return await self._say(to, self._body(part), key)
        except Refused as exc:
            if exc.code != NO_MENUS or not isinstance(part, Choices):
                raise translated(exc) from exc
        try:
            return await self._say(to, sending.numbered(part), key)
        except Refused as exc:
            raise translated(exc) from exc

    def _body(self, part: Part) -> dict[str, Any]:
        match part:
            case Text():
                return sending.text(part.text)
            case Choices() if any(option.url for option in part.options):
                return sending.numbered(part)
            case Choices():
                return sending.menu(part)
            case Card() if part.url:
                picture = self._kit.files.link(part.image.file) if part.image and part.image.file else ""
                return sending.article(part, picture)
            case Card():
                return sending.text("\n".join(filter(None, [part.title, part.text])))
        raise Undeliverable(f"WeChat takes no {part.type}")

    async def _send_file(self, to: Identity, part: Media, key: IdempotencyKey) -> ExternalId:
        """Upload, then send; once more when WeChat has lost the upload. What WeChat does not take leaves as a link."""
        if part.file is None:
            raise Undeliverable("the file is gone")
        stored = await self._kit.files.read(part.file)
        ending = sending.ending(part, stored)
        if not ending:
            return await self._say(to, sending.text(f"📎 {stored.name}\n{self._kit.files.link(part.file)}"), key)
        for again in (True, False):
            media_id = await self._api.upload(part.kind, f"{part.kind}.{ending}", stored.mime, stored.content)
            try:
                return await self._say(to, sending.media(part, media_id), key)
            except Refused as exc:
                if exc.code != STALE_MEDIA or not again:
                    raise
        raise AssertionError("unreachable")

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
            raise translated(exc) from exc

    def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """A file that a customer sent."""
        return self._api.download(remote)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()
