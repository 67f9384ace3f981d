"""Redis is away when everything starts: messages are taken in all the same, and handled once it is there."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.conftest import start_valkey, until
from tests.servers.installation import HOOK_SECRET, Running, installed

CHAT = {"id": 7, "type": "private", "first_name": "Ann"}


@pytest.fixture
async def home(tmp_path: Path, prefix: str) -> AsyncIterator[tuple[Running, Path]]:
    """A web and a worker process, and the folder in which their Redis will be."""
    valkey = Path("/tmp") / prefix
    valkey.mkdir()
    try:
        async with installed(tmp_path, "", f"unix://{valkey}/r.sock", telegram="http://127.0.0.1:9") as running:
            yield running, valkey
    finally:
        shutil.rmtree(valkey)


async def hook(running: Running, number: int) -> int:
    message = {"message_id": number, "from": CHAT, "chat": CHAT, "date": 1767225600, "text": f"line {number}"}
    headers = {"x-telegram-bot-api-secret-token": HOOK_SECRET}
    async with httpx.AsyncClient() as http:
        answer = await http.post(running.hook("telegram"), json={"update_id": number, "message": message}, headers=headers)
    return answer.status_code


def handled(running: Running) -> list[int]:
    """The states of the rows of the inbox."""
    with closing(sqlite3.connect(running.folder / "data" / "frontdesk.db")) as database:
        return [row[0] for row in database.execute("SELECT state FROM inbox WHERE source = 'telegram' ORDER BY n")]


@pytest.mark.timeout(120)
async def test_everything_starts_and_takes_in_and_goes_on_when_redis_comes(home: tuple[Running, Path]) -> None:
    running, folder = home
    async with httpx.AsyncClient() as http:
        ready = await http.get(f"{running.url()}/readyz")
    assert (ready.status_code, ready.json()["redis"]) == (200, False)
    assert [await hook(running, n) for n in (1, 2)] == [200, 200]
    assert handled(running) == [0, 0], "committed"
    await until(lambda: "redis.away" in running.log("worker1"))
    assert "Traceback" not in running.log("worker1") + running.log("web1")
    server, _ = start_valkey(folder)
    try:
        await until(lambda: handled(running) == [1, 1], 30)
        assert await hook(running, 3) == 200
        await until(lambda: handled(running) == [1, 1, 1], 30)
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{running.url()}/readyz")).json()["redis"] is True
    finally:
        server.kill()
        server.wait()


@pytest.mark.timeout(120)
async def test_a_redis_that_evicts_is_refused_when_it_comes(home: tuple[Running, Path]) -> None:
    running, folder = home
    server, _ = start_valkey(folder, "--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")
    try:
        for name in ("web1", "worker1"):
            assert await asyncio.wait_for(running.processes[name].wait(), 40) == 2
            assert "noeviction" in running.log(name)
    finally:
        server.kill()
        server.wait()
