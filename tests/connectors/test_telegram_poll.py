"""Fetching updates instead of being called: nothing is confirmed to Telegram before it is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.telegram import connector
from connectors.telegram.connector import Telegram
from hub.errors import Temporary
from hub.model import Choice, Choices, Message, Option
from hub.ports import IdempotencyKey, Receipt, Unread
from tests.conftest import until
from tests.connectors.conftest import bot_of, to
from tests.servers.telegram import TelegramServer


class Kept:
    """What was kept, and whoever waits for it."""

    def __init__(self) -> None:
        self.items: list[Message] = []
        self.unread: list[Unread] = []
        self.grown = asyncio.Event()

    async def keep(self, receipt: Receipt) -> None:
        self.items += [item for item in receipt.items if isinstance(item, Message)]
        self.unread += receipt.unread
        self.grown.set()

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(self.items) < count:
                self.grown.clear()
                await self.grown.wait()
        return [str(item.id) for item in self.items]


@asynccontextmanager
async def polling(bot: Telegram, keep: Callable[[Receipt], Awaitable[None]]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(bot.poll(keep))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_updates_come_in_order_and_once(sim: TelegramServer, bot: Telegram) -> None:
    kept = Kept()
    for n in range(250):
        sim.say(7 + n % 3, f"line {n}")
    async with polling(bot, kept.keep):
        ids = await kept.until(250)
        sim.say(7, "later")
        ids = await kept.until(251)
        await sim.updates.drained(10)
    assert len(set(ids)) == 251
    assert [message.raw["message"]["text"] for message in kept.items] == [*(f"line {n}" for n in range(250)), "later"]


async def test_a_webhook_that_is_set_is_taken_away_first(sim: TelegramServer, bot: Telegram) -> None:
    await bot.announce("http://127.0.0.1:9/hooks/telegram")
    sim.say(7, "hello")
    kept = Kept()
    async with polling(bot, kept.keep):
        await kept.until(1)


async def test_nothing_is_confirmed_before_it_is_kept(sim: TelegramServer, bot: Telegram) -> None:
    update = sim.say(7, "hello")
    came = asyncio.Event()

    async def never(receipt: Receipt) -> None:
        came.set()
        await asyncio.Event().wait()

    async with polling(bot, never):
        await asyncio.wait_for(came.wait(), 10)
    assert update not in sim.updates.acked
    kept = Kept()
    async with polling(bot, kept.keep):
        await kept.until(1)
        await sim.updates.drained(10)
    assert update in sim.updates.acked
    assert sim.updates.attempts[update] == 2


async def test_what_could_not_be_kept_comes_again(sim: TelegramServer, bot: Telegram) -> None:
    sim.say(7, "hello")

    async def refuse(receipt: Receipt) -> None:
        raise Temporary("the database is away")

    async with polling(bot, refuse) as task:
        with pytest.raises(Temporary):
            await asyncio.wait_for(task, 10)
    kept = Kept()
    async with polling(bot, kept.keep):
        await kept.until(1)


async def test_an_update_that_cannot_be_read_stops_nothing(sim: TelegramServer, bot: Telegram) -> None:
    deep: dict[str, object] = {}
    for _ in range(400):
        deep = {"x": deep}
    first = sim.updates.push(7, message={"text": "without anything else"})
    second = sim.updates.push(7, message=deep)
    sim.say(7, "a\0b \ud83d")
    kept = Kept()
    async with polling(bot, kept.keep):
        await kept.until(1)
        await sim.updates.drained(10)
    assert kept.items[0].parts[0].text == "a␀b �"  # type: ignore[union-attr]
    assert [one.id for one in kept.unread] == [f"u{first}", f"u{second}"]
    assert json.dumps(deep) in kept.unread[1].raw["unparsed"], "once confirmed it never comes again"


async def test_a_gateway_that_does_not_wait_is_not_asked_without_a_pause(
    sim: TelegramServer, bot: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def nothing(offset: int | None) -> list[dict[str, Any]]:
        nonlocal asked
        asked += 1
        return []

    monkeypatch.setattr(bot, "_updates", nothing)
    async with polling(bot, Kept().keep):
        await asyncio.sleep(1.5)
    assert 1 <= asked <= 2


async def test_another_poller_is_waited_for(sim: TelegramServer, bot: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "LONGEST_PAUSE_S", 0.05)
    kept = Kept()
    async with polling(bot, kept.keep):
        sim.say(7, "one")
        await kept.until(1)
        sim.api.fail(409, "Conflict: terminated by other getUpdates request", method="getUpdates")
        sim.api.fail(502, "Bad Gateway", method="getUpdates")
        sim.say(7, "two")
        await kept.until(2)
        sim.say(7, "three")
        assert len(set(await kept.until(3))) == 3


async def test_a_pressed_button_stops_turning(sim: TelegramServer, bot: Telegram) -> None:
    sent = await bot.send(to(7), [Choices(text="?", options=(Option(id="a", text="A"),))], IdempotencyKey("k"))
    kept = Kept()
    async with polling(bot, kept.keep):
        sim.press(7, int(sent.split(".")[1]), "a")
        await kept.until(1)
        await until(lambda: not sim.api.unanswered)
    assert kept.items[0].parts == (Choice(id="a", text="A", of=sent),)


async def test_a_wrong_token_ends_in_an_error_that_says_so(sim: TelegramServer) -> None:
    sim.api.token = "1:another"
    bot = bot_of(sim)
    with pytest.raises(Temporary, match="token"):
        await bot.poll(Kept().keep)
    await bot.aclose()
