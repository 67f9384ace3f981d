"""What tests of rendering fit: texts of every kind of character, abilities, and a file's link."""

from __future__ import annotations

from typing import Any

import regex
from hypothesis import strategies as st

from hub.model import PART_KINDS, FileId, Media, Part, Text
from hub.ports import Capabilities
from hub.rendering import fit
from hub.splitting import Unit

TEXT_ONLY = Capabilities()
RICH = Capabilities(
    parts=frozenset(PART_KINDS),
    media=frozenset({"image", "voice", "audio", "video", "file", "sticker"}),
    caption_limit=1024,
    options_limit=3,
)
CLUSTERS = [
    "👨‍👩‍👧‍👦", "🇨🇳", "🇺🇸", "각", "क्ष", "र्क्षि", "é", "ก็", "❤️‍🔥", "1️⃣", "👍🏽", "\r\n", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ẹ̀",
    "𠮷", "a", "中", "。", " ", "\n", "\n\n",
    ". ", "word ", "？”", "，",
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(CLUSTERS), max_size=120).map("".join),
    st.text(max_size=200),
    st.text(alphabet="ab 。\n.́‍🇨👩", max_size=200),
)
UNITS = st.sampled_from(["chars", "utf16", "bytes"])


def link(file: FileId) -> str:
    return f"https://hub.example/files/{file}?sig=x"


def fitted(parts: list[Part], capabilities: Capabilities = TEXT_ONLY) -> list[tuple[Part, ...]]:
    return fit(parts, capabilities, link)


def texts(calls: list[tuple[Part, ...]]) -> list[str]:
    return [part.text for call in calls for part in call if isinstance(part, Text)]


def boundaries(text: str) -> set[int]:
    return {match.end() for match in regex.finditer(r"\X", text)} | {0}


def limited(limit: int, unit: Unit = "chars", **more: Any) -> Capabilities:
    return Capabilities(text_limit=limit, text_unit=unit, **more)


def media_of(kind: Any) -> Media:
    return Media(kind=kind, file=FileId("f"), seconds=9)
