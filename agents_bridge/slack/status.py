"""`/frontdesk status|available|away`: whether an agent is there, said and asked in a Slack channel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from agents_bridge.slack.text import inert, plain, short
from hub.model import ExternalId
from hub.people import Duty
from hub.sign import Sign

STATES: dict[str, Literal["present", "away", ""]] = {
    "status": "", "状态": "", "available": "present", "online": "present", "在线": "present", "away": "away", "离开": "away",
}  # fmt: skip
"""Every spelling; an empty one asks, or says one of the others behind it."""
_AGENT = re.compile(r"(?:agent|客服)\s+<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>\s+(\S+)", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,120}")
SAID = {
    "en": {
        "present": "You are *available*: new conversations may be given to you, until you say `/frontdesk away`.",
        "away": "You are *away*{why}: nothing is given to you, until you say `/frontdesk available`.",
        "load": "{n} open conversations are yours. {here} of your colleagues and you are here.",
        "set_present": "Noted: *available*. New conversations may be given to you.",
        "set_away": "Noted: *away*{why}. Nothing is given to you, and what you have stays yours.",
    },
    "zh": {
        "present": "您*在线*：新会话可以分配给您，直到您输入 `/frontdesk 离开`。",
        "away": "您已*离开*{why}：不会分配会话给您，直到您输入 `/frontdesk 在线`。",
        "load": "您有 {n} 个进行中的会话。目前共有 {here} 位客服在线。",
        "set_present": "已记录：*在线*。新会话可以分配给您。",
        "set_away": "已记录：*离开*{why}。不会再分配给您，已有的会话仍归您。",
    },
}


def meant(text: str) -> tuple[Literal["present", "away", ""], str]:
    """(the state that somebody sets, its reason); no state where they only ask."""
    word, _, rest = text.strip().partition(" ")
    state = STATES.get(word.casefold(), "")
    if not state and word.casefold() in STATES:
        word, _, rest = rest.strip().partition(" ")
        state = STATES.get(word.casefold(), "")
    return state, rest.strip()[:150]


def set_by(reading: Any, text: str, agent: str, trigger: str) -> Sequence[Sign]:
    """What a command says about its author, to be kept before it is answered."""
    state, reason = meant(text)
    if not state:
        return ()
    id = ExternalId(f"{agent}:{state}:{trigger}"[:191])
    return [Sign(desk=reading.desk, id=id, at=reading.now(), agent=ExternalId(agent), kind=state, data={"reason": reason})]


def admitted_by(reading: Any, text: str, agent: str, trigger: str) -> Sequence[Sign]:
    """`agent @somebody address`: an admin says who somebody in Slack is; the hub decides whether they may."""
    found = _AGENT.fullmatch(text.strip())
    email = plain(found[2]).text.strip().lower() if found else ""
    if found is None or not _ADDRESS.fullmatch(email):
        return ()
    data = {"person": f"{agent.split(':')[0]}:{found[1]}", "email": email}
    id = ExternalId(f"{agent}:admit:{trigger}"[:191])
    return [Sign(desk=reading.desk, id=id, at=reading.now(), agent=ExternalId(agent), kind="admit", data=data)]


def status_text(duty: Duty, text: str, locale: Literal["en", "zh"]) -> str:
    """The answer to one person."""
    w, (state, reason) = SAID[locale], meant(text)
    why = reason if state else duty.reason
    shown = f" ({inert(short(why, 150))})" if why else ""
    if state:
        return w[f"set_{state}"].format(why=shown)
    head = w["present" if duty.present else "away"].format(why=shown)
    return f"{head}\n{w['load'].format(n=duty.load, here=duty.here)}"
