"""A rush: many new conversations at once over three Slack channels at Slack's real pace, also with a worker that keeps dying.

`python -m tests.agents_bridge.burst` writes 200 conversations within 60 s and prints one JSON line; with `--kill 5` the oldest
worker of `frontdesk up` is killed every five seconds, with `--workers 2` one after the other. Exit code 1 when anything is lost,
doubled or out of order, when Slack had to refuse a call, or, without kills, when customers' lines are seen later than after ten
seconds (p95). With more conversations than Slack's pace has posts for (`--conversations 300`) lines are late; `known_p95_s` says
after what time customers are named, in a digest or a thread.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.installation import HOOK_SECRET, TELEGRAM, Running, installed
from tests.servers.slack import SlackServer, slack_server
from tests.servers.telegram import TelegramServer, telegram

PLACES = ("C0ONE", "C0TWO", "C0THREE")
LINES = 3
"""What each customer writes."""
BETWEEN_S = 0.4
"""Between two lines of one customer."""
NAMED = re.compile(r"#(\d+)\.(\d+)#")
LATE_S = 10.0
DESK = """rate: 1
lookup_after: 2
timeout: 3
customize: false
channels: {tg1: C0ONE, tg2: C0TWO, tg3: C0THREE}
"""


Line = tuple[int, int]
"""Which customer's, and which of theirs."""


