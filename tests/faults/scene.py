"""One small installation with one customer and one agent, to which one thing goes wrong, and what the checker says of it.

The web process and the workers are real ones, or mutants (tests/faults/mutants.py), so that the same thing can be done to both.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from hub.failpoints import VARIABLE
from tests.faults.checker import Verdict, check
from tests.faults.evidence import Evidence, Line, read
from tests.faults.ledger import Ledger
from tests.faults.tokens import Token, body, secret_of
from tests.faults.waiting import came
from tests.servers.installation import HOOK_SECRET, TELEGRAM, Running, installed
from tests.servers.slack import SlackServer, slack_server
from tests.servers.slack_events import Told
from tests.servers.telegram import TOKEN, TelegramServer, telegram

CHAT = 700_001
SECRET = secret_of(0, "telegram", str(CHAT))
SOON_S = 15.0
DESK = "rate: 1000\ntimeout: 1\nlookup_after: 2\n"


@dataclass
class Scene:
    """Who plays in it."""

    hub: Running
    telegram: TelegramServer
    slack: SlackServer
    ledger: Ledger
    mutant: str
    said: dict[str, int] = field(default_factory=dict)
    """The customer's marks and their updates' ids."""
    told: list[Told] = field(default_factory=list)

    async def start(self, name: str, *moments: str, trap: str = "", mutant: str = "") -> None:
        """Start a process, as the scene's mutant unless another is named; `trap` is a failpoint."""
        module = "widget" if name.startswith("web") else "workers"
        more = {VARIABLE: trap} if trap else {}
        await self.hub.start(name, " ".join(("tests.faults.mutants", mutant or self.mutant, module, *moments)), **more)

    async def died(self, name: str) -> None:
        """Wait until a process has killed itself."""
        process = self.hub.processes[name]
        assert await came(lambda: process.returncode is not None, SOON_S), f"{name} still lives"

    def say(self) -> str:
        """The customer's next message; its mark."""
        token = Token("m", SECRET, len(self.said) + 1)
        self.said[str(token)] = self.telegram.say(CHAT, body(token))
        return str(token)

    async def taken(self, mark: str) -> None:
        """Wait until the hub has answered it with 2xx."""
        assert await came(lambda: self.said[mark] in self.telegram.updates.acked, SOON_S), f"{mark} was not taken"

    async def at_desk(self, mark: str) -> str:
        """Wait until a message is in its thread; the thread."""
        found: list[Line] = []

        def there() -> bool:
            found[:] = [post for post in self.slack.posts() if post["thread_ts"] and mark in post["text"]]
            return bool(found)

        assert await came(there, SOON_S), f"{mark} is in no thread"
        return f"{found[0]['channel']}:{found[0]['thread_ts']}"

    def write(self, thread: str) -> Told:
        """The agent's next answer, and whether the hub has taken it."""
        self.told.append(self.slack.reply(thread, body(Token("r", SECRET, len(self.told) + 1))))
        return self.told[-1]

    async def answer(self, thread: str) -> str:
        """The agent's next answer, as soon as the hub has taken it; its mark."""
        assert (await self.write(thread).done(SOON_S)).acknowledged
        return str(Token("r", SECRET, len(self.told)))

    def at_customer(self, mark: str) -> bool:
        """Whether the customer's platform has accepted an answer."""
        return any(mark in str(one.get("text")) for one in self.telegram.accepted.records)

    async def verdict(self, folder: Path, seconds: float) -> Verdict:
        """Wait until nothing is left to do, at most so long, and have it judged."""

        async def still() -> bool:
            waiting = self.telegram.updates.pending + sum(not one.over.is_set() for one in self.slack.sender.told)
            return not waiting and not any((await self.ledger.open()).values())

        until = time.monotonic() + seconds
        while not (await came(still, until - time.monotonic()) and await _for(0.3) and await still()):
            if time.monotonic() > until:
                break
        await self.ledger.dump(folder / "database.jsonl")
        return check(self._evidence(folder))

    def _evidence(self, folder: Path) -> Evidence:
        attempts: list[Line] = []
        for mark, update in self.said.items():
            n = int(mark.rpartition("-")[2])
            own = {"channel": "telegram", "customer": str(CHAT), "key": str(update), "token": mark, "n": n}
            answer = "200" if update in self.telegram.updates.acked else "none"
            attempts.append({"what": "attempt", **own, "text": body(Token("m", SECRET, n)), "answer": answer})
        return replace(
            read(folder, {}), load=attempts, slack=list(self.slack.accepted.lines), telegram=list(self.telegram.accepted.records)
        )


async def _for(seconds: float) -> bool:
    return not await came(lambda: False, seconds)


@asynccontextmanager
async def scene(
    folder: Path, mutant: str, *, database_url: str = "", redis_url: str = "", call_s: float = 1.0
) -> AsyncIterator[Scene]:
    """An installation with one honest web process and no worker yet; `call_s` is the hub's patience with Telegram."""
    async with AsyncExitStack() as stack:
        sim = await stack.enter_async_context(telegram())
        slack = await stack.enter_async_context(slack_server())
        channel = TELEGRAM.format(token=TOKEN, secret=HOOK_SECRET, url=sim.url) + f"timeout: {call_s}\n"
        files = {"channels/telegram.yaml": channel}
        hub = await stack.enter_async_context(
            installed(folder, database_url, redis_url, slack=slack.api_url, desk=DESK, workers=0, files=files)
        )
        slack.sender.hook = hub.hook("slack")
        sim.updates.set_hook(hub.hook("telegram"), HOOK_SECRET, 40, [])
        stack.push_async_callback(sim.updates.stop)
        ledger = Ledger(database_url or f"sqlite:///{folder}/data/frontdesk.db")
        stack.push_async_callback(ledger.aclose)
        yield Scene(hub, sim, slack, ledger, mutant)
