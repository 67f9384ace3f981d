"""The measurements, one function each; three lists say on which installation they run, and in which order."""

from __future__ import annotations

from typing import Any

from config.bench.place import Place
from config.bench.run import Bench, Measure, Outcome, generate

CUSTOMERS = 1_000
"""Who have conversations before floods begin: a message into an open conversation is the usual case."""
UNTOLD = "not all messages reached the console in time"


async def opened(bench: Bench, place: Place, customers: int, **more: Any) -> dict[str, Any]:
    """First messages of so many customers, all the way, so that their conversations are open."""
    task = bench.task(place, "flood", customers=customers, messages=customers, seconds=120, **more)
    return (await generate(bench, place, task)).found


async def flooded(bench: Bench, place: Place, **more: Any) -> Outcome:
    """Messages as fast as they are taken, into conversations that are open."""
    outcome = await generate(bench, place, bench.task(place, "flood", customers=CUSTOMERS, **more))
    if outcome.found["refused"]:
        bench.report.notes.append(f"the hub refused messages of a flood: {outcome.found['refused']}")
    return outcome


def per_s(found: dict[str, Any]) -> float | None:
    """The rate at which messages were accepted."""
    return found["accepted"] / found["seconds"] if found["accepted"] else None


async def accepted(bench: Bench, place: Place) -> None:
    """64 connections, each sends its next message when the last one was answered."""
    await opened(bench, place, CUSTOMERS)
    found = (await flooded(bench, place)).found
    bench.report.tell("accepted_per_s", per_s(found), "nothing was accepted")
    bench.report.facts |= {"accepted_p50_ms": found["p50_ms"], "accepted_p99_ms": found["p99_ms"]}


SHIPPED: dict[str, Measure] = {}
LOADED: dict[str, Measure] = {"accepted": accepted}
WITH_DESK: dict[str, Measure] = {}
NAMES = (*SHIPPED, *LOADED, *WITH_DESK)
