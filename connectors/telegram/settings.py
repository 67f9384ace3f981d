"""What an admin writes for a Telegram bot."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from hub.base_url import BaseUrl
from hub.ports import Pace, Settings

OFFICIAL = "https://api.telegram.org"


class TelegramSettings(Settings):
    """One bot. Its token comes from @BotFather; the webhook secret is yours to invent."""

    type: Literal["telegram"] = "telegram"
    token: SecretStr = Field(min_length=1, description="the bot's token, as ${TELEGRAM_TOKEN}")
    webhook_secret: SecretStr = Field(
        min_length=16, max_length=256, description="16 to 256 characters A-Z a-z 0-9 _ -; Telegram sends it with every update"
    )
    groups: bool = Field(False, description="take groups too: each group, or each of its topics, is a customer")
    group_messages: Literal["addressed", "all"] = Field(
        "addressed", description="of groups: what names or answers the bot and commands, or everything that Telegram tells"
    )
    username: str = Field("", description="the bot's @name, by which groups address it; empty: every @…bot is taken for it")
    polling: bool = Field(False, description="fetch updates instead of getting them; for machines without a public address")
    api_url: BaseUrl = Field(OFFICIAL, description="the Bot API server")
    timeout: float = Field(15.0, gt=0, description="seconds for one call")
    rate: float = Field(
        30.0, gt=0, description="messages a second of the whole bot; Telegram allows 30, and more to who pays for it"
    )
    per_group_minute: int = Field(20, ge=2, description="messages to one group within any minute")
    per_chat_rate: float = Field(1.0, gt=0, description="messages a second to one chat, beyond a burst of 5")

    def group_pace(self) -> Pace:
        """So many in any minute: what may come at once and what comes within the minute after it, together."""
        at_once = max(1, self.per_group_minute // 4)
        return Pace((self.per_group_minute - at_once) / 60, at_once)

    @property
    def bot(self) -> int:
        """The bot's own id, with which its token begins; 0 when it does not."""
        number = self.token.get_secret_value().split(":")[0]
        return int(number) if number.isascii() and number.isdigit() else 0

    @property
    def account(self) -> str:
        """The same as the name of who counts a chat's messages; empty when the token does not tell."""
        return str(self.bot or "")

    @field_validator("username")
    @classmethod
    def _bare(cls, name: str) -> str:
        if not re.fullmatch(r"@?\w{0,32}", name, re.ASCII):
            raise ValueError("a bot's name looks like @example_bot")
        return name.removeprefix("@").lower()

    @field_validator("token")
    @classmethod
    def _no_address(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[\w:-]+", token.get_secret_value(), re.ASCII):
            raise ValueError("a bot's token looks like 123456:ABC-def; copy it from @BotFather without anything around it")
        return token

    @field_validator("webhook_secret")
    @classmethod
    def _takes(cls, secret: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", secret.get_secret_value()):
            raise ValueError("Telegram takes only A-Z a-z 0-9 _ - in a webhook secret")
        return secret
