"""`/frontdesk status|available|away`: whether an agent is there, said and asked in a Slack channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any, Literal

from agents_bridge.slack.blocks import clock
from agents_bridge.slack.clocks import next_at, time_in
from agents_bridge.slack.text import inert, plain, short
from hub.model import ExternalId
from hub.people import Duty
from hub.sign import LONGEST_AWAY_S, LONGEST_S, Sign

STATES: dict[str, Literal["present", "away", ""]] = {
    "status": "", "状态": "", "available": "present", "online": "present", "在线": "present", "away": "away", "离开": "away",
}  # fmt: skip
"""Every spelling; an empty one asks, or says one of the others behind it."""
OWN = ("me", "我")
"""What may stand before a state."""
UNITS = {
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60, "分": 60, "分钟": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "小时": 3600, "个小时": 3600,
    "d": 86400, "day": 86400, "days": 86400, "天": 86400, "w": 604800, "week": 604800, "weeks": 604800, "周": 604800,
}  # fmt: skip
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_NUMBER = r"\d{1,4}(?:[.,]\d)?|半(?=个?小时)"
_PIECE = re.compile(rf"({_NUMBER})\s*({_UNIT})(?![a-z])", re.IGNORECASE)
_SPAN = re.compile(rf"(?:for\s+)?((?:(?:{_NUMBER})\s*(?:{_UNIT})(?![a-z])\s*)+)(.*)", re.IGNORECASE | re.DOTALL)
_AGENT = re.compile(r"(?:agent|客服)\s+<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>\s+(\S+)", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,120}")
SAID = {
    "en": {
        "present": "You are *available*{until}: new conversations may be given to you, until you say `/frontdesk away`.",
        "away": "You are *away*{until}{why}: nothing is given to you, until you say `/frontdesk available`.",
        "load": "{n} open conversations are yours. {here} of your colleagues and you are here.",
        "set_present": "Noted: *available*{until}. New conversations may be given to you.",
        "set_away": "Noted: *away*{until}{why}. Nothing is given to you, and what you have stays yours.",
        "until": " until {at}",
        "no_zone": "Nothing was changed: Slack did not say in which time zone you are. Say for how long, as in "
        "`/frontdesk away 30m` or `1h30m`, or choose *I'm away…* on the page of Frontdesk among your apps.",
        "no_time": "Nothing was changed: there is no such time of day, or it is not understood. Say it as in `/frontdesk away "
        "14:30` or `2:30 pm`, or for how long, as in `/frontdesk away 30m`.",
    },
    "zh": {
        "present": "您*在线*{until}：新会话可以分配给您，直到您输入 `/frontdesk 离开`。",
        "away": "您已*离开*{until}{why}：不会分配会话给您，直到您输入 `/frontdesk 在线`。",
        "load": "您有 {n} 个进行中的会话。目前共有 {here} 位客服在线。",
        "set_present": "已记录：*在线*{until}。新会话可以分配给您。",
        "set_away": "已记录：*离开*{until}{why}。不会再分配给您，已有的会话仍归您。",
        "until": "，至 {at}",
        "no_zone": "未作更改：Slack 未能告知您所在的时区。请说明时长，例如 `/frontdesk 离开 30分钟` 或 `2小时`，"
        "或在 Frontdesk 应用主页选择“*我离开一下…*”。",
        "no_time": "未作更改：没有这个时刻，或未能识别。请写成 `/frontdesk 离开 14:30` 或 `下午2:30`，"
        "或说明时长，例如 `/frontdesk 离开 30分钟`。",
    },
}


@dataclass(frozen=True, slots=True)
class Meant:
    """The state that somebody sets, empty where they only ask; for how long, 0: until they say otherwise; and why. `clock`: until
    what time of day, where they are; `wrong`: there is no such time, or nobody knows what is meant."""

    state: Literal["present", "away", ""] = ""
    reason: str = ""
    seconds: int = 0
    clock: time | None = None
    wrong: bool = False

    def end(self, now: datetime, zone: tzinfo | None) -> datetime | None:
        """Until when the state holds; None: until they say otherwise."""
        if self.clock is not None and zone is not None:
            end = next_at(self.clock, zone, now)
        elif self.seconds:
            end = now + timedelta(seconds=self.seconds)
        else:
            return None
        return min(end, now + timedelta(seconds=LONGEST_S if self.state == "present" else LONGEST_AWAY_S))


def stated(text: str) -> str:
    """What follows `me`, where that is a state; else the text itself."""
    word, _, rest = text.strip().partition(" ")
    return rest.strip() if word.casefold() in OWN and rest.split()[:1] and rest.split()[0].casefold() in STATES else text.strip()


def meant(text: str) -> Meant:
    """What a command says of its author."""
    word, _, rest = stated(text).partition(" ")
    state = STATES.get(word.casefold(), "")
    if not state and word.casefold() in STATES:
        word, _, rest = rest.strip().partition(" ")
        state = STATES.get(word.casefold(), "")
    rest = rest.strip()
    found = _SPAN.fullmatch(rest)
    if state and found is None and (at := time_in(rest)) is not None:
        return Meant(state, at[1][:150], clock=at[0], wrong=at[0] is None)
    if state and found is not None and found[1][-1:].strip() and found[2][:1].isdecimal():
        return Meant(state, wrong=True)  # 14h30: of the day for some, a span for others
    pieces = _PIECE.findall(found[1]) if found else ()
    seconds = sum(round(_number(n) * UNITS[unit.casefold()]) for n, unit in pieces)
    return Meant(state, (found[2].strip() if found else rest)[:150], seconds)


def _number(said: str) -> float:
    return 0.5 if said == "半" else float(said.replace(",", "."))


def asks_zone(body: Mapping[str, Any]) -> str:
    """Whose time zone must be known to read a command; empty: nobody's. Over a socket a command has no type."""
    given = meant(str(body.get("text") or "")) if "command" in body else Meant()
    return str(body.get("user_id") or "") if given.clock is not None else ""


