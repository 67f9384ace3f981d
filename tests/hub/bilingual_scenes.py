"""A conversation in two languages as tests set one up: who speaks what, and a service that translates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from connectors.translators import translator_of
from connectors.translators.settings import Service
from hub import interpreting
from hub.runtime import Hub
from hub.store.tables import Conversation
from hub.store.tables import Message as MessageRow
from hub.translation import TranslationRules
from tests.fakes import TEXT_ONLY, FakeConnector, said
from tests.hub.hubs import EDITABLE, Phone, Reading, channels, data_of, desks, rows, settle, take_in, text_of
from tests.servers.translation import TranslationServer, translation_server

HELLO, WHERE = "你好", "我的订单在哪里？"
LEAVES, LEAVES_ZH = "Your order leaves today.", "您的订单今天发出。"
ON_WAY, ON_WAY_ZH = "It is on its way.", "已经在路上了。"


class Desk(Reading):
    """A desk that keeps what it is told to show below its posts."""

    def __init__(self) -> None:
        super().__init__()
        self.amended: list[tuple[str, list[str]]] = []

    async def amend(self, thread: Any, sent: Any, lines: Any, card: Any) -> None:
        self.amended.append((str(sent), [f"{line.translation} {line.untranslated}".strip() for line in lines]))


class Scene:
    """A Chinese customer on a phone and one on a page, an English agent, and a service that translates."""

    def __init__(self, hub: Hub, server: TranslationServer, phone: Phone, desk: Desk, line: Phone) -> None:
        self.hub, self.server, self.phone, self.desk, self.line = hub, server, phone, desk, line

    async def work(self) -> None:
        """The jobs, by hand, until nothing is left to do."""
        for _ in range(4):
            await settle(self.hub)
            await interpreting.run(self.hub, 5.0)
        await settle(self.hub)

    async def customer(self, text: str = WHERE, **more: Any) -> str:
        """A customer writes, and it is translated; returns the conversation."""
        await take_in(self.hub, said(text, locale="zh-CN", **more))
        await self.work()
        return str((await rows(self.hub.store, Conversation))[-1]["id"])

    async def log(self, talk: str) -> list[str]:
        """The customer's own log, as they read it."""
        entries = await self.hub.store.logs.said_in(talk)
        placed = sorted((entry for entry in entries if entry.kind != "status"), key=lambda entry: entry.cs or 0)
        assert [entry.cs for entry in placed] == list(range(1, len(placed) + 1)), "no gap, no place twice"
        return [_read(entry) for entry in placed]

    async def shown(self) -> list[dict[str, Any]]:
        """What agents are told of translations, with the words."""
        found = await rows(self.hub.store, MessageRow, kind="changed")
        return [{**data_of(row), "text": text_of(row)} for row in found if data_of(row)["what"] == "translated"]


def _read(entry: Any) -> str:
    made = entry.data.get("translation")
    parts = made["parts"] if made else [part.model_dump() for part in entry.parts]
    return " ".join(part["text"] for part in parts if part["type"] == "text") or str(entry.kind)


@asynccontextmanager
async def bilingual(make_hub: Any, rules: dict[str, Any] | None = None, **more: Any) -> AsyncIterator[Scene]:
    async with translation_server() as server:
        phone, line, desk = Phone(EDITABLE), Phone(EDITABLE), Desk()
        page = FakeConnector(replace(TEXT_ONLY, pulled=True))
        service = Service.model_validate({"type": "libretranslate", "api_url": server.url, "timeout": more.pop("timeout", 10.0)})
        facts = {"enabled": True, "agents": "en", "hold": 60.0, **(rules or {})}
        own = translator_of(service)
        hub = await make_hub(
            connectors=channels(phone=phone, line=line, page=page),
            desks=desks(slack=desk) if more.pop("with_desk", False) else {},
            translation=TranslationRules.model_validate(facts),
            translator=own,
            **more,
        )
        try:
            yield Scene(hub, server, phone, desk, line)
        finally:
            server.hang.set()
            await own.aclose()


def said_there(desk: Desk) -> Sequence[str]:
    return [text for _, texts in desk.posts for text in texts]
