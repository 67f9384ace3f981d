"""What is said in Slack about tasks for a tracker, in English and Chinese, and the line that tells what became of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from agents_bridge.slack.text import escaped, inert, short

TASKS = {
    "en": {
        "title": "Create task",
        "create": "Create",
        "wait": "One moment…",
        "name": "Title",
        "text": "Description",
        "where": "It is made in {tracker}; the link comes into this thread.",
        "empty": "Write a title.",
        "done": "Task created",
        "failed": "Task not created",
        "none": "There is no tracker for tasks here. An admin names one in config/tasks.yaml: tracker, with url and secret "
        "(docs/tasks.md).",
    },
    "zh": {
        "title": "创建任务",
        "create": "创建",
        "wait": "请稍候……",
        "name": "标题",
        "text": "说明",
        "where": "任务将创建在 {tracker} 中，链接会发到此话题。",
        "empty": "请填写标题。",
        "done": "已创建任务",
        "failed": "任务创建失败",
        "none": "此处没有任务系统。请管理员在 config/tasks.yaml 中设置 tracker 的 url 和 secret（见 docs/tasks.md）。",
    },
}
_URL = re.compile(r"https?://[^\s<>|\"]{1,1000}")


def task_line(task: Mapping[str, Any], colon: str, locale: Literal["en", "zh"]) -> str:
    """The end of a task: the way to it, or the tracker's words."""
    w = TASKS[locale]
    key, title, url, reason = (str(task.get(name) or "") for name in ("key", "title", "url", "reason"))
    named, called = inert(short(title, 150)), inert(short(key, 60))
    if task.get("state") == "failed":
        return f"⚠️ {w['failed']}{colon}{named}\n{inert(short(reason, 500))}".rstrip()
    link = f"<{escaped(url)}|{(called or named).replace('|', '¦')}>" if _URL.fullmatch(url) else called
    return f"🗂️ {w['done']}{colon}{' · '.join(filter(None, (link, named if called or not link else '')))}"
