"""Who is there and what they are doing, as the console's socket tells it; none of it is kept, all of it may be lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.model import identity_of
from hub.routing import RoutingRules
from hub.store.agents import login as login_table
from hub.store.store import Store
from tests.conftest import until
from tests.widget.consoles import House, house
from widget import tail

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    rules = RoutingRules.model_validate({"strategy": "manual"})
    async with house(store, redis_url, prefix, tmp_path / "files", routing=rules) as own:
        yield own


async def test_typing_reading_and_presence_are_passed_on(home: House) -> None:
    bo, cy = await home.agent(), await home.agent("cy@example.com", name="Cy")
    talk = await home.customer_says("Hello?", channel="page")
    who = identity_of("page", "ann")
    async with home.socket(bo) as line, home.socket(cy) as other:
        await line.next("welcome")
        await other.next("welcome")
        await line.send({"t": "typing", "c": talk})
        by = {"kind": "agent", "name": "Bo", "id": bo.id}
        assert await other.next("eph") == {"t": "eph", "k": "typing", "c": talk, "on": True, "by": by}
        await bo.api.post(f"{API}/conversations/{talk}/read", json={"n": 1})
        assert await other.next("eph") == {"t": "eph", "k": "read", "c": talk, "s": 1, "n": 1, "by": by}
        await bo.api.put(f"{API}/me/presence", json={"state": "away"})
        assert await other.next("eph") == {"t": "eph", "k": "presence", "state": "away", "by": by}
        fact = {"t": "eph", "by": "customer", "who": who, "console": True}
        await home.hub.live.poke(ephemeral=[{**fact, "k": "typing", "on": True}])
        await home.hub.live.poke(ephemeral=[{**fact, "k": "read", "s": 1}])
        theirs = {"t": "eph", "by": {"kind": "customer"}, "c": talk}
        for one in (line, other):
            assert await one.next("eph") == {**theirs, "k": "typing", "on": True}
            assert await one.next("eph") == {**theirs, "k": "read", "s": 1, "n": 1}


async def test_an_agent_is_present_while_a_console_is_open_and_not_much_longer(home: House) -> None:
    bo = await home.agent()
    agents = home.hub.store.agents

    async def present() -> bool:
        person = await agents.someone(bo.id)
        assert person is not None
        return person.present

    assert not await present(), "nobody is there who was only invited"
    assert (await bo.api.put(f"{API}/me/presence", json={"state": "present"})).status_code == 200
    assert await present()
    async with home.hub.store.db.write() as connection:
        await connection.exec_driver_sql("UPDATE agent SET seen_ms = seen_ms - 61000")
    assert not await present(), "no sign of life for a minute"
    async with home.socket(bo) as line:
        await line.next("welcome")
        await until(present)
        await bo.api.put(f"{API}/me/presence", json={"state": "away"})
        assert not await present(), "away is away, console or not"


async def test_open_consoles_give_signs_of_life(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "WATCH_S", 0.1)
    monkeypatch.setattr(tail, "HERE_S", 0.1)
    bo = await home.agent()
    await bo.api.put(f"{API}/me/presence", json={"state": "present"})
    async with home.socket(bo) as line:
        await line.next("welcome")
        async with home.hub.store.db.write() as connection:
            await connection.exec_driver_sql("UPDATE agent SET seen_ms = 0")
            await connection.execute(login_table.update().values(used_ms=0))

        async def seen() -> bool:
            person = await home.hub.store.agents.someone(bo.id)
            return person is not None and person.present

        await until(seen)
        assert all(login.used_ms for login in await home.hub.store.agents.logins(bo.id)), "an open console uses its session"


async def test_a_role_counts_from_when_it_is_changed(home: House) -> None:
    admin, bo = await home.agent("ada@example.com", role="admin"), await home.agent()
    talk = await home.customer_says("Hello?", channel="page")
    async with home.socket(bo) as line, home.socket(admin) as other:
        await line.next("welcome")
        await other.next("welcome")
        await line.send({"t": "typing", "c": talk, "on": True})
        assert (await other.next("eph"))["by"]["id"] == bo.id
        await admin.api.patch(f"{API}/agents/{bo.id}", json={"role": "viewer"})
        assert (await bo.say(talk, "no more")).status_code == 403
        await asyncio.sleep(tail.WATCH_S + 0.5)
        await line.send({"t": "typing", "c": talk, "on": False})
        await line.send({"t": "ping"})
        await line.next("pong")
        await bo.api.put(f"{API}/me/presence", json={"state": "away"})
        assert (await other.next("eph"))["k"] == "presence", "a viewer's typing is told to nobody"
