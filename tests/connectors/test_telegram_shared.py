"""Real updates, as people captured or documented them, where that collection lies beside the repository.

The collection says what a correct connector extracts. Where this one decides otherwise, `DECIDED` says what and why.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from hub.errors import Malformed
from hub.model import Contact, Event, Location, Media, Message, Text, Unsupported
from tests.connectors.conftest import bot_of
from tests.connectors.test_telegram_receive import hook
from tests.contract import dump, storable

FOLDER = Path(__file__).parents[3] / "shared" / "payloads" / "telegram"
INDEX: list[dict[str, Any]] = json.loads((FOLDER / "INDEX.json").read_text("utf-8")) if FOLDER.is_dir() else []
PAYLOADS = {entry["file"]: (FOLDER / entry["file"]).read_bytes() for entry in INDEX}

pytestmark = pytest.mark.skipif(not INDEX, reason="no ../shared/payloads/telegram beside the repository")

DECIDED = {
    "038_chq_photo_caption_no_update_id.json": (None, "no update_id: Telegram always sends it, and edits are told apart by it"),
    "040_chq_multiline_emoji_no_message_id.json": ("unreadable", "no message_id: kept and shown, marked as unreadable"),
    "006_docs_edited.json": ("message", "an edit is a message of its own with `edit_of`; the store applies it"),
    "031_cw_edited_text.json": ("message", "as above"),
    "056_od_edited.json": ("message", "as above"),
    "087_ag_edited.json": ("message", "as above"),
    "172_za_my_chat_member_kicked.json": ("message", "agents see that the customer blocked the bot: an Event"),
    "002_docs_start.json": ("started", "the start button is an Event with the link's word"),
    "145_jv_start_entity.json": ("started", "as above"),
    "181_unblocked_fancy_name.json": ("message", "agents see that the customer came back: an Event"),
}
"""File → what is done instead (None: refused as malformed; "message", "started" or "unreadable": kept, as that), and why."""

SHOWN = {
    "image": "image",
    "voice": "voice",
    "audio": "audio",
    "video": "video",
    "file": "file",
    "sticker": "sticker",
    "video_note": "video",
}
NOT_SHOWN = {"unsupported": "game"}
"""The collection's kinds that arrive as `Unsupported` → the kind that it names."""
WORDED = ("poll", "dice")


CASES = [pytest.param(entry["file"], entry["expect"], id=entry["file"].removesuffix(".json")) for entry in INDEX]


async def received(name: str) -> list[Message] | None:
    """None when it was refused as malformed; nothing else may go wrong."""
    try:
        receipt = await bot_of(None).receive(hook(dump(json.loads(PAYLOADS[name]))))
    except Malformed:
        return None
    return [item for item in receipt.items if isinstance(item, Message)]


@pytest.mark.parametrize(("name", "expect"), CASES)
async def test_real_updates_are_kept_or_ignored_as_expected(name: str, expect: dict[str, Any]) -> None:
    found = await received(name)
    if name in DECIDED:
        assert (found is None) == (DECIDED[name][0] is None), DECIDED[name][1]
        return
    assert found is not None
    assert len(found) == (0 if expect["ignore"] else 1)


