"""Files that a channel does not take as they are: made into what it takes, or left as a link, and agents read which."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from config.matrix import channels as every_channel
from connectors.wechat.kf import sending
from hub import shaping
from hub.files import FileStore
from hub.model import ExternalId, FileId, Media, Part, Text
from hub.ports import Capabilities, IdempotencyKey, Identity, Shape
from hub.rendering import fit, linked
from hub.shaping import links_told, shaped
from hub.store.store import Store
from hub.store.tables import Message
from tests.connectors.wechat_accounts import mp3
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import Phone, channels, data_of, desks, rows, settle
from tests.hub.test_voices import amr, heard

WECHAT = every_channel()["wechat"]


@pytest.fixture
def files(store: Store, tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", store.files, {}, b"secret", "http://127.0.0.1")


async def keep(files: FileStore, content: bytes, name: str, mime: str) -> FileId:
    async def pieces() -> AsyncIterator[bytes]:
        yield content

    return FileId((await files.save(pieces(), name=name, mime=mime, owner="ann")).id)


def picture(form: str, size: tuple[int, int] = (64, 48), *, noise: bool = False) -> bytes:
    """A picture; noise can't be made small."""
    out = io.BytesIO()
    made = Image.effect_noise(size, 120).convert("RGB") if noise else Image.new("RGB", size, "teal")
    made.save(out, form)
    return out.getvalue()


def recording(form: str, codec: str, rate: int, seconds: float) -> bytes:
    """A tone as agents' browsers and telephones record it."""
    with av.open(io.BytesIO(amr(seconds)), "r") as sound:
        out = io.BytesIO()
        with av.open(out, "w", format=form) as made:
            stream = made.add_stream(codec, rate=rate, layout="mono")
            assert isinstance(stream, av.AudioStream)
            fitting = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate, frame_size=stream.frame_size or None)
            for frame in sound.decode(sound.streams.audio[0]):
                for fitted in fitting.resample(frame):
                    made.mux(stream.encode(fitted))
            for fitted in fitting.resample(None):
                made.mux(stream.encode(fitted))
            made.mux(stream.encode(None))
        return out.getvalue()


async def taken(files: FileStore, kind: Any, file: FileId, can: Capabilities) -> tuple[Part, str]:
    (part,), told = await shaped(files, [Media(kind=kind, file=file)], can, "en")
    return part, told


RECORDINGS = [
    ("note.m4a", "audio/mp4", "mp4", "aac", 44_100),
    ("note.ogg", "audio/ogg", "ogg", "libopus", 48_000),
    ("note.webm", "audio/webm", "webm", "libopus", 48_000),
    ("note.wav", "audio/wav", "wav", "pcm_s16le", 16_000),
]


@pytest.mark.parametrize("wanted", ["audio/mpeg", "audio/amr"])
@pytest.mark.parametrize(("name", "mime", "form", "codec", "rate"), RECORDINGS, ids=[one[0] for one in RECORDINGS])
async def test_an_agents_recording_becomes_the_voice_note_that_a_channel_plays(
    files: FileStore, wanted: str, name: str, mime: str, form: str, codec: str, rate: int
) -> None:
    file = await keep(files, recording(form, codec, rate, 3), name, mime)
    can = Capabilities(parts=frozenset({"media"}), media=frozenset({"voice"}), shapes={"voice": Shape((wanted,), 2_000_000, 60)})
    part, told = await taken(files, "voice", file, can)
    assert isinstance(part, Media)
    assert part.file not in (None, file)
    assert part.kind == "voice"
    stored = await files.read(part.file)
    assert stored.name == f"note.{'mp3' if wanted == 'audio/mpeg' else 'amr'}"
    assert stored.mime == wanted
    found, seconds, pitch = heard(stored.content)
    assert found.startswith("mp3" if wanted == "audio/mpeg" else "amr")
    assert seconds == pytest.approx(3, abs=0.2)
    assert pitch == pytest.approx(440, rel=0.05)
    assert told.startswith(f"{name} left as")
    again, _ = await taken(files, "voice", file, can)
    assert again == part, "it is made once"


@pytest.mark.parametrize("form", ["BMP", "TIFF", "WEBP"])
async def test_a_picture_of_another_type_becomes_jpeg(files: FileStore, form: str) -> None:
    mime, name = f"image/{form.lower()}", f"a.{form.lower()}"
    part, told = await taken(files, "image", await keep(files, picture(form), name, mime), WECHAT)
    assert isinstance(part, Media)
    assert part.file
    stored = await files.read(part.file)
    assert (stored.name, stored.mime, told) == ("a.jpg", "image/jpeg", f"{name} left as a JPEG picture")
    with Image.open(io.BytesIO(stored.content)) as made:
        assert (made.format, made.size) == ("JPEG", (64, 48))


