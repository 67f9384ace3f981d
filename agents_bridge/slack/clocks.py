"""Times of day as their authors mean them: by the time zone that Slack knows of a member, asked before a command is kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

log = structlog.get_logger()
ASK_S = 1.5
"""How long a command waits for Slack to say where its author is, out of the three seconds in which Slack wants an answer."""
DAY_S = 86_400
ZoneOf = Callable[[str], Awaitable[tzinfo | None]]
"""The time zone of a member; None where Slack does not say."""
_UNTIL = re.compile(r"(?:(?:until|till|'?til)(?![a-z])|直到|至|到)\s*", re.IGNORECASE)
_HALF = "上午|早上|凌晨|下午|晚上|中午"
_CLOCK = re.compile(
    rf"({_HALF})?\s*(\d{{1,2}})(?:[:：.](\d{{2}})(?:[:：]\d{{2}})?\s*(am|pm|a\.m\.|p\.m\.)?|\s*(am|pm|a\.m\.|p\.m\.)"
    r"|\s*[点點时](?:整|(半|一刻|三刻)|(\d{1,2})分|(\d{2}))?)(?![0-9A-Za-z]|\.\d)(.*)",
    re.IGNORECASE | re.DOTALL,
)
_LIKE = re.compile(
    rf"(?:{_HALF})?\s*(?:\d{{1,2}}[:：.h]\d{{2}}|(?:\d{{1,2}}\s*[-–—~]\s*)?\d{{1,2}}\s*(?:[ap]m(?![a-z])|[ap]\.m|[点點时]))"
    rf"|(?:{_HALF})\s*[一二两三四五六七八九十]{{1,3}}[点點时]",
    re.IGNORECASE,
)
"""What is meant as a time, whether or not it is one."""
_TO = re.compile(r"\s*(?:[-–—~至到]|to\b|until\b|till\b)\s*\d", re.IGNORECASE)
"""Behind a time: that was the beginning."""
_QUARTERS = {"一刻": "15", "半": "30", "三刻": "45"}


def time_in(words: str) -> tuple[time | None, str] | None:
    """A time of day (24 hours, or 12 with am and pm) and what stands behind it; no time where one is meant and there is none, as
    25:70 or `until Monday`; None where the words don't begin with one."""
    said = _UNTIL.match(words)
    found = _CLOCK.fullmatch(words, said.end() if said else 0)
    if found is None:
        return (None, "") if said or _LIKE.match(words) else None
    day, hour, minute = found[1] or "", int(found[2]), int(_QUARTERS.get(found[6], found[3] or found[7] or found[8] or "0"))
    half, rest = (found[4] or found[5] or "")[:1].lower(), found[9].strip()
    if _TO.match(rest) or (half and hour > 12) or (day == "晚上" and hour == 12):
        return None, rest
    if not half and day:
        half = "p" if day in ("下午", "晚上") or (day == "中午" and hour != 11) else "a"
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return (time(hour, minute) if hour < 24 and minute < 60 else None), rest


def next_at(clock: time, zone: tzinfo, now: datetime) -> datetime:
    """When it is that time again in a zone: today, or tomorrow where it is past. A time that a change of clocks skips is as much
    later; of one that it repeats, the first that is still to come counts."""
    today = now.astimezone(zone).date()
    times = (datetime.combine(today + timedelta(days), clock, zone).replace(fold=fold) for days in range(3) for fold in (0, 1))
    return next(at for at in (one.astimezone(UTC) for one in times) if at > now)


def zone_of(found: Mapping[str, Any]) -> tzinfo | None:
    """Where a member is, as `users.info` tells it: by the zone's name, or else by its distance from UTC at this moment."""
    try:
        return ZoneInfo(str(found.get("tz") or ""))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        offset = found.get("tz_offset")
    if not isinstance(offset, int) or isinstance(offset, bool) or abs(offset) >= DAY_S:
        return None
    return timezone(timedelta(seconds=offset))


async def asked(zone: ZoneOf, user: str) -> tzinfo | None:
    """The zone, where Slack tells it soon enough. Whatever keeps it away, the command has an answer that says so."""
    try:
        async with asyncio.timeout(ASK_S):
            return await zone(user)
    except Exception as exc:
        log.warning("slack.zone_unknown", user=user, error=str(exc) or type(exc).__name__)
        return None
