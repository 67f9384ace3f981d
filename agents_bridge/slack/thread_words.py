"""`!words` in a thread: slash commands do not work there (platforms: Slack, 2.7). What is no word of ours never leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

Kind = Literal["reply", "resolve", "reopen", "assign", "help"]
NAMES = {
    "resolve": "resolve", "close": "resolve", "done": "resolve", "解决": "resolve", "关闭": "resolve",
    "reopen": "reopen", "open": "reopen", "重开": "reopen",
    "claim": "claim", "take": "claim", "接手": "claim",
    "release": "release", "unassign": "release", "放手": "release",
    "assign": "assign", "转接": "assign",
    "team": "team", "团队": "team",
    "send": "send", "发送": "send",
    "help": "help", "帮助": "help",
}  # fmt: skip
"""Every spelling of a word."""
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
            return Command("resolve", rest)
        case "reopen":
            return Command("reopen")
        case "help":
            return Command("help")
        case "send":
            return Command("reply", rest) if rest else None
        case "claim":
            return Command("assign", data={"claim": True})
        case "release":
            return Command("assign")
        case "assign":
            return _assigned(rest)
    team = _TEAM.fullmatch(rest)
    return Command("assign", team[2], team=team[1]) if team else None


def _assigned(rest: str) -> Command | None:
    if rest.casefold() in ("me", "我"):
        return Command("assign", data={"claim": True})
    person = _PERSON.fullmatch(rest)
    return Command("assign", person[2], person=person[1]) if person else None


def near(word: str) -> str:
    """The word that was probably meant by another (without its `!`); empty when none is like it."""
    found = get_close_matches(word.casefold(), NAMES, n=1, cutoff=0.6)
    return found[0] if found else ""
