"""What a Telegram update becomes: the payloads in tests/payloads/telegram, and the contract of every connector."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from telegram import Update
from telegram.constants import MessageType

from connectors.telegram import normalize, parts
from connectors.telegram.connector import Telegram
from connectors.telegram.worded import HINTED, WORDED
from hub.errors import Malformed
from hub.ports import Hook
from tests.connectors.conftest import NOW, SECRET, bot_of
from tests.contract import Contract, dump, storable

FOLDER = Path(__file__).parents[1] / "payloads" / "telegram"
PAYLOADS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def hook(body: bytes, secret: str | None = SECRET) -> Hook:
    headers = {"content-type": "application/json"}
    return Hook("POST", {}, headers if secret is None else {**headers, "x-telegram-bot-api-secret-token": secret}, body)


def within(expected: Any, found: Any) -> bool:
    """Whether `found` has everything that is expected, and lists no more than that."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(key in found and within(value, found[key]) for key, value in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(found) and all(within(a, b) for a, b in zip(expected, found, strict=True))
    return bool(expected == found)


@pytest.mark.parametrize("name", PAYLOADS)
async def test_every_payload_becomes_what_its_file_says(name: str) -> None:
    payload = PAYLOADS[name]
    update, expected = payload["update"], payload["expect"]
    body = dump(update)
    if expected == "malformed":
        with pytest.raises(Malformed):
            await bot_of(None).receive(hook(body))
        return
    if expected == "unread":
        [kept] = (await bot_of(None).receive(hook(body))).unread
        assert (kept.id, kept.raw) == (f"u{update['update_id']}", update)
        assert kept.why
        return
    receipt = await bot_of(None, **payload.get("settings", {})).receive(hook(body))
    expected = json.loads(json.dumps(expected).replace("UPDATE", str(update["update_id"])))
    found = [json.loads(item.model_dump_json()) for item in receipt.items]
    trouble = payload.get("trouble", {"kind": "", "said": ""})
    said = receipt.trouble.said if receipt.trouble else ""
    assert (receipt.trouble.kind if receipt.trouble else "", receipt.mended) == (trouble["kind"], payload.get("mended", ""))
    assert trouble["said"] in said
    assert within(expected, found), json.dumps(found, indent=1, ensure_ascii=False)
    for item in receipt.items:
        assert item.raw["update_id"] == update["update_id"]
        storable(item)


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_sdk_can_read_what_we_say_telegram_sends(name: str) -> None:
    payload = PAYLOADS[name]
    if payload["expect"] not in ("malformed", "unread") and "unreadable" not in str(payload["expect"]):
        assert Update.de_json(payload["update"], None).update_id == payload["update"]["update_id"]


def test_every_kind_of_content_that_the_sdk_knows_is_decided_on() -> None:
    decided = {"text", "location", "venue", "contact", "paid_media", *parts.MEDIA, *WORDED, *HINTED}
    decided |= normalize.SERVICE | parts.AROUND
    assert {kind.value for kind in MessageType} <= decided
    assert not normalize.SERVICE & parts.AROUND


async def test_a_pressed_button_is_answered_in_the_answer() -> None:
    update = PAYLOADS["button_pressed"]["update"]
    receipt = await bot_of(None).receive(hook(dump(update)))
    assert json.loads(receipt.body) == {"method": "answerCallbackQuery", "callback_query_id": "99887766"}
    assert receipt.content_type == "application/json"
    assert receipt.items[0].at == NOW


async def test_two_edits_within_a_second_are_two() -> None:
    update = PAYLOADS["edited_text"]["update"]
    again = {**update, "update_id": update["update_id"] + 1}
    ids = [(await bot_of(None).receive(hook(dump(one)))).items[0].id for one in (update, again, update)]
    assert ids[0] == ids[2] != ids[1]


async def test_utf8_is_read_as_it_is() -> None:
    update = {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 7, "type": "private"}, "date": 1, "text": "你好 😀"}}
    receipt = await bot_of(None).receive(hook(json.dumps(update, ensure_ascii=False).encode()))
    assert receipt.items[0].parts[0].text == "你好 😀"  # type: ignore[union-attr]


class TestContract(Contract):
    """Telegram signs nothing and no time: a replay is told by the message's id."""

    def place(self) -> Telegram:
        return bot_of(None)

    def good(self) -> dict[str, Any]:
        person = {"id": 7, "is_bot": False, "first_name": "Ana", "username": "ana", "language_code": "es"}
        bold = {"type": "text_link", "offset": 0, "length": 4, "url": "https://example.com"}
        return {
            "update_id": 10_000,
            "message": {
                "message_id": 1,
                "from": person,
                "chat": {"id": 7, "first_name": "Ana", "type": "private"},
                "date": 1_772_357_400,
                "document": {"file_id": "A", "file_unique_id": "B", "file_name": "c.pdf", "mime_type": "application/pdf"},
                "caption": "Hola",
                "caption_entities": [bold],
            },
        }

    def prove(self, body: bytes) -> Hook:
        return hook(body)

    def forged(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        yield "no secret", hook(body, None)
        yield "an empty secret", hook(body, "")
        yield "another secret", hook(body, "webhook-secret-0123456780")
        yield "a longer secret", hook(body, SECRET + "0")
        yield "a shorter secret", hook(body, SECRET[:-1])
        yield "other letters", hook(body, SECRET.upper())
        yield "letters beyond ASCII", hook(body, "wébhook-😀-\udcff")
        yield "the secret elsewhere", Hook("POST", {"secret_token": SECRET}, {"authorization": SECRET}, body)

    def unknown(self) -> Iterable[tuple[str, dict[str, Any]]]:
        good = self.good()
        message = {key: value for key, value in good["message"].items() if not key.startswith(("document", "caption"))}
        yield "update", {"update_id": 1, "telepathy": {"from": 7}}
        yield "content", {"update_id": 1, "message": {**message, "hologram": {"file_id": "x"}}}
        yield "nothing at all", {"update_id": 1, "message": message}
