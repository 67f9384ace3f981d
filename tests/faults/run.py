"""A fault run: `python -m tests.faults.run --messages 3000 --kills 20 --flushes 2`.

Progress goes to standard error; standard output ends with one JSON line. The exit code is 1 when anything was lost, doubled,
reordered or ended in silence, or when less happened than was asked for. docs/faults.md says how to read it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.faults.checker import check
from tests.faults.evidence import read
from tests.faults.nemesis import AHEAD
from tests.faults.remains import grown, keys, loose
from tests.faults.services import postgres_programs
from tests.faults.waiting import came
from tests.faults.world import Asked, World, world

COUNTED = ("lost", "doubled", "reordered", "silent", "unknown_shown", "failed_shown", "late_shown", "invented", "crossed")
MOST_TOLD = 50
REST_S = 300.0
STUCK_S = 120.0
"""Without a single message taken for so long, the load has come to a halt."""


def say(text: str) -> None:
    """For whoever watches."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


async def pace(here: World) -> None:
    """Load and faults go through the run side by side; say how far they are."""
    told = 0.0
    while True:
        await here.driver.allow(min(1.0, here.nemesis.share + AHEAD) if here.nemesis.share < 1 else 1.0)
        if time.monotonic() - told > 10:
            told = time.monotonic()
            state, nemesis = here.driver.state, here.nemesis
            say(f"{state['taken']} taken in {state['attempts']} attempts, {state['answers']} answers, {nemesis.killed} kills")
        await asyncio.sleep(0.2)


async def loaded(here: World) -> None:
    """Load and faults, until both are through."""
    pacing = asyncio.create_task(pace(here))
    try:
        await here.nemesis.run()
        while here.driver.share < 1 and here.driver.alive:
            before = here.driver.share
            if not await came(lambda before=before: here.driver.share > before, STUCK_S):  # type: ignore[misc]
                break
    finally:
        pacing.cancel()


async def rested(here: World) -> dict[str, Any]:
    """End every fault, wait until nothing is left to do, let everybody read to the end; what was not as it should be."""
    for proxy in here.proxies.values():
        proxy.heal()
    here.keeper.trapping = False
    drawn = await here.platforms.behave()
    up = await here.keeper.whole()
    began = time.monotonic()

    async def quiet() -> bool:
        return bool(here.driver.state["idle"]) and await here.platforms.untold() == 0

    left = await here.ledger.drained(REST_S, quiet)
    seconds = round(time.monotonic() - began, 1)
    say(f"at rest after {seconds} s" if not left else f"not at rest after {seconds} s: {left}")
    load_code = await here.driver.end()
    strangers = [name for name in here.keeper.running.webs if await run_of(here, name) != here.run]
    found = {"up": up, "left": left, "rest_s": seconds, "drawn": drawn}
    return found | {"load_code": load_code, "strangers": strangers} | await remains(here)


async def remains(here: World) -> dict[str, Any]:
    """What is still held now that everything is at rest and everybody has gone."""
    names = await here.ledger.files()
    files = await asyncio.to_thread(loose, here.files, names)
    held = {"memory_mib": here.keeper.memory(), "open_files": here.keeper.open_files()}
    people = sum(len(counts) for counts in here.driver.spec.split())
    return held | {"customers": people, "keys": await keys(f"redis://127.0.0.1:{here.redis.port}/0"), "loose": files}


async def run_of(here: World, name: str) -> str:
    """Which run a web process says that it belongs to."""
    async with aiohttp.ClientSession() as http, http.get(f"{here.keeper.running.url(name)}/healthz") as answer:
        return str((await answer.json())["run"])