@dataclass
class Rush:
    """What was written, and when."""

    slack: SlackServer
    bots: list[TelegramServer]
    hub: Running
    said: dict[Line, float] = field(default_factory=dict)
    kills: int = 0

    async def write(self, conversations: int, seconds: float) -> None:
        """Customers come one after the other; each writes its lines."""
        async with asyncio.TaskGroup() as group:
            for n in range(conversations):
                group.create_task(self._customer(n, n * seconds / conversations))

    async def _customer(self, n: int, after: float) -> None:
        await asyncio.sleep(after)
        for line in range(LINES):
            self.said[n, line] = time.time()
            self.bots[n % len(self.bots)].say(1000 + n, f"#{n}.{line}# where is my order?")
            await asyncio.sleep(BETWEEN_S)

    async def arrived(self, seconds: float) -> None:
        """Wait until everything is in Slack, or time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len({name for name, *_ in self.seen()}) < len(self.said):  # noqa: ASYNC110 -- another process posts
                    await asyncio.sleep(0.25)

    def seen(self) -> list[tuple[Line, str, float]]:
        """(line, thread, when) in the order of arrival: what is below a card, in its own post, and what is in the thread."""
        found = []
        for post in self.slack.accepted.of("post"):
            if post["thread_ts"]:
                thread = f"{post['channel']}:{post['thread_ts']}"
                found += [((int(n), int(line)), thread, post["at"]) for n, line in NAMED.findall(post["text"])]
        return found

    def digests(self) -> list[tuple[list[int], float]]:
        """(customers, when) of the posts that tell of several whose threads wait."""
        posts = [post for place in self.slack.workspace.places.values() for post in place.messages.values()]
        told = [post for post in posts if str(post["text"]).startswith("📥")]
        return [([int(n) for n, _ in NAMED.findall(json.dumps(post["blocks"]))], float(post["ts"])) for post in told]

    async def kill(self, every: float) -> None:
        """kill -9 the oldest worker again and again; `frontdesk up` brings each back."""
        while True:
            await asyncio.sleep(every)
            for worker in self.hub.children("workers")[:1]:
                os.kill(worker, signal.SIGKILL)
                self.kills += 1


def at_best(arrivals: Sequence[tuple[float, Line]], rate: float = 1.0) -> dict[Line, float]:
    """When each line could be seen in one Slack channel, if nothing but the pace took time: a post a second, first come, first
    served, and with a line go all that its conversation has said by then."""
    free, shown = 0.0, dict[Line, float]()
    waiting = sorted(arrivals)
    while waiting:
        at, (n, _) = waiting[0]
        now = max(free, at)
        taken = [line for came, line in waiting if line[0] == n and came <= now]
        shown |= dict.fromkeys(taken, now)
        waiting = [one for one in waiting if one[1] not in taken]
        free = now + 1 / rate
    return shown


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 2) if values else -1.0


def judged(rush: Rush, began: float) -> dict[str, Any]:
    """What came of it, as figures."""
    seen, said = rush.seen(), rush.said
    first: dict[Line, float] = {}
    threads: dict[int, set[str]] = defaultdict(set)
    order: dict[str, list[Line]] = defaultdict(list)
    for name, thread, at in seen:
        first.setdefault(name, at)
        threads[name[0]].add(thread)
        order[thread].append(name)
    best: dict[Line, float] = {}
    for place in range(len(rush.bots)):
        best |= at_best([(at, line) for line, at in said.items() if line[0] % len(rush.bots) == place])
    delays = [first[name] - said[name] for name in first]
    digests = rush.digests()
    known = {n: at for (n, line), at in first.items() if line == 0}
    for customers, at in digests:
        known |= {n: min(at, known.get(n, at)) for n in customers}
    named = Counter(n for customers, _ in digests for n in customers)
    cards = [post for post in rush.slack.accepted.of("post") if not post["thread_ts"]]
    counts = Counter(name for name, *_ in seen)
    methods = Counter(method for method, *_ in rush.slack.calls)
    return {
        "conversations": len({n for n, _ in said}),
        "lines": len(said),
        "seconds": round(max(first.values(), default=began) - began, 1),
        "kills": rush.kills,
        "lost": len(said) - len(first),
        "doubled": sum(count - 1 for count in counts.values()),
        "disordered": sum(found != sorted(found) for found in order.values()),
        "stray": sum(len(found) != 1 for found in threads.values()) + max(0, len(cards) - len(digests) - len(threads)),
        "digests": len(digests),
        "told_twice": sum(count - 1 for count in named.values()),
        "known_p95_s": percentile([at - said[n, 0] for n, at in known.items()], 0.95),
        "posts": methods["chat.postMessage"],
        "updates": methods["chat.update"],
        "lookups": methods["conversations.replies"] + methods["conversations.history"],
        "refused": rush.slack.refused,
        "seen_p50_s": percentile(delays, 0.5),
        "seen_p95_s": percentile(delays, 0.95),
        "seen_last_s": percentile(delays, 1.0),
        "pace_alone_p95_s": percentile([best[name] - said[name] for name in best], 0.95),
    }


def wrong(figures: dict[str, Any]) -> list[str]:
    """What must not be."""
    found = [name for name in ("lost", "doubled", "disordered", "stray", "told_twice", "refused") if figures[name]]
    found += ["late"] if not figures["kills"] and not 0 <= figures["seen_p95_s"] <= LATE_S else []
    return found


@asynccontextmanager
async def rushing(folder: Path, database: str = "", redis: str = "", workers: int = 1) -> AsyncIterator[Rush]:
    """Three bots, a Slack that insists on its pace, and a hub between them."""
    async with AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(telegram(token=f"424{n}:TEST-token_of_nobody")) for n in range(len(PLACES))]
        slack = await stack.enter_async_context(slack_server())
        slack.limit_posts, slack.echo = True, False
        files = {
            f"channels/tg{n}.yaml": TELEGRAM.format(token=bot.token, secret=HOOK_SECRET, url=bot.url)
            for n, bot in enumerate(bots, 1)
        }
        files["bot.yaml"] = "enabled: false\n"
        places = {"slack": slack.api_url, "desk": DESK, "files": files, "workers": workers, "supervised": True}
        hub = await stack.enter_async_context(installed(folder, database, redis, **places))  # type: ignore[arg-type]
        for n, bot in enumerate(bots, 1):
            bot.updates.set_hook(hub.hook(f"tg{n}"), HOOK_SECRET, 20, [])
        slack.sender.hook = hub.hook("slack")
        yield Rush(slack, bots, hub)


async def burst(
    folder: Path,
    conversations: int,
    seconds: float,
    kill: float = 0.0,
    patience: float = 600.0,
    database: str = "",
    redis: str = "",
    workers: int = 1,
) -> dict[str, Any]:
    """One run."""
    async with rushing(folder, database, redis, workers) as rush:
        began = time.time()
        killing = asyncio.create_task(rush.kill(kill)) if kill else None
        await rush.write(conversations, seconds)
        await rush.arrived(patience)
        if killing is not None:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
            await rush.arrived(120)
        return judged(rush, began)


def main() -> int:
    """One JSON line."""
    parser = argparse.ArgumentParser(prog="python -m tests.agents_bridge.burst", description=__doc__)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kill", type=float, default=0.0, help="seconds between two deaths of the worker; 0: it lives")
    parser.add_argument("--patience", type=float, default=600.0, help="seconds to wait for the last line")
    parser.add_argument("--database", default="", help="postgresql://… or mysql://…, empty, instead of SQLite")
    parser.add_argument("--redis", default="", help="redis://…, instead of the bundled Valkey")
    parser.add_argument("--workers", type=int, default=1, help="worker processes; the oldest is killed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="burst-") as folder:
        how = (given.conversations, given.seconds, given.kill, given.patience, given.database, given.redis, given.workers)
        figures = asyncio.run(burst(Path(folder), *how))
    found = wrong(figures)
    print(json.dumps(figures | {"wrong": found}))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
