"""Business hours as admins write them: time zone, split shifts, holidays, and days that are different.

A shift is wall-clock time, so it keeps its hours when the clocks change: a time that the change skips is as long after the gap as
it was after the gap's beginning (RFC 5545); of a time that comes twice a shift begins at the first and ends at the second. A
night shift belongs to the day on which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_MINUTES = 24 * 60
ONE_DAY = timedelta(days=1)
FAR = 400
"""How many days ahead an opening is looked for."""

Shift = tuple[int, int]
"""Minutes after local midnight; an end beyond 24:00 is on the next day."""

_SHIFT = re.compile(r"(\d{1,2}):(\d{2})\s*(?:-|–|to)\s*(\d{1,2}):(\d{2})")


def shifts(text: str) -> tuple[Shift, ...]:
    """The shifts in a text such as `09:00-12:00, 13:30-18:00`, `22:00-06:00`, `all day` or `closed`."""
    words = text.strip().lower()
    if words in ("closed", "none", ""):
        return ()
    if words in ("all day", "always", "24h"):
        return ((0, DAY_MINUTES),)
    return tuple(_shift(piece.strip()) for piece in words.split(","))


def _shift(text: str) -> Shift:
    match = _SHIFT.fullmatch(text)
    if match is None:
        raise ValueError(f"“{text}” is not a shift; write 09:00-18:00, all day, or closed")
    h1, m1, h2, m2 = map(int, match.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or start >= DAY_MINUTES or end > DAY_MINUTES or start == end:
        raise ValueError(f"“{text}” is not a shift: times are 00:00 to 24:00, and its end differs from its start")
    return (start, end) if end > start else (start, end + DAY_MINUTES)


def weekdays(text: str) -> tuple[int, ...]:
    """The days in a key such as `mon`, `mon-fri`, `sat, sun` or `daily`; Monday is 0."""
    words = text.strip().lower()
    if words in ("daily", "every day", "all"):
        return tuple(range(7))
    found: list[int] = []
    for piece in words.split(","):
        first, _, last = (p.strip() for p in piece.partition("-"))
        a, b = _weekday(first), _weekday(last or first)
        found += [(a + n) % 7 for n in range((b - a) % 7 + 1)]
    return tuple(found)


def _weekday(word: str) -> int:
    for names in (DAYS, FULL):
        if word in names:
            return names.index(word)
    raise ValueError(f"“{word}” is not a day; write mon, tue, wed, thu, fri, sat, sun, a span such as mon-fri, or daily")


def days(text: str) -> tuple[date, date]:
    """The first and last day in a text such as `2026-10-01` or `2026-10-01..2026-10-07`."""
    first, _, last = (p.strip() for p in text.partition(".."))
    a, b = date.fromisoformat(first), date.fromisoformat(last or first)
    if b < a or (b - a).days > 366:
        raise ValueError(f"“{text}” must go forward, a year at most")
    return a, b


@lru_cache(64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _known_zone(name: str) -> str:
    try:
        _zone(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"“{name}” is not a time zone; write one such as Asia/Shanghai or Europe/Berlin") from None
    return name


def _joined(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _by_text(value: Any) -> Any:
    return {str(key): _joined(entry) for key, entry in value.items()} if isinstance(value, dict) else value


def _texts(value: Any) -> Any:
    listed = [value] if isinstance(value, str | date) else value
    return [str(entry) for entry in listed] if isinstance(listed, list | tuple) else listed


def _week_reads(value: dict[str, str]) -> dict[str, str]:
    for key, text in value.items():
        weekdays(key)
        shifts(text)
    return value


def _exceptions_read(value: dict[str, str]) -> dict[str, str]:
    for key, text in value.items():
        days(key)
        shifts(text)
    return value


def _days_read(value: tuple[str, ...]) -> tuple[str, ...]:
    for text in value:
        days(text)
    return value


Zone = Annotated[str, AfterValidator(_known_zone)]
Week = Annotated[dict[str, str], BeforeValidator(_by_text), AfterValidator(_week_reads)]
Exceptions = Annotated[dict[str, str], BeforeValidator(_by_text), AfterValidator(_exceptions_read)]
Holidays = Annotated[tuple[str, ...], BeforeValidator(_texts), AfterValidator(_days_read)]


class Hours(BaseModel):
    """When people are there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: Zone = Field("UTC", description="IANA name, such as Asia/Shanghai")
    week: Week = Field(
        {"daily": "all day"}, description="days → shifts, as `mon-fri: 09:00-12:00, 13:30-18:00`; a day not named is closed"
    )
    holidays: Holidays = Field((), description="closed all day: `2026-10-01` or `2026-10-01..2026-10-07`")
    exceptions: Exceptions = Field({}, description="date or span → its own shifts; wins over week and holidays")

    _week: tuple[tuple[Shift, ...], ...] = PrivateAttr(((),) * 7)
    _closed: tuple[tuple[date, date], ...] = PrivateAttr(())
    _special: tuple[tuple[date, date, tuple[Shift, ...]], ...] = PrivateAttr(())
    _known: dict[date, tuple[tuple[datetime, datetime], ...]] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        """Read the texts once."""
        week: list[tuple[Shift, ...]] = [()] * 7
        for key, text in self.week.items():
            for day in weekdays(key):
                week[day] += shifts(text)
        self._week = tuple(week)
        self._closed = tuple(days(text) for text in self.holidays)
        self._special = tuple((*days(key), shifts(text)) for key, text in self.exceptions.items())

    def open_at(self, now: datetime) -> bool:
        """Whether somebody is there at a moment (aware)."""
        today = now.astimezone(_zone(self.timezone)).date()
        moment = now.astimezone(UTC)
        return any(start <= moment < end for day in (today - ONE_DAY, today) for start, end in self._spans(day))

    def next_opening(self, now: datetime) -> datetime | None:
        """The first moment from now on at which somebody is there, in local time; None when that is never (within a year)."""
        zone = _zone(self.timezone)
        today = now.astimezone(zone).date()
        for n in range(-1, FAR):
            later = [max(start, now) for start, end in self._spans(today + n * ONE_DAY) if end > now]
            if later:
                return min(later).astimezone(zone)
        return None

    def worked(self, start: datetime, end: datetime) -> float:
        """Seconds between two moments at which somebody is there; what two shifts share counts once."""
        zone, total, done = _zone(self.timezone), 0.0, start
        day, last = start.astimezone(zone).date() - ONE_DAY, end.astimezone(zone).date()
        spans = sorted(span for n in range((last - day).days + 1) for span in self._spans(day + n * ONE_DAY))
        for begins, ends in spans:
            begins, ends = max(begins, done), min(ends, end)
            if ends > begins:
                total += (ends - begins).total_seconds()
                done = ends
        return total

    def after(self, start: datetime, seconds: float) -> datetime | None:
        """The moment by which so much time has been worked since `start`; None when that is not within a year."""
        zone, left, done = _zone(self.timezone), seconds, start
        day = start.astimezone(zone).date() - ONE_DAY
        for n in range(FAR):
            for begins, ends in sorted(self._spans(day + n * ONE_DAY)):
                begins = max(begins, done)
                if ends <= begins:
                    continue
                if (ends - begins).total_seconds() >= left:
                    return begins + timedelta(seconds=left)
                left -= (ends - begins).total_seconds()
                done = ends
        return None

    def _shifts_on(self, day: date) -> tuple[Shift, ...]:
        for first, last, special in self._special:
            if first <= day <= last:
                return special
        if any(first <= day <= last for first, last in self._closed):
            return ()
        return self._week[day.weekday()]

    def _spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The shifts that begin on a day, as moments; kept, because every message asks."""
        known = self._known.get(day)
        if known is None:
            if len(self._known) > 2 * FAR:
                self._known.clear()
            known = self._known[day] = tuple(self._read(day))
        return known

    def _read(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=_zone(self.timezone))
        for start, end in self._shifts_on(day):
            begins = (midnight + timedelta(minutes=start)).astimezone(UTC)
            wall = midnight + timedelta(minutes=end)
            ends = max(wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC))
            if ends > begins:
                yield begins, ends
