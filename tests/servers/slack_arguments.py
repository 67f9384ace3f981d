"""The arguments of Slack's Web API: what must be there, how it is written, and the limits that Slack and its SDK name."""

from __future__ import annotations

import json
from typing import Any

from tests.servers.slack_workspace import Refusal

Arguments = dict[str, Any]
SECTION, FIELD, FIELDS, BUTTON, ALL_BLOCKS, TEXT, METADATA = 3000, 2000, 10, 75, 13_000, 40_000, 8000


def need(found: Arguments, *names: str) -> None:
    for name in names:
        if not found.get(name):
            raise Refusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]})


def tree(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def check(found: Arguments, *, whole: bool = True) -> None:
    """The limits that Slack and its SDK name."""
    blocks = tree(found.get("blocks")) or []
    if not found.get("text") and not blocks:
        raise Refusal("no_text")
    blocks = blocks + [block for one in tree(found.get("attachments")) or () for block in one.get("blocks") or ()]
    for block in blocks:
        texts = [block["text"]["text"]] if block["type"] == "section" and "text" in block else []
        fields = [one["text"] for one in block.get("fields") or ()]
        buttons = block["elements"] if block["type"] == "actions" else []
        empty = block["type"] == "section" and not (texts or fields)
        long = any(len(text) > SECTION for text in texts) or any(len(text) > FIELD for text in fields)
        wide = any(
            len(one["text"]["text"]) > BUTTON or len(one.get("value", "")) > 2000 for one in buttons if one["type"] == "button"
        )
        same = len({one["action_id"] for one in buttons}) != len(buttons)
        if empty or "" in texts + fields or long or wide or same or len(fields) > FIELDS or len(buttons) > 25:
            raise Refusal("invalid_blocks")
    if len(blocks) > 50:
        raise Refusal("invalid_blocks")
    if whole and len(json.dumps(blocks, ensure_ascii=False)) > ALL_BLOCKS:
        raise Refusal("msg_blocks_too_long")
    if len(json.dumps(tree(found.get("metadata")) or {})) > METADATA:
        raise Refusal("metadata_too_large")
