"""What a desk in Slack can do, and how fast: the same for every workspace."""

from __future__ import annotations

from agents_bridge.slack import blocks, heads
from agents_bridge.slack.settings import Common
from hub.ports import Capabilities, Pace

FILE_BYTES = 50_000_000


def capabilities_of(settings: Common) -> Capabilities:
    """As data, for the hub."""
    return Capabilities(
        parts=frozenset({"text", "media"}),
        media=frozenset({"image", "voice", "audio", "video", "file", "sticker"}),
        text_limit=3500,
        caption_limit=3000,
        media_limit=FILE_BYTES,
        idempotency="lookup",
        coalesce=20,
        post_limit=blocks.POST_LIMIT,
        head=heads.BYTES,
        pace=Pace(settings.rate, 1.2),  # who asks a moment early loses no time to the asking
        card_pace=Pace(settings.updates_per_minute / 60, 4),
        deadline=2.5,
        lookup_after=settings.lookup_after,
        timeout=settings.timeout,
        speakers=settings.who_answers,
        asks=settings.ask_first,
    )
