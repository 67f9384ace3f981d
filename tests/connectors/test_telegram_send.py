"""What agents say becomes calls of the Bot API, and what the Bot API answers becomes the hub's errors; over real HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
from dataclasses import replace
from typing import Any

import pytest

from connectors.telegram.connector import Telegram
from connectors.telegram.normalize import ALLOWED_UPDATES
from hub.errors import ConfigError, Temporary, Uncertain, Undeliverable
from hub.model import Choices, Contact, ExternalId, FileId, Location, Media, Option, Part, Span, Text
from hub.ports import IdempotencyKey, SupportsAnnounce, SupportsEdit, SupportsMedia, SupportsPolling, SupportsTyping
from hub.rendering import fit
from tests.connectors.conftest import Shelf, bot_of, to
from tests.servers.telegram import TelegramServer, telegram

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


@pytest.mark.parametrize(
    ("media", "name", "mime", "content", "method"),
    [
        ("image", "a.jpg", "image/jpeg", JPEG, "sendPhoto"),
        ("image", "a.svg", "image/svg+xml", b"<svg/>", "sendDocument"),
        ("image", "big.jpg", "image/jpeg", JPEG + bytes(10_000_000), "sendDocument"),
        ("image", "odd.png", "image/png", b"not a picture", "sendDocument"),
        ("file", "Rechnung März.pdf", "application/pdf", b"%PDF", "sendDocument"),
        ("voice", "v.ogg", "audio/ogg; codecs=opus", b"OggS", "sendVoice"),
        ("voice", "v.mp3", "audio/mpeg", b"ID3", "sendAudio"),
        ("voice", "v.wav", "audio/wav", b"RIFF", "sendDocument"),
        ("audio", "a.mp3", "audio/mpeg", b"ID3", "sendAudio"),
        ("video", "v.mp4", "video/mp4", b"ftyp", "sendVideo"),
        ("video", "v.avi", "video/x-msvideo", b"RIFF", "sendDocument"),
    ],
)
async def test_files_arrive_byte_for_byte(
    sim: TelegramServer, bot: Telegram, shelf: Shelf, media: str, name: str, mime: str, content: bytes, method: str
) -> None:
    part = Media.model_validate({"kind": media, "file": shelf.put(name, mime, content)})
    await bot.send(to(7), [part, Text(text="here 😀", spans=(Span(kind="italic", start=5, end=6),))], KEY)
    record = sim.accepted.records[-1]
    assert len(sim.accepted.records) == 1
    assert (record["method"], record["name"], record["caption"]) == (method, name, "here 😀")
    assert record["sha256"] == hashlib.sha256(content).hexdigest()
    assert record["caption_entities"] == [{"type": "italic", "offset": 5, "length": 2}]


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


async def test_several_pictures_travel_as_one(sim: TelegramServer, bot: Telegram, shelf: Shelf) -> None:
    pictures = [Media(kind="image", file=shelf.put(f"{n}.jpg", "image/jpeg", JPEG + bytes([n]))) for n in range(2)]
    film = Media(kind="video", file=shelf.put("v.mp4", "video/mp4", b"ftyp"))
    words = Text(text="all 😀 of them", spans=(Span(kind="bold", start=6, end=8),))
    [group] = fit([*pictures, film, words], bot.capabilities, shelf.link)
    sent = await bot.send(replace(to(7), quoted=ExternalId("7.77")), group, KEY)
    records = sim.accepted.records
    assert [record["method"] for record in records] == ["sendPhoto", "sendPhoto", "sendVideo"]
    assert [record.get("caption") for record in records] == ["all 😀 of them", None, None]
    assert records[0]["caption_entities"] == [{"type": "bold", "offset": 7, "length": 2}]
    assert len({record["media_group_id"] for record in records}) == 1
    assert sent == "7." + ",".join(str(record["message_id"]) for record in records)
    assert bot.pieces(sent) == [f"7.{record['message_id']}" for record in records]
    assert bot.pieces(ExternalId("7.5")) == []
    assert records[0]["reply_parameters"]["message_id"] == 77
    await bot.edit(to(7), sent, [*pictures, film, Text(text="both")])
    assert sim.accepted.records[-1]["caption"] == "both"
    await bot.delete(to(7), sent)
    assert [record["method"] for record in sim.accepted.records[-3:]] == ["deleteMessages"] * 3


def test_what_goes_together_in_one_call(bot: Telegram, shelf: Shelf) -> None:
    image, voice, file = (Media(kind=kind, file=FileId(kind)) for kind in ("image", "voice", "file"))
    calls = fit([image] * 11 + [voice, voice, file, file, image], bot.capabilities, shelf.link)
    assert [len(call) for call in calls] == [10, 1, 1, 1, 2, 1]
    assert [len(call) for call in fit([image, image], replace(bot.capabilities, album=1), shelf.link)] == [1, 1]
    long = Text(text="x" * 1025)
    assert [len(call) for call in fit([image, image, long], bot.capabilities, shelf.link)] == [2, 1]


async def test_files_that_telegram_does_not_take_together_go_as_documents(
    sim: TelegramServer, bot: Telegram, shelf: Shelf
) -> None:
    parts = [
        Media(kind="image", file=shelf.put("a.jpg", "image/jpeg", JPEG)),
        Media(kind="image", file=shelf.put("a.svg", "image/svg+xml", b"<svg/>")),
    ]
    await bot.send(to(7), parts, KEY)
    odd = [Media(kind="image", file=shelf.put(f"{n}.png", "image/png", b"no picture")) for n in range(2)]
    await bot.send(to(7), odd, KEY)
    assert [record["method"] for record in sim.accepted.records] == ["sendDocument"] * 4
    assert [method for method, _ in sim.api.calls] == ["sendMediaGroup"] * 3, "once more where a photo could not be made"


@pytest.mark.parametrize(("size", "leaves"), [(50_000_000, "media"), (50_000_001, "text"), (None, "media")])
def test_a_file_above_50_mb_leaves_as_a_signed_link(bot: Telegram, shelf: Shelf, size: int | None, leaves: str) -> None:
    film = Media(kind="video", file=FileId("film"), name="film.mp4", size=size)
    [[part]] = fit([film], bot.capabilities, shelf.link)
    assert part.type == leaves
    if isinstance(part, Text):
        assert "film.mp4" in part.text and "https://hub.example/files/film" in part.text


async def test_a_photo_above_10_mb_arrives_whole_as_a_document(sim: TelegramServer, bot: Telegram, shelf: Shelf) -> None:
    for size, method in ((10_000_000, "sendPhoto"), (10_000_001, "sendDocument")):
        content = JPEG + bytes(size - len(JPEG))
        await bot.send(to(7), [Media(kind="image", file=shelf.put("a.jpg", "image/jpeg", content))], KEY)
        record = sim.accepted.records[-1]
        assert (record["method"], record["sha256"]) == (method, hashlib.sha256(content).hexdigest())


async def test_a_file_of_exactly_20_mb_can_be_had(sim: TelegramServer, bot: Telegram) -> None:
    content = bytes(20_000_000)
    assert sum([len(piece) async for piece in bot.fetch(sim.api.keep_file(content, "a.bin").id)]) == len(content)


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


async def test_who_takes_no_voice_notes_gets_a_document(sim: TelegramServer, bot: Telegram, shelf: Shelf) -> None:
    sim.api.fail(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", method="sendVoice")
    await bot.send(to(7), [Media(kind="voice", file=shelf.put("v.ogg", "audio/ogg", b"OggS"))], KEY)
    assert [record["method"] for record in sim.accepted.records] == ["sendDocument"]


async def test_typing_is_shown(sim: TelegramServer, bot: Telegram) -> None:
    await bot.typing(to(7))
    assert sim.api.calls[-1] == ("sendChatAction", {"chat_id": "7", "action": "typing"})


async def test_files_of_customers_are_fetched(sim: TelegramServer, bot: Telegram) -> None:
    content = bytes(range(256)) * 4000
    stored = sim.api.keep_file(content, "photo.jpg")
    assert b"".join([piece async for piece in bot.fetch(stored.id)]) == content


async def test_files_that_telegram_does_not_hand_out_are_undeliverable(sim: TelegramServer, bot: Telegram) -> None:
    for remote in (sim.api.keep_file(bytes(20_000_001), "big.bin").id, "unknown"):
        with pytest.raises(Undeliverable):
            async for _ in bot.fetch(remote):
                pytest.fail("nothing should come")


async def test_a_file_that_cannot_be_had_now_is_temporary(sim: TelegramServer, bot: Telegram) -> None:
    stored = sim.api.keep_file(b"x", "a.bin")
    found = sim.api.do_getFile

    async def elsewhere(asked: dict[str, object]) -> dict[str, object]:
        return {**await found(asked), "file_path": "files/nowhere"}

    sim.api.do_getFile = elsewhere  # type: ignore[method-assign]
    with pytest.raises(Temporary) as caught:
        async for _ in bot.fetch(stored.id):
            pytest.fail("nothing should come")
    assert sim.token not in str(caught.value)


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


async def test_a_port_that_swallows_everything_is_uncertain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        bot = bot_of(None, api_url=f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.3)
        with pytest.raises(Uncertain):
            await bot.send(to(7), [Text(text="x")], KEY)
        await bot.aclose()
