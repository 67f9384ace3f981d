"""Answers in the name of a Business account: for a day after the customer's last message, and while its owner allows it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from connectors.telegram.connector import Telegram
from hub.capabilities import scene_of
from hub.errors import Undeliverable, WindowClosed
from hub.model import Choice, Event, ExternalId, Text
from hub.ports import IdempotencyKey, Receipt
from tests.connectors.conftest import to
from tests.servers.telegram import TelegramServer

BIZ = "biz.A-1"
THROUGH = replace(to(7), address=ExternalId(f"7@{BIZ}"))
KEY = IdempotencyKey("k1")
HI = [Text(text="hi")]


async def test_a_day_after_the_last_message_the_customer_must_write_first(sim: TelegramServer, bot: Telegram) -> None:
    sim.connect(BIZ)
    with pytest.raises(WindowClosed):
        await bot.send(THROUGH, HI, KEY)
    sim.say_to(BIZ, 7, "hello")
    await bot.send(THROUGH, HI, KEY)
    sim.api.business.clock = lambda: time.time() + 86_399
    await bot.send(THROUGH, HI, KEY)
    sim.api.business.clock = lambda: time.time() + 86_401
    with pytest.raises(WindowClosed) as caught:
        await bot.send(THROUGH, HI, KEY)
    assert caught.value.code == "business_closed" and "24 hours" in caught.value.reason
    await bot.send(to(7), HI, KEY)
    sim.say_to(BIZ, 7, "hello again")
    await bot.send(THROUGH, HI, KEY)


async def test_without_connection_or_right_nothing_goes_out_in_the_owners_name(sim: TelegramServer, bot: Telegram) -> None:
    sim.say_to(BIZ, 7, "hello")
    for how in ({"enabled": False}, {"may_reply": False}):
        sim.connect(BIZ, **how)
        with pytest.raises(Undeliverable) as caught:
            await bot.send(THROUGH, HI, KEY)
        assert caught.value.code == "business_closed"
    sim.connect(BIZ)
    await bot.send(THROUGH, HI, KEY)


def test_only_what_goes_through_an_account_is_counted_and_only_by_time(bot: Telegram) -> None:
    window = bot.capabilities.window_for("7@biz.A-1")
    assert window is not None and window.of("message") == (86_400, 0)
    assert window.of(scene_of([Event(kind="started", data="x")], window)) == (86_400, 0)
    assert window.of(scene_of([Choice(id="a", text="A")], window)) == (0, 0), "a pressed button is no message of theirs"
    for address in ("7", "-1001", "-1001/5"):
        assert bot.capabilities.window_for(address) is None


async def test_each_accounts_trouble_is_handed_on_where_updates_are_fetched(sim: TelegramServer, bot: Telegram) -> None:
    told: list[Receipt] = []

    async def keep(receipt: Receipt) -> None:
        told.append(receipt)

    sim.connect(BIZ, owner=8881, enabled=False)
    sim.connect("biz.B", owner=8882, may_reply=False)
    sim.connect("biz.C", owner=8883)
    task = asyncio.create_task(bot.poll(keep))
    try:
        await sim.updates.drained()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [one.trouble.kind for one in told if one.trouble] == ["business.8881", "business.8882"]
    assert [one.mended for one in told if one.mended] == ["business.8883"]
