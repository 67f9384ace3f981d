"""A customer in an app and an agent in the console, exactly once each way, while workers, web and Redis are killed under them."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from tests.conftest import start_valkey, until
from tests.databases import throw_away_database
from tests.servers.app_client import ChatClient
from tests.servers.installation import Running, installed
from tests.stories.test_one_message_and_its_answer import PLACES

SECRET = "the-secret-of-the-app's-own-backend"
APP = f'type: app\nidentity: {{required: true, keys: [{{secret: "{SECRET}"}}]}}\n'
LINES = 40
"""What each side says."""
MOST_LINES = 400
"""The same where the machine is so slow that nothing has died by then."""


def identity() -> str:
    return jwt.encode({"sub": "anna", "aud": "app", "exp": int(time.time()) + 600}, SECRET, "HS256")


class Agent:
    """Somebody with a token, who asks again until the hub has it: the same id each time."""

    def __init__(self, hub: Running, token: str) -> None:
        self._hub = hub
        self._http = httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=5)

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """One call, by any web process that answers."""
        for turn in range(200):
            with suppress(httpx.HTTPError):
                url = self._hub.url(self._hub.webs[turn % len(self._hub.webs)])
                answer = await self._http.request(method, f"{url}/console/api{path}", **more)
                if answer.status_code < 300:
                    return answer.json()
                assert answer.status_code in (429, 503), answer.text
            await asyncio.sleep(0.1)
        raise AssertionError(f"nobody answers {path}")

    async def said(self, talk: str) -> list[tuple[str, str]]:
        """(who, what) of a conversation's messages."""
        items: list[dict[str, Any]] = []
        query = {"limit": "100"}
        while True:
            page = await self.call("GET", f"/conversations/{talk}/entries", params=query)
            items = page["items"] + items
            if not page["next"]:
                return [(one["by"]["kind"], one["d"]["text"]) for one in items if one["k"] == "message"]
            query["before"] = str(page["next"])

    async def aclose(self) -> None:
        await self._http.aclose()


class Redis:
    """A Redis that dies and comes back with nothing in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        (self._folder / "r.sock").unlink(missing_ok=True)
        self._process, url = start_valkey(self._folder)
        return url

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)


FIRST = ("redis", "worker1", "web1")
"""Whatever the machine has time for, these die while both sides talk."""


async def trouble(hub: Running, redis: Redis, chance: random.Random, done: asyncio.Event, killed: list[str]) -> None:
    """Kill something every half second or so, and add it to what was killed once it is here again."""
    while not done.is_set():
        what = FIRST[len(killed)] if len(killed) < len(FIRST) else chance.choice(["redis", *hub.processes])
        if what == "redis":
            redis.kill()
            await asyncio.sleep(chance.random())
            redis.start()
        else:
            await hub.restart(what)
        killed.append(what)
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), 0.3 + chance.random())


@pytest.mark.timeout(240)
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_nothing_is_lost_or_doubled_while_everything_is_killed(tmp_path: Path, database: str) -> None:
    variable, _ = PLACES[database]
    if variable and not os.environ.get(variable):
        pytest.skip(f"{variable} is not set")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(throw_away_database(os.environ[variable])) if variable else ""
        redis = Redis(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fd"))))
        stack.callback(redis.kill)
        files = {"channels/app.yaml": APP, "bot.yaml": "enabled: false\n"}
        hub = await stack.enter_async_context(installed(tmp_path, url, redis.start(), webs=2, workers=2, files=files))
        await told_both_ways(hub, redis)


async def told_both_ways(hub: Running, redis: Redis) -> None:
    """Both sides talk through the trouble; afterwards both logs hold each line once."""
    anna = ChatClient(hub.url("web2"), "app", identity)
    bo = Agent(hub, (await hub.command("agent", "add", "bo@example.com", "--token")).strip())
    await anna.sign_in()
    anna.say("line 0")
    running = asyncio.create_task(anna.run())
    try:
        await until(lambda: not anna.outbox, 20)
        talk = ""

        async def opened() -> bool:
            nonlocal talk
            items = (await bo.call("GET", "/conversations"))["items"]
            talk = items[0]["id"] if items else ""
            return bool(talk)

        await until(opened, 20, every=0.2)
        done = asyncio.Event()
        killed: list[str] = []
        killing = asyncio.create_task(trouble(hub, redis, random.Random(1), done, killed))
        said = 1
        while said < LINES or (len(killed) < len(FIRST) and said < MOST_LINES):
            anna.say(f"line {said}")
            reply = {"id": f"a{said}", "kind": "reply", "text": f"answer {said}"}
            await bo.call("POST", f"/conversations/{talk}/entries", json=reply)
            await asyncio.sleep(0.1)
            said += 1
        await until(lambda: not anna.outbox, 60)
        done.set()
        await killing
        assert set(FIRST) <= set(killed), killed
        lines, answers = [f"line {n}" for n in range(said)], [f"answer {n}" for n in range(1, said)]
        await until(lambda: len(spoken(anna, "agent")) >= len(answers) and len(spoken(anna, "customer")) >= len(lines), 60)
        fresh = ChatClient(hub.url("web1"), "app", identity)
        await fresh.sign_in()
        await until(lambda: caught_up(fresh, anna.cursor), 30)
        while min(fresh.log) > 1:
            fresh.log |= {one["s"]: one for one in await fresh.older(min(fresh.log))}
        for log in (anna, fresh):
            assert sorted(spoken(log, "customer")) == sorted(lines), "each line once"
            assert sorted(spoken(log, "agent")) == sorted(answers), "each answer once"
        shown = await bo.said(talk)
        assert sorted(text for who, text in shown if who == "customer") == sorted(lines)
        assert sorted(text for who, text in shown if who == "agent") == sorted(answers)
        await fresh.aclose()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await anna.aclose()
        await bo.aclose()


async def caught_up(client: ChatClient, place: int) -> bool:
    await client.step(0)
    return client.cursor >= place


def spoken(client: ChatClient, kind: str) -> list[str]:
    """What one side has said, by a customer's log."""
    return [one["d"]["text"] for one in client.log.values() if one["k"] == "message" and one["by"]["kind"] == kind]