@pytest.mark.parametrize(("name", "expect"), CASES)
async def test_real_updates_say_what_is_expected(name: str, expect: dict[str, Any]) -> None:
    for message in await received(name) or ():
        storable(message)
        assert {"customer": message.customer, **people(message)} == {
            "customer": expect["sender_id"] if expect["kind"] != "edit" else expect["chat_id"],
            **{key: expect.get(key, default) for key, default in people(message).items()},
        }
        if DECIDED.get(name, ("",))[0] == "unreadable":
            assert message.parts == (Unsupported(kind="unreadable", text=expect["text"]),)
            continue
        ids_agree(message, expect)
        texts = [part.text for part in message.parts if isinstance(part, Text)]
        forwarded = [text for text in texts if text.startswith("↪ ")]
        assert "forwarded_from" not in expect or forwarded == [f"↪ {expect['forwarded_from']}"]
        texts = [text for text in texts if text not in forwarded]  # of one the collection does not say that it is
        assert message.album == str(expect.get("media_group_id", ""))
        if DECIDED.get(name, ("",))[0] == "started":
            word = expect["text"].removeprefix("/start").strip()
            assert message.parts == (Event(kind="started", data=word),)
            continue
        if "reactions" in expect:
            signs = " ".join(expect["reactions"])
            assert (message.parts, message.reply_to) == (
                (Event(kind="reacted", data=signs),),
                f"{expect['chat_id']}.{expect['reaction_to']}",
            )
        if expect["kind"] in WORDED:
            words = [expect.get("poll_question"), *expect.get("poll_options", ()), str(expect.get("dice", {}).get("value", ""))]
            assert all(word in texts[0] for word in words if word)
        else:
            assert texts == ([expect["text"]] if "text" in expect else [])
        kinds_agree(message, expect)
        links = [span.url for part in message.parts if isinstance(part, Text) for span in part.spans if span.kind == "link"]
        assert all(link in links for link in expect.get("links", ()))


def people(message: Message) -> dict[str, str]:
    """What is said about the sender, under the collection's names; only what the message says."""
    said = {"sender_name": message.profile.name, "sender_username": message.profile.username, "language": message.locale}
    return {key: value for key, value in said.items() if value}


def ids_agree(message: Message, expect: dict[str, Any]) -> None:
    if expect["kind"] == "action":
        assert message.id == f"q{expect['callback_id']}"
        assert message.parts[0].id == expect["action_data"]  # type: ignore[union-attr]
    elif expect["kind"] == "edit":
        assert message.edit_of == f"{expect['chat_id']}.{expect['edit_of']}"
        assert message.at == datetime.fromtimestamp(expect["edit_timestamp"], UTC)
    elif "message_id" in expect:
        assert message.id == f"{expect['chat_id']}.{expect['message_id']}"
        assert message.at == datetime.fromtimestamp(expect["timestamp"], UTC)
        reply = expect.get("reply_to")
        assert message.reply_to == (f"{expect['chat_id']}.{reply}" if reply else None)


def kinds_agree(message: Message, expect: dict[str, Any]) -> None:
    unsupported = [part for part in message.parts if isinstance(part, Unsupported)]
    if expect["kind"] in NOT_SHOWN:
        assert [part.kind for part in unsupported] == [NOT_SHOWN[expect["kind"]]]
        return
    attachments = expect.get("attachments", ())
    if expect.get("lenient") and attachments and "file_id" not in attachments[0]:
        assert unsupported[0].text == attachments[0]["emoji"]
        return
    assert not unsupported
    parts = [part for part in message.parts if isinstance(part, (Media, Location, Contact))]
    assert len(parts) == len(expect.get("attachments", ()))
    for part, attached in zip(parts, expect.get("attachments", ()), strict=True):
        agrees(part, attached)
    if "effects" in expect and expect["kind"] == "event":
        kinds = [part.kind for part in message.parts if isinstance(part, Event)]
        assert kinds == [effect.removeprefix("contact_") for effect in expect["effects"]]


def agrees(part: BaseModel, attached: dict[str, Any]) -> None:
    """Every fact of an attachment that the part has a field for."""
    names = {"file_id": "remote", "duration": "seconds", "emoji": "alt"}
    said = {names.get(key, key): value for key, value in attached.items() if key not in ("kind", "title", "performer", "format")}
    assert {key: value for key, value in said.items() if getattr(part, key) != value} == {}
    if isinstance(part, Media):
        assert part.kind == SHOWN[attached["kind"]]
    if isinstance(part, Location):
        assert part.title == attached.get("title", "")


def test_nothing_is_decided_about_files_that_are_not_there() -> None:
    assert set(DECIDED) <= set(PAYLOADS)
