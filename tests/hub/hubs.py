"""What the hub's own tests share: a channel that misbehaves on demand, the two jobs done by hand, and whole rows to look at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlmodel import SQLModel

from hub import inbound
from hub.model import AgentReply, ChannelName, DeskName, Event, ExternalId, Message, Part, Profile, Text, ThreadId
from hub.outbound import Outbound
from hub.ports import Capabilities, IdempotencyKey, Identity, Line
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Delivery
from hub.store.tables import Message as MessageRow
from tests.fakes import TEXT_ONLY, FakeConnector, FakeDesk, answered, said

EDITABLE = replace(TEXT_ONLY, edit=True, delete=True)
ASKED = replace(TEXT_ONLY, idempotency="lookup", lookup_after=30.0)
KEYED = replace(TEXT_ONLY, idempotency="key")


class Phone(FakeConnector):
    """A pushed channel that can also edit and delete, be slow, and accept a call before it fails (`fail_after`)."""

    def __init__(self, capabilities: Capabilities = TEXT_ONLY) -> None:
        super().__init__(capabilities)
        self.fail_after: list[Exception] = []
        self.begun: list[str] = []
        self.changes: list[tuple[str, str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        """While it is clear, no call ends."""

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        self.begun.append(str(key))
        await self.gate.wait()
        sent = await super().send(to, parts, key)
        if self.fail_after:
            raise self.fail_after.pop(0)
        return sent

    async def edit(self, to: Identity, sent: ExternalId, parts: Sequence[Part]) -> None:
        self.changes.append(("edit", str(sent), " ".join(p.text for p in parts if isinstance(p, Text))))

    async def delete(self, to: Identity, sent: ExternalId) -> None:
        self.changes.append(("delete", str(sent), ""))

    @property
    def texts(self) -> list[str]:
        """What the customers of this channel have, in the order of its arrival."""
        return [text for _, text, _ in self.sent]


class AskedPhone(Phone):
    """A pushed channel that can be asked whether a call arrived; `asked_fail` holds errors of the asking itself."""

    def __init__(self, capabilities: Capabilities = ASKED) -> None:
        super().__init__(capabilities)
        self.asked: list[str] = []
        self.asked_fail: list[Exception] = []

    async def lookup(self, keys: Sequence[IdempotencyKey], thread: str, since: datetime) -> Mapping[IdempotencyKey, ExternalId]:
        self.asked += [str(key) for key in keys]
        if self.asked_fail:
            raise self.asked_fail.pop(0)
        arrived = {key for _, _, key in self.sent}
        return {key: ExternalId("found") for key in keys if str(key) in arrived}


class Reading(FakeDesk):
    """A desk that keeps the lines whole, and may fail for ever."""

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        super().__init__(capabilities)
        self.lines: list[Line] = []
        self.broken: Exception | None = None

    async def post(self, thread: ThreadId, lines: Sequence[Line], key: IdempotencyKey) -> ExternalId:
        if self.broken is not None:
            raise self.broken
        self.lines += lines
        return await super().post(thread, lines, key)


def channels(**connectors: FakeConnector) -> dict[ChannelName, FakeConnector]:
    """Connectors by the names of their channels."""
    return {ChannelName(name): connector for name, connector in connectors.items()}


def desks(**some: FakeDesk) -> dict[DeskName, FakeDesk]:
    """Desks by name."""
    return {DeskName(name): desk for name, desk in some.items()}


async def take_in(hub: Hub, *items: Message | AgentReply) -> None:
    """Acknowledge these, and write down everything that waits in any lane."""
    if items:
        kept = await hub.intake.keep(items, 10.0)
        assert "conflict" not in kept
    for _ in range(20):
        lanes = await hub.store.inbox.waiting_lanes()
        if not lanes:
            return
        for lane in lanes:
            await inbound.drain(hub, lane)
    raise AssertionError("the inbox does not get empty")


@asynccontextmanager
async def sender(hub: Hub) -> AsyncIterator[Outbound]:
    """One process's calls, ended at the end; those that still wait for their turn go with it, as they would with a process."""
    outbound = Outbound(hub)
    try:
        yield outbound
    finally:
        await outbound.aclose(2.0)
        left = list(outbound._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def deliver(hub: Hub, outbound: Outbound | None = None, seconds: float = 10.0) -> None:
    """Make every call that is due now."""
    if outbound is None:
        async with sender(hub) as own:
            await deliver(hub, own, seconds)
        return
    for lane in range(hub.store.lanes):
        await outbound.run(lane, seconds)


async def settle(hub: Hub, *items: Message | AgentReply) -> None:
    """Take in and deliver until nothing is due any more."""
    await take_in(hub, *items)
    async with sender(hub) as own:
        for _ in range(10):
            lanes = await hub.store.deliveries.waiting_lanes()
            if not lanes:
                return
            for lane in lanes:
                await own.run(lane)
            await take_in(hub)
    raise AssertionError("the outbox does not get empty")


async def rows(store: Store, table: type[SQLModel], **where: Any) -> list[dict[str, Any]]:
    """Rows of a table, by the columns that are given: entries in the order of the log, deliveries by rank, others by key."""
    found = table.__table__  # type: ignore[attr-defined]
    wanted = select(found).order_by(*(found.c[name] for name in ("s", "rank") if name in found.c), *found.primary_key.columns)
    for name, value in where.items():
        wanted = wanted.where(found.c[name] == value)
    async with store.db.read() as connection:
        return [dict(row) for row in (await connection.execute(wanted)).mappings()]


async def only(store: Store, table: type[SQLModel], **where: Any) -> dict[str, Any]:
    """The one row of a table that there is."""
    found = await rows(store, table, **where)
    assert len(found) == 1, found
    return found[0]


async def put(store: Store, table: type[SQLModel], where: dict[str, Any], **values: Any) -> None:
    """Change rows as time would: an age, a lease, a due time."""
    found = table.__table__  # type: ignore[attr-defined]
    changed = update(found).values(**values)
    for name, value in where.items():
        changed = changed.where(found.c[name] == value)
    async with store.db.write() as connection:
        await connection.execute(changed)


def text_of(row: dict[str, Any]) -> str:
    """The words of an entry or a delivery."""
    return " ".join(part["text"] for part in orjson.loads(row["parts"] or "[]") if part["type"] == "text")


def data_of(row: dict[str, Any]) -> dict[str, Any]:
    """The facts beside an entry's parts."""
    found: dict[str, Any] = orjson.loads(row["data"])
    return found


def happened(kind: Any, *, customer: str = "ann", channel: str = "phone", **more: Any) -> Message:
    """Something that a customer did without a word."""
    return said("", customer=customer, channel=channel, **more).model_copy(update={"parts": (Event(kind=kind),)})


def named(name: str, email: str = "") -> Profile:
    """What a channel tells about a customer."""
    return Profile(name=name, email=email)


class Scene:
    """One customer on one phone, one desk, and an answer that is about to leave."""

    def __init__(self, hub: Hub, phone: Phone, slack: Reading) -> None:
        self.hub, self.phone, self.slack = hub, phone, slack

    async def answer(self, text: str = "hi") -> None:
        """An agent answers at the desk, and the call is made."""
        await settle(self.hub, answered(text, thread="C1:1", desk="slack", id=f"ts.{text}"))

    async def call(self) -> dict[str, Any]:
        return await only(self.hub.store, Delivery, target="phone")

    async def again(self, **values: Any) -> dict[str, Any]:
        """The time of the next try has come."""
        await put(self.hub.store, Delivery, {"target": "phone"}, **{"due_ms": 1, **values})
        await settle(self.hub)
        return await self.call()

    async def told(self) -> list[str]:
        """What the conversation says of the call, in order."""
        return [data_of(row)["state"] for row in await rows(self.hub.store, MessageRow, kind="status")]

    async def wait_s(self) -> float:
        """How far away the next try is."""
        due: int = (await self.call())["due_ms"]
        return (due - await self.hub.store.sweeping.clock()) / 1000


async def scene_of(make_hub: Any, phone: Phone) -> Scene:
    slack = Reading()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hello"))
    return Scene(hub, phone, slack)
