"""A connector and a desk without a platform, and a hub around them: for the hub's own tests, beside nothing else."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.bot import BotRules
from hub.canned import CannedReplies
from hub.files import FileStore
from hub.intake import Intake
from hub.jobs import Jobs, connect
from hub.limits import Limits
from hub.live import Live
from hub.model import AgentReply, ChannelName, ConversationId, DeskName, ExternalId, Message, Part, Text, ThreadId
from hub.notices import NoticeRules
from hub.ports import Capabilities, Hook, IdempotencyKey, Identity, Line, Receipt, Settings, ThreadCard
from hub.promises import Promises
from hub.roles import AccessRules
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.store.store import Store
from hub.surveys import SurveyRules
from hub.translation import TranslationRules
from hub.workbench import Workbench

TEXT_ONLY = Capabilities(parts=frozenset({"text"}), text_limit=1000, timeout=2.0)


class FakeConnector:
    """Sends into a list; `fail` holds errors to raise first, in order."""

    Settings = Settings

    def __init__(self, capabilities: Capabilities = TEXT_ONLY) -> None:
        self.capabilities = capabilities
        self.sent: list[tuple[str, str, str]] = []
        self.fail: list[Exception] = []
        self.numbers = itertools.count(1)

    async def receive(self, hook: Hook) -> Receipt:
        return Receipt()

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        if self.fail:
            raise self.fail.pop(0)
        self.sent.append((str(to.address), " ".join(p.text for p in parts if isinstance(p, Text)), str(key)))
        return ExternalId(f"far{next(self.numbers)}")

    async def aclose(self) -> None:
        pass


def _words(line: Line) -> str:
    return " ".join(p.text for p in line.parts if isinstance(p, Text)) or line.entry.kind


class FakeDesk:
    """Keeps its threads in memory; `lookup` answers from what was posted."""

    Settings = Settings

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        self.capabilities = capabilities or replace(TEXT_ONLY, coalesce=10, idempotency="lookup", lookup_after=0.2)
        self.threads: dict[str, list[str]] = {}
        self.cards: list[ThreadCard] = []
        self.marks: list[tuple[str, str]] = []
        self.keys: dict[str, str] = {}
        self.posts: list[tuple[str, list[str]]] = []
        self.fail: list[Exception] = []
        self.fail_after: list[Exception] = []
        self.fail_open_after: list[Exception] = []
        self.heads: list[list[str]] = []
        """The lines that came with each thread's head."""
        self.numbers = itertools.count(1)

    async def receive(self, hook: Hook) -> Receipt:
        return Receipt()

    def place(self, channel: ChannelName, team: str) -> str:
        return "C1"

    async def open(self, place: str, card: ThreadCard, key: IdempotencyKey, lines: Sequence[Line] = ()) -> ThreadId:
        if self.fail:
            raise self.fail.pop(0)
        thread = f"{place}:{next(self.numbers)}"
        self.threads[thread] = [_words(line) for line in lines]
        self.heads.append(self.threads[thread].copy())
        self.cards.append(card)
        self.keys.update(dict.fromkeys([str(key), *(str(line.key) for line in lines)], thread))
        if self.fail_open_after:
            raise self.fail_open_after.pop(0)
        return ThreadId(thread)

    async def update(self, thread: ThreadId, card: ThreadCard) -> None:
        self.cards.append(card)

    async def post(self, thread: ThreadId, lines: Sequence[Line], key: IdempotencyKey) -> ExternalId:
        if self.fail:
            raise self.fail.pop(0)
        texts = [_words(line) for line in lines]
        ts = f"ts{next(self.numbers)}"
        self.threads[str(thread)].extend(texts)
        self.posts.append((str(thread), texts))
        self.keys.update({str(line.key): ts for line in lines})
        if self.fail_after:
            raise self.fail_after.pop(0)
        return ExternalId(ts)

    async def mark(self, reply: ExternalId, state: Any, thread: ThreadId) -> None:
        self.marks.append((str(reply), state))

    async def lookup(self, keys: Sequence[IdempotencyKey], thread: str, since: datetime) -> Mapping[IdempotencyKey, ExternalId]:
        return {key: ExternalId(self.keys[str(key)]) for key in keys if str(key) in self.keys}

    async def aclose(self) -> None:
        pass


@asynccontextmanager
async def fake_hub(store: Store, redis_url: str, prefix: str, folder: Path, **more: Any) -> AsyncIterator[Hub]:
    """A hub with a pushed channel `phone`, a pulled channel `page` and, unless told otherwise, no desk."""
    redis = await connect(redis_url)
    jobs = Jobs(redis, prefix)
    connectors = more.pop("connectors", None) or {
        ChannelName("phone"): FakeConnector(),
        ChannelName("page"): FakeConnector(replace(TEXT_ONLY, pulled=True)),
    }
    hub = Hub(
        store=store,
        jobs=jobs,
        live=Live(redis, prefix),
        files=FileStore(folder, store.files, {}, store.secret, "http://127.0.0.1"),
        limits=Limits(redis, prefix),
        intake=Intake(store.inbox, jobs, lanes=store.lanes),
        connectors=connectors,
        channels={},
        desks=more.pop("desks", {}),
        routing=more.pop("routing", RoutingRules()),
        bot=more.pop("bot", BotRules(enabled=False)),
        notices=more.pop("notices", NoticeRules()),
        canned=more.pop("canned", CannedReplies()),
        survey=more.pop("survey", SurveyRules()),
        workbench=more.pop("workbench", Workbench()),
        access=more.pop("access", AccessRules()),
        promises=more.pop("promises", Promises()),
        translation=more.pop("translation", TranslationRules()),
        translator=more.pop("translator", None),
        tracker=more.pop("tracker", None),
        public_url="http://127.0.0.1",
        now=lambda: datetime.now(UTC),
    )
    try:
        yield hub
    finally:
        await hub.intake.aclose()
        await jobs.aclose()


_ids = itertools.count(1)


def said(text: str, *, customer: str = "ann", channel: str = "phone", id: str = "", **more: Any) -> Message:
    """A customer's text message."""
    return Message(
        channel=ChannelName(channel),
        id=ExternalId(id or f"m{next(_ids)}"),
        customer=ExternalId(customer),
        at=datetime.now(UTC),
        parts=(Text(text=text),) if text else (),
        **more,
    )


def answered(
    text: str, *, conversation: str = "", thread: str = "", id: str = "", desk: str = "console", **more: Any
) -> AgentReply:
    """An agent's reply, or with `kind` something else."""
    return AgentReply(
        desk=DeskName(desk),
        id=ExternalId(id or f"r{next(_ids)}"),
        at=datetime.now(UTC),
        agent=ExternalId("agent1"),
        agent_name="Bo",
        conversation=ConversationId(conversation) if conversation else None,
        thread=ThreadId(thread) if thread else None,
        parts=(Text(text=text),) if text else (),
        **more,
    )
