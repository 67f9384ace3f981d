"""Callbacks of a WeChat Official Account, one file for each condition, and what becomes of each, in plain and in secure mode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.errors import Malformed
from hub.model import Text
from hub.ports import Hook
from tests.connectors.conftest import NOW
from tests.connectors.test_telegram_receive import within
from tests.connectors.wechat_accounts import STAMP, account
from tests.contract import storable
from tests.servers.wechat_callbacks import TOKEN, callback, signature

FOLDER = Path(__file__).parents[1] / "payloads" / "wechat"
PAYLOADS: dict[str, Any] = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def hooks(xml: str) -> list[tuple[str, Hook]]:
    """A callback in each mode."""
    query = {"timestamp": STAMP, "nonce": "n", "signature": signature(TOKEN, STAMP, "n")}
    return [("plain", Hook("POST", query, {}, xml.encode())), ("secure", callback(xml, NOW.timestamp()))]


@pytest.mark.parametrize("name", PAYLOADS)
async def test_every_payload_becomes_what_its_file_says(name: str) -> None:
    payload = PAYLOADS[name]
    expected = json.loads(json.dumps(payload["expect"]).replace('"NOW"', json.dumps(NOW.isoformat().replace("+00:00", "Z"))))
    ids = set()
    for mode, hook in hooks(payload["xml"]):
        shop = account(mode="plain", aes_key=None) if mode == "plain" else account()
        if expected == "malformed":
            with pytest.raises(Malformed):
                await shop.receive(hook)
            continue
        receipt = await shop.receive(hook)
        assert (receipt.status, receipt.body) == (200, b"success")
        if expected == "unread":
            (kept,) = receipt.unread
            assert not receipt.items
            assert kept.why.startswith("wechat: ")
            with pytest.raises(Malformed):
                shop.reread(kept.raw)
            ids.add(kept.id)
            continue
        assert not receipt.unread
        found = [json.loads(item.model_dump_json()) for item in receipt.items]
        assert within(expected, found), json.dumps(found, indent=1, ensure_ascii=False)
        for item in receipt.items:
            storable(item)
            ids.add(item.id)
    wanted = 1 if expected == "unread" else len(expected) if isinstance(expected, list) else 0
    assert len(ids) == wanted, "the same id in both modes"


def test_no_two_callbacks_have_the_same_id_unless_they_are_the_same() -> None:
    assert len({payload["xml"] for payload in PAYLOADS.values()}) == len(PAYLOADS)
    assert len(PAYLOADS) >= 60


def test_what_was_kept_unread_is_read_once_a_release_knows_it() -> None:
    told = {"ToUserName": "gh_1", "FromUserName": "oAnn", "CreateTime": STAMP, "MsgType": "text", "MsgId": "7", "Content": "hi"}
    (item,) = account().reread(told)
    assert (item.id, item.customer, item.parts) == ("7", "oAnn", (Text(text="hi"),))
    assert account().reread(told | {"MsgType": "event", "Event": "VIEW"}) == []
