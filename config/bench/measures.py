"""The measurements, one function each; four lists say on which installation they run, and in which order."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import Any

import orjson

from config.bench.budgets import BUDGET_SOCKETS
from config.bench.place import QUIET, Place, started
from config.bench.processes import cpu_s, open_files, pss_mib, spent
from config.bench.run import HIDDEN, Bench, Measure, Outcome, generate
from config.bench.servers import worked_off

CUSTOMERS = 500
"""Who have conversations before floods begin: a message into an open conversation is the usual case."""
WINDOW = 2_000
"""Messages on their way to the console while the sustained rate is measured: enough to keep everybody busy."""
BACKGROUND = 200.0
DESK_RATE, DESK_CUSTOMERS = 20.0, 20
SETTLE_S = 4.0
FILES = 200
"""That a process has open besides sockets."""
LEAST_IDLE_S = 3.0
"""The sweep looks around every three seconds; less would measure the quiet between."""
OPENING_S = 60.0
UNTOLD = "not every accepted message reached the console"
NO_PROC = "this system has no /proc to tell"


async def ready(bench: Bench, place: Place) -> None:
    """From starting `frontdesk up` on an empty folder until /readyz says yes."""
    bench.report.tell("ready_s", place.ready_s)


async def idle(bench: Bench, place: Place) -> None:
    """What everything costs while nobody writes."""
    await asyncio.sleep(SETTLE_S)
    pids = await place.all_pids()
    if pids is None:
        bench.report.tell("idle_pss_mib", None, HIDDEN)
        bench.report.tell("idle_cpu_pct", None, HIDDEN)
        return
    bench.report.tell("idle_cpu_pct", await cpu_pct(place, max(bench.options.seconds, LEAST_IDLE_S)), NO_PROC)
    bench.report.tell("idle_pss_mib", pss_mib(pids), "the memory of one of the processes may not be looked into")


async def cpu_pct(place: Place, seconds: float) -> float | None:
    """Per cent of one core that everything takes, over so many seconds; of servers that can't be seen, without them."""
    pids = await place.all_pids() or place.own_pids()
    before, began = cpu_s(pids), time.monotonic()
    await asyncio.sleep(seconds)
    used = spent(before, cpu_s(pids))
    return None if used is None else used / (time.monotonic() - began) * 100


async def opened(bench: Bench, place: Place, customers: int, **more: Any) -> dict[str, Any]:
    """First messages of so many customers, all the way, so that their conversations are open."""
    given = {"customers": customers, "messages": customers, "seconds": OPENING_S, "window": WINDOW} | more
    found = (await generate(bench, place, bench.task(place, "flood", **given))).found
    _refusals(bench, found)
    return found


async def flooded(bench: Bench, place: Place, **more: Any) -> Outcome:
    """Messages as fast as they are taken, into conversations that are open."""
    await open_first(bench, place, many(bench))
    outcome = await generate(bench, place, bench.task(place, "flood", customers=many(bench), **more))
    _refusals(bench, outcome.found)
    return outcome


def many(bench: Bench) -> int:
    """Customers of a flood: fewer only when there are fewer messages."""
    return min(CUSTOMERS, bench.options.messages)


async def open_first(bench: Bench, place: Place, customers: int) -> None:
    """Once for an installation: customers with open conversations, and the bot's greetings are out."""
    if not place.opened:
        place.opened = True
        await opened(bench, place, customers)
        await worked_off(place.database_url)


def _refusals(bench: Bench, found: dict[str, Any]) -> None:
    if found.get("refused"):
        bench.report.notes.append(f"not taken: {found['refused']}")


def _rate(count: int, seconds: float) -> float | None:
    return count / seconds if count and seconds else None


async def one(bench: Bench, place: Place) -> None:
    """One connection that sends its next message when the last one was answered."""
    found = (await flooded(bench, place, connections=1, token="")).found
    bench.report.tell("one_conn_per_s", _rate(found["accepted"], found["seconds"]), "nothing was accepted")
    bench.report.tell("one_conn_p50_ms", found["p50_ms"], "nothing was accepted")
    await worked_off(place.database_url)


async def accepted(bench: Bench, place: Place) -> None:
    """The same on 64 connections. No console is open: this is about the journal."""
    found = (await flooded(bench, place, token="")).found
    bench.report.tell("accepted_per_s", _rate(found["accepted"], found["seconds"]), "nothing was accepted")
    bench.report.facts |= {"accepted_p50_ms": found["p50_ms"], "accepted_p99_ms": found["p99_ms"]}
    await worked_off(place.database_url)


async def sustained(bench: Bench, place: Place) -> None:
    """All the way to an agent's open console: from the first message's send to the last one's arrival there."""
    outcome = await flooded(bench, place, window=WINDOW)
    found, whole = outcome.found, outcome.found["complete"]
    bench.report.tell("sustained_per_s", _rate(found["accepted"], found["through_s"]) if whole else None, UNTOLD)
    per_message = outcome.cpu_s / found["accepted"] if outcome.cpu_s is not None and found["accepted"] else None
    bench.report.tell("cpu_s_per_1000", per_message * 1000 if per_message and whole else None, HIDDEN if whole else UNTOLD)
    by = {kind: round(used / found["accepted"] * 1000, 3) for kind, used in outcome.cpu_by.items() if found["accepted"]}
    bench.report.facts["cpu_s_per_1000_by"] = by
    pids = await place.all_pids()
    bench.report.tell("loaded_pss_mib", pss_mib(pids) if pids else None, HIDDEN)
    if found["twice"]:
        bench.report.notes.append(f"{found['twice']} messages were shown twice")


