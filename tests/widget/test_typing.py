"""An agent who writes is shown to customers on other platforms, seldom enough for these, and without holding anything up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.errors import Temporary
from hub.model import ChannelName
from hub.ports import Identity
from hub.store.store import Store
from hub.store.tables import Inbox, Message
from tests.conftest import until
from tests.fakes import TEXT_ONLY, FakeConnector
from tests.hub.hubs import rows
from tests.widget.consoles import house
from tests.widget.customers import customer, say, web_house
from widget import console_socket


class Typing(FakeConnector):
    """Shows that somebody writes; may fail."""

    def __init__(self, typing_s: float = 4.0) -> None:
        super().__init__(replace(TEXT_ONLY, typing_s=typing_s))
        self.shown: list[str] = []

    async def typing(self, to: Identity) -> None:
        self.shown.append(str(to.address))
        if self.fail:
            raise self.fail.pop(0)


async def test_an_agents_typing_reaches_the_platform_every_four_seconds(
    store: Store, redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_socket, "TYPING_S", 0.0)
    phone, mute = Typing(), FakeConnector()
    places: dict[ChannelName, Any] = {ChannelName("phone"): phone, ChannelName("mute"): mute}
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=places) as home:
        bo = await home.agent()
        ann = await home.customer_says("Hello?", channel="phone")
        bob = await home.customer_says("Hello?", channel="phone", customer="bob")
        quiet = await home.customer_says("Hello?", channel="mute", customer="cy")
        phone.fail = [Temporary("busy")]
        async with home.socket(bo) as line:
            await line.next("welcome")
            for talk in (ann, ann, ann, quiet, bob):
                await line.send({"t": "typing", "c": talk, "on": True})
            await line.send({"t": "typing", "c": bob, "on": False})
            await line.send({"t": "ping"})
            await line.next("pong")
            await until(lambda: len(phone.shown) >= 2, 5)
        assert sorted(phone.shown) == ["ann", "bob"], "each once, the failure of the one harms nobody"


async def test_each_platform_is_told_of_typing_in_its_own_rhythm(
    store: Store, redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_socket, "TYPING_S", 0.0)
    quick, slow = Typing(0.2), Typing(60.0)
    places: dict[ChannelName, Any] = {ChannelName("quick"): quick, ChannelName("slow"): slow}
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=places) as home:
        bo = await home.agent()
        talks = [await home.customer_says("Hello?", channel=str(name)) for name in places]
        async with home.socket(bo) as line:
            await line.next("welcome")
            for _ in range(100):
                for talk in talks:
                    await line.send({"t": "typing", "c": talk, "on": True})
                if len(quick.shown) >= 3:
                    break
                await asyncio.sleep(0.1)
        assert len(quick.shown) >= 3 and len(slow.shown) == 1


async def test_what_is_being_written_is_shown_where_the_channel_says_so_and_kept_nowhere(
    store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    for preview in (True, False):
        async with web_house(store, redis_url, f"{prefix}{preview}", tmp_path / "files", preview=preview) as home:
            ann = await customer(home)
            await ann.poll(say("a", "Hello"))
            await home.work()
            bo = await home.agent(email=f"{preview}@example.com")
            async with home.socket(bo) as line:
                await line.next("welcome")
                welcome = (await ann.poll({"t": "hello", "since": 0, "epoch": ann.epoch}))[0]
                assert welcome["cfg"].get("preview", False) is preview
                await ann.poll({"t": "typing", "on": True, "text": "my card is " + "4" * 900})
                fact = await line.next("eph")
                assert fact["k"] == "typing"
                assert fact.get("text", "") == (("my card is " + "4" * 900)[:300] if preview else "")
            kept = [*await rows(store, Inbox), *await rows(store, Message)]
            assert not any("card" in str(row) for row in kept)