async def test_a_picture_that_is_too_large_is_made_smaller_and_no_smaller_than_it_must(files: FileStore) -> None:
    can = Capabilities(
        parts=frozenset({"media"}), media=frozenset({"image"}), shapes={"image": Shape(("image/jpeg",), 1_500_000)}
    )
    file = await keep(files, picture("JPEG", (3000, 2000), noise=True), "noise.jpg", "image/jpeg")
    before = await files.read(file)
    assert before.size > 1_500_000
    part, _ = await taken(files, "image", file, can)
    assert isinstance(part, Media)
    assert part.file
    stored = await files.read(part.file)
    assert stored.size <= 1_500_000
    with Image.open(io.BytesIO(stored.content)) as made:
        assert 1024 < made.width < 3000


async def test_what_is_as_it_must_be_stays_the_same_file(files: FileStore) -> None:
    for kind, name, mime, content in (
        ("image", "a.png", "image/png", picture("PNG")),
        ("voice", "a.mp3", "audio/mpeg", mp3(1)),
        ("audio", "a.mp3", "audio/mpeg", mp3(1)),
    ):
        file = await keep(files, content, name, mime)
        assert await taken(files, kind, file, WECHAT) == (Media(kind=kind, file=file), "")


@pytest.mark.parametrize(
    ("kind", "name", "mime", "content"),
    [
        ("image", "broken.heic", "image/heic", b"\0\0\0\x18ftypheic" + b"\0" * 200),
        ("video", "clip.webm", "video/webm", b"\x1aE\xdf\xa3" + b"\0" * 200),
        ("voice", "broken.m4a", "audio/mp4", b"\0\0\0\x18ftypM4A " + b"\0" * 200),
        ("voice", "empty.ogg", "audio/ogg", b"OggS"),
    ],
)
async def test_what_cannot_be_made_so_leaves_as_a_link(files: FileStore, kind: str, name: str, mime: str, content: bytes) -> None:
    file = await keep(files, content, name, mime)
    part, told = await taken(files, kind, file, WECHAT)
    assert isinstance(part, Text)
    assert f"/files/{file}?" in part.text
    assert name in part.text
    assert told == f"{name} left as a link: this channel takes no such file"


async def test_a_recording_beyond_a_minute_leaves_as_a_link(files: FileStore) -> None:
    file = await keep(files, recording("ogg", "libopus", 48_000, 62), "long.ogg", "audio/ogg")
    part, told = await taken(files, "voice", file, WECHAT)
    assert isinstance(part, Text)
    assert "left as a link" in told


async def test_where_files_travel_what_cannot_be_shown_travels_as_one(files: FileStore) -> None:
    file = await keep(files, b"\0\0\0\x18ftypheic" + b"\0" * 200, "a.heic", "image/heic")
    part, told = await taken(files, "image", file, every_channel()["telegram"])
    assert part == Media(kind="file", file=file)
    assert told == "a.heic left as a file: this channel can't show it"


async def test_a_decoder_that_never_ends_is_a_link(files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaping, "PATIENCE_S", 0.01)
    file = await keep(files, recording("ogg", "libopus", 48_000, 2), "a.ogg", "audio/ogg")
    assert isinstance((await taken(files, "voice", file, WECHAT))[0], Text)


EVERY = {
    "a.jpg": ("image", picture("JPEG")),
    "a.png": ("image", picture("PNG")),
    "a.gif": ("image", picture("GIF")),
    "a.webp": ("image", picture("WEBP")),
    "a.bmp": ("image", picture("BMP")),
    "a.tiff": ("image", picture("TIFF")),
    "a.heic": ("image", b"\0\0\0\x18ftypheic" + b"\0" * 200),
    "a.mp3": ("voice", mp3(1)),
    "a.m4a": ("voice", recording("mp4", "aac", 44_100, 1)),
    "a.ogg": ("voice", recording("ogg", "libopus", 48_000, 1)),
    "a.webm": ("voice", recording("webm", "libopus", 48_000, 1)),
    "clip.mp4": ("video", b"\0\0\0\x18ftypisom" + b"\0" * 200),
    "clip.webm": ("video", b"\x1aE\xdf\xa3" + b"\0" * 200),
    "offer.pdf": ("file", b"%PDF-1.4"),
}
PUSHED = {name: can for name, can in every_channel().items() if not can.pulled}
AS_IT_IS = {
    "wechat": "a.jpg a.png a.gif a.mp3 clip.mp4",
    "miniprogram": "a.jpg a.png a.gif",
    "telegram": "a.jpg a.png a.gif a.webp a.mp3 a.ogg clip.mp4 clip.webm offer.pdf",
    "webhook": " ".join(EVERY),
    "wecom_kf": "a.jpg a.png clip.mp4 offer.pdf",
}
CONVERTED = {
    "wechat": "a.webp a.bmp a.tiff a.m4a a.ogg a.webm",
    "miniprogram": "a.webp a.bmp a.tiff",
    "telegram": "a.bmp a.tiff a.heic a.m4a a.webm",
    "webhook": "",
    "wecom_kf": " ".join(name for name in EVERY if name not in ["a.jpg", "a.png", "clip.mp4", "offer.pdf"]),
}
"""All that is in neither leaves as a link, with a line that says so."""


