"""Append-only JSON lines of what a fault run did and saw, without fsync: the harness is not what gets killed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any


class Records:
    """One file; a line is in the kernel's hands when `add` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def add(self, what: str, **facts: Any) -> None:
        """Write a line with its time."""
        line = {"at": round(time.time(), 4), "what": what, **facts}
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        self._file.close()


class Tail:
    """Reads a growing file of JSON lines; what is not a whole line yet is left for the next look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = 0

    def lines(self) -> list[dict[str, Any]]:
        """The lines since the last look."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._place)
            text = file.read()
        whole, found, _ = text.rpartition(b"\n")
        if not found:
            return []
        self._place += len(whole) + 1
        return [json.loads(line) for line in whole.split(b"\n")]
