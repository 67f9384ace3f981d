"""What is left when a fault run is at rest is counted rightly, and too much of any of it makes the run fail."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.conftest import own_valkey
from tests.faults.remains import MOST_KEYS, MOST_LASTING, MOST_MIB, MOST_OPEN, OF_A_CUSTOMER, grown, keys, loose, open_files
from tests.faults.run import shortfalls
from tests.faults.world import Asked

AT_REST: dict[str, Any] = {
    "memory_mib": {"web1": 140, "worker1": 150},
    "open_files": {"web1": 21, "worker1": 49},
    "customers": 12,
    "keys": {"all": {"#:rate:say:#": 12, "#:in:health-check": 1}, "lasting": {}},
    "loose": [],
}
TOO_MUCH: dict[str, tuple[str, Any]] = {
    "memory": ("memory_mib", {"web1": 140, "worker1": MOST_MIB + 1}),
    "sockets": ("open_files", {"web1": MOST_OPEN + 1, "worker1": 49}),
    "keys": ("keys", {"all": {"#:rate:say:#": MOST_KEYS + 12 * OF_A_CUSTOMER + 1}, "lasting": {}}),
    "keys for ever": ("keys", {"all": {"#:job": MOST_LASTING + 1}, "lasting": {"#:job": MOST_LASTING + 1}}),
    "files": ("loose", ["0123.part"]),
}


def test_what_is_within_its_bounds_is_good() -> None:
    assert grown(AT_REST) == []


@pytest.mark.parametrize("what", TOO_MUCH)
def test_what_has_grown_makes_a_run_fail(what: str) -> None:
    name, value = TOO_MUCH[what]
    told = copy.deepcopy(AT_REST) | {name: value}
    assert len(grown(told)) == 1
    told |= {"faults": {}, "messages": 1, "kills": 0, "load_code": 0, "up": True, "left": {}, "strangers": []}
    assert shortfalls(told, Asked(1, 0, 0, 1)) == grown(told)


def test_open_files_are_counted_by_process() -> None:
    before = open_files(os.getpid())
    with Path(os.devnull).open():
        assert before > 0 and open_files(os.getpid()) == before + 1
    assert open_files(0) == 0, "there is no such process"


async def test_keys_are_counted_by_what_they_are_for() -> None:
    with own_valkey() as url:
        redis = Redis.from_url(url)
        await redis.set("fd0123456789ab:rate:say:0123456789abcdef", 1, ex=60)
        await redis.set("fd0123456789ab:rate:say:fedcba9876543210", 1)
        found = await keys(url)
        await redis.aclose()
    kind, counts = next(iter(found["all"].items()))
    assert kind.endswith(":rate:say:#") and counts == 2
    assert found["lasting"] == {kind: 1}


def test_files_that_no_row_names_are_found(tmp_path: Path) -> None:
    for name in ("ab/00ab", "cd/00cd", "cd/00cd.f1f2f3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert loose(tmp_path, {"00ab"}) == ["00cd", "00cd.f1f2f3"]
    assert loose(tmp_path / "none", ()) == []
