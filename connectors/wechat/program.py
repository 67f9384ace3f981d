"""A Mini Program's customer-service session (小程序客服) as a customer channel."""

from __future__ import annotations

from typing import ClassVar

from connectors.wechat import sending
from connectors.wechat.account import TAKEN, TYPING_S, Account
from connectors.wechat.bodies import is_json
from connectors.wechat.reading import word
from connectors.wechat.settings import ProgramSettings
from hub import ports
from hub.errors import Undeliverable
from hub.model import Card, ChannelName, Event, ExternalId, Message, Part
from hub.ports import Capabilities, Hook, IdempotencyKey, Identity, Kit, Receipt, Unread

MOST = 50_000_000
"""Bytes of a picture that is tried: it is made smaller where it must be."""
ENTERED = (60.0, 2)
"""Seconds and answers after a customer entered the session (客服消息, 下发条数限制)."""


class MiniProgram(Account):
    """One Mini Program. Callbacks come as XML or JSON, as its console says; both are read."""

    Settings: ClassVar[type[ports.Settings]] = ProgramSettings
    typing_path = "/cgi-bin/message/custom/business/typing"

    def __init__(self, name: ChannelName, settings: ProgramSettings, kit: Kit) -> None:
        super().__init__(name, settings, kit)
        self.notice_after_s = settings.notice.after_minutes * 60 if settings.notice else None
        self._settings = settings
        self.capabilities = Capabilities(
            parts=frozenset({"text", "media", "card"}),
            media=frozenset({"image"}),
            brings=frozenset({"text", "image", "card", "event"}),
            text_limit=sending.TEXT_BYTES,
            text_unit="bytes",
            media_limit=MOST,
            shapes={"image": sending.SHAPES["image"]},
            window=self._window({"opened": ENTERED}),
            coalesce=10,
            deadline=4.5,
            typing_s=TYPING_S,
            timeout=settings.timeout + 5,
        )

    async def receive(self, hook: Hook) -> Receipt:
        """A callback: GET asks once whether the address is ours, POST brings one message or event."""
        if hook.method == "GET":
            return self._greeted(hook)
        fields = self._seal.opened(hook)
        item = self._item(fields, self._settings.notice)
        if item is None:
            return Receipt(body=TAKEN)
        if isinstance(item, Unread):
            return Receipt(body=TAKEN, unread=(item,))
        return Receipt((item,), body=self._handed_on(hook, item) or TAKEN)

    def _handed_on(self, hook: Hook, item: Message) -> bytes:
        """The answer that shows a message at WeChat's own desk too; of events that desk would see nothing that makes sense."""
        if not self._settings.own_desk or isinstance(item.parts[0], Event):
            return b""
        whole = {"FromUserName": str(item.customer), "ToUserName": word(item.raw, "ToUserName")}
        told = sending.handed_on(whole, self._kit.now(), as_json=is_json(hook.body.decode("utf-8-sig", "replace")))
        return self._seal.closed(told).encode()

    async def _send(self, to: Identity, part: Part, key: IdempotencyKey) -> ExternalId:
        if not isinstance(part, Card):
            return await super()._send(to, part, key)
        if part.url.startswith(sending.PROGRAM):
            app, _, page = part.url.removeprefix(sending.PROGRAM).partition("/")
            picture = await self._uploaded(part.image) if app == self._settings.app_id else ""
            body = sending.own_page(part, page, picture) if picture else sending.program(part, "")
            return await self._say(to, body, key)
        if part.url:
            return await self._say(to, sending.link(part, self._link(part.image)), key)
        words = "\n".join(filter(None, [part.title, part.text, self._link(part.image)]))
        return await self._say(to, sending.text(words), key)

    async def notice(self, to: Identity, link: str, key: IdempotencyKey) -> ExternalId:
        """A 订阅消息: it costs no answer, and spends one of those that the customer has agreed to."""
        asked = self._settings.notice
        if asked is None:
            raise Undeliverable("no template is set up for it")
        return await self._notify(*sending.program_notice(asked, str(to.address), self._kit.now()), key)
