"""The codes with scenes that a WeChat makes (生成带参数的二维码)."""

from __future__ import annotations

from typing import Any

TEMPORARY, FOR_EVER = "QR_STR_SCENE", "QR_LIMIT_STR_SCENE"


def code_told(asked: dict[str, Any], nth: int) -> dict[str, Any]:
    """The answer; its ticket has signs that an address must write otherwise."""
    name, scene, seconds = asked["action_name"], asked["action_info"]["scene"]["scene_str"], asked.get("expire_seconds", 60)
    if name not in (TEMPORARY, FOR_EVER) or not 0 < len(scene) <= 64 or not 0 < seconds <= 2_592_000:
        return {"errcode": 40053, "errmsg": "invalid action info"}
    told = {"ticket": f"gQ{nth}+/==", "url": f"http://weixin.qq.com/q/{nth}"}
    return told | ({"expire_seconds": seconds} if name == TEMPORARY else {})
