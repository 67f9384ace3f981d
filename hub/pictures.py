"""What becomes of a picture before it is kept: decoded and written anew, upright, without a word about who took it or where.

Nothing but pixels comes through: no EXIF, no comments, nothing that hides behind the last byte.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
"""What browsers and platforms show, and what is therefore written anew."""
HEIF = "image/heif"
"""What telephones make of photographs, and browsers and platforms don't show: it is kept as JPEG."""
BRANDS = (b"heic", b"heix", b"heim", b"heis")
"""Of pictures in HEIF (ISO/IEC 23008-12, annex B); AV1 in the same container is another type."""
OTHERS = ("BMP", "TIFF")
"""What agents send beside these, and no platform shows."""
SIDES = (100_000, 4096, 2560, 1600, 1024)
"""Longest sides of a picture that has to become smaller, tried in turn."""
PIXELS = 50_000_000
"""Of one picture, all its frames together: some 150 MB while it is decoded."""
UNSHOWN = "application/octet-stream"
"""The type of what calls itself a picture and can't be shown as one: people can still fetch it."""


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so is a telephone's photograph in HEIF."""
    return head[4:8] == b"ftyp" and any(brand in head[8:64] for brand in BRANDS)


def from_heif(path: Path) -> str:
    """Write a photograph in HEIF as JPEG in its place; returns its type now, as `cleaned`. Blocks: call it in a thread."""
    from pi_heif import register_heif_opener

    register_heif_opener()
    return cleaned(path, HEIF)


def cleaned(path: Path, mime: str) -> str:
    """Write a picture anew in its place; returns its type, which is `UNSHOWN` for one that is broken or too large to decode.
    Blocks: call it in a thread."""
    # Imported when the first picture comes: it would be 10 MiB in every process.
    from PIL import Image, ImageOps, UnidentifiedImageError

    made = "image/jpeg" if mime == HEIF else mime
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=[FORMATS.get(mime, "HEIF")]) as picture:
                # A telephone's photograph may hold a second picture (MPO, HEIF): only the first is shown anywhere.
                frames = 1 if made == "image/jpeg" else getattr(picture, "n_frames", 1)
                if picture.width * picture.height * frames > PIXELS:
                    return UNSHOWN
                if frames > 1:
                    _animated(picture, path, FORMATS[mime])
                else:
                    upright = ImageOps.exif_transpose(picture)
                    upright.load()
                    flat = upright.convert("RGB") if mime == HEIF else upright
                    flat.save(path, FORMATS[made], **_settings(picture, made))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError):
        return UNSHOWN
    return made


def fitted(source: Path, target: Path, size: int) -> bool:
    """Write a picture as JPEG of at most `size` bytes, smaller only where it must be. False: it can't be decoded, or made so.
    Blocks: call it in a thread."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(source, formats=[*FORMATS.values(), *OTHERS]) as picture:
                if picture.width * picture.height > PIXELS:
                    return False
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
        white = Image.new("RGBA", upright.size, "white")
        flat = Image.alpha_composite(white, upright).convert("RGB")
        for side in SIDES:
            flat.thumbnail((side, side))
            flat.save(target, "JPEG", quality=85)
            if target.stat().st_size <= size:
                return True
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError):
        pass
    return False


def _settings(picture: Image, mime: str) -> dict[str, Any]:
    """How to write it: with its colours' profile."""
    profile = picture.info.get("icc_profile")
    kept: dict[str, Any] = {"icc_profile": profile} if profile else {}
    return kept if mime in ("image/png", "image/gif") else kept | {"quality": 90}


def _animated(picture: Image, path: Path, kind: str) -> None:
    """All frames with their times, and nothing else."""
    from PIL import ImageSequence

    durations, frames = [], []
    for frame in ImageSequence.Iterator(picture):
        durations.append(int(frame.info.get("duration", 100)))
        frames.append(frame.convert("RGBA"))
    first, *others = frames
    loop = int(picture.info.get("loop", 0))
    first.save(path, kind, save_all=True, append_images=others, duration=durations, loop=loop, disposal=2)
