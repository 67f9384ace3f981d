"""The web chat: its customers fetch their own log over the customer protocol, so that hooks and sends never happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from connectors.web_settings import WebSettings
from hub import ports
from hub.errors import Rejected, Undeliverable
from hub.model import PART_KINDS, ChannelName, ExternalId, Part
from hub.ports import Capabilities, Hook, IdempotencyKey, Identity, Kit, Receipt

EVERY_MEDIA = frozenset({"image", "voice", "audio", "video", "file", "sticker"})


class Web:
    """One web chat."""

    Settings: ClassVar[type[ports.Settings]] = WebSettings
    capabilities = Capabilities(
        parts=frozenset(PART_KINDS),
        media=EVERY_MEDIA,
        brings=frozenset({"text", "image", "audio", "video", "file", "choice", "form"}),
        text_limit=10_000,
        caption_limit=10_000,
        options_limit=20,
        edit=True,
        delete=True,
        idempotency="key",
        pulled=True,
    )

    def __init__(self, name: ChannelName, settings: WebSettings, kit: Kit) -> None:
        self.name = name

    async def receive(self, hook: Hook) -> Receipt:
        """Nobody has a reason to call this hook."""
        raise Rejected(f"{self.name} takes messages over /chat/{self.name}, not by hook")

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        """Never asked for: `capabilities.pulled`."""
        raise Undeliverable("web customers fetch their messages themselves")

    async def aclose(self) -> None:
        """Nothing is open."""
