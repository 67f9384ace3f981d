"""What the Bot API refuses, or does not answer, says what happens next: again, never, later or nobody knows."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from connectors.telegram.connector import Telegram
from hub.errors import Temporary, Uncertain, Undeliverable
from hub.model import Choices, ExternalId, FileId, Media, Option, Part, Text
from hub.ports import IdempotencyKey
from tests.connectors.conftest import bot_of, to
from tests.servers.telegram import TelegramServer, telegram

KEY = IdempotencyKey("k1")


@pytest.mark.parametrize(
    ("code", "description", "name"),
    [
        (403, "Forbidden: bot was blocked by the user", "blocked"),
        (403, "Forbidden: user is deactivated", "deactivated"),
        (403, "Forbidden: bot can't initiate conversation with a user", "not_started"),
        (403, "Forbidden: bot can't send messages to bots", "to_a_bot"),
        (403, "Forbidden: bot was kicked from the supergroup chat", "removed"),
        (403, "Forbidden: bot is not a member of the supergroup chat", "removed"),
        (400, "Bad Request: chat not found", "chat_not_found"),
        (400, "Bad Request: PEER_ID_INVALID", "chat_not_found"),
        (400, "Bad Request: TOPIC_CLOSED", "topic_closed"),
        (400, "Bad Request: message thread not found", "topic_gone"),
        (400, "Bad Request: not enough rights to send text messages to the chat", "no_rights"),
        (400, "Bad Request: business connection not found", "business_closed"),
        (400, "Bad Request: message is too long", "too_long"),
        (400, "Bad Request: message text is empty", "empty"),
        (400, "Bad Request: file is too big", "too_big"),
        (413, "Request Entity Too Large", "too_big"),
        (400, "Bad Request: BUTTON_DATA_INVALID", "bad_button"),
        (400, "Bad Request: message to be replied not found", "gone"),
        (400, "Bad Request: something nobody has seen", ""),
    ],
)
async def test_every_refusal_has_a_name_and_a_sentence(
    sim: TelegramServer, bot: Telegram, code: int, description: str, name: str
) -> None:
    sim.api.fail(code, description)
    with pytest.raises(Undeliverable) as caught:
        await bot.send(to(7), [Text(text="x")], KEY)
    assert caught.value.code == name
    assert caught.value.reason and (name or "nobody has seen" in caught.value.reason)


@pytest.mark.parametrize(
    "parts",
    [
        [Media(kind="file")],
        [Media(kind="file", file=FileId("gone"))],
        [Choices(text="?", options=(Option(id="x" * 65, text="long"),))],
        [Text(text="x" * 4097)],
    ],
    ids=["no file", "file gone", "button id too long", "text too long"],
)
async def test_what_can_never_arrive_says_so(sim: TelegramServer, bot: Telegram, parts: list[Part]) -> None:
    with pytest.raises(Undeliverable) as caught:
        await bot.send(to(7), parts, KEY)
    assert caught.value.reason
    assert not sim.accepted.records


async def test_an_address_that_is_no_number_is_undeliverable(bot: Telegram) -> None:
    other = to(7).__class__(to(7).channel, ExternalId("somebody"))
    with pytest.raises(Undeliverable):
        await bot.send(other, [Text(text="x")], KEY)


@pytest.mark.parametrize(
    ("code", "description", "parameters", "expected", "facts"),
    [
        (403, "Forbidden: bot was blocked by the user", {}, Undeliverable, {"unreachable": True}),
        (403, "Forbidden: user is deactivated", {}, Undeliverable, {"unreachable": True}),
        (403, "Forbidden: bot can't initiate conversation with a user", {}, Undeliverable, {"unreachable": True}),
        (400, "Bad Request: chat not found", {}, Undeliverable, {"unreachable": False}),
        (400, "Bad Request: message is too long", {}, Undeliverable, {"unreachable": False}),
        (429, "Too Many Requests: retry after 7", {"retry_after": 7}, Temporary, {"retry_after": 7.0, "paused": True}),
        (429, "Too Many Requests: retry after 0", {"retry_after": 0}, Temporary, {"paused": True}),
        (429, "Too Many Requests", {}, Temporary, {"paused": True}),
        (401, "Unauthorized", {}, Temporary, {"paused": True, "retry_after": 60.0}),
        (404, "Not Found", {}, Temporary, {"paused": True, "retry_after": 60.0}),
        (409, "Conflict: terminated by other getUpdates request", {}, Temporary, {}),
        (413, "Request Entity Too Large", {}, Undeliverable, {}),
        (500, "Internal Server Error", {}, Uncertain, {}),
        (502, "Bad Gateway", {}, Uncertain, {}),
        (504, "Gateway Timeout", {}, Uncertain, {}),
    ],
)
async def test_every_refusal_says_what_happens_next(
    sim: TelegramServer,
    bot: Telegram,
    code: int,
    description: str,
    parameters: dict[str, Any],
    expected: type[Exception],
    facts: dict[str, object],
) -> None:
    sim.api.fail(code, description, **parameters)
    with pytest.raises(expected) as caught:
        await bot.send(to(7), [Text(text="x")], KEY)
    assert {key: getattr(caught.value, key) for key in facts} == facts
    assert sim.token not in str(caught.value)
    assert not sim.accepted.records


@pytest.mark.parametrize(
    ("act", "expected", "arrived"),
    [
        ("refuse:503", Uncertain, 0),
        ("refuse:502", Uncertain, 0),
        ("limit:3", Temporary, 0),
        ("revoked", Temporary, 0),
        ("accept_hang", Uncertain, 1),
        ("accept_reset", Uncertain, 1),
        ("garbage", Uncertain, 1),
        ("accept_late:0.6", Uncertain, 1),
    ],
)
async def test_what_may_have_been_accepted_is_uncertain(
    sim: TelegramServer, act: str, expected: type[Exception], arrived: int
) -> None:
    bot = bot_of(sim, timeout=0.3)
    try:
        sim.behaviour.next(act)
        with pytest.raises(expected):
            await bot.send(to(7), [Text(text="x")], KEY)
        if arrived:
            await sim.accepted.until(lambda records: len(records) == 1)
        await bot.send(to(7), [Text(text="after")], KEY)
        assert [record["text"] for record in sim.accepted.records] == ["x"] * arrived + ["after"]
    finally:
        await bot.aclose()


async def test_a_slow_answer_is_waited_for(sim: TelegramServer, bot: Telegram) -> None:
    sim.behaviour.next("slow:0.2")
    assert await bot.send(to(7), [Text(text="x")], KEY)


async def test_nothing_was_accepted_where_nothing_listens() -> None:
    async with telegram() as sim:
        bot = bot_of(sim)
    with pytest.raises(Temporary):
        await bot.send(to(7), [Text(text="x")], KEY)
    await bot.aclose()
    with pytest.raises(Temporary):
        await bot.send(to(7), [Text(text="x")], KEY)


async def test_nothing_was_accepted_when_no_connection_was_free(sim: TelegramServer) -> None:
    bot = bot_of(sim, timeout=4.0)
    sim.behaviour.next(*["accept_hang"] * 64)
    hanging = [asyncio.create_task(bot.send(to(7), [Text(text="x")], KEY)) for _ in range(64)]
    try:
        await sim.accepted.until(lambda records: len(records) == 64)
        with pytest.raises(Temporary):
            await bot.send(to(7), [Text(text="y")], KEY)
        assert len(sim.accepted.records) == 64
    finally:
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        await bot.aclose()


async def test_a_blocked_chat_is_unreachable_until_it_writes_again(sim: TelegramServer, bot: Telegram) -> None:
    sim.block(7)
    with pytest.raises(Undeliverable) as caught:
        await bot.send(to(7), [Text(text="x")], KEY)
    assert caught.value.unreachable
    sim.block(7, blocked=False)
    await bot.send(to(7), [Text(text="x")], KEY)


async def test_more_than_telegram_takes_from_one_chat_is_paused(sim: TelegramServer, bot: Telegram) -> None:
    sim.api.rate, sim.api.burst = 1.0, 2
    await bot.send(to(7), [Text(text="1")], KEY)
    await bot.send(to(7), [Text(text="2")], KEY)
    with pytest.raises(Temporary) as caught:
        await bot.send(to(7), [Text(text="3")], KEY)
    assert caught.value.paused
    assert caught.value.retry_after == 1.0
    await bot.send(to(8), [Text(text="another chat")], KEY)


async def test_a_port_that_swallows_everything_is_uncertain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        bot = bot_of(None, api_url=f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.3)
        with pytest.raises(Uncertain):
            await bot.send(to(7), [Text(text="x")], KEY)
        await bot.aclose()
