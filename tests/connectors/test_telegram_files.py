"""Files leave through the Bot API as what Telegram takes, in albums or as links, and customers' files are fetched."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from connectors.telegram.connector import Telegram
from hub.errors import Temporary, Undeliverable
from hub.model import ExternalId, FileId, Media, Span, Text
from hub.ports import IdempotencyKey
from hub.rendering import fit
from tests.connectors.conftest import Shelf, to
from tests.servers.telegram import TelegramServer

KEY = IdempotencyKey("k1")
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100


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


async def test_who_takes_no_voice_notes_gets_a_document(sim: TelegramServer, bot: Telegram, shelf: Shelf) -> None:
    sim.api.fail(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", method="sendVoice")
    await bot.send(to(7), [Media(kind="voice", file=shelf.put("v.ogg", "audio/ogg", b"OggS"))], KEY)
    assert [record["method"] for record in sim.accepted.records] == ["sendDocument"]


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
