"""The Telegram and Slack servers of a fault run, each in a process of its own with a log that is flushed before it answers."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, Process, create_subprocess_exec
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from tests.faults.services import listens
from tests.faults.waiting import came
from tests.servers.installation import ROOT, free_port

CALL_S, LATE_S, LOOKUP_S = 2.0, 3.0, 5.0
"""The hub's patience with one call, then what `accept_late` takes, then the hub's wait before it asks: in this order, because
nobody can find what has not arrived yet."""
BAD_SHARE = 0.02
KINDS = ("accept_hang", f"accept_late:{LATE_S:g}", "accept_reset", "limit:1", "refuse:503")
BAD = dict.fromkeys(KINDS, BAD_SHARE / len(KINDS))
START_S = 15.0


class Platforms:
    """Both servers."""

    def __init__(self, folder: Path) -> None:
        self.telegram_port, self.slack_port = free_port(), free_port()
        self._folder = folder
        self._processes: list[Process] = []
        self._http: aiohttp.ClientSession | None = None

    @property
    def slack(self) -> str:
        return f"http://127.0.0.1:{self.slack_port}"

    async def start(self, hub: str) -> None:
        """Start both; Slack delivers its events to `hub`."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        telegram = ("--port", str(self.telegram_port), "--log", str(self._folder / "telegram.jsonl"), "--anyone")
        slack = ("--port", str(self.slack_port), "--log", str(self._folder / "slack.jsonl"), "--factor", "0.1")
        await self._run("telegram", *telegram)
        await self._run("slack", *slack, "--hook", f"{hub}/hooks/slack")
        for port in (self.telegram_port, self.slack_port):
            if not await came(lambda port=port: listens(port), START_S):  # type: ignore[misc]
                raise RuntimeError("a platform's server did not start")

    async def _run(self, name: str, *words: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes.append(
                await create_subprocess_exec(
                    *(sys.executable, "-m", f"tests.servers.{name}", *words), cwd=ROOT, stdin=DEVNULL, stdout=log, stderr=log
                )
            )

    async def _ask(self, url: str, content: Mapping[str, Any] | None = None) -> Any:
        assert self._http is not None
        method = "GET" if content is None else "POST"
        async with self._http.request(method, url, json=content) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def misbehave(self, seed: int) -> None:
        """From now on, 2 % of calls."""
        await self._ask(f"http://127.0.0.1:{self.telegram_port}/sim/behaviour", {"shares": BAD, "seed": seed})
        await self._ask(f"{self.slack}/control/behaviour", {"shares": BAD, "seed": seed + 1})

    async def behave(self) -> dict[str, dict[str, int]]:
        """No more; returns what was done to the hub until now."""
        told = f"http://127.0.0.1:{self.telegram_port}/sim/state", f"{self.slack}/control/state"
        drawn = {name: (await self._ask(url))["drawn"] for name, url in zip(("telegram", "slack"), told, strict=True)}
        await self._ask(f"http://127.0.0.1:{self.telegram_port}/sim/behaviour", {"shares": {}})
        await self._ask(f"{self.slack}/control/behaviour", {"shares": {}})
        return drawn

    async def untold(self) -> int:
        """Events that Slack still tries to tell the hub of."""
        return int((await self._ask(f"{self.slack}/control/state"))["waiting"])

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.close()
        for process in self._processes:
            if process.returncode is None:
                process.terminate()
        for process in self._processes:
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()
