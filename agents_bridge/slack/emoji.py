"""Slack's names of emoji, `:tada:`, as the characters that every other platform shows.

`emoji.json` is made of emojibase-data 17.0 (MIT licence), the names that Slack's own list has (iamcal).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

TONES = {str(n): chr(0x1F3FB + n - 2) for n in range(2, 7)}
VARIANT = "\ufe0f"


@cache
def _names() -> dict[str, str]:
    found = json.loads(Path(__file__).with_name("emoji.json").read_text("utf-8"))
    return {str(name): str(sign) for name, sign in found.items()}


def emoji(name: str, tone: str = "") -> str:
    """The characters of a name; empty for one of a workspace's own. `tone` is 2 to 6 of `:wave::skin-tone-2:`."""
    sign = _names().get(name, "")
    if not sign or tone not in TONES:
        return sign
    return sign[0] + TONES[tone] + sign[1:].lstrip(VARIANT)
