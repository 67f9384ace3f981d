"""Pictures are written anew before they are kept; what can't be decoded is never called a picture."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from hub.files import FileStore
from hub.pictures import UNSHOWN
from hub.store.store import Store

PHOTO = Path(__file__).parent / "photo.heic"


@pytest.fixture
def files(store: Store, tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files", store.files, {}, b"secret", "http://127.0.0.1")


async def keep(files: FileStore, content: bytes, mime: str = "image/png") -> tuple[str, bytes]:
    """(type, content) of what is kept."""

    async def pieces() -> AsyncIterator[bytes]:
        for n in range(0, len(content), 1000):
            yield content[n : n + 1000]

    row = await files.save(pieces(), name="a", mime=mime, owner="ann")
    kept = files.path(row.id).read_bytes()
    assert (row.size, row.sha256) == (len(kept), hashlib.sha256(kept).hexdigest())
    return row.mime, kept


def drawn(kind: str, size: tuple[int, int] = (40, 20), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#d97757").save(out, kind, **more)
    return out.getvalue()


def where() -> Image.Exif:
    """What a telephone writes: where it was held, and how."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    exif[Base.Make] = "Telephone of Ann"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (31.0, 13.0, 49.0)
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_tells_nothing_but_itself_and_stands_upright(files: FileStore, kind: str) -> None:
    sent = drawn(kind, exif=where())
    assert b"Telephone" in sent
    mime, kept = await keep(files, sent + b"<script>alert(1)</script>", f"image/{kind.lower()}")
    shown = Image.open(io.BytesIO(kept))
    assert (mime, shown.format, shown.size) == (f"image/{kind.lower()}", kind, (20, 40))
    assert not shown.getexif()
    assert b"Telephone" not in kept
    assert b"script" not in kept


async def test_a_telephones_photograph_is_one_that_everybody_sees(files: FileStore) -> None:
    """HEIF, as iPhones write it: made and held sideways by pillow-heif 1.8, with a name and a place in it."""
    sent = PHOTO.read_bytes()
    assert b"Telephone" in sent
    for claimed in ("image/heic", "application/octet-stream", ""):
        mime, kept = await keep(files, sent, claimed)
        shown = Image.open(io.BytesIO(kept))
        assert (mime, shown.format, shown.size) == ("image/jpeg", "JPEG", (64, 96))
        assert not shown.getexif()
        assert b"Telephone" not in kept
        blue = shown.convert("RGB").getpixel((50, 10))
        assert isinstance(blue, tuple)
        assert blue[2] > blue[0], "upright: what was at the left is at the top"


async def test_a_photographs_name_says_what_it_has_become(files: FileStore) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield PHOTO.read_bytes()

    row = await files.save(pieces(), name="IMG_0042.HEIC", mime="image/heic", owner="ann")
    assert (row.name, row.mime) == ("IMG_0042.jpg", "image/jpeg")


async def test_colours_keep_their_profile(files: FileStore) -> None:
    profile = b"\0\0\0\x84" + b"ICC of a camera".ljust(128, b"\0")
    _, kept = await keep(files, drawn("PNG", icc_profile=profile))
    assert Image.open(io.BytesIO(kept)).info["icc_profile"] == profile


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
async def test_what_moves_goes_on_moving(files: FileStore, kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=[50, 100, 150], loop=0)
    mime, kept = await keep(files, out.getvalue(), f"image/{kind.lower()}")
    assert (mime, getattr(Image.open(io.BytesIO(kept)), "n_frames", 1)) == (f"image/{kind.lower()}", 3)


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 900 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (bomb(), "too many pixels"),
        (drawn("JPEG", (400, 400))[:300], "cut off"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "only looks like one"),
        (PHOTO.read_bytes()[:300], "cut off in HEIF"),
        (b"no picture at all", "claimed, not shown"),
    ],
)
async def test_what_cannot_be_shown_is_not_called_a_picture(files: FileStore, sent: bytes, why: str) -> None:
    assert await keep(files, sent) == (UNSHOWN, sent), why


async def test_other_files_stay_as_they_are(files: FileStore) -> None:
    assert await keep(files, b"%PDF-1.7\n...", "application/pdf") == ("application/pdf", b"%PDF-1.7\n...")
    assert await keep(files, b"hello", "text/plain") == ("text/plain", b"hello")
