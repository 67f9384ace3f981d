"""Telegram's sending half for fault runs: updates over real HTTP, one at a time per customer, again until they are taken."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.faults.records import Records
from tests.faults.tokens import Token, body, secret_of

if TYPE_CHECKING:
    from tests.faults.load import Gate, Spec

CONNECTIONS = 40
PATIENCE_S = 10.0
AGAIN_S = (0.05, 0.1, 0.2, 0.4, 0.8)
TWICE = 0.01
"""Share of updates that are delivered once more after they were taken, as Telegram does when an answer got lost."""
FIRST_CUSTOMER, FIRST_UPDATE = 700_001, 50_000_001


class Hooks:
    """Customers of the Telegram channel."""

    def __init__(
        self, http: aiohttp.ClientSession, records: Records, gate: Gate, spec: Spec, counts: list[int], chance: random.Random
    ) -> None:
        self.taken = 0
        self.attempts = 0
        self._http = http
        self._records = records
        self._gate = gate
        self._spec = spec
        self._chance = chance
        self._left = {FIRST_CUSTOMER + n: count for n, count in enumerate(counts)}
        self._said = dict.fromkeys(self._left, 0)
        self._idle = list(self._left)
        self._updates = FIRST_UPDATE

    async def run(self, ending: asyncio.Event) -> None:
        """Send everything, then wait for the end."""
        async with asyncio.TaskGroup() as work:
            for _ in range(CONNECTIONS):
                work.create_task(self._deliver())
        await ending.wait()

    async def _deliver(self) -> None:
        while any(self._left.values()):
            if not self._idle:
                await asyncio.sleep(0.01)
                continue
            customer = self._idle.pop(self._chance.randrange(len(self._idle)))
            self._left[customer] -= 1
            await self._gate.enter()
            await self._say(customer)
            if self._left[customer]:
                self._idle.append(customer)

    async def _say(self, customer: int) -> None:
        """The customer's next message, delivered until it is taken."""
        self._said[customer] += 1
        token = Token("m", secret_of(self._spec.seed, "telegram", str(customer)), self._said[customer])
        update = self._update(customer, token)
        turn = 0
        while not await self._post(customer, token, update, turn):
            await asyncio.sleep(AGAIN_S[min(turn, len(AGAIN_S) - 1)])
            turn += 1
        self.taken += 1
        if self._chance.random() < TWICE:
            await self._post(customer, token, update, turn + 1)

    def _update(self, customer: int, token: Token) -> dict[str, Any]:
        self._updates += 1
        person = {"id": customer, "is_bot": False, "first_name": f"Customer {customer}", "language_code": "en"}
        message = {"message_id": self._updates, "from": person, "chat": {**person, "type": "private"}, "date": int(time.time())}
        return {"update_id": self._updates, "message": message | {"text": body(token)}}

    async def _post(self, customer: int, token: Token, update: dict[str, Any], turn: int) -> bool:
        """One attempt; whether it was taken."""
        self.attempts += 1
        began = round(time.time(), 4)
        answer = await self._answer(json.dumps(update).encode())
        key = str(update["update_id"])
        self._records.add(
            "attempt",
            channel="telegram",
            customer=str(customer),
            key=key,
            token=str(token),
            n=token.n,
            text=update["message"]["text"],
            turn=turn,
            began=began,
            answer=answer,
        )
        return answer.startswith("2")

    async def _answer(self, content: bytes) -> str:
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": self._spec.telegram_secret}
        until = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            async with self._http.post(
                f"{self._spec.hub}/hooks/telegram", data=content, headers=headers, timeout=until
            ) as answer:
                await answer.read()
                return str(answer.status)
        except TimeoutError:
            return "timeout"
        except aiohttp.ClientError as exc:
            return type(exc).__name__
