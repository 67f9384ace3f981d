"""What commands do with dead letters: list them, show one, and let chosen ones be tried again at a pace."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from config.assemble import open_hub
from config.load import load
from hub import rereading
from hub.errors import ConfigError
from hub.runtime import Hub
from hub.store.inbox import PARKED

STATES = ("parked", "failed", "unknown")
DELIVERY = re.compile(r"[0-9a-f]{32}")
LARGEST = 2**63 - 1
"""Of the numbers that databases give to rows."""
AGE = re.compile(r"(\d{1,5})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Dead letters of a kind: parked messages, or deliveries in a state; of one channel or desk, and not older than `since`."""

    state: str
    target: str = ""
    since: str = ""

    def moment(self) -> datetime | None:
        """`since` as a time. Raises `ConfigError` for what can't be chosen by."""
        if self.state not in STATES:
            raise ConfigError("state must be parked, failed or unknown")
        if not self.since:
            return None
        if age := AGE.fullmatch(self.since):
            return datetime.now(UTC) - timedelta(**{UNITS[age[2]]: int(age[1])})
        try:
            found = datetime.fromisoformat(self.since)
        except ValueError as exc:
            raise ConfigError(
                f"--since {self.since}: must be a time such as 2026-11-28T10:00+01:00, or an age such as 90m, 24h or 7d"
            ) from exc
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(id: str) -> int | None:
    """The number of an inbox row; None for what is none."""
    if DELIVERY.fullmatch(id) or not (id.isascii() and id.isdecimal()) or len(id) > 19 or int(id) > LARGEST:
        return None
    return int(id)


async def dead(chosen: Chosen, before: str, most: int) -> list[dict[str, Any]]:
    """Dead letters of a kind, newest first."""
    chosen.moment()
    if before and (_number(before) is None if chosen.state == "parked" else not DELIVERY.fullmatch(before)):
        raise ConfigError(
            f"--before {before}: must be the last id of the page before, as `list --state {chosen.state}` prints it"
        )
    async with open_hub(load(), "command") as hub:
        return await _listed(hub, chosen, before, most)


async def _listed(hub: Hub, chosen: Chosen, before: str, most: int) -> list[dict[str, Any]]:
    target, since = chosen.target or None, chosen.moment()
    if chosen.state == "parked":
        rows = await hub.store.inbox.parked(before=int(before) if before else None, most=most, source=target, since=since)
        return [{"id": str(r["n"]), "at": r["at"], "about": r["source"], "reason": r["error"]} for r in rows]
    found = await hub.store.deliveries.list_dead(chosen.state, target, before or None, most, since=since)
    return [{"id": r["id"], "at": r["at"], "about": f"{r['kind']} to {r['target']}", "reason": r["reason"]} for r in found]


async def dead_one(id: str) -> dict[str, Any] | None:
    """One dead letter, whole."""
    async with open_hub(load(), "command") as hub:
        return await _row(hub, id)


async def _row(hub: Hub, id: str) -> dict[str, Any] | None:
    if DELIVERY.fullmatch(id):
        return await hub.store.deliveries.row(id)
    n = _number(id)
    return None if n is None else await hub.store.inbox.row(n)


@dataclass(slots=True)
class Replayed:
    """What became of a wish to try dead letters again; `left` are sentences about those that were not."""

    said: str
    left: list[str]


async def replay(ids: list[str], chosen: Chosen | None, *, dry_run: bool, rate: int) -> Replayed:
    """Try dead letters again, `rate` of them a second; the audit log remembers who asked."""
    if chosen is not None:
        chosen.moment()
    async with open_hub(load(), "command") as hub:
        left: list[str] = []
        found = await _named(hub, ids, left) if chosen is None else await _all(hub, chosen)
        parked = sum(not DELIVERY.fullmatch(id) for id in found)
        if dry_run:
            return Replayed(f"would replay {parked} parked and {len(found) - parked} deliveries", left)
        asked = " ".join(ids) if chosen is None else f"{chosen.state} {chosen.target} {chosen.since}".strip()
        await hub.store.agents.record("command line", "replay", detail=asked[:1000])
        refused: dict[int, str] = {}
        for first in range(0, len(found), rate):
            await asyncio.sleep(1.0 if first else 0)
            refused |= await _again(hub, found[first : first + rate])
        left += [f"{n} stays parked: {why}" for n, why in refused.items()]
        return Replayed(f"replayed {parked - len(refused)} parked and {len(found) - parked} deliveries", left)


async def _named(hub: Hub, ids: list[str], left: list[str]) -> list[str]:
    """The dead ones of these ids, each once; of the others it is noted why they are left."""
    found: list[str] = []
    for id in dict.fromkeys(ids):
        row = await _row(hub, id)
        if row is None:
            left.append(f"there is no {id}")
        elif DELIVERY.fullmatch(id) and row["state"] not in ("failed", "unknown"):
            left.append(f"{id} is {row['state']}: only what failed or is unknown is tried again")
        elif not DELIVERY.fullmatch(id) and row["state"] != PARKED:
            left.append(f"{id} is not parked any more")
        else:
            found.append(id)
    return found


async def _all(hub: Hub, chosen: Chosen) -> list[str]:
    """Every dead letter of a kind, oldest first: that is the order in which they came."""
    found: list[str] = []
    while page := await _listed(hub, chosen, found[-1] if found else "", PAGE):
        found += [row["id"] for row in page]
    return found[::-1]


async def _again(hub: Hub, ids: list[str]) -> dict[int, str]:
    """Let these be tried again; says of those that stay parked why."""
    calls = [id for id in ids if DELIVERY.fullmatch(id)]
    refused = await rereading.replay(hub, [int(id) for id in ids if not DELIVERY.fullmatch(id)])
    hub.jobs.hint_deliver(await hub.store.deliveries.replay(calls))
    return refused
