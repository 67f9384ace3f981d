"""The customer protocol: one handler of frames for WebSocket and long poll alike (invariants: docs/protocol.md)."""

from __future__ import annotations

import time
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from config.settings import RateLimits, WebSettings
from hub.errors import Busy, Malformed
from hub.limits import Rule
from hub.metrics import ACK
from hub.model import Choice, ExternalId, FileId, Form, Media, Message, Part, Text
from hub.reading import read
from hub.runtime import Hub
from hub.typists import customer_types
from widget.answers import whole, word
from widget.attendance import Attendance
from widget.consent import has_agreed, says_yes
from widget.frames import HEARTBEAT_S, POLL_S, customer_event, refused
from widget.visitors import Visitor

LATEST = 100
"""How much of a log a client gets that must load it anew; the rest comes by /history."""
PAGE = 200
INTAKE_S = 5.0
MOST_ANSWER = 20_000
"""Bytes of a pressed button or a form."""
PREVIEW = 300
"""Characters of an unsent text that agents are shown."""
_CHOICE: TypeAdapter[Choice] = TypeAdapter(Choice)
_FORM: TypeAdapter[Form] = TypeAdapter(Form)
_KIND = {"image": "image", "audio": "audio", "video": "video"}


class Talk:
    """One customer's side of the protocol. `cursor` is the last place of their log that they have."""

    def __init__(
        self, hub: Hub, settings: WebSettings, limits: RateLimits, visitor: Visitor, here: Attendance, page: str = ""
    ) -> None:
        self._hub = hub
        self._settings = settings
        self._limits = limits
        self._page = page
        self._here = here
        self._agreed = False
        self.slowed = 0
        """How many messages in a row were too many."""
        self.visitor = visitor
        self.cursor = 0

    async def welcome(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Begin or resume. Unless the client knows this database and is not ahead of it, its log must be loaded anew. Raises
        `Busy` when too many come at once."""
        async with self._here.turn():
            return await self._welcome(frame)

    async def _welcome(self, frame: dict[str, Any]) -> dict[str, Any]:
        since = whole(frame, "since")
        facts = await self._hub.store.logs.identity(self.visitor.channel, self.visitor.id)
        head = facts.head if facts else 0
        resumed = frame.get("epoch") == self._hub.store.epoch and since <= head
        self.cursor = since if resumed else max(0, head - LATEST)
        language = word(frame, "lang", 16) or self.visitor.locale
        return {
            "t": "welcome",
            "me": self.visitor.id,
            "epoch": self._hub.store.epoch,
            "head": head,
            "from": self.cursor + 1,
            "resumed": resumed,
            "read": facts.read_cs if facts else 0,
            "seen": await self._hub.store.logs.agents_read(facts) if facts else 0,
            "hb": HEARTBEAT_S,
            "lp": POLL_S,
            "cfg": await self._cfg(language or "en"),
        }

    async def _cfg(self, language: str) -> dict[str, Any]:
        """How the chat presents itself to this customer now."""
        mail = {"transcript": True} if self._hub.notices.smtp else {}
        return {**self._settings.look(language), **await self._here.cfg(), **mail}

    async def take(self, frame: dict[str, Any]) -> list[dict[str, Any]]:
        """What a frame from the client is answered with."""
        kind = frame.get("t")
        try:
            match kind:
                case "send":
                    return [await self._send(frame)]
                case "read":
                    await self._read(whole(frame, "s"))
                    return []
                case "typing":
                    await self._typing(bool(frame.get("on")), frame.get("text"))
                    return []
                case "ping":
                    return [{"t": "pong"}]
                case "hello":
                    return [await self.welcome(frame)]
        except Malformed as exc:
            return [refused("malformed", id=_id(frame)) | {"message": str(exc)}]
        return [refused("unknown", id=_id(frame)) | {"message": "no such kind of frame"}]

    async def _send(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Keep a message; `ok` means that it is committed, and is the same however often it is asked for."""
        began = time.perf_counter()
        own = word(frame, "id", 64)
        if not own:
            raise Malformed("send needs an id of your own, made once and used again at every retry")
        if await self._is_too_much():
            return refused("slow_down", id=own, retry=True, after=10)
        most = self._limits.messages_per_channel
        if most and not await self._hub.limits.hit(f"channel:{self.visitor.channel}", Rule(most, 60)):
            return refused("busy", id=own, retry=True, after=5)
        parts = await self._parts(frame.get("d"))
        profile = {"page": self._page[:500]}
        if says_yes(parts):
            profile["agreed"] = self._hub.now().isoformat(timespec="seconds")
        elif not await self._may_say():
            return refused("consent", id=own)
        message = Message(
            channel=self.visitor.channel,
            id=ExternalId(f"{self.visitor.id}.{own}"),
            customer=self.visitor.id,
            at=self._hub.now(),
            parts=parts,
            locale=self.visitor.locale,
            profile=self.visitor.profile.model_copy(update=profile),
            proved=self.visitor.proved,
            client_id=own,
        )
        try:
            (kept,) = await self._hub.intake.keep([message], INTAKE_S)
        except Busy as exc:
            return refused("busy", id=own, retry=True, after=exc.retry_after)
        if kept == "conflict":
            return refused("conflict", id=own)
        ACK.labels(self.visitor.channel).observe(time.perf_counter() - began)
        return {"t": "ok", "id": own}

    async def _is_too_much(self) -> bool:
        """Whether this customer has said too much of late; how often in a row is counted."""
        rule = Rule(self._limits.messages_per_customer, 10)
        self.slowed = 0 if await self._hub.limits.hit(f"say:{self.visitor.identity}", rule) else self.slowed + 1
        return self.slowed > 0

    async def _may_say(self) -> bool:
        """Whether what must be agreed to first was; asked until it was."""
        self._agreed = self._agreed or await has_agreed(self._hub, self._settings, self.visitor)
        return self._agreed

    async def _parts(self, said: Any) -> tuple[Part, ...]:
        if not isinstance(said, dict):
            raise Malformed("d must be an object")
        parts: list[Part] = []
        files = said.get("files") or []
        if not isinstance(files, list) or len(files) > 10:
            raise Malformed("files must be a list of at most 10 ids")
        for file in files:
            parts.append(await self._file(file))
        text = word(said, "text", 10_000)
        if text.strip():
            parts.append(Text(text=text))
        try:
            if any(len(orjson.dumps(said.get(name))) > MOST_ANSWER for name in ("choice", "form")):
                raise Malformed(f"a choice or form may have {MOST_ANSWER} bytes")
            if said.get("choice"):
                parts.append(_CHOICE.validate_python({**said["choice"], "type": "choice"}))
            if said.get("form"):
                parts.append(_FORM.validate_python({**said["form"], "type": "form", "submitted": True}))
        except (ValidationError, TypeError) as exc:
            raise Malformed("the choice or form is not as the protocol says") from exc
        if not parts:
            raise Malformed("there is nothing in this message")
        return tuple(parts)

    async def _file(self, file: Any) -> Media:
        """A file that this customer has uploaded."""
        row = await self._hub.store.files.get(file) if isinstance(file, str) and len(file) == 32 else None
        if row is None or row.owner != self.visitor.identity:
            raise Malformed("there is no such file")
        kind = _KIND.get(row.mime.split("/")[0], "file")
        return Media(kind=kind, file=FileId(row.id), name=row.name, mime=row.mime, size=row.size)

    async def _read(self, place: int) -> None:
        if await read(self._hub, self.visitor.identity, place):
            fact = {"t": "eph", "k": "read", "by": "customer", "who": self.visitor.identity, "s": place, "console": True}
            await self._hub.live.poke(ephemeral=[fact])

    async def _typing(self, on: bool, text: Any) -> None:
        """Relayed at most every two seconds; whoever hears it forgets it after eight. What is being written goes along where the
        channel says so, and is kept nowhere."""
        shown = (
            {"text": text[:PREVIEW]} if on and self._settings.preview and isinstance(text, str) and await self._may_say() else {}
        )
        if await self._hub.limits.hit(f"typing:{self.visitor.identity}", Rule(2, 4)):
            fact = {"t": "eph", "k": "typing", "by": "customer", "who": self.visitor.identity, "on": on, "console": True, **shown}
            await self._hub.live.poke(ephemeral=[fact])
            customer_types(self._hub, self.visitor.identity, on)

    async def news(self) -> list[dict[str, Any]]:
        """What the customer does not have yet, in order and without a gap; moves the cursor."""
        entries = await self._hub.store.logs.after(self.visitor.identity, self.cursor, PAGE)
        if entries:
            self.cursor = entries[-1].cs or self.cursor
        return [customer_event(entry, self._hub.files) for entry in entries]

    async def is_ahead(self) -> bool:
        """Whether the client has more than there is: the database was put back from a backup."""
        facts = await self._hub.store.logs.identity(self.visitor.channel, self.visitor.id) if self.cursor else None
        return self.cursor > (facts.head if facts else 0)


def _id(frame: dict[str, Any]) -> str:
    own = frame.get("id")
    return own[:64] if isinstance(own, str) else ""