async def test_a_recording_is_a_voice_note_in_kf_up_to_a_minute_and_a_file_beyond_it(files: FileStore) -> None:
    for kind, seconds in (("audio", 3), ("voice", 3), ("audio", 62)):
        file = await keep(files, recording("mp4", "aac", 44_100, seconds), "clip.m4a", "audio/mp4")
        part, told = await taken(files, kind, file, PUSHED["wecom_kf"])
        assert isinstance(part, Media)
        assert part.file
        if seconds > 60:
            assert (part.kind, part.file, told) == ("file", file, "clip.m4a left as a file: this channel can't show it")
            continue
        assert told == "clip.m4a left as an AMR voice note"
        assert sending.form(part.kind, await files.read(part.file)) == ("voice", "voice.amr"), "WeCom takes it as one"


def test_no_channel_that_files_are_sent_to_is_left_out() -> None:
    assert set(AS_IT_IS) == set(CONVERTED) == set(PUSHED)


@pytest.mark.parametrize("channel", sorted(AS_IT_IS))
@pytest.mark.parametrize("name", EVERY)
async def test_every_kind_of_file_on_every_channel_arrives_is_converted_or_leaves_as_a_link(
    files: FileStore, channel: str, name: str
) -> None:
    kind, content = EVERY[name]
    file = await keep(files, content, name, "video/mp4" if name == "clip.mp4" else "")
    media = Media(kind=kind, file=file, name=name)
    can = PUSHED[channel]
    (call,) = fit([media], can, files.link)
    (part,), told = await shaped(files, call, can, "en")
    told = told or links_told(linked([media], can))
    if name in AS_IT_IS[channel].split():
        assert (part, told) == (media, "")
    elif name in CONVERTED[channel].split():
        assert isinstance(part, Media)
        assert part != media
        assert told.startswith(f"{name} left as a")
    else:
        assert isinstance(part, Text)
        assert "/files/" in part.text
        assert told == f"{name} left as a link: this channel takes no such file"


class Watched(Phone):
    """A channel that keeps the parts of each call."""

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__(capabilities)
        self.parts: list[tuple[Part, ...]] = []

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        self.parts.append(tuple(parts))
        return await super().send(to, parts, key)


async def test_agents_read_in_one_line_what_became_of_each_file(make_hub: Any) -> None:
    phone, slack = Watched(WECHAT), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    await settle(hub, said("hello"))
    thread = next(iter(slack.threads))
    note = await keep(hub.files, recording("webm", "libopus", 48_000, 1), "note.webm", "audio/webm")
    png, offer = await keep(hub.files, picture("PNG"), "a.png", "image/png"), await keep(hub.files, b"%PDF-1.4", "offer.pdf", "")
    parts = (Media(kind="voice", file=note), Media(kind="image", file=png), Media(kind="file", file=offer, name="offer.pdf"))
    await settle(hub, answered("see", thread=thread, desk="slack", id="ts1").model_copy(update={"parts": parts}))
    (voice,), (image,), (link,) = phone.parts[-3:]
    assert isinstance(voice, Media)
    assert voice.mime == "audio/mpeg"
    assert (image, link.type) == (parts[1], "text")
    told = [
        data_of(row)["reason"]
        for row in await rows(hub.store, Message, kind="status")
        if data_of(row)["state"] == "sent" and data_of(row)["reason"]
    ]
    assert told == ["offer.pdf left as a link: this channel takes no such file; note.webm left as an MP3"]
    assert [line for line in slack.threads[thread] if " left as " in line] == told, "and nothing of what left as it is"
