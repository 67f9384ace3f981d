"""A channel that another account has taken over: the platform counts from one again, and nobody is taken for a double."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from connectors.telegram.connector import Telegram
from connectors.telegram.settings import TelegramSettings
from hub.model import ChannelName, Message
from hub.ports import Hook, Kit, Receipt
from hub.runtime import Hub
from hub.store.accounts import Accounts
from hub.store.tables import Inbox
from hub.store.tables import Message as MessageRow
from tests.connectors.conftest import NOW, SECRET, Shelf
from tests.contract import dump
from tests.fakes import said
from tests.hub.hubs import only, rows, take_in, text_of

CHAT = {"id": 77, "type": "private", "first_name": "Ann"}


def bot_with(number: int) -> Telegram:
    settings = TelegramSettings.model_validate({"token": f"{number}:secret_of_this_bot", "webhook_secret": SECRET})
    return Telegram(ChannelName("phone"), settings, Kit(Shelf(), "https://hub.example", lambda: NOW))


def update(number: int, kind: str, text: str, **more: Any) -> bytes:
    message = {"message_id": 5, "from": {**CHAT, "is_bot": False}, "chat": CHAT, "date": 1767225600, "text": text, **more}
    return dump({"update_id": number, kind: message})


async def heard(bot: Telegram, body: bytes) -> Receipt:
    return await bot.receive(Hook("POST", {}, {"x-telegram-bot-api-secret-token": SECRET}, body))


async def test_two_bots_of_one_channel_with_the_same_ids_make_two_rows(hub: Hub) -> None:
    first, second = bot_with(111), bot_with(222)
    for bot, text in ((first, "to the first"), (second, "to the second"), (first, "to the first"), (second, "to the second")):
        await take_in(hub, *[m for m in (await heard(bot, update(9, "message", text))).items if isinstance(m, Message)])
    assert [row["external_id"] for row in await rows(hub.store, Inbox)] == ["77.5", "222:77.5"]
    assert [text_of(row) for row in await rows(hub.store, MessageRow, external_id="77.5")] == ["to the first", "to the second"]


async def test_an_edit_means_the_newest_of_two_that_have_its_id(hub: Hub) -> None:
    first, second = bot_with(111), bot_with(222)
    for n, (bot, kind) in enumerate(((first, "message"), (second, "message"), (second, "edited_message"))):
        receipt = await heard(bot, update(n + 1, kind, f"text {n}"))
        await take_in(hub, *[m for m in receipt.items if isinstance(m, Message)])
    _, newest = await rows(hub.store, MessageRow, kind="message")
    assert (await only(hub.store, MessageRow, kind="edit"))["edit_of"] == newest["id"]


async def test_what_cannot_be_read_is_told_apart_too(hub: Hub) -> None:
    for number in (111, 222):
        receipt = await heard(bot_with(number), dump({"update_id": 3, "message": "no message"}))
        assert await hub.intake.keep(receipt.unread, 5.0) == ["new"]
    assert [row["external_id"] for row in await rows(hub.store, Inbox)] == ["u3", "222:u3"]


async def test_rows_of_before_are_still_found(hub: Hub) -> None:
    """An update that was kept by a release without accounts, whose answer was lost, and that Telegram sends again."""
    await take_in(hub, said("hello", customer="77", id="77.5"))
    receipt = await heard(bot_with(111), update(1, "message", "hello"))
    assert await hub.intake.keep([m for m in receipt.items if isinstance(m, Message)], 5.0) == ["same"]


async def test_every_process_agrees_on_the_first(hub: Hub) -> None:
    fresh: list[dict[str, Any]] = []
    for account in ("111", "222", "111"):
        rows_of = [{"source": "phone", "external_id": "1", "account": account}]
        await Accounts(hub.store.db).tell_apart(rows_of)
        fresh += rows_of
    assert [row["external_id"] for row in fresh] == ["1", "222:1", "1"]


@pytest.mark.parametrize(("text", "warned"), [("hello", 0), ("something else", 1)])
async def test_another_body_under_a_known_id_is_told_without_its_text(hub: Hub, text: str, warned: int) -> None:
    await take_in(hub, said("hello", id="m1"))
    with capture_logs() as logs:
        assert await hub.intake.keep([said(text, id="m1")], 5.0) == ["same"]
    told = [line for line in logs if line["event"] == "inbox.same_id_other_body"]
    assert len(told) == warned
    for line in told:
        assert (line["log_level"], line["source"]) == ("warning", "phone")
        assert text not in str(line)
