"""How many payloads of our own writing there are, one for each condition, by platform: `python -m tests.payload_counts`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "payloads"


def payloads() -> Iterator[tuple[str, str, Any]]:
    """(platform, name, what must come of it) of every payload; Slack's expectations stand in a list of their own."""
    for folder in sorted(path for path in FOLDER.iterdir() if path.is_dir()):
        index = folder / "INDEX.json"
        listed = {one["file"]: one for one in json.loads(index.read_text("utf-8"))} if index.exists() else {}
        for path in sorted(folder.glob("*.json")):
            if path != index:
                held = listed.get(path.name) or json.loads(path.read_text("utf-8"))
                yield folder.name, path.stem, held.get("expect", held.get("items"))


def counts() -> dict[str, int]:
    """Payloads by platform."""
    found: dict[str, int] = {}
    for platform, _, _ in payloads():
        found[platform] = found.get(platform, 0) + 1
    return found


if __name__ == "__main__":
    told = counts()
    print(*(f"{platform}: {count}" for platform, count in told.items()), f"all: {sum(told.values())}", sep="\n")
