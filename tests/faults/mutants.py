"""The hub with one promise broken: `python -m tests.faults.mutants <mutant> widget|workers [linger=1.5] [think=0.8]`.

A checker that passes the hub must fail each of these; `honest` breaks nothing. Each mutant is put in before the real entry runs,
and nothing outside of the tests knows of it. For all of them leases are short, so that a test need not wait for production's;
`linger` and `think` stretch a moment that is too short to be met from outside.
"""

from __future__ import annotations

from config import lean  # noqa: F401  # isort: skip  # first, as in the real entries: it decides what structlog may import

import asyncio
import functools
import runpy
import sys
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import bindparam, event, select
from sqlalchemy.ext.asyncio import create_async_engine

import workers.jobs
from hub import inbound, intake, outbound, outcomes
from hub.batch import Batch
from hub.intake import Intake
from hub.model import AgentReply, Message, new_id
from hub.store import database, deliveries
from hub.store.calls import Call, Due, call_of
from hub.store.database import Database, now_ms
from hub.store.deliveries import DeliveryStore
from hub.store.inbox import Kept, row_of
from hub.store.timeline import Timeline
from hub.store.timeline import lane as lane_row

GRACE_S, BEGIN_S = 1.5, 0.5
"""As in production, a call that begins in time ends within its lease."""
ACKED_S = 0.5
"""Enough for a 2xx to arrive, also on a busy machine."""


def put(owner: Any, name: str, instead: Any) -> None:
    """Put something else in the place of what is there."""
    assert hasattr(owner, name), f"{owner} has no {name} any more"
    setattr(owner, name, instead)


def honest() -> None:
    """Every promise is kept."""


def acks_first() -> None:
    """2xx leaves before the commit."""
    commit = Intake._commit

    async def hasty(self: Intake, batch: list[tuple[list[dict[str, Any]], asyncio.Future[list[Kept]]]]) -> None:
        for rows, future in batch:
            if not future.done():
                future.set_result(["new"] * len(rows))
        await asyncio.sleep(ACKED_S)
        await commit(self, batch)

    put(Intake, "_commit", hasty)


def checks_then_sets() -> None:
    """What came before is known by a key in Redis that is looked at before and set after; no row is unique."""
    keep = Intake.keep

    async def hasty(self: Intake, items: Sequence[Message | AgentReply], deadline: float) -> list[Kept]:
        rows = [row_of(item, self._lanes) for item in items]
        keys = [f"{self._jobs.prefix}:seen:{row['source']}:{row['external_id']}" for row in rows]
        seen = [bool(await self._jobs.redis.exists(key)) for key in keys]
        fresh = [item for item, was in zip(items, seen, strict=True) if not was]
        kept = iter(await keep(self, fresh, deadline))
        for key in keys:
            await self._jobs.redis.set(key, "1", ex=600)
        return ["same" if was else next(kept) for was in seen]

    def nameless(*arguments: Any) -> dict[str, Any]:
        return row_of(*arguments) | {"external_id": new_id()}

    put(Intake, "keep", hasty)
    put(intake, "row_of", nameless)


def resends_blindly() -> None:
    """A call that may have arrived, because its maker died or nobody answered, is simply made again."""

    def again(call: Call, capabilities: Any, reason: str) -> Any:
        return outcomes._again(call, capabilities, reason)

    put(outbound, "uncertain", again)
    put(outcomes, "uncertain", again)


def never_looks_again() -> None:
    """Hints are all there is: neither the end of a job nor the sweep looks whether something came meanwhile."""

    async def look_again(ctx: dict[str, Any]) -> None:
        """Nothing."""

    async def run_sweep(ctx: dict[str, Any]) -> None:
        """Nothing."""

    put(workers.jobs, "look_again", look_again)
    put(workers.jobs, "run_sweep", run_sweep)


def shares_lanes() -> None:
    """Nobody holds a lane: two workers may work in it at once."""
    build = DeliveryStore.__init__

    async def lock(self: Timeline, connection: Any, kind: str, n: int) -> int:
        return int((await connection.execute(select(now_ms()))).scalar_one())

    def built(self: DeliveryStore, db: Database, lanes: int) -> None:
        build(self, db, lanes)
        self._lock = select(now_ms()).where(lane_row.c.kind == "out", lane_row.c.n == bindparam("n"))

    put(Timeline, "lock", lock)
    put(DeliveryStore, "__init__", built)


def goes_out_of_turn() -> None:
    """All calls of a conversation are made at once: nobody waits for the one before."""

    def runs_of(rows: Sequence[dict[str, Any]], heads: Sequence[Due], there: Any, now: int, own: int) -> list[list[Call]]:
        wanted = {(head.conversation_id, head.stream) for head in heads}
        ready = [row for row in rows if row["state"] == "queued" and row["due_ms"] <= now]
        return [[call_of(row, row["attempt"] + 1)] for row in ready if (row["conversation_id"], row["stream"]) in wanted]

    put(deliveries, "runs_of", runs_of)


def keeps_quiet() -> None:
    """Nobody is told anything alone."""

    def whisper(self: Batch, *about: Any) -> None:
        """Nothing."""

    put(Batch, "whisper", whisper)


def commits_without_flush() -> None:
    """SQLite runs with synchronous=NORMAL, PostgreSQL with synchronous_commit=off, and the start-up check looks away."""
    sqlite = Database._sqlite

    def careless(self: Database, **shared: Any) -> Any:
        engine = sqlite(self, **shared)

        @event.listens_for(engine.sync_engine, "connect")
        def _settle(connection: Any, record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA synchronous=NORMAL")
            cursor.close()

        return engine

    def engine_of(url: Any, **settings: Any) -> Any:
        if "server_settings" in settings.get("connect_args", {}):
            settings["connect_args"]["server_settings"]["synchronous_commit"] = "off"
        return create_async_engine(url, **settings)

    async def looks_away(self: Database) -> None:
        """Nothing."""

    put(Database, "_sqlite", careless)
    put(Database, "check_promises", looks_away)
    put(database, "create_async_engine", engine_of)


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        acks_first,
        checks_then_sets,
        resends_blindly,
        never_looks_again,
        shares_lanes,
        goes_out_of_turn,
        keeps_quiet,
        commits_without_flush,
    )
}


def stretch(place: str, seconds: float) -> None:
    """Make a moment long: `linger` is between a job's last look into its lane and its end, `think` between reading what waits in
    a lane and reading what it needs."""
    if place == "linger":
        drain = inbound.drain

        @functools.wraps(drain)
        async def lingering(*arguments: Any) -> int:
            done = await drain(*arguments)
            await asyncio.sleep(seconds)
            return done

        put(inbound, "drain", lingering)
    elif place == "think":
        known = Timeline.known

        async def thinking(*arguments: Any) -> Any:
            await asyncio.sleep(seconds)
            return await known(*arguments)

        put(Timeline, "known", thinking)
    else:
        raise SystemExit(f"no such moment: {place}")


def main(mutant: str, module: str, *moments: str) -> None:
    """Break what is to be broken, then run the real entry in this process."""
    put(outbound, "GRACE_S", GRACE_S)
    put(outbound, "BEGIN_S", BEGIN_S)
    ({"honest": honest} | MUTANTS)[mutant]()
    for moment in moments:
        place, _, seconds = moment.partition("=")
        stretch(place, float(seconds))
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
