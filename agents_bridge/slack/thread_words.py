"""`!words` in a thread: slash commands do not work there (platforms: Slack, 2.7). What is no word of ours never leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from agents_bridge.slack.merging import other_of
from agents_bridge.slack.resolving import wish_data, wish_in

Kind = Literal[
    "reply", "resolve", "reopen", "assign", "help", "canned", "snooze", "priority", "tags", "block", "unblock", "translate",
    "merge", "part",
]  # fmt: skip
NAMES = {
    "resolve": "resolve", "close": "resolve", "done": "resolve", "解决": "resolve", "关闭": "resolve",
    "reopen": "reopen", "open": "reopen", "重开": "reopen",
    "claim": "claim", "take": "claim", "接手": "claim",
    "release": "release", "unassign": "release", "放手": "release",
    "assign": "assign", "转接": "assign",
    "team": "team", "团队": "team",
    "snooze": "snooze", "稍后": "snooze",
    "wake": "wake", "唤醒": "wake",
    "prio": "priority", "priority": "priority", "优先级": "priority",
    "tag": "tags", "tags": "tags", "标签": "tags",
    "block": "block", "拉黑": "block",
    "unblock": "unblock", "取消拉黑": "unblock",
    "merge": "merge", "合并": "merge", "part": "part", "unmerge": "part", "拆分": "part",
    "send": "send", "发送": "send",
    "r": "canned", "canned": "canned", "快捷": "canned",
    "tr": "translate", "translate": "translate", "翻译": "translate",
    "help": "help", "帮助": "help",
}  # fmt: skip
"""Every spelling of a word."""
LEVELS = {
    "0": 0, "none": 0, "无": 0, "1": 1, "normal": 1, "普通": 1, "2": 2, "high": 2, "高": 2, "3": 3, "urgent": 3, "紧急": 3,
}  # fmt: skip
SWITCH = {"on": True, "off": False, "开": True, "开启": True, "关": False, "关闭": False}
UNITS = {"m": 60, "min": 60, "分钟": 60, "h": 3600, "小时": 3600, "d": 86400, "天": 86400, "w": 604800, "周": 604800}
LONGEST_S = 366 * 86400
_SPAN = re.compile(r"(\d{1,5})\s*([a-z]+|[\u4e00-\u9fff]+)", re.IGNORECASE)
_TAG = re.compile(r"[+-]?#?[^\s<>&+#-][^\s<>&]{0,39}")
_WORD = re.compile(r"\s*[!！]([^\W_][\w-]*)\s*(.*)", re.DOTALL)
_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>\s*(.*)", re.DOTALL)
_TEAM = re.compile(r"([\w-]{1,64})\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A word that was understood; `rest` is mrkdwn that goes with it: a reason, or with `send` the reply itself."""

    kind: Kind
    rest: str = ""
    team: str = ""
    person: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def command_of(mrkdwn: str) -> Command | None:
    """The command that a line is, None when it is not one or lacks what it needs."""
    found = _WORD.match(mrkdwn)
    name = NAMES.get(found[1].casefold()) if found else None
    if found is None or name is None:
        return None
    rest = found[2].strip()
    match name:
        case "resolve":
            return _resolved(rest)
        case "reopen":
            return Command("reopen")
        case "help":
            return Command("help")
        case "canned":
            return Command("canned", rest)
        case "send":
            return Command("reply", rest) if rest else None
        case "claim":
            return Command("assign", data={"claim": True})
        case "release":
            return Command("assign")
        case "assign":
            return _assigned(rest)
        case "snooze":
            return _snoozed(rest)
        case "wake":
            return Command("snooze", data={"seconds": 0})
        case "priority":
            return _chosen("priority", "level", LEVELS.get(rest.casefold()))
        case "translate":
            return _chosen("translate", "on", SWITCH.get(rest.casefold()))
        case "tags":
            return _tagged(rest.split())
        case "merge" | "part":
            return _merged("merge" if name == "merge" else "part", rest)
        case "block" | "unblock":
            return Command("block" if name == "block" else "unblock", data={"reason": rest[:500]})
    team = _TEAM.fullmatch(rest)
    return Command("assign", team[2], team=team[1]) if team else None


def _chosen(kind: Literal["priority", "translate"], name: str, value: int | None) -> Command | None:
    return Command(kind, data={name: value}) if value is not None else None


def _merged(kind: Literal["merge", "part"], rest: str) -> Command | None:
    """With the conversation that is meant; what is to be parted may go without saying."""
    other = other_of(rest)
    return Command(kind, data=other or {}) if other or (kind == "part" and not rest) else None


def _resolved(rest: str) -> Command:
    wish, why = wish_in(rest)
    return Command("resolve", why, data=dict(wish_data(wish)))


def _assigned(rest: str) -> Command | None:
    if rest.casefold() in ("me", "我"):
        return Command("assign", data={"claim": True})
    person = _PERSON.fullmatch(rest)
    return Command("assign", person[2], person=person[1]) if person else None


def _snoozed(rest: str) -> Command | None:
    """For a time from now, or, without one, until the customer writes."""
    if not rest:
        return Command("snooze", data={"seconds": None})
    found = _SPAN.fullmatch(rest)
    unit = UNITS.get(found[2].casefold(), 0) if found else 0
    seconds = int(found[1]) * unit if found else 0
    return Command("snooze", data={"seconds": seconds}) if 0 < seconds <= LONGEST_S else None


def _tagged(words: list[str]) -> Command | None:
    """`a b` adds, `-c` removes."""
    if not words or not all(_TAG.fullmatch(word) for word in words):
        return None
    add = [word.lstrip("+#") for word in words if not word.startswith("-")]
    return Command("tags", data={"add": add, "remove": [word.lstrip("-#") for word in words if word.startswith("-")]})


def near(word: str) -> str:
    """The word that was probably meant by another (without its `!`); empty when none is like it."""
    found = get_close_matches(word.casefold(), NAMES, n=1, cutoff=0.6)
    return found[0] if found else ""
