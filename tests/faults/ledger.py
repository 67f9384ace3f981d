"""Reads the hub's database from outside: whether anything is still to be done, and at the end everything that it holds."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from hub.store.database import parse_url

OPEN = {
    "inbox": "SELECT count(*) FROM inbox WHERE state = 0",
    "queued": "SELECT count(*) FROM delivery WHERE state = 'queued'",
    "sending": "SELECT count(*) FROM delivery WHERE state = 'sending'",
    "asking": "SELECT count(*) FROM delivery WHERE state = 'unknown' AND due_ms > 0",
}
"""What may not be left when everything is at rest."""
TABLES = ("inbox", "customer", "identity", "conversation", "message", "thread", "delivery", "delivery_attempt")


class Ledger:
    """One database."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(parse_url(url), pool_size=1, max_overflow=0, pool_pre_ping=True)

    async def open(self) -> dict[str, int]:
        """How much is still to be done, by kind."""
        async with self._engine.connect() as connection:
            return {name: int((await connection.execute(text(asked))).scalar_one()) for name, asked in OPEN.items()}

    async def drained(self, seconds: float, quiet: Any) -> dict[str, int]:
        """Wait until nothing is to be done and `quiet()` agrees, twice in a row; returns what is left after so long."""
        until = asyncio.get_running_loop().time() + seconds
        calm = 0
        left: dict[str, int] = {}
        while calm < 2 and asyncio.get_running_loop().time() < until:
            left = await self.open()
            calm = calm + 1 if not any(left.values()) and await quiet() else 0
            await asyncio.sleep(1.0)
        return left if calm < 2 else {}

    async def dump(self, path: Path) -> None:
        """Every row that a checker may want, a JSON object a line with its table's name."""
        async with self._engine.connect() as connection:
            with path.open("w", encoding="utf-8") as file:
                for table in TABLES:
                    rows = await connection.stream(text(f"SELECT * FROM {table}"))
                    async for row in rows.mappings():
                        file.write(json.dumps({"table": table, **row}, ensure_ascii=False, default=_plain) + "\n")

    async def files(self) -> set[str]:
        """The names of all files that the hub knows of."""
        async with self._engine.connect() as connection:
            return set((await connection.execute(text("SELECT id FROM file"))).scalars())

    async def aclose(self) -> None:
        await self._engine.dispose()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
