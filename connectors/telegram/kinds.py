"""As what a file travels in Telegram, by its kind, its type and its size."""

from __future__ import annotations

from hub.model import Media
from hub.ports import Shape, StoredFile

PHOTO_LIMIT = 10_000_000
SHAPES = {
    "image": Shape(("image/jpeg", "image/png", "image/webp", "image/gif"), PHOTO_LIMIT),
    "voice": Shape(
        ("audio/ogg", "audio/opus", "application/ogg", "audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a"),
        50_000_000,
        seconds=600,
    ),
}
"""What other files are made into before they come here (Bot API, "sendPhoto", "sendVoice")."""
METHODS = {"image": "photo", "voice": "voice", "audio": "audio", "video": "video", "file": "document", "sticker": "document"}
TAKEN = {
    "photo": {"image/jpeg", "image/png", "image/webp"},
    "voice": {"audio/ogg", "audio/opus", "application/ogg"},
    "audio": {"audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a"},
    "video": {"video/mp4"},
}
"""What each method shows as what it is; anything else travels as a document."""


def method_of(media: Media, stored: StoredFile) -> str:
    """As what a file travels."""
    method = METHODS[media.kind]
    kind = stored.mime.split(";")[0].strip().lower()
    if method == "voice" and kind in TAKEN["audio"]:
        return "audio"
    if kind not in TAKEN.get(method, {kind}) or (method == "photo" and stored.size > PHOTO_LIMIT):
        return "document"
    return method
