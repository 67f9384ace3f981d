"""Sent, delivered, read: what each side is told of the other, also after it was away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.store.store import Store
from tests.conftest import until
from tests.widget.consoles import Agent, House
from tests.widget.customers import Customer, customer, say, web_house

API = "/console/api/conversations"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def begun(home: House) -> tuple[Customer, Agent, str]:
    """A customer who has said something, an agent, and the conversation."""
    ann, bo = await customer(home), await home.agent()
    await ann.poll(say("a", "human"))
    await home.work()
    return ann, bo, (await bo.api.get(f"{API}?view=all")).json()["items"][0]["id"]


async def seen_by(ann: Customer) -> Any:
    (welcome, *_) = await ann.poll({"t": "hello", "since": 0, "epoch": ann.epoch})
    return welcome["seen"]


async def test_who_comes_back_is_told_how_far_an_agent_has_read(home: House) -> None:
    ann, bo, talk = await begun(home)
    assert await seen_by(ann) == 0
    await bo.api.post(f"{API}/{talk}/read", json={"n": 1})
    assert await seen_by(ann) == 1
    head = (await bo.api.get(f"{API}/{talk}")).json()["last_n"]
    await bo.api.post(f"{API}/{talk}/read", json={"n": head})
    assert await seen_by(ann) == max(frame["s"] for frame in await ann.poll() if frame["t"] == "ev")
    assert await seen_by(await customer(home)) == 0, "a stranger has no log"


async def test_agents_are_told_when_an_answer_is_on_the_customers_page(home: House) -> None:
    ann, bo, talk = await begun(home)
    await ann.poll(since=2)
    await bo.say(talk, "here I am")
    await home.work()
    entries = (await bo.api.get(f"{API}/{talk}/entries?limit=50")).json()["items"]
    n = next(one["n"] for one in entries if one["by"]["kind"] == "agent" and one["k"] == "message")

    async def reached() -> tuple[bool, bool]:
        detail = (await bo.api.get(f"{API}/{talk}")).json()
        return detail["customer_has_n"] >= n, detail["customer_read_n"] >= n

    async with home.socket(bo) as line:
        await line.next("welcome")
        place = max(frame["s"] for frame in await ann.poll() if frame["t"] == "ev" and frame["by"]["kind"] == "agent")
        assert await reached() == (False, False), "what was sent to a page is not yet there"
        await ann.poll(since=place)
        told = {"t": "eph", "k": "delivered", "c": talk, "s": place, "n": n, "by": {"kind": "customer"}}
        assert await line.next("eph") == told
        assert await reached() == (True, False)
        await ann.poll({"t": "read", "s": place}, since=place)

        async def read() -> bool:
            return await reached() == (True, True)

        await until(read)
        assert (await line.next("eph"))["k"] == "read", "delivered is told once"
