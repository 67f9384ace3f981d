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
_CLOCK = re.compile(
    r"(?:until\s+|till\s+|直到|至|到)?\s*(上午|下午)?\s*(\d{1,2})[:：](\d{2})(?:[:：]\d{2})?\s*(am|pm|a\.m\.|p\.m\.)?(?![0-9A-Za-z])(.*)",
    re.IGNORECASE | re.DOTALL,
)


def time_in(words: str) -> tuple[time | None, str] | None:
    """A time of day (24 hours, or 12 with am and pm) and what stands behind it; no time where there is no such, as 25:70; None
    where the words don't begin with one."""
    found = _CLOCK.fullmatch(words)
    if found is None:
        return None
    half = {"上": "a", "下": "p"}.get((found[1] or "")[:1]) or (found[4] or "")[:1].lower()
    hour, minute, rest = int(found[2]), int(found[3]), found[5].strip()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif found[4]:
        return None, rest
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
