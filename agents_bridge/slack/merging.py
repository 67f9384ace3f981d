"""Merging by a link: which thread somebody means, the lines that lead from one thread to the other, and why it was not done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from agents_bridge.slack.text import inert, short
from hub.ports import Line

_LINK = re.compile(r"https?://[^/\s|>]+/archives/([A-Z0-9]{1,30})/p(\d{6,16})(\d{6})([^\s|>]*)")
_ROOT = re.compile(r"[?&;]thread_ts=(\d{1,12}\.\d{1,9})")
_NUMBER = re.compile(r"(?:^|[/#=])([0-9a-f]{32})\b")
MERGES = {
    "en": {
        "merged": "merged another conversation of this customer into this one",
        "merged_into": "merged this conversation into another one. Go on there",
        "parted": "parted a conversation that was merged into this one",
        "parted_into": "let this conversation go on by itself",
        "thread": "its thread",
        "handed_over": "{name} had this before and is not there now.",
        "somebody": "A colleague",
        "via": "via",
        "merge_gone": "Not merged: there is no conversation at that link.",
        "merge_same": "Not merged: that is this very conversation.",
        "merge_strangers": "Not merged: these are two customers. Make the two one customer first, in the console.",
        "merge_settled": "Not merged: this conversation is resolved. Reopen it first.",
        "merge_merged": "Not merged: one of them was merged already. `!part` parts them.",
        "merge_has_merged": "Not merged: others were merged into that one. Merge this one into it, or part those first.",
        "merge_not_merged": "There is nothing to part: no such conversation was merged here.",
        "merge_which": "Several conversations were merged into this one: `!part` and the link of the one that goes on by itself.",
    },
    "zh": {
        "merged": "把该客户的另一会话并入了此会话",
        "merged_into": "把此会话并入了另一会话，请在那里继续",
        "parted": "拆分了并入此会话的另一会话",
        "parted_into": "让此会话重新独立",
        "thread": "消息列",
        "handed_over": "此会话此前由{name}负责，现不在线。",
        "somebody": "同事",
        "via": "来自",
        "merge_gone": "未合并：该链接处没有会话。",
        "merge_same": "未合并：这就是本会话。",
        "merge_strangers": "未合并：这是两位客户。请先在控制台合并客户。",
        "merge_settled": "未合并：此会话已解决，请先重新打开。",
        "merge_merged": "未合并：其中一个已被合并，可用 `!拆分` 撤销。",
        "merge_has_merged": "未合并：已有其他会话并入那个会话。请改为把此会话并入它，或先拆分。",
        "merge_not_merged": "没有可拆分的会话。",
        "merge_which": "有多个会话并入此会话：请使用 `!拆分` 加上要独立的会话的链接。",
    },
}


def other_of(words: str) -> dict[str, Any] | None:
    """The conversation that a link to a thread, a link into the console or a number names, as a reply's data; None when it names
    none."""
    found = _LINK.search(words)
    if found:
        root = _ROOT.search(found[4].replace("&amp;", "&"))
        return {"thread": f"{found[1]}:{root[1] if root else f'{found[2]}.{found[3]}'}"}
    number = _NUMBER.search(words.strip())
    return {"other": number[1]} if number else None


def via(found: Line, locale: Literal["en", "zh"]) -> str:
    """What stands behind a name: over which channel of a merged conversation they speak."""
    return f" · {MERGES[locale]['via']} {inert(found.via)}" if found.via else ""


def changed_line(found: Line, locale: Literal["en", "zh"]) -> str:
    """That conversations were merged or parted, or who had this one before; empty when the line says something else."""
    w, data = MERGES[locale], found.entry.data
    if data.get("what") == "handed_over":
        return f"🤝 {w['handed_over'].format(name=inert(short(str(data.get('name') or ''), 80)) or w['somebody'])}"
    return _merge_line(found, w) if data.get("what") in ("merged", "parted") else ""


def _merge_line(found: Line, w: Mapping[str, str]) -> str:
    """With the way to the other thread."""
    data = found.entry.data
    said = w[f"{data['what']}_into" if data.get("into") else str(data["what"])]
    why = inert(short(str(data.get("reason") or ""), 500))
    way = f": <{found.near}|{w['thread']}>" if found.near.startswith(("https://", "http://")) else ""
    return f"🔗 {inert(short(found.author, 80))} {said}{way}" + (f" · {why}" if why else "")
