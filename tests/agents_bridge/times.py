"""How long it takes from a customer's message to its thread, and from an agent's answer to the customer's platform.

`python -m tests.agents_bridge.times` lets 100 customers write, one after the other over three Slack channels that take a post a
second, and an agent answer each of them: real processes and SDKs, servers that count what arrives. It prints one JSON line; exit
code 1 when a line is not there once, or later than 2 s (in) or 1.5 s (out) at p95.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.agents_bridge.burst import Rush, percentile, rushing

IN_S, OUT_S = 2.0, 1.5
READS_S = 0.5
"""An agent reads before they answer: who is faster than we learn of the thread waits for a sweep."""


async def measured(folder: Path, customers: int, every: float, database: str = "", redis: str = "") -> dict[str, Any]:
    """One run."""
    async with rushing(folder, database, redis) as rush:
        ways = [await _round(rush, n, every) for n in range(customers)]
        heads = [post for post in rush.slack.posts() if not post["thread_ts"]]
        texts = [str(one.get("text")) for bot in rush.bots for one in bot.api.sent.values()]
    into, out = [way[0] for way in ways], [way[1] for way in ways]
    return {
        "customers": customers,
        "threads": len(heads),
        "answers": len(texts),
        "doubled": len(texts) - len(set(texts)),
        "in_p50_s": percentile(into, 0.5),
        "in_p95_s": percentile(into, 0.95),
        "out_p50_s": percentile(out, 0.5),
        "out_p95_s": percentile(out, 0.95),
    }


async def _round(rush: Rush, n: int, every: float) -> tuple[float, float]:
    """A question and its answer; the seconds of both ways."""
    bot, began = rush.bots[n % len(rush.bots)], time.time()
    bot.say(1000 + n, f"#{n}.0# where is my order?")
    while not (seen := [(thread, at) for name, thread, at in rush.seen() if name == (n, 0)]):
        await _soon(began)
    await asyncio.sleep(READS_S)
    asked = time.time()
    rush.slack.reply(seen[0][0], f"answer {n}.")
    while not any(one.get("text") == f"answer {n}." for one in bot.api.sent.values()):
        await _soon(asked)
    answered = time.time()
    await asyncio.sleep(max(0.0, began + every - answered))
    return seen[0][1] - began, answered - asked


async def _soon(since: float) -> None:
    if time.time() - since > 60:
        raise TimeoutError("nothing came within a minute")
    await asyncio.sleep(0.01)


def wrong(figures: dict[str, Any]) -> list[str]:
    """What must not be."""
    found = [name for name in ("threads", "answers") if figures[name] != figures["customers"]]
    found += ["doubled"] if figures["doubled"] else []
    return found + [name for name, most in (("in_p95_s", IN_S), ("out_p95_s", OUT_S)) if figures[name] > most]


def main() -> int:
    """One JSON line."""
    parser = argparse.ArgumentParser(prog="python -m tests.agents_bridge.times", description=__doc__)
    parser.add_argument("--customers", type=int, default=100)
    parser.add_argument("--every", type=float, default=0.4, help="seconds from one customer to the next")
    parser.add_argument("--database", default="", help="postgresql://… or mysql://…, empty, instead of SQLite")
    parser.add_argument("--redis", default="", help="redis://…, instead of the bundled Valkey")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="times-") as folder:
        figures = asyncio.run(measured(Path(folder), given.customers, given.every, given.database, given.redis))
    found = wrong(figures)
    print(json.dumps(figures | {"wrong": found}))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
