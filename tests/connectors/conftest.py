"""A Telegram to talk to, and bots that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.telegram.connector import Telegram
from connectors.telegram.settings import TelegramSettings
from hub.errors import Undeliverable
from hub.model import ChannelName, ExternalId, FileId
from hub.ports import Identity, Kit, StoredFile
from tests.servers.telegram import TelegramServer, telegram

SECRET = "webhook-secret-0123456789"
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


class Shelf:
    """Files in memory."""

    def __init__(self) -> None:
        self.files: dict[str, StoredFile] = {}

    def put(self, name: str, mime: str, content: bytes) -> FileId:
        key = FileId(f"file{len(self.files) + 1}")
        self.files[key] = StoredFile(key, name, mime, len(content), content)
        return key

    async def read(self, file: FileId) -> StoredFile:
        if file not in self.files:
            raise Undeliverable("the file is gone")
        return self.files[file]

    def link(self, file: FileId) -> str:
        return f"https://hub.example/files/{file}"


def bot_of(sim: TelegramServer | None, shelf: Shelf | None = None, **settings: Any) -> Telegram:
    """A connector that talks to `sim`."""
    asked = {"token": "4242:TEST-token_of_nobody", "webhook_secret": SECRET, "timeout": 2.0, **settings}
    if sim is not None:
        asked = {"token": sim.token, "api_url": sim.url, **{k: v for k, v in asked.items() if k != "token"}}
    kit = Kit(files=shelf or Shelf(), public_url="https://hub.example", now=lambda: NOW)
    return Telegram(ChannelName("telegram"), TelegramSettings.model_validate(asked), kit)


def to(chat: int) -> Identity:
    return Identity(ChannelName("telegram"), ExternalId(str(chat)))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def sim() -> AsyncIterator[TelegramServer]:
    """A test Telegram in which the customers 7 and 8 have written to the bot."""
    async with telegram() as running:
        running.api.chats |= {7, 8}
        yield running


@pytest.fixture
async def bot(sim: TelegramServer, shelf: Shelf) -> AsyncIterator[Telegram]:
    made = bot_of(sim, shelf)
    yield made
    await made.aclose()