async def one(database: str, asked: Asked, folder: Path) -> dict[str, Any]:
    """One run on one database; what happened, and what the checker found."""
    say(f"{database}: {asked.messages} messages, {asked.kills} kills, seed {asked.seed}, in {folder}")
    began, me = time.monotonic(), asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    async with world(database, asked, folder) as here:
        await here.platforms.misbehave(asked.seed)
        await loaded(here)
        say(f"{here.driver.state['taken']} taken, {dict(here.nemesis.happened)}; waiting for rest")
        facts = await rested(here)
        await here.ledger.dump(folder / "database.jsonl")
    keeper, nemesis = here.keeper, here.nemesis
    told = {"database": database, "messages": here.driver.state["taken"], "kills": nemesis.killed}
    told |= {"faults": dict(nemesis.happened), "traps": dict(keeper.trapped), "ends": dict(keeper.ends), **facts}
    verdict = await asyncio.to_thread(lambda: check(read(folder, facts["left"])))
    wrong = [*shortfalls(told, asked), *verdict.findings]
    for line in wrong[:MOST_TOLD]:
        say(f"{database}: {line}")
    if len(wrong) > MOST_TOLD:
        say(f"{database}: … and {len(wrong) - MOST_TOLD} more")
    counts = {kind: verdict.counts[kind] for kind in COUNTED}
    return told | counts | {"good": verdict.good and not wrong, "seconds": round(time.monotonic() - began)}


def shortfalls(told: dict[str, Any], asked: Asked) -> list[str]:
    """What makes a run worthless or incomplete, whatever the checker says."""
    flushed = told["faults"].get("flush", 0)
    found = {
        f"only {told['messages']} of {asked.messages} messages were taken": told["messages"] < asked.messages,
        f"only {told['kills']} of {asked.kills} kills happened": told["kills"] < asked.kills,
        f"only {flushed} of {asked.flushes} flushes happened": flushed < asked.flushes,
        f"the load ended with code {told['load_code']}; see load.log": told["load_code"] != 0,
        "a process did not come up again": not told["up"],
        f"not at rest: {told['left']}": bool(told["left"]),
        f"another run answers at {told['strangers']}": bool(told["strangers"]),
    }
    return [words for words, holds in found.items() if holds] + grown(told)


def databases(asked: str) -> list[str]:
    """Which databases to run on; without PostgreSQL's programs, SQLite alone."""
    wanted = ["sqlite", "postgres"] if asked == "both" else [asked]
    if "postgres" in wanted and postgres_programs() is None:
        say("skipped: PostgreSQL (no initdb and postgres on this machine: apt-get install postgresql)")
        wanted.remove("postgres")
    return wanted


def summary(runs: list[dict[str, Any]], seed: int, skipped: list[str]) -> dict[str, Any]:
    """All runs together, and the databases that there was no run on."""
    counted = {key: sum(run[key] for run in runs) for key in ("messages", "kills", *COUNTED)}
    return counted | {"seed": seed, "skipped": skipped, "runs": runs}


def main(given: argparse.Namespace) -> int:
    """Run on each database in turn; the exit code."""
    found = databases(given.database)
    share = len(found) if given.shared else 1
    messages, kills, flushes = (math.ceil(all_of / share) for all_of in (given.messages, given.kills, given.flushes))
    asked = Asked(messages, kills, flushes, given.seed)
    place = Path(given.keep or tempfile.mkdtemp(prefix="frontdesk-faults-")).resolve()
    runs = []
    try:
        for database in found:
            folder = place / database
            folder.mkdir(parents=True)
            runs.append(asyncio.run(one(database, asked, folder)))
    finally:
        if not given.keep:
            shutil.rmtree(place, ignore_errors=True)
    skipped = [name for name in ("sqlite", "postgres") if given.database in (name, "both") and name not in found]
    print(json.dumps(summary(runs, given.seed, skipped)))
    return 0 if runs and all(run["good"] for run in runs) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--messages", type=int, default=3000, help="from customers, on each database")
    parser.add_argument("--kills", type=int, default=20, help="kill -9, on each database")
    parser.add_argument("--flushes", type=int, default=2, help="FLUSHALL")
    parser.add_argument("--shared", action="store_true", help="share these numbers out over the databases")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="the same faults in the same order")
    parser.add_argument("--keep", default="", help="keep logs and databases in this folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(arguments()))
