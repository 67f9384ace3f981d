"""A company's 微信客服 as a customer channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import structlog

from connectors.wechat.errors import Refused
from connectors.wechat.kf import sending
from connectors.wechat.kf.api import KfApi, KfPeople
from connectors.wechat.kf.errors import OLD_TICKET, STALE_MEDIA, STATE, STATES, UNFIT_MEDIA, WINDOW, is_repeated, meaning
from connectors.wechat.kf.parts import word
from connectors.wechat.kf.reading import BETWEEN, LONGEST_ACCOUNT, customers_of, read
from connectors.wechat.kf.seal import KfSeal
from connectors.wechat.kf.settings import KfSettings
from hub import ports
from hub.errors import ConnectorError, Malformed, Temporary, Undeliverable, WindowClosed
from hub.model import Card, ChannelName, Choices, ExternalId, Location, Media, Message, Part, Text
from hub.ports import Capabilities, Hook, IdempotencyKey, Identity, Kit, News, Page, Receipt, Window

log = structlog.get_logger()
TAKEN = b"success"
SYNC, SEND, ON_EVENT = "/cgi-bin/kf/sync_msg", "/cgi-bin/kf/send_msg", "/cgi-bin/kf/send_msg_on_event"
STATE_GET, STATE_TRANS = "/cgi-bin/kf/service_state/get", "/cgi-bin/kf/service_state/trans"
NEW, OURS, ENDED = 0, 1, 4
"""States of a session in which the API may answer, and the one that only the customer can end (分配客服会话)."""
PAGE = 1000
AMR = 0
"""The form in which voice is wanted: Silk, the other one, is played by nobody else."""
WELCOME_S = 20.0
"""How long the code is good that comes with somebody who opens the chat, for one message."""


class WeComKf:
    """One company, with all of its kf accounts: an address names the account and the customer."""

    Settings: ClassVar[type[ports.Settings]] = KfSettings
    ticket_s = 540.0
    """A callback's token is good for ten minutes; some of it is left for the way."""

    def __init__(self, name: ChannelName, settings: KfSettings, kit: Kit) -> None:
        self.name = name
        self.reread_s = settings.reread_minutes * 60
        self._settings = settings
        self._kit = kit
        self._seal = KfSeal(settings, kit.now)
        self._api = KfApi(settings, kit.alone)
        self._people = KfPeople(self._api)
        self.capabilities = Capabilities(
            parts=frozenset({"text", "media", "choices", "card", "location"}),
            media=frozenset({"image", "voice", "audio", "video", "file"}),
            brings=frozenset(
                {"text", "image", "voice", "video", "file", "location", "card", "contact", "choice", "choices", "event"}
            ),
            text_limit=sending.TEXT_BYTES,
            text_unit="bytes",
            media_limit=sending.SIZES["file"],
            shapes=sending.SHAPES,
            options_limit=sending.BUTTONS,
            window=Window(
                settings.window_hours * 3600,
                settings.quota,
                {"started": (WELCOME_S, 1)},
                hold_s=settings.hold_hours * 3600,
            ),
            idempotency="key",
            coalesce=10,
            deadline=4.5,
            timeout=settings.timeout + 5,
        )

    async def receive(self, hook: Hook) -> Receipt:
        """A callback: GET asks once whether the address is ours, POST says that an account has something to read."""
        if hook.method == "GET":
            return Receipt(body=self._seal.greeted(hook).encode())
        fields = self._seal.opened(hook)
        if not word(fields, "MsgType", 64):
            raise Malformed("wecom: no MsgType")
        account, ticket = word(fields, "OpenKfId", LONGEST_ACCOUNT + 1), word(fields, "Token", 1000)
        if word(fields, "Event", 64) != "kf_msg_or_event" or not account or len(account) > LONGEST_ACCOUNT:
            return Receipt(body=TAKEN)
        if self._settings.accounts and account not in self._settings.accounts:
            return Receipt(body=TAKEN)
        return Receipt(body=TAKEN, news=(News(account, ticket),))

    async def page(self, feed: str, place: str, ticket: str) -> Page:
        """The next messages of a kf account."""
        try:
            told = await self._sync(feed, place, ticket)
        except Refused as exc:
            raise meaning(exc) from exc
        messages, after = told.get("msg_list"), word(told, "next_cursor", 1000)
        found = messages if isinstance(messages, list) else []
        more = told.get("has_more") == 1
        if more and (not after or (after == place and not found)):
            raise Temporary("WeCom says that there is more and not where")
        people = await self._people.of(customers_of(found))
        done = read(self.name, feed, found, people, self._kit.now)
        act = partial(self._end, done.endings) if done.endings and self._settings.ending else None
        return Page(after or place, more, done.items, done.unread, done.bounces, act)

    def reread(self, raw: Mapping[str, Any]) -> list[Message]:
        """What was kept unread, as this release understands it. Whose kf account it was stands in it, or it stays unread."""
        account = word(raw, "open_kfid", LONGEST_ACCOUNT) or word(raw.get("event"), "open_kfid", LONGEST_ACCOUNT)
        done = read(self.name, account, [dict(raw)], {}, self._kit.now)
        if done.unread or not account:
            raise Malformed(f"wecom: {done.unread[0].why if done.unread else 'it names no kf account'}")
        return done.items

    async def _sync(self, account: str, place: str, ticket: str) -> dict[str, Any]:
        asked = {"open_kfid": account, "limit": PAGE, "voice_format": AMR} | ({"cursor": place} if place else {})
        if ticket:
            try:
                return await self._api.post(SYNC, asked | {"token": ticket})
            except Refused as exc:
                if exc.code != OLD_TICKET:
                    raise
        return await self._api.post(SYNC, asked)

    async def _end(self, endings: Sequence[tuple[str, str]]) -> None:
        """The last word of sessions that WeCom says are over; it takes one within twenty seconds."""
        for code, about in endings:
            body = {"code": code, "msgid": sending.own_id(f"end.{about}"), **sending.text(self._settings.ending)}
            try:
                await self._api.post(ON_EVENT, body)
            except (Refused, ConnectorError) as exc:
                log.info("wecom.ending_not_sent", error=str(exc)[:200])

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        """One answer under an id of ours: however often it is tried, the customer has it once."""
        own = sending.own_id(str(key))
        try:
            return await self._send(to, parts[0], own)
        except Refused as exc:
            if is_repeated(exc):
                return ExternalId(own)
            raise meaning(exc) from exc

    async def _send(self, to: Identity, part: Part, own: str) -> ExternalId:
        match part:
            case Text():
                return await self._say(to, sending.text(part.text), own)
            case Media():
                return await self._send_file(to, part, own)
            case Choices():
                return await self._say(to, sending.menu(part), own)
            case Location():
                return await self._say(to, sending.place(part), own)
            case Card() if part.options:
                return await self._say(to, sending.menu(sending.asking(part, self._link(part.image))), own)
            case Card():
                return await self._send_card(to, part, own)
        raise Undeliverable(f"WeCom takes no {part.type}")

    async def _send_card(self, to: Identity, part: Card, own: str) -> ExternalId:
        """A link or a mini program's page where there is a picture for it, else its words."""
        thumb = await self._uploaded(part.image) if part.url and not to.ticket else ""
        if not thumb:
            return await self._say(to, sending.text(sending.words(part, self._link(part.image))), own)
        made = sending.program if part.url.startswith(sending.PROGRAM) else sending.link
        return await self._say(to, made(part, thumb), own)

    def _link(self, image: Media | None) -> str:
        return self._kit.files.link(image.file) if image and image.file else ""

    async def _uploaded(self, image: Media | None) -> str:
        """A picture's id at WeCom; empty where there is none that it takes."""
        if image is None or image.file is None:
            return ""
        stored = await self._kit.files.read(image.file)
        kind, name = sending.form("image", stored)
        return await self._api.upload(kind, name, stored.mime, stored.content) if kind == "image" else ""

    async def _send_file(self, to: Identity, part: Media, own: str) -> ExternalId:
        """Upload, then send; once more when WeCom has lost the upload. What WeCom does not take leaves as a link."""
        if part.file is None:
            raise Undeliverable("the file is gone")
        stored = await self._kit.files.read(part.file)
        kind, name = sending.form(part.kind, stored) if not to.ticket else ("", "")
        for again in (True, False) if kind else ():
            try:
                media_id = await self._api.upload(kind, name, stored.mime, stored.content)
                return await self._say(to, sending.media(kind, media_id), own)
            except Refused as exc:
                if exc.code in UNFIT_MEDIA:
                    break
                if exc.code != STALE_MEDIA or not again:
                    raise
        return await self._say(to, sending.text(f"📎 {stored.name}\n{self._kit.files.link(part.file)}"), own)

    async def _say(self, to: Identity, body: dict[str, Any], own: str) -> ExternalId:
        """Send; bring the session back to the API when it has left it. Somebody who has only opened the chat is answered by the
        code that came with that."""
        if to.ticket:
            answer = await self._api.post(ON_EVENT, {"code": to.ticket, "msgid": own, **body})
            return ExternalId(word(answer, "msgid", 100) or own)
        account, _, customer = str(to.address).partition(BETWEEN)
        whole = {"touser": customer, "open_kfid": account, "msgid": own, **body}
        try:
            answer = await self._api.post(SEND, whole)
        except Refused as exc:
            if exc.code != STATE:
                raise
            await self._take_back(account, customer)
            answer = await self._api.post(SEND, whole)
        return ExternalId(word(answer, "msgid", 100) or own)

    async def _take_back(self, account: str, customer: str) -> None:
        """Bring a session to the state in which the API answers. Raises what agents must know when that is not possible."""
        who = {"open_kfid": account, "external_userid": customer}
        state = (await self._api.post(STATE_GET, who)).get("service_state")
        if state == ENDED:
            raise WindowClosed(f"{WINDOW[95013]} (WeCom {STATE})", str(STATE))
        if state == OURS:
            return
        try:
            await self._api.post(STATE_TRANS, who | {"service_state": OURS})
        except Refused as exc:
            raise Undeliverable(f"{STATES.get(state or 0, STATES[3])} (WeCom {exc.code})", code=str(exc.code)) from exc

    def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """A file that a customer sent."""
        return self._api.download(remote)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()
