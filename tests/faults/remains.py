"""What a fault run leaves behind once it is at rest: open files of its processes, keys in Redis, files that no row names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

MOST_MIB = 300
MOST_OPEN = 100
"""Files and sockets of a process: its database, its Redis, and connections to platforms that are kept for the next call."""
MOST_KEYS, MOST_LASTING = 100, 10
"""Keys in Redis beyond those of each customer, and of all keys those that never expire."""
OF_A_CUSTOMER = 4
"""Keys of rates, which expire."""
_OWN = re.compile(r"[0-9a-f]{12,}|\d+")


def open_files(pid: int) -> int:
    """Files and sockets that a process holds; 0 where the kernel does not tell."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


async def keys(url: str) -> dict[str, dict[str, int]]:
    """All keys of a Redis by what they are for, and those of them that never expire."""
    found: dict[str, Counter[str]] = {"all": Counter(), "lasting": Counter()}
    redis = Redis.from_url(url)
    try:
        async for key in redis.scan_iter(count=1000):
            kind = _OWN.sub("#", key.decode())
            found["all"][kind] += 1
            if await redis.pttl(key) == -1:
                found["lasting"][kind] += 1
    finally:
        await redis.aclose()
    return {name: dict(counts) for name, counts in found.items()}


def loose(folder: Path, named: Collection[str]) -> list[str]:
    """Files in the hub's folder of files that no row of the database names, half written ones among them."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name not in named)


def grown(told: dict[str, Any]) -> list[str]:
    """V11: what is more than it may be."""
    kept, lasting = sum(told["keys"]["all"].values()), sum(told["keys"]["lasting"].values())
    found = {
        f"a process holds more than {MOST_MIB} MiB: {told['memory_mib']}": _most(told["memory_mib"]) > MOST_MIB,
        f"a process holds more than {MOST_OPEN} files: {told['open_files']}": _most(told["open_files"]) > MOST_OPEN,
        f"Redis holds {kept} keys: {told['keys']['all']}": kept > MOST_KEYS + OF_A_CUSTOMER * told["customers"],
        f"Redis holds {lasting} keys for ever: {told['keys']['lasting']}": lasting > MOST_LASTING,
        f"no row names these files: {told['loose']}": bool(told["loose"]),
    }
    return [words for words, holds in found.items() if holds]


def _most(by_name: dict[str, int]) -> int:
    return max(by_name.values(), default=0)
