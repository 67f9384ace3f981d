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
from hub.model import Event, Message, Text
from hub.ports import Hook
from tests.connectors.test_miniprogram import plain, plainly
from tests.connectors.test_wechat import account

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
