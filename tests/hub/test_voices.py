"""Voice notes that no browser plays are kept as MP3; what can't be decoded is kept as it came."""

from __future__ import annotations

import io
import itertools
import math
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from hub import voices
from hub.files import FileStore
from hub.store.store import Store

TONE = 440


@pytest.fixture
def files(store: Store, tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", store.files, {}, b"secret", "http://127.0.0.1")


async def keep(files: FileStore, content: bytes, name: str = "", mime: str = "audio/amr") -> tuple[str, str, bytes]:
    """(name, type, content) of what is kept."""

    async def pieces() -> AsyncIterator[bytes]:
        for n in range(0, len(content), 10_000):
            yield content[n : n + 10_000]

    row = await files.save(pieces(), name=name, mime=mime, owner="ann")
    kept = await files.read(row.id)  # type: ignore[arg-type]
    assert (row.name, row.mime, row.size) == (kept.name, kept.mime, len(kept.content))
    assert [path.name for path in files.path(row.id).parent.glob(f"{row.id}*")] == [row.id], "nothing is left beside it"
    return kept.name, kept.mime, kept.content


def amr(seconds: float) -> bytes:
    """A tone as a telephone would record it: AMR-NB, 12.2 kbit/s."""
    out = io.BytesIO()
    with av.open(out, "w", format="amr") as made:
        stream = made.add_stream("libopencore_amrnb", rate=8000, layout="mono", bit_rate=12_200)
        for start in range(0, int(seconds * 8000), 160):
            frame = av.AudioFrame(format="s16", layout="mono", samples=160)
            wave = (int(9000 * math.sin(2 * math.pi * TONE * (start + n) / 8000)) for n in range(160))
            frame.planes[0].update(struct.pack("<160h", *wave))
            frame.sample_rate, frame.pts = 8000, start
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return out.getvalue()


def amr_wide(seconds: float) -> bytes:
    """AMR-WB of silence: frames of type 15, which carry nothing (RFC 4867, 5.3)."""
    return b"#!AMR-WB\n" + b"\x7c" * int(seconds * 50)


def speex(seconds: float) -> bytes:
    """Ogg/Speex of silence, written by hand: narrowband frames of submode 0, each with the terminator behind it (RFC 5574)."""
    head = struct.pack(
        "<8s20s13I", b"Speex   ", b"1.2", 1, 80, 8000, 0, 4, 1, 0xFFFFFFFF, 160, 0, 1, 0, 0, 0
    )  # fmt: skip
    packets = [head, struct.pack("<I3sI", 3, b"own", 0), *[b"\x07"] * int(seconds * 50)]
    pages, played = [], 0
    for number, packet in enumerate(packets):
        played += 160 * (number > 1)
        kind = 2 if number == 0 else 4 * (number == len(packets) - 1)
        page = struct.pack("<4sBBqIIIBB", b"OggS", 0, kind, played, 7, number, 0, 1, len(packet)) + packet
        pages.append(page[:22] + struct.pack("<I", ogg_sum(page)) + page[26:])
    return b"".join(pages)


def ogg_sum(page: bytes) -> int:
    """CRC-32 as Ogg has it: not reflected, from zero (RFC 3533)."""
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1 ^ (0x04C11DB7 if found & 0x80000000 else 0)) & 0xFFFFFFFF
    return found


def heard(content: bytes) -> tuple[str, float, float]:
    """(codec, seconds, pitch in Hz) of what is played, by counting where the wave rises through zero."""
    with av.open(io.BytesIO(content), "r") as sound:
        stream = sound.streams.audio[0]
        fitting = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        pieces = [bytes(f.planes[0])[: 2 * f.samples] for frame in sound.decode(stream) for f in fitting.resample(frame)]
        name = stream.codec_context.name
    wave = struct.unpack(f"<{sum(map(len, pieces)) // 2}h", b"".join(pieces))
    seconds = len(wave) / 16_000
    return name, seconds, sum(a < 0 <= b for a, b in itertools.pairwise(wave)) / seconds


@pytest.mark.parametrize("name", ["", "voice.amr", "说一下.amr"])
async def test_amr_becomes_what_every_browser_plays(files: FileStore, name: str) -> None:
    kept_name, mime, content = await keep(files, amr(3), name)
    assert (kept_name, mime) == (f"{name.removesuffix('.amr') or 'voice'}.mp3", "audio/mpeg")
    codec, seconds, pitch = heard(content)
    assert codec.startswith("mp3")
    assert seconds == pytest.approx(3, abs=0.15)
    assert pitch == pytest.approx(TONE, rel=0.05)


@pytest.mark.parametrize("made", [amr_wide, speex])
async def test_wide_amr_and_speex_too(files: FileStore, made: object) -> None:
    assert callable(made)
    _, mime, content = await keep(files, made(2), mime="audio/x-speex")
    codec, seconds, _ = heard(content)
    assert (mime, codec.startswith("mp3")) == ("audio/mpeg", True)
    assert seconds == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize(
    "content",
    [b"#!AMR\n", b"#!AMR\n" + b"\xff" * 500, b"OggS" + b"\0" * 24 + b"Speex   " + b"\0" * 300, b"#!SILK_V3" + b"\x01" * 300],
)
async def test_what_cannot_be_decoded_is_kept_as_it_came(files: FileStore, content: bytes) -> None:
    assert (await keep(files, content, "a.amr"))[::2] == ("a.amr", content)


async def test_what_is_too_long_or_too_large_is_kept_as_it_came(files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    long = amr_wide(voices.SECONDS + 2)
    assert (await keep(files, long))[1:] == ("audio/amr", long)
    monkeypatch.setattr(voices, "MOST", 1000)
    large = amr(1)
    assert (await keep(files, large))[1:] == ("audio/amr", large)


async def test_a_decoder_that_never_ends_is_ended(files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "PATIENCE_S", 0.01)
    content = amr(2)
    assert (await keep(files, content))[1:] == ("audio/amr", content)


async def test_other_sounds_stay_as_they_are(files: FileStore) -> None:
    content = b"ID3\x04" + b"\0" * 300
    assert (await keep(files, content, "song.mp3", "audio/mpeg"))[::2] == ("song.mp3", content)
