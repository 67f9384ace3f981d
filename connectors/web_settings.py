"""What an admin writes for a web chat."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from connectors.identity_settings import IdentitySettings
from hub.ports import Settings


class WebSettings(Settings):
    """A chat on web pages; customers fetch their own log, so that there is nothing to send."""

    type: Literal["web"] = "web"
    title: dict[str, str] = Field({"zh": "在线客服", "en": "Chat with us"}, description="the chat's title, by language")
    greeting: dict[str, str] = Field({}, description="shown before the first message, by language; nothing is stored")
    origins: tuple[str, ...] = Field(
        (), description="pages that may embed the chat, as https://shop.example; none given: every page"
    )
    locale: str = Field("", description="a fixed language; empty: the browser's")
    accent: str = Field("#0b6bcb", pattern=r"^#[0-9a-fA-F]{6}$", description="the colour of buttons and of the customer's lines")
    position: Literal["right", "left"] = "right"
    identity: IdentitySettings | None = Field(
        None, description="keys by which your own backend says who a customer is; none: customers say it themselves"
    )

    @field_validator("origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not re.fullmatch(r"https?://[^\s/*]+", origin):
                raise ValueError(f"“{origin}” is not how browsers name a page's origin; write https://shop.example")
        return tuple(origin.lower() for origin in origins)
