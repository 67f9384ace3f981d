"""What a test server accepted, in a file of its own that is flushed to disk before anybody is answered."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Journal:
    """JSON lines, each with an arrival number `n` and a time `at`. Without a path it keeps them in memory only."""

    def __init__(self, path: Path | None = None, *, sync: bool = True) -> None:
        self.records: list[Record] = []
        self._sync = sync
        self._file = path.open("ab") if path else None
        self._grown = asyncio.Event()

    def append(self, **fields: Any) -> Record:
        """Keep a record; on disk when this returns."""
        record = {"n": len(self.records) + 1, "at": time.time(), **fields}
        if self._file:
            self._file.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
            self._file.flush()
            if self._sync:
                os.fsync(self._file.fileno())
        self.records.append(record)
        self._grown.set()
        return record

    async def until(self, enough: Callable[[list[Record]], bool], seconds: float = 10.0) -> list[Record]:
        """Wait until the records are `enough`; fails after `seconds`."""
        async with asyncio.timeout(seconds):
            while not enough(self.records):
                self._grown.clear()
                await self._grown.wait()
        return self.records

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
