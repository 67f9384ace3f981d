"""What an Official Account and a Mini Program have in common: the callbacks' door, and customer-service messages (客服消息)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import structlog

from connectors.wechat import sending
from connectors.wechat.api import Api
from connectors.wechat.crypto import Seal
from connectors.wechat.errors import REPEATED, STALE_MEDIA, TOO_LONG, TYPING, UNFIT_MEDIA, Refused, translated
from connectors.wechat.fates import fate_of
from connectors.wechat.reading import Fields, message_of, unread_of
from connectors.wechat.settings import AccountSettings, Notice
from hub.errors import Malformed, Temporary, Undeliverable
from hub.model import ChannelName, ExternalId, Media, Message, Part, Text
from hub.ports import Hook, IdempotencyKey, Identity, Kit, Receipt, Unread, Window

log = structlog.get_logger()
SEND = "/cgi-bin/message/custom/send"
TYPING_S = 16.0
"""WeChat shows typing for fifteen seconds, and refuses to show it anew before they are over (45081)."""
TAKEN = b"success"
"""What stops WeChat from repeating a callback, and shows the customer nothing."""


class Account:
    """One AppID. WeChat knows no key for a message: what is not answered is `Uncertain`."""

    typing_path = "/cgi-bin/message/custom/typing"

    def __init__(self, name: ChannelName, settings: AccountSettings, kit: Kit) -> None:
        self.name = name
        self._account = settings
        self._kit = kit
        self._seal = Seal(settings, kit.now)
        self._api = Api(settings, kit.alone)

    def _window(self, scenes: Mapping[str, tuple[float, int]]) -> Window:
        asked = self._account
        return Window(asked.window_hours * 3600, asked.quota, scenes, hold_s=asked.hold_hours * 3600)

    def _item(self, fields: Fields, notice: Notice | None) -> Message | Unread | None:
        """What a customer said or did, or what became of a notice to them; what WeChat has sealed and nobody can read is kept."""
        try:
            item = message_of(self.name, fields, self._kit.now)
        except Malformed as exc:
            log.warning("wechat.callback_unread", channel=self.name, error=str(exc))
            return unread_of(self.name, fields, str(exc))
        return item or (fate_of(self.name, fields, notice.template_id, self._kit.now) if notice else None)

    def reread(self, raw: Mapping[str, Any]) -> list[Message]:
        """What was kept unread, as this release understands it."""
        item = message_of(self.name, raw, self._kit.now)
        return [item] if item else []

    def _greeted(self, hook: Hook) -> Receipt:
        """WeChat's first look at the address."""
        return Receipt(body=self._seal.greeted(hook).encode())

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        """One customer-service message."""
        try:
            return await self._send(to, parts[0], key)
        except Refused as exc:
            raise translated(exc) from exc

    async def _send(self, to: Identity, part: Part, key: IdempotencyKey) -> ExternalId:
        match part:
            case Text():
                return await self._say(to, sending.text(self._shown(part.text)), key)
            case Media():
                return await self._send_file(to, part, key)
        raise Undeliverable(f"WeChat takes no {part.type}")

    def _shown(self, text: str) -> str:
        return text if self._account.hidden_links else sending.unhidden(text)

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
        try:
            answer = await self._api.post(SEND, {"touser": str(to.address), **body})
        except Refused as exc:
            pieces = sending.shorter(body) if exc.code == TOO_LONG else []
            if not pieces:
                raise
        else:
            return ExternalId(str(answer.get("msgid") or key))
        return await self._say_each(to, pieces, key)

    async def _say_each(self, to: Identity, pieces: Sequence[dict[str, Any]], key: IdempotencyKey) -> ExternalId:
        """Several messages for one. Once the first is there, what is refused must not bring it a second time: it is over then."""
        first, *others = pieces
        sent = await self._say(to, first, key)
        try:
            for one in others:
                await self._say(to, one, key)
        except (Refused, Temporary) as exc:
            why = translated(exc) if isinstance(exc, Refused) else exc
            raise Undeliverable(f"only the beginning has reached the customer: send the rest again ({why})") from exc
        return sent

    async def typing(self, to: Identity) -> None:
        """Visible for fifteen seconds; WeChat refuses it when the customer was not here within thirty."""
        try:
            await self._api.post(self.typing_path, {"touser": str(to.address), "command": "Typing"})
        except Refused as exc:
            if exc.code not in TYPING:
                raise translated(exc) from exc

    async def _notify(self, path: str, body: dict[str, Any], key: IdempotencyKey) -> ExternalId:
        """A message beside the window: it costs no answer, and says that one waits."""
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