def unclear(told: Meant, zone: tzinfo | None, locale: Literal["en", "zh"]) -> str:
    """Why a command changes nothing, for its author; empty: it does, or asks."""
    if told.wrong:
        return SAID[locale]["no_time"]
    return SAID[locale]["no_zone"] if told.clock is not None and zone is None else ""


def set_by(reading: Any, told: Meant, agent: str, trigger: str) -> Sequence[Sign]:
    """What a command says about its author, to be kept before it is answered."""
    if not told.state:
        return ()
    id = ExternalId(f"{agent}:{told.state}:{trigger}"[:191])
    data: dict[str, Any] = {"reason": told.reason} | ({"seconds": told.seconds} if told.seconds else {})
    if told.clock is not None and (end := told.end(reading.now(), reading.zone)) is not None:
        data["until_ms"] = int(end.timestamp() * 1000)
    return [Sign(desk=reading.desk, id=id, at=reading.now(), agent=ExternalId(agent), kind=told.state, data=data)]


def admitted_by(reading: Any, text: str, agent: str, trigger: str) -> Sequence[Sign]:
    """`agent @somebody address`: an admin says who somebody in Slack is; the hub decides whether they may."""
    found = _AGENT.fullmatch(text.strip())
    email = plain(found[2]).text.strip().lower() if found else ""
    if found is None or not _ADDRESS.fullmatch(email):
        return ()
    data = {"person": f"{agent.split(':')[0]}:{found[1]}", "email": email}
    id = ExternalId(f"{agent}:admit:{trigger}"[:191])
    return [Sign(desk=reading.desk, id=id, at=reading.now(), agent=ExternalId(agent), kind="admit", data=data)]


def status_text(duty: Duty, text: str, locale: Literal["en", "zh"], end: datetime | None) -> str:
    """The answer to one person, whose new state, if they set one, holds until `end`."""
    w, told = SAID[locale], meant(text)
    why = told.reason if told.state else duty.reason
    shown = f" ({inert(short(why, 150))})" if why else ""
    end = end if told.state else duty.until
    until = w["until"].format(at=clock(end)) if end else ""
    if told.state:
        return w[f"set_{told.state}"].format(why=shown, until=until)
    head = w["present" if duty.present else "away"].format(why=shown, until=until)
    return f"{head}\n{w['load'].format(n=duty.load, here=duty.here)}"
