"""A conversation as a letter: what the customer may see of it, in their language, with the time of each line."""

from __future__ import annotations

from collections.abc import Sequence

from hub.model import Entry
from hub.spoken import as_read
from hub.wording import plain

WORDS = {
    "en": {
        "subject": "Your conversation of {day}", "head": "Your conversation with us. All times are UTC.", "customer": "You",
        "bot": "Assistant", "agent": "We", "resolved": "The conversation was closed.", "reopened": "The conversation goes on.",
        "deleted": "(taken back)", "edited": " (edited)",
    },
    "zh": {
        "subject": "您在 {day} 的对话记录", "head": "以下是您与我们的对话记录，时间均为 UTC。", "customer": "您",
        "bot": "智能助手", "agent": "客服", "resolved": "会话已结束。", "reopened": "会话已继续。",
        "deleted": "（已撤回）", "edited": "（已编辑）",
    },
}  # fmt: skip


def transcript(entries: Sequence[Entry], locale: str) -> tuple[str, str]:
    """Subject and body. Edits and deletions are applied to what they change: the letter says what the page says."""
    language = "zh" if locale.lower().startswith("zh") else "en"
    words = WORDS[language]
    read = [as_read(entry) for entry in entries]
    changed = {entry.edit_of: entry for entry in read if entry.kind in ("edit", "delete") and entry.edit_of}
    lines: list[str] = []
    for entry in read:
        at = f"{entry.at:%Y-%m-%d %H:%M}"
        if entry.kind in ("resolved", "reopened"):
            lines.append(f"[{at}] {words[entry.kind]}")
        elif entry.kind == "message" and not entry.data.get("survey"):
            now = changed.get(entry.id, entry)
            said = (
                words["deleted"]
                if now.kind == "delete"
                else plain(now.parts, language) + (words["edited"] if now is not entry else "")
            )
            name = words["customer"] if entry.author.kind == "customer" else entry.author.name or words["agent"]
            name = words["bot"] if entry.author.kind == "bot" else name
            lines.append(f"[{at}] {name}:\n{said}")
    day = f"{entries[0].at:%Y-%m-%d}" if entries else ""
    return words["subject"].replace("{day}", day), "\n\n".join([words["head"], *lines]) + "\n"
