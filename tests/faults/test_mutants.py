"""The checker finds out every hub that breaks a promise, and finds nothing in the one that keeps them, after the same fault.

Each scene makes one thing go wrong at the moment that matters to one promise. `commits_without_flush` can't be found out by
killing processes, because the page cache survives them: it is found out in test_order.py.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from hub.jobs import Jobs, connect
from hub.model import new_id
from hub.store.store import open_store
from tests.databases import throw_away_database
from tests.faults.checker import Verdict
from tests.faults.mutants import MUTANTS
from tests.faults.scene import SOON_S, Scene, scene
from tests.faults.waiting import came
from tests.servers.slack import SECRET
from tests.servers.slack_events import signed

pytestmark = pytest.mark.faults
REST_S = 20.0
LATE = ("accept_late:0.7", "accept_late:0.45", "accept_late:0.2", "ok")
STUCK_S = 7.0
NEVER_REST = {"never_looks_again"}
"""Waiting for these is of no use."""
LINGER_S, THINK_S = 3.0, 1.5


async def killed_before_its_commit(here: Scene) -> None:
    """The web process dies with the customer's second message in its hands."""
    await here.hub.kill("web1")
    await here.start("web1", trap="txn.before_commit=kill@2")
    await here.taken(here.say())
    here.say()
    await here.died("web1")
    await here.start("web1")
    await here.start("worker1")


async def killed_after_its_commit(here: Scene) -> None:
    """The web process dies between commit and answer: Telegram sends the second message again."""
    await here.hub.kill("web1")
    await here.start("web1", trap="txn.committed=kill@2")
    await here.taken(here.say())
    here.say()
    await here.died("web1")
    await here.start("web1")
    await here.start("worker1")


async def killed_while_it_sent(here: Scene) -> None:
    """The worker dies when Telegram has accepted an answer and not said so."""
    await here.start("worker1")
    thread = await here.at_desk(here.say())
    here.telegram.behaviour.next("accept_hang")
    mark = await here.answer(thread)
    assert await came(lambda: here.at_customer(mark), SOON_S)
    await here.hub.kill("worker1")
    await here.start("worker1")


async def never_answered(here: Scene) -> None:
    """Telegram accepts an answer and never says so; everybody lives."""
    await here.start("worker1")
    thread = await here.at_desk(here.say())
    here.telegram.behaviour.next("accept_hang")
    await here.answer(thread)


async def hinted_too_late(here: Scene) -> None:
    """The second message comes when the job that handled the first has looked for the last time and has not ended yet."""
    await here.start("worker1", f"linger={LINGER_S}")
    await here.at_desk(here.say())
    await here.taken(here.say())


async def two_in_a_lane(here: Scene) -> None:
    """Workers look at the same message: two more have read what waits before the first commits, and commit after it."""
    await here.start("worker1", f"think={THINK_S}")
    await here.at_desk(here.say())
    async with sweeping(here.hub.environment) as sweep:
        await here.taken(here.say())
        for _ in range(2):
            await asyncio.sleep(THINK_S / 3)
            await sweep()
        await asyncio.sleep(THINK_S + 0.5)


async def late_and_early(here: Scene) -> None:
    """Telegram takes its time over the first of four answers, and less over each that follows."""
    await here.start("worker1", mutant="honest")
    thread = await here.at_desk(here.say())
    await here.hub.kill("worker1")
    here.telegram.behaviour.next(*LATE)
    for _ in LATE:
        await here.answer(thread)
    await here.start("worker1")


async def told_too_late(here: Scene) -> None:
    """Slack gives an answer's event up, and what it had sent last comes after that of the next answer."""
    await here.start("worker1")
    thread = await here.at_desk(here.say())
    await here.hub.kill("web1")
    late = here.write(thread)
    assert not (await late.done(SOON_S)).acknowledged
    await here.start("web1")
    await here.answer(thread)
    content = json.dumps(late.payload).encode()
    headers = {"content-type": "application/json"} | signed(SECRET, content)
    async with aiohttp.ClientSession() as http, http.post(here.hub.hook("slack"), data=content, headers=headers) as answer:
        assert answer.status == 200


@asynccontextmanager
async def sweeping(environment: Mapping[str, str]) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """What the sweep does when it finds lanes waiting: another job for each, beside the first one's id."""
    store = await open_store(environment["DATABASE_URL"])
    jobs = Jobs(await connect(environment["REDIS_URL"]), f"fd{store.epoch[-10:]}")

    async def sweep() -> None:
        for lane in range(store.lanes):
            await jobs.enqueue("inbound", lane, queue="in", job_id=f"inbound:{lane}:{new_id()}")

    yield sweep
    await jobs.aclose()
    await store.close()


Act = Callable[[Scene], Awaitable[None]]
SCENES: dict[Act, tuple[str, str, set[str]]] = {
    killed_before_its_commit: ("acks_first", "sqlite", {"V1"}),
    killed_after_its_commit: ("checks_then_sets", "sqlite", {"V2", "V7"}),
    killed_while_it_sent: ("resends_blindly", "sqlite", {"V8"}),
    never_answered: ("resends_blindly", "sqlite", {"V8"}),
    hinted_too_late: ("never_looks_again", "sqlite", {"V1", "V10"}),
    two_in_a_lane: ("shares_lanes", "postgres", {"V2", "V7"}),
    told_too_late: ("keeps_quiet", "sqlite", {"V6"}),
    late_and_early: ("goes_out_of_turn", "sqlite", {"V6"}),
}
"""What is done, which mutant does not stand it, on which database, and the invariants that it breaks."""


async def played(act: Act, mutant: str, folder: Path, redis_url: str) -> Verdict:
    """The checker's word on one hub in one scene."""
    _, database, _ = SCENES[act]
    async with AsyncExitStack() as stack:
        database_url = ""
        if database == "postgres":
            if not os.environ.get("TEST_POSTGRES_URL"):
                pytest.skip("TEST_POSTGRES_URL is not set: SQLite locks itself, whatever a mutant does")
            database_url = await stack.enter_async_context(throw_away_database(os.environ["TEST_POSTGRES_URL"]))
        here = await stack.enter_async_context(scene(folder, mutant, database_url=database_url, redis_url=redis_url))
        await act(here)
        return await here.verdict(folder, STUCK_S if mutant in NEVER_REST else REST_S)


@pytest.mark.parametrize("act", SCENES, ids=lambda act: act.__name__)
async def test_a_hub_that_keeps_its_promises_passes(act: Act, tmp_path: Path, redis_url: str) -> None:
    verdict = await played(act, "honest", tmp_path, redis_url)
    assert verdict.good, verdict.findings


@pytest.mark.parametrize("act", SCENES, ids=lambda act: f"{act.__name__}-{SCENES[act][0]}")
async def test_a_hub_that_breaks_one_is_found_out(act: Act, tmp_path: Path, redis_url: str) -> None:
    mutant, _, broken = SCENES[act]
    verdict = await played(act, mutant, tmp_path, redis_url)
    assert not verdict.good and verdict.rules.keys() >= broken, verdict.findings


def test_every_mutant_has_its_scene() -> None:
    assert {mutant for mutant, *_ in SCENES.values()} == MUTANTS.keys() - {"commits_without_flush"}
