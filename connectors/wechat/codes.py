"""Codes that say where somebody came from (带参数的二维码): made at WeChat, shown by an address of its."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.wechat.api import Api
from connectors.wechat.errors import Refused, translated
from connectors.wechat.settings import WeChatSettings
from hub.errors import ConfigError, Uncertain
from hub.ports import Settings

SHOWN = "https://mp.weixin.qq.com/cgi-bin/showqrcode?"
LONGEST_DAYS = 30
LONGEST_SCENE = 64


@dataclass(frozen=True, slots=True)
class Code:
    """One code: where its picture is, what it holds for those who draw it themselves, and until when it leads to the account."""

    picture: str
    holds: str
    scene: str
    until: datetime | None


async def code_for(settings: Settings, scene: str, days: int | None) -> Code:
    """A code of an Official Account, good for so many days, or for ever. Raises `ConfigError` for what WeChat would not take, and
    otherwise as a call does."""
    if not isinstance(settings, WeChatSettings):
        raise ConfigError("codes with scenes are an Official Account's: name a channel of type wechat")
    if not 0 < len(scene) <= LONGEST_SCENE or not scene.isprintable() or scene != scene.strip():
        raise ConfigError(f"a scene has 1 to {LONGEST_SCENE} characters, without space around them")
    if days is not None and not 0 < days <= LONGEST_DAYS:
        raise ConfigError(f"WeChat makes codes for 1 to {LONGEST_DAYS} days, or for ever")
    seconds = days * 86_400 if days else 0
    kind: dict[str, Any] = {"action_name": "QR_LIMIT_STR_SCENE"}
    if days:
        kind = {"action_name": "QR_STR_SCENE", "expire_seconds": seconds}
    api = Api(settings, None)
    try:
        answer = await api.post("/cgi-bin/qrcode/create", kind | {"action_info": {"scene": {"scene_str": scene}}})
    except Refused as exc:
        raise translated(exc) from exc
    finally:
        await api.aclose()
    ticket = answer.get("ticket")
    if not isinstance(ticket, str) or not ticket:
        raise Uncertain("WeChat answered something else than its documentation says")
    until = datetime.now(UTC) + timedelta(seconds=seconds) if days else None
    return Code(SHOWN + urlencode({"ticket": ticket}), str(answer.get("url") or ""), scene, until)
