"""A WeChat Mini Program as tests set one up, and what its customers send."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.wechat.program import MiniProgram
from connectors.wechat.settings import ProgramSettings
from hub.model import ChannelName, ExternalId
from hub.ports import Hook, IdempotencyKey, Identity, Kit
from tests.connectors.conftest import NOW, Shelf
from tests.servers.wechat import TEMPLATE, ProgramServer
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, SECRET, TOKEN, signature

KEY = IdempotencyKey("k1")
MEI = Identity(ChannelName("miniprogram"), ExternalId("oMini_LinMei-0001"))
STAMP = str(int(NOW.timestamp()))
FOLDER = Path(__file__).parents[1] / "payloads" / "miniprogram"
PAYLOADS: dict[str, Any] = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def program(server: ProgramServer | None = None, shelf: Shelf | None = None, now: datetime = NOW, **settings: Any) -> MiniProgram:
    """A connector; with a server it can send."""
    asked = {"app_id": APP_ID, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY, "timeout": 2.0, **settings}
    if server is not None:
        asked["api_url"] = server.url
    kit = Kit(files=shelf or Shelf(), public_url="https://hub.example", now=lambda: now)
    return MiniProgram(ChannelName("miniprogram"), ProgramSettings.model_validate(asked), kit)


def plain(**settings: Any) -> MiniProgram:
    return program(mode="plain", aes_key=None, **settings)


def plainly(body: bytes, stamp: str = STAMP) -> Hook:
    """A callback as WeChat makes it in plain mode."""
    return Hook("POST", {"timestamp": stamp, "nonce": "n", "signature": signature(TOKEN, stamp, "n")}, {}, body)


def said(text: str = "hi", number: int = 1) -> dict[str, Any]:
    return {
        "ToUserName": "gh_1",
        "FromUserName": str(MEI.address),
        "CreateTime": int(STAMP),
        "MsgType": "text",
        "Content": text,
        "MsgId": number,
    }


def written(payload: dict[str, Any]) -> str:
    """The body of a payload."""
    return (
        str(payload["xml"]) if "xml" in payload else str(payload.get("text") or json.dumps(payload["json"], ensure_ascii=False))
    )


ENTERED = {"MsgType": "event", "Event": "user_enter_tempsession", "SessionFrom": "a"}
NOTICE = {"template_id": TEMPLATE, "fields": {"thing1": "您咨询的问题有新回复", "time2": "{time}"}, "page": "pages/support"}
