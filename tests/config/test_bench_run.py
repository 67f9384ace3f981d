"""`frontdesk bench` as people run it: everything starts, is measured and is gone afterwards. No figure is judged."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from config.bench.budgets import FIGURES
from config.bench.processes import PROC
from config.bench.servers import own_database, rows
from hub.jobs import connect
from tests.conftest import own_valkey

ROOT = Path(__file__).parents[2]
SMALL = ("--seconds", "1", "--messages", "150", "--sockets", "20", "--conversations", "40")


def bench(folder: Path, *words: str) -> dict[str, Any]:
    """Run the command to its end; the object that it printed."""
    environment = os.environ | {"TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "config", "bench", *SMALL, *words, "--json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=230, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b" s  starting frontdesk up" in done.stderr, "progress is told"
    assert list(folder.iterdir()) == [], "everything is gone"
    assert left_of(folder) == []
    found: dict[str, Any] = orjson.loads(done.stdout.splitlines()[-1])
    return found


def left_of(folder: Path) -> list[str]:
    """Processes that still know this folder."""
    time.sleep(0.2)
    found = []
    for place in PROC.iterdir() if PROC.is_dir() else ():
        try:
            if (
                place.name.isdigit()
                and str(folder).encode() in (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
            ):
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.timeout(240)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_every_figure_is_measured(tmp_path: Path) -> None:
    found = bench(tmp_path)
    assert found["reasons"] == {}
    assert [figure.name for figure in FIGURES if not isinstance(found[figure.name], int | float)] == []
    assert found["lost"] == found["undone"] == 0
    # 150 customers say hello, three floods, 20 visitors three times, 200/s behind them, the console's 40, the desk's 20 twice.
    assert 150 + 3 * 20 + 60 + 200 + 40 + 40 <= found["messages"] <= 150 + 3 * 150 + 60 + 200 + 40 + 40
    assert 0 < found["p50_ms"] <= found["p99_ms"]
    assert 0 < found["desk_p50_ms"] <= found["desk_p99_ms"]
    assert 0.1 < found["ready_s"] < 60
    assert found["idle_pss_mib"] > 20
    assert found["one_conn_per_s"] < 1000 / found["one_conn_p50_ms"] * 2
    assert found["conversations"] >= 190
    assert found["sockets"] == 20
    assert {"widget", "workers", "config.supervise"} <= set(found["cpu_s_per_1000_by"])
    assert 0.7 < sum(found["cpu_s_per_1000_by"].values()) / found["cpu_s_per_1000"] < 1.3


@pytest.mark.postgres
@pytest.mark.timeout(240)
async def test_given_servers_are_measured_and_left_as_they_were(tmp_path: Path) -> None:
    database = os.environ.get("TEST_POSTGRES_URL")
    if not database:
        pytest.skip("TEST_POSTGRES_URL is not set")
    with own_valkey() as redis:
        pool = await connect(redis)
        try:
            await pool.set("somebody:else", "1")
            found = bench(tmp_path, "--only", "sustained", "--database", database, "--redis", redis)
            assert [key async for key in pool.scan_iter()] == [b"somebody:else"]
        finally:
            await pool.aclose()
    assert found["servers"] == "postgresql + redis"
    assert found["sustained_per_s"] > 0 and found["cpu_s_per_1000"] > 0, "processes of both servers can be seen"
    assert 170 < found["messages"] <= 300
    assert found["reasons"]["ready_s"] == "not asked for"


@pytest.mark.parametrize("server", ["TEST_POSTGRES_URL", "TEST_MYSQL_URL"])
async def test_a_database_of_its_own_is_made_and_dropped(server: str) -> None:
    if not (url := os.environ.get(server)):
        pytest.skip(f"{server} is not set")
    async with own_database(url) as own:
        assert await rows(own, "SELECT 1") == [(1,)]
        name = own.rpartition("/")[2].partition("?")[0]
        assert name.startswith("frontdesk_bench_")
    with pytest.raises(Exception, match=name):
        await rows(own, "SELECT 1")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_nothing_outlives_a_bench_that_is_killed(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "config", "bench", "--only", "sockets", "--sockets", "10"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        while b"ready after" not in running.stderr.readline():
            assert running.poll() is None
        assert len(left_of(tmp_path)) > 3
        running.kill()
    until = time.monotonic() + 40
    while left := left_of(tmp_path):
        assert time.monotonic() < until, left


@pytest.mark.parametrize(
    ("option", "url"),
    [("--database", "postgresql://nobody:secret@127.0.0.1:1/none"), ("--redis", "redis://:secret@127.0.0.1:1/0")],
)
def test_a_server_that_is_not_there_ends_with_code_2(tmp_path: Path, option: str, url: str) -> None:
    words = ("--only", "accepted", option, url)
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "config", "bench", *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr.decode()
    assert f"{option} 127.0.0.1:1".encode() in done.stderr
    assert b"Traceback" not in done.stderr and b"secret" not in done.stderr
    assert list(tmp_path.iterdir()) == []
