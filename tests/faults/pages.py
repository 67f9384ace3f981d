"""Customers on web pages for fault runs: the protocol over long poll, resumed by (epoch, since) as the widget does it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.faults.records import Records
from tests.faults.tokens import Token, body, secret_of

if TYPE_CHECKING:
    from tests.faults.load import Gate, Spec

PATIENCE_S = 10.0
WAIT_S = 2
LAST_LOOKS = 3
"""Polls without news after which a customer's log is known to its end."""


class Page:
    """One customer."""

    def __init__(self, pages: Pages, number: int, count: int) -> None:
        self._pages = pages
        self._count = count
        self.name = f"web-{number}"
        self._secret = secret_of(pages.spec.seed, "web", self.name)
        self._session: dict[str, Any] = {}
        self._epoch = ""
        self._since = 0

    async def run(self, ending: asyncio.Event) -> None:
        """Write everything, then read along until told to end."""
        while not self._session:
            self._session = await self._pages.ask("session", {"name": self.name}) or {}
        self._pages.records.add("session", channel="web", customer=self.name, id=self._session["customer"])
        for n in range(1, self._count + 1):
            while not self._pages.gate.open:
                await self._poll([], WAIT_S / 4)
            await self._pages.gate.enter()
            await self._say(Token("m", self._secret, n))
        quiet = 0
        while not ending.is_set() or quiet < LAST_LOOKS:
            news = await self._poll([], WAIT_S if not ending.is_set() else 0)
            quiet = quiet + 1 if news == 0 else 0

    async def _say(self, token: Token) -> None:
        text, key, turn = body(token), f"own-{token.n}", 0
        frame = {"t": "send", "id": key, "d": {"text": text}}
        while True:
            self._pages.attempts += 1
            began = round(time.time(), 4)
            down = await self._down([frame], 0)
            answer = self._answer_to(key, down)
            self._pages.records.add(
                "attempt",
                channel="web",
                customer=self.name,
                key=key,
                token=str(token),
                n=token.n,
                text=text,
                turn=turn,
                began=began,
                answer=answer,
            )
            if down is not None:
                self._take(down)
            if answer == "ok":
                self._pages.taken += 1
                return
            turn += 1
            await asyncio.sleep(min(0.05 * 2**turn, 1.0))

    @staticmethod
    def _answer_to(key: str, down: list[dict[str, Any]] | None) -> str:
        if down is None:
            return "none"
        for frame in down:
            if frame.get("id") == key and frame["t"] in ("ok", "no"):
                return "ok" if frame["t"] == "ok" else f"no:{frame['code']}"
        return "silence"

    async def _poll(self, up: list[dict[str, Any]], wait: float) -> int:
        """How much was new; -1 when nobody answered."""
        down = await self._down(up, wait)
        if down is None:
            await asyncio.sleep(0.2)
            return -1
        return self._take(down)

    async def _down(self, up: list[dict[str, Any]], wait: float) -> list[dict[str, Any]] | None:
        asked = {"tok": self._session["token"], "epoch": self._epoch, "since": self._since, "up": up, "wait": int(wait)}
        found = await self._pages.ask("poll", asked)
        return None if found is None else list(found["down"])

    def _take(self, down: list[dict[str, Any]]) -> int:
        """Apply what came, in order; what is known already is passed over."""
        news = 0
        for frame in down:
            if frame["t"] == "welcome":
                self._welcomed(frame)
            elif frame["t"] == "ev" and frame["s"] > self._since:
                self._since, news = frame["s"], news + 1
                seen = {"s": frame["s"], "n": frame["n"], "conversation": frame["c"], "kind": frame["k"]}
                said = {"by": frame["by"]["kind"], "id": frame.get("id", ""), "text": frame["d"].get("text", "")}
                self._pages.records.add("seen", channel="web", customer=self.name, **seen, **said)
        return news

    def _welcomed(self, frame: dict[str, Any]) -> None:
        """Another database than before means another log: it is read anew, and said so."""
        if self._epoch and frame["epoch"] != self._epoch:
            self._since = 0
        self._epoch = frame["epoch"]
        facts = {"epoch": frame["epoch"], "resumed": frame["resumed"], "head": frame["head"], "since": self._since}
        self._pages.records.add("welcome", channel="web", customer=self.name, **facts)


class Pages:
    """Customers of the web channel."""

    def __init__(self, http: aiohttp.ClientSession, records: Records, gate: Gate, spec: Spec, counts: list[int]) -> None:
        self.taken = 0
        self.attempts = 0
        self.records = records
        self.gate = gate
        self.spec = spec
        self._http = http
        self._people = [Page(self, number, count) for number, count in enumerate(counts)]

    async def run(self, ending: asyncio.Event) -> None:
        """All of them at once."""
        async with asyncio.TaskGroup() as work:
            for one in self._people:
                work.create_task(one.run(ending))

    async def ask(self, what: str, content: dict[str, Any]) -> dict[str, Any] | None:
        """One call of the customer protocol; None when it was not answered well."""
        until = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            async with self._http.post(f"{self.spec.hub}/chat/web/{what}", json=content, timeout=until) as answer:
                if answer.status == 200:
                    found: dict[str, Any] = await answer.json()
                    return found
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            pass
        await asyncio.sleep(0.05)
        return None
