"""Opening the store: bring the tables up to date under a lock, check the database's promises, learn its identity."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import new_id
from hub.store import tables
from hub.store.agents import AgentStore
from hub.store.console import ConsoleStore
from hub.store.database import Database, is_refusal
from hub.store.deliveries import DeliveryStore
from hub.store.devices import DeviceStore
from hub.store.ended import EndedStore
from hub.store.factors import FactorStore
from hub.store.feeds import FeedStore
from hub.store.filing import FileRows
from hub.store.gathering import GatheringStore
from hub.store.heading import HeadingStore
from hub.store.holds import HoldStore
from hub.store.inbox import InboxStore
from hub.store.linking import LinkStore
from hub.store.logs import LogStore
from hub.store.merging import MergeStore
from hub.store.migrate import migrate
from hub.store.naming import NamingStore
from hub.store.own import OwnStore
from hub.store.pages import PageStore
from hub.store.passive import PassiveStore
from hub.store.persons import PersonStore
from hub.store.promising import PromiseStore
from hub.store.queueing import QueueStore
from hub.store.ratings import RatingStore
from hub.store.reach import ReachStore
from hub.store.readings import ReadingStore
from hub.store.reminding import ReminderStore
from hub.store.reports import ReportStore
from hub.store.saved import SavedStore
from hub.store.searching import SearchStore
from hub.store.staff import StaffStore
from hub.store.sweeping import SweepStore
from hub.store.tasks import TaskStore
from hub.store.threads import ThreadStore
from hub.store.timeline import Timeline
from hub.store.translations import TranslationStore
from hub.store.troubles import TroubleStore
from hub.store.windows import WindowStore
from hub.store.workspaces import WorkspaceStore

log = structlog.get_logger()
meta = tables.Meta.__table__  # type: ignore[attr-defined]
counter = tables.Counter.__table__  # type: ignore[attr-defined]
lane = tables.Lane.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Store:
    """One database's queries, by what they are about. `epoch` names the database; `secret` signs what leaves it."""

    db: Database
    epoch: str
    secret: bytes
    lanes: int
    inbox: InboxStore
    feeds: FeedStore
    timeline: Timeline
    deliveries: DeliveryStore
    windows: WindowStore
    holds: HoldStore
    heading: HeadingStore
    gathering: GatheringStore
    readings: ReadingStore
    passive: PassiveStore
    ended: EndedStore
    promising: PromiseStore
    sweeping: SweepStore
    reminders: ReminderStore
    logs: LogStore
    console: ConsoleStore
    agents: AgentStore
    staff: StaffStore
    files: FileRows
    devices: DeviceStore
    links: LinkStore
    naming: NamingStore
    merging: MergeStore
    persons: PersonStore
    threads: ThreadStore
    pages: PageStore
    troubles: TroubleStore
    reach: ReachStore
    ratings: RatingStore
    own: OwnStore
    searching: SearchStore
    factors: FactorStore
    queueing: QueueStore
    reports: ReportStore
    workspaces: WorkspaceStore
    translations: TranslationStore
    saved: SavedStore
    tasks: TaskStore

    async def close(self) -> None:
        await self.db.close()


LANES = 1
"""Of a new database. A worker's process is one thread: more lanes only cut its batches smaller (measured, 2 cores: one lane 4 600
messages/s and 10 ms to the console, four lanes 3 900 and 15 ms). Several workers on several cores want more."""


async def open_store(url: str, *, lanes: int | None = None, pool: int = 5) -> Store:
    """The store behind a database URL, ready to use. Raises `ConfigError` when the guarantee could not be kept on it."""
    await migrate(url)
    db = Database(url, pool=pool)
    try:
        await db.check_promises()
        facts = await _agreed(db, lanes or LANES)
    except BaseException:
        await db.close()
        raise
    if lanes is not None and int(facts["lanes"]) != lanes:
        log.warning("store.lanes", asked=lanes, used=int(facts["lanes"]), hint="the number is fixed when a database is made")
    return _made(db, facts["epoch"], bytes.fromhex(facts["secret"]), int(facts["lanes"]))


def _made(db: Database, epoch: str, secret: bytes, lanes: int) -> Store:
    deliveries, links, inbox = DeliveryStore(db, lanes), LinkStore(db, lanes), InboxStore(db)
    return Store(
        *(db, epoch, secret, lanes),
        inbox=inbox,
        feeds=FeedStore(db, inbox, lanes),
        timeline=Timeline(db),
        deliveries=deliveries,
        windows=WindowStore(db),
        holds=HoldStore(db, lanes),
        heading=HeadingStore(db),
        gathering=GatheringStore(db),
        readings=ReadingStore(db, lanes),
        passive=PassiveStore(db, deliveries),
        ended=EndedStore(db),
        promising=PromiseStore(db),
        sweeping=SweepStore(db),
        reminders=ReminderStore(db),
        logs=LogStore(db),
        console=ConsoleStore(db),
        agents=AgentStore(db),
        staff=StaffStore(db),
        files=FileRows(db),
        devices=DeviceStore(db),
        threads=ThreadStore(db, lanes),
        pages=PageStore(db),
        troubles=TroubleStore(db),
        reach=ReachStore(db),
        ratings=RatingStore(db),
        own=OwnStore(db),
        searching=SearchStore(db),
        factors=FactorStore(db),
        queueing=QueueStore(db),
        reports=ReportStore(db),
        workspaces=WorkspaceStore(db),
        translations=TranslationStore(db),
        saved=SavedStore(db),
        tasks=TaskStore(db),
        **_of_customers(db, links, lanes),
    )


def _of_customers(db: Database, links: LinkStore, lanes: int) -> dict[str, Any]:
    """What makes several identities one customer, and several conversations one matter."""
    made = {"links": links, "naming": NamingStore(db, links), "persons": PersonStore(db)}
    return {**made, "merging": MergeStore(db, links, lanes)}


async def _agreed(db: Database, lanes: int) -> dict[str, str]:
    """The database's facts. Of processes that start together on an empty one, one writes them; the others read what it wrote."""
    try:
        return await db.transact(lambda connection: _facts(connection, lanes))
    except DBAPIError as exc:
        if not is_refusal(exc):
            raise
    return await db.transact(lambda connection: _facts(connection, lanes))


async def _facts(connection: AsyncConnection, lanes: int) -> dict[str, str]:
    """What the database says about itself; the first process to come writes it."""
    known = {row[0]: row[1] for row in await connection.execute(select(meta.c.name, meta.c.value))}
    if "epoch" not in known:
        known = {"epoch": new_id(), "secret": secrets.token_hex(32), "lanes": str(lanes)}
        await connection.execute(insert(meta), [{"name": name, "value": value} for name, value in known.items()])
        await connection.execute(insert(counter), [{"name": "inbox", "value": 0}])
        await connection.execute(insert(lane), [{"kind": kind, "n": n} for kind in ("in", "out") for n in range(lanes)])
    return known
