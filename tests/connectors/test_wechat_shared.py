"""Real payloads of the WeChat family from ../shared that are no plain XML of an Official Account: a Mini Program's JSON, and
sealed callbacks with their own keys and times."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.wechat.official import WeChat
from hub.errors import Rejected
from hub.model import Card, Choice, Event, Location, Media, Message, Part, Text, Unsupported
from hub.ports import Hook
from tests.connectors.programs import plain, plainly
from tests.connectors.wechat_accounts import account

SHARED = Path(__file__).parents[3] / "shared" / "payloads" / "wechat"
INDEX: list[dict[str, Any]] = json.loads((SHARED / "INDEX.json").read_text("utf-8")) if SHARED.is_dir() else []
ELSEWHERE = {
    "encrypted_work": "WeCom's own applications, which are no customer channel",
    "encrypt_vector": "a ciphertext for given random bytes: sealing is wechatpy's, and other tests open what it seals",
    "url_verification": "WeCom's handshake: tests/connectors/test_kf_receive.py",
    "kf_sync_page": "微信客服: tests/connectors/test_kf_receive.py",
}
"""Kinds that this file leaves to others, with the reason."""
JSON = [one for one in INDEX if one["file"].endswith(".json") and one["kind"] not in ELSEWHERE]
SEALED = [one for one in INDEX if one.get("crypto") and one["kind"] not in ELSEWHERE]
pytestmark = pytest.mark.skipif(not INDEX, reason="no ../shared/payloads/wechat beside the repository")


def test_every_payload_is_somebodys() -> None:
    plain_xml = {one["file"] for one in INDEX if one["file"].endswith(".xml") and not one.get("crypto")}
    others = {one["file"] for one in INDEX if one["kind"] in ELSEWHERE}
    assert plain_xml | others | {one["file"] for one in (*JSON, *SEALED)} == {one["file"] for one in INDEX}


@pytest.mark.parametrize("entry", JSON, ids=[one["file"] for one in JSON])
async def test_a_mini_programs_json_says_what_is_expected(entry: dict[str, Any]) -> None:
    expect = entry["expect"]
    receipt = await plain().receive(plainly((SHARED / entry["file"]).read_bytes()))
    assert receipt.body == b"success"
    if not receipt.items:
        assert expect["ignore"]
        return
    (item,) = receipt.items
    assert isinstance(item, Message)
    assert (item.customer, int(item.at.timestamp())) == (expect["sender_id"], expect["timestamp"])
    assert "message_id" not in expect or item.id == expect["message_id"]
    if "text" in expect:
        assert item.parts == (Text(text=expect["text"]),)
    if "session_from" in expect:
        assert item.parts == (Event(kind="opened", data=expect["session_from"]),)


XML = [one for one in INDEX if one["file"].endswith(".xml") and not one.get("crypto")]
EVENTS = {"subscribe": "followed", "unsubscribe": "unfollowed", "scan": "scanned", "scancode_waitmsg": "scanned"}


@pytest.mark.parametrize("entry", XML, ids=[one["file"] for one in XML])
async def test_every_fact_of_an_accounts_xml_is_there(entry: dict[str, Any]) -> None:
    expect = entry["expect"]
    receipt = await account(mode="plain", aes_key=None).receive(plainly((SHARED / entry["file"]).read_bytes()))
    assert receipt.body == b"success"
    parts = receipt.items[0].parts if receipt.items else ()
    for attached in expect.get("attachments", ()):
        assert parts[0] == attachment(attached, alt=expect.get("transcript", ""))
    if "transcript" in expect:
        assert parts[1] == Text(text=f"🎤 {expect['transcript']}")
    if (event := expect.get("event")) in EVENTS:
        data = expect.get("scan_result", expect.get("event_key", ""))
        assert parts == (Event(kind=EVENTS[event], data=data),)
    if "action_data" in expect:
        assert parts == (Choice(id=expect["action_data"], text=expect["action_data"]),)
    if "latitude" in expect:
        assert parts == (Location(latitude=expect["latitude"], longitude=expect["longitude"], title=expect["label"]),)
    if expect["kind"] == "unsupported":
        assert [part.kind for part in parts if isinstance(part, Unsupported)] == expect["kind_alt"]


def attachment(told: dict[str, Any], alt: str) -> Part:
    """What the collection tells of a file or card, as a part."""
    match told["kind"]:
        case "link":
            return Card(title=told["title"], text=told["description"], url=told["url"])
        case "miniprogram":
            return Card(title=told["title"], text=told["page_path"])
    if "media_id" not in told:
        return Unsupported(kind=told["kind"], text=told["url"])
    mime = "audio/amr" if told.get("format") == "amr" else ""
    return Media(kind=told["kind"], remote=told["media_id"], mime=mime, alt=alt)


def of(sealed: dict[str, Any]) -> WeChat:
    """An account with the payload's own keys, at its time; whose it is says its last field."""
    app = sealed["receive_id"] if sealed["receive_id"].startswith("wx") else "wx0000000000000000"
    now = datetime.fromtimestamp(int(sealed["timestamp"]), UTC)
    return account(now=now, token=sealed["token"], aes_key=sealed["encoding_aes_key"], app_id=app)


@pytest.mark.parametrize("entry", SEALED, ids=[one["file"] for one in SEALED])
async def test_what_others_sealed_is_opened(entry: dict[str, Any]) -> None:
    sealed, expect = entry["crypto"], entry["expect"]
    query = {name: sealed[name] for name in ("msg_signature", "timestamp", "nonce")}
    hook = Hook("POST", query, {}, (SHARED / entry["file"]).read_bytes())
    if not sealed["valid"]:
        with pytest.raises(Rejected):
            await of(sealed).receive(hook)
        return
    (item,) = (await of(sealed).receive(hook)).items
    assert isinstance(item, Message)
    assert (item.parts, item.id, item.customer) == ((Text(text=expect["text"]),), expect["message_id"], expect["sender_id"])
    with pytest.raises(Rejected):
        await of(sealed).receive(Hook("POST", {**query, "nonce": "other"}, {}, hook.body))
