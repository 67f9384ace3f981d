"""A WeChat Official Account as a customer channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from connectors.wechat import sending
from connectors.wechat.account import TAKEN, TYPING_S, Account
from connectors.wechat.errors import NO_MENUS, Refused, translated
from connectors.wechat.reading import word
from connectors.wechat.settings import WeChatSettings
from hub import ports
from hub.errors import Malformed, Rejected, Undeliverable
from hub.model import Card, ChannelName, Choices, ExternalId, Part, Proved
from hub.ports import Capabilities, Hook, IdempotencyKey, Identity, Kit, Receipt, Unread

MOST = 50_000_000
"""Bytes of a file that is tried: pictures and recordings are made smaller, anything else leaves as a link."""
MINUTE = (60.0, 3)
"""Seconds and answers after a customer followed, scanned or pressed a button (客服消息, table of scenes)."""


class WeChat(Account):
    """One account."""

    Settings: ClassVar[type[ports.Settings]] = WeChatSettings

    def __init__(self, name: ChannelName, settings: WeChatSettings, kit: Kit) -> None:
        super().__init__(name, settings, kit)
        self.passive_s = settings.passive_s
        self.notice_after_s = settings.notice.after_minutes * 60 if settings.notice else None
        self._menus = True
        """Until WeChat says that the account may not send them (40200)."""
        self._settings = settings
        self.proves = settings.unionid
        self.capabilities = Capabilities(
            parts=frozenset({"text", "media", "choices", "card"}),
            media=frozenset({*sending.FORMS, *sending.AS}),
            brings=frozenset({"text", "image", "voice", "video", "file", "location", "card", "choice", "event"}),
            text_limit=sending.TEXT_BYTES,
            text_unit="bytes",
            media_limit=MOST,
            shapes=sending.SHAPES,
            options_limit=10,
            window=self._window({"followed": MINUTE, "scanned": MINUTE, "choice": MINUTE}),
            named=bool(settings.kf_accounts),
            coalesce=10,
            deadline=4.5,
            typing_s=TYPING_S,
            timeout=settings.timeout + 5,
        )

    async def receive(self, hook: Hook) -> Receipt:
        """A callback: GET asks once whether the address is ours, POST brings one message or event."""
        if hook.method == "GET":
            return self._greeted(hook)
        item = self._item(self._seal.opened(hook), self._settings.notice)
        if item is None:
            return Receipt(body=TAKEN)
        if isinstance(item, Unread):
            return Receipt(body=TAKEN, unread=(item,))
        return Receipt((item,), body=TAKEN)

    async def proof(self, customer: ExternalId) -> Proved | None:
        """Who a follower is across the accounts of one owner (获取用户基本信息), where these share an open platform."""
        try:
            told = await self._api.get("/cgi-bin/user/info", openid=str(customer), lang="zh_CN")
        except Refused as exc:
            raise translated(exc) from exc
        found = told.get("unionid")
        return Proved(unionid=found) if isinstance(found, str) and found else None

    def passive(self, hook: Hook, parts: Sequence[Part]) -> bytes | None:
        """The free answer inside the callback: one short text."""
        try:
            fields = self._seal.opened(hook)
        except (Rejected, Malformed):
            return None
        xml = sending.passive(word(fields, "FromUserName"), word(fields, "ToUserName"), parts, self._shown)
        return self._seal.closed(xml).encode() if xml else None

    async def _send(self, to: Identity, part: Part, key: IdempotencyKey) -> ExternalId:
        match part:
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
        return await super()._send(to, part, key)

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

    async def _say(self, to: Identity, body: dict[str, Any], key: IdempotencyKey) -> ExternalId:
        own = self._settings.kf_accounts
        account = next((own[name] for name in to.agent if name in own), self._settings.kf_account)
        return await super()._say(to, body | ({"customservice": {"kf_account": account}} if account else {}), key)

    async def notice(self, to: Identity, link: str, key: IdempotencyKey) -> ExternalId:
        """A template message or subscription notice: it costs no answer, and says that one waits."""
        asked = self._settings.notice
        if asked is None:
            raise Undeliverable("no template is set up for it")
        return await self._notify(*sending.notice(asked, str(to.address), link, self._kit.now(), str(key)), key)
