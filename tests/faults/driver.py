"""The load's process, seen from the run that started it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.load import Spec
from tests.servers.installation import ROOT


class Driver:
    """Starts it, paces it, knows how far it is."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.state: dict[str, Any] = {"taken": 0, "attempts": 0, "answers": 0, "idle": True}
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def share(self) -> float:
        """How much of the messages the hub has taken."""
        return float(self.state["taken"]) / self.spec.messages

    async def start(self) -> None:
        """Begin; nothing is sent before `allow`."""
        folder = Path(self.spec.folder)
        written = folder / "load.json"
        written.write_text(json.dumps(asdict(self.spec)), "utf-8")
        with (folder / "load.log").open("ab") as log:
            self._process = await create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.load", str(written)), cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=log
            )
        self._reading = asyncio.create_task(self._read(self._process))

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.state = json.loads(line)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _tell(self, words: str) -> None:
        if self.alive and self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(f"{words}\n".encode())
            await self._process.stdin.drain()

    async def allow(self, share: float) -> None:
        """So much of the messages may be sent by now."""
        await self._tell(f"share {share:.4f}")

    async def end(self, seconds: float = 60.0) -> int:
        """Let customers read to the end, then stop; the exit code."""
        assert self._process is not None
        await self._tell("end")
        return await asyncio.wait_for(self._process.wait(), seconds)

    async def aclose(self) -> None:
        if self.alive and self._process is not None:
            self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await self._reading
