"""What agents say becomes calls of the Bot API: text, answers, buttons, edits and deletions."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from connectors.telegram.connector import Telegram
from connectors.telegram.normalize import ALLOWED_UPDATES
from hub.errors import ConfigError, Temporary, Uncertain, Undeliverable
from hub.model import Choices, Contact, ExternalId, Location, Media, Option, Span, Text
from hub.ports import IdempotencyKey, SupportsAnnounce, SupportsEdit, SupportsMedia, SupportsPolling, SupportsTyping
from tests.connectors.conftest import Shelf, bot_of, to
from tests.servers.telegram import TelegramServer

KEY = IdempotencyKey("k1")
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100


def test_offers_what_it_can(bot: Telegram) -> None:
    for protocol in (SupportsAnnounce, SupportsEdit, SupportsMedia, SupportsPolling, SupportsTyping):
        assert isinstance(bot, protocol)
    assert bot.capabilities.idempotency == "none"


async def test_text_arrives_with_its_formatting(sim: TelegramServer, bot: Telegram) -> None:
    spans = (Span(kind="bold", start=2, end=6), Span(kind="link", start=7, end=11, url="https://a.example"))
    sent = await bot.send(to(7), [Text(text="😀 bold link <b>&", spans=spans)], KEY)
    record = sim.accepted.records[-1]
    assert sent == f"7.{record['message_id']}"
    assert (record["n"], record["chat"], record["method"], record["text"]) == (1, 7, "sendMessage", "😀 bold link <b>&")
    assert record["entities"] == [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "text_link", "offset": 8, "length": 4, "url": "https://a.example"},
    ]


async def test_a_group_that_became_a_supergroup_is_followed(sim: TelegramServer, bot: Telegram) -> None:
    sim.api.moved[-77] = -100123
    sim.api.chats.add(-100123)
    sent = await bot.send(to(-77), [Text(text="hello all")], KEY)
    assert sent == f"-100123.{sim.accepted.records[-1]['message_id']}"
    assert [(record["chat"], record["text"]) for record in sim.accepted.records] == [(-100123, "hello all")]
    await bot.edit(to(-77), sent, [Text(text="hello everybody")])
    assert sim.accepted.records[-1]["text"] == "hello everybody", "what was sent there is changed there"
    sim.api.moved[-100123] = -100124
    with pytest.raises(Undeliverable) as caught:
        await bot.send(to(-77), [Text(text="twice moved")], KEY)
    assert caught.value.code == "moved"


async def test_answers_stay_in_their_topic(sim: TelegramServer, bot: Telegram) -> None:
    sim.api.chats.add(-100123)
    topic = replace(to(7), address=ExternalId("-100123/44"), quoted=ExternalId("-100123/44.60"))
    sent = await bot.send(topic, [Text(text="here")], KEY)
    record = sim.accepted.records[-1]
    assert (record["chat"], record["message_thread_id"], record["reply_parameters"]["message_id"]) == (-100123, "44", 60)
    assert sent == f"-100123/44.{record['message_id']}"
    await bot.edit(topic, sent, [Text(text="still here")])
    await bot.typing(topic)
    assert sim.api.calls[-1][1]["message_thread_id"] == "44"


async def test_a_groups_limit_is_its_own(sim: TelegramServer, bot: Telegram) -> None:
    sim.api.chats.add(-100123)
    for chat, everywhere in ((-100123, False), (7, True)):
        sim.api.fail(429, "Too Many Requests: retry after 7", retry_after=7)
        with pytest.raises(Temporary) as caught:
            await bot.send(to(chat), [Text(text="x")], KEY)
        assert (caught.value.paused, caught.value.everywhere, caught.value.retry_after) == (True, everywhere, 7.0)


async def test_buttons_places_and_cards_arrive(sim: TelegramServer, bot: Telegram) -> None:
    options = (Option(id="a", text="Order"), Option(id="b", text="Shop", url="https://shop.example"))
    await bot.send(to(7), [Choices(text="What?", options=options)], KEY)
    await bot.send(to(7), [Location(latitude=1.5, longitude=2.5)], KEY)
    await bot.send(to(7), [Location(latitude=1.5, longitude=2.5, title="Gate", address="Street 1")], KEY)
    await bot.send(to(7), [Contact(name="Max", phone="+4930123")], KEY)
    await bot.send(to(7), [Contact(name="Max", email="max@example.com")], KEY)
    choices, point, venue, card, words = sim.accepted.records
    rows = [[{"text": "Order", "callback_data": "a"}], [{"text": "Shop", "url": "https://shop.example"}]]
    assert choices["reply_markup"] == {"inline_keyboard": rows}
    assert point["location"] == {"latitude": "1.5", "longitude": "2.5"}
    assert venue["venue"]["address"] == "Street 1"
    assert card["contact"] == {"phone_number": "+4930123", "first_name": "Max"}
    assert "max@example.com" in words["text"]


async def test_formatting_that_telegram_refuses_is_left_out_once(sim: TelegramServer, bot: Telegram) -> None:
    bold = Text(text="hello", spans=(Span(kind="bold", start=0, end=5),))
    refusal = "Bad Request: can't parse entities: unsupported start tag"
    sim.api.fail(400, refusal)
    await bot.send(to(7), [bold], KEY)
    assert sim.accepted.records[-1]["text"] == "hello"
    assert "entities" not in sim.accepted.records[-1]
    sim.api.fail(400, refusal)
    sim.api.fail(400, refusal)
    with pytest.raises(Undeliverable):
        await bot.send(to(7), [bold], KEY)


async def test_edits_and_deletions_reach_what_was_sent(sim: TelegramServer, bot: Telegram, shelf: Shelf) -> None:
    sent = await bot.send(to(7), [Text(text="helo")], KEY)
    await bot.edit(to(7), sent, [Text(text="hello", spans=(Span(kind="bold", start=0, end=5),))])
    await bot.edit(to(7), sent, [Text(text="hello", spans=(Span(kind="bold", start=0, end=5),))])
    picture = Media(kind="image", file=shelf.put("a.jpg", "image/jpeg", JPEG))
    shown = await bot.send(to(7), [picture, Text(text="old")], KEY)
    await bot.edit(to(7), shown, [picture, Text(text="new")])
    await bot.delete(to(7), sent)
    await bot.delete(to(7), sent)
    told = [(record["method"], record.get("text", record.get("caption"))) for record in sim.accepted.records]
    assert told[1:] == [
        ("editMessageText", "hello"),
        ("sendPhoto", "old"),
        ("editMessageCaption", "new"),
        ("deleteMessage", None),
    ]
    with pytest.raises(Undeliverable):
        await bot.edit(to(7), shown, [Text(text="no text in a picture")])
    with pytest.raises(Undeliverable, match="4096"):
        await bot.edit(to(7), sent, [Text(text="😀" * 2049)])


async def test_an_answer_names_the_message_that_it_answers(sim: TelegramServer, bot: Telegram, shelf: Shelf) -> None:
    picture = Media(kind="image", file=shelf.put("a.jpg", "image/jpeg", JPEG))
    for part in (
        Text(text="yes"),
        picture,
        Location(latitude=1, longitude=2),
        Choices(text="?", options=(Option(id="a", text="A"),)),
    ):
        await bot.send(replace(to(7), quoted=ExternalId("7.77")), [part], KEY)
        asked = sim.accepted.records[-1]["reply_parameters"]
        assert asked == {"message_id": 77, "allow_sending_without_reply": True}
    await bot.send(replace(to(7), quoted=ExternalId("q998877")), [Text(text="to a pressed button")], KEY)
    assert "reply_parameters" not in sim.accepted.records[-1]
    assert bot.capabilities.quotes


async def test_answers_go_through_the_business_account_that_was_written_to(sim: TelegramServer, bot: Telegram) -> None:
    through = replace(to(7), address=ExternalId("7@biz.A-1"))
    sim.connect("biz.A-1")
    sim.say_to("biz.A-1", 7, "hi")
    sent = await bot.send(through, [Text(text="helo")], KEY)
    assert sent == f"7@biz.A-1.{sim.accepted.records[-1]['message_id']}"
    assert sim.accepted.records[-1]["business_connection_id"] == "biz.A-1"
    await bot.edit(through, sent, [Text(text="hello")])
    assert sim.api.calls[-1][1]["business_connection_id"] == "biz.A-1"
    await bot.typing(through)
    assert sim.api.calls[-1][1]["business_connection_id"] == "biz.A-1"
    await bot.delete(through, sent)
    assert sim.api.calls[-1][0] == "deleteBusinessMessages"
    assert sim.accepted.records[-1]["method"] == "deleteBusinessMessages"


async def test_typing_is_shown(sim: TelegramServer, bot: Telegram) -> None:
    await bot.typing(to(7))
    assert sim.api.calls[-1] == ("sendChatAction", {"chat_id": "7", "action": "typing"})


async def test_announces_its_hook(sim: TelegramServer, bot: Telegram) -> None:
    await bot.announce("http://127.0.0.1:9/hooks/telegram")
    method, asked = sim.api.calls[-1]
    assert method == "setWebhook"
    assert asked["secret_token"] == "webhook-secret-0123456789"
    assert asked["allowed_updates"] == list(ALLOWED_UPDATES)
    assert asked["max_connections"] == "40"


async def test_the_real_telegram_is_never_told_an_address_that_it_would_not_call() -> None:
    with pytest.raises(ConfigError, match="https"):
        await bot_of(None).announce("http://hub.example/hooks/telegram")


async def test_the_token_is_in_no_log_and_no_error(sim: TelegramServer, bot: Telegram, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await bot.send(to(7), [Text(text="x")], KEY)
    async for _ in bot.fetch(sim.api.keep_file(b"x", "a.bin").id):
        pass
    sim.behaviour.next("garbage", "refuse:502", "accept_reset", "revoked")
    for _ in range(4):
        with pytest.raises((Temporary, Uncertain)) as caught:
            await bot.send(to(7), [Text(text="x")], KEY)
        chain: BaseException | None = caught.value
        while chain is not None:
            assert sim.token not in repr(chain)
            chain = chain.__cause__ or chain.__context__
    assert "HTTP Request" in caplog.text
    assert sim.token not in caplog.text
    assert sim.token not in repr(bot)