async def latency(bench: Bench, place: Place) -> None:
    """A visitor's send until it is in the agent's console, while others write."""
    await open_first(bench, place, many(bench))
    task = bench.task(place, "latency", rate=BACKGROUND, customers=many(bench))
    found = (await generate(bench, place, task)).found
    bench.report.tell("p50_ms", found["p50_ms"], UNTOLD)
    bench.report.tell("p99_ms", found["p99_ms"] if found["complete"] else None, UNTOLD)
    bench.report.facts |= {"latency_samples": found["samples"]}
    _refusals(bench, found)


async def sockets(bench: Bench, place: Place) -> None:
    """Widgets that are open and say nothing: what each holds in the web process, and what all of them cost."""
    web, count = place.web_pid(), bench.options.sockets
    why = _cannot_open(count)
    if not why:
        await asyncio.sleep(SETTLE_S)
        before = pss_mib([web]) if web else None
        async with started("config.bench.load") as child:
            why = await _hold(bench, place, child)
            after = pss_mib([web]) if web else None
            if not why:
                kib = None if before is None or after is None else (after - before) * 1024 / count
                cpu = await cpu_pct(place, max(bench.options.seconds, LEAST_IDLE_S))
                gone = await _let_go(child)
                why = f"the hub hung up on {gone} of {count} idle sockets" if gone else ""
        if not why:
            bench.report.tell("socket_kib", kib, NO_PROC)
            bench.report.tell("sockets_cpu_pct", cpu, NO_PROC)
            bench.report.facts["sockets"] = count
            if count < BUDGET_SOCKETS:
                bench.report.notes.append(
                    f"sockets: the budgets are for {BUDGET_SOCKETS}, this was measured with {count}: "
                    f"--only sockets --sockets {BUDGET_SOCKETS}"
                )
    for name in ("socket_kib", "sockets_cpu_pct") if why else ():
        bench.report.tell(name, None, why)


def most_sockets() -> int:
    """As many as the budgets are for, where a process may open so many files."""
    most = open_files()
    return BUDGET_SOCKETS if most is None else max(min(BUDGET_SOCKETS, most - FILES), 10)


def _cannot_open(count: int) -> str:
    most = open_files()
    return f"a process may open {most} files here (ulimit -n)" if most is not None and most < count + FILES else ""


async def _hold(bench: Bench, place: Place, child: asyncio.subprocess.Process) -> str:
    """Open the sockets, and wait until the hub has done with their beginning; else why they did not open."""
    assert child.stdin is not None and child.stdout is not None
    count, began = bench.options.sockets, time.monotonic()
    child.stdin.write(orjson.dumps(asdict(bench.task(place, "sockets", sockets=count))) + b"\n")
    try:
        told = orjson.loads(await asyncio.wait_for(child.stdout.readline(), 30 + count / 50) or b"{}")
    except TimeoutError:
        return f"{count} sockets did not open within {30 + count / 50:g} s"
    if told.get("open") != count:
        return f"only {told.get('open', 0)} of {count} sockets opened: {told.get('refused')}"
    bench.report.facts["sockets_open_s"] = round(time.monotonic() - began, 1)
    calm = await place.calm(OPENING_S)
    bench.report.facts["sockets_calm_s"] = round(time.monotonic() - began, 1) if calm else None
    return "" if calm else f"the hub was still busy {OPENING_S:g} s after {count} sockets had opened"


async def _let_go(child: asyncio.subprocess.Process) -> int:
    """End the sockets; how many had ended by themselves."""
    assert child.stdin is not None and child.stdout is not None
    child.stdin.close()
    return int(orjson.loads(await asyncio.wait_for(child.stdout.readline(), 30))["gone"])


async def console(bench: Bench, place: Place) -> None:
    """The console's first list while very many conversations are open."""
    wanted = bench.options.conversations
    await opened(bench, place, wanted, channel=QUIET)
    await worked_off(place.database_url)
    found = (await generate(bench, place, bench.task(place, "lists"))).found
    why = f"only {found.get('open', 0)} of {wanted} conversations were open in time"
    enough = found.get("open", 0) >= wanted
    bench.report.tell("console_first_list_ms", found["p50_ms"] if enough else None, why)
    bench.report.facts |= {"conversations": found.get("open"), "console_very_first_list_ms": found.get("first_ms")}


async def desk(bench: Bench, place: Place) -> None:
    """A customer's message until the call to Slack begins; nobody paces it."""
    await open_first(bench, place, DESK_CUSTOMERS)
    task = bench.task(place, "desk", rate=DESK_RATE, customers=DESK_CUSTOMERS, connections=DESK_CUSTOMERS)
    found = (await generate(bench, place, task)).found
    why = "not every message was posted to the desk"
    bench.report.tell("desk_p50_ms", found["p50_ms"], why)
    bench.report.tell("desk_p99_ms", found["p99_ms"] if found["complete"] else None, why)
    bench.report.facts |= {"desk_samples": found["samples"]}
    _refusals(bench, found)


SHIPPED: dict[str, Measure] = {"ready": ready, "idle": idle}
LOADED: dict[str, Measure] = {
    "one": one,
    "accepted": accepted,
    "sustained": sustained,
    "latency": latency,
    "console": console,
}
FRESH: dict[str, Measure] = {"sockets": sockets}
"""What must not follow a load: memory that one has given back would take the sockets in, and they would seem to cost nothing."""
WITH_DESK: dict[str, Measure] = {"desk": desk}
NAMES = (*SHIPPED, *FRESH, *LOADED, *WITH_DESK)
