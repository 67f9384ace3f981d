"""What goes in and comes out of the calls about reports, as pydantic models for /openapi.json."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from widget.openapi_console import Row
from widget.openapi_shapes import Absent

Name = Annotated[str, Field(max_length=64)]


class ReportQuery(BaseModel):
    """Days in the inbox's time zone, both included, 92 at most; the last 30 when left out. An empty team or agent means none."""

    since: Annotated[date, Field(description="as 2026-11-01")] | Absent = None
    until: Annotated[date, Field(description="as 2026-11-28")] | Absent = None
    channel: Name | Absent = None
    team: Name | Absent = None
    agent: Name | Absent = None


class BehindQuery(ReportQuery):
    """Which number's conversations; `cursor` is an earlier answer's `next`."""

    measure: Literal["opened", "answered", "resolved", "rated", "failed", "open", "waiting"] = "opened"
    cursor: Annotated[str, Field(pattern=r"^\d{1,17}\.[0-9a-f]{32}$")] | Absent = None
    limit: int = Field(30, ge=1, le=100)


class Spread(BaseModel):
    """Seconds: the median, and what nine of ten stay within."""

    median: float
    p90: float


class Figures(BaseModel):
    """What was counted. `first` and `resolution` are in business hours, `score` is 1 to 5."""

    opened: int
    answered: int
    resolved: int
    rated: int
    failed: int
    first: Spread | None
    resolution: Spread | None
    score: float | None


class Day(Figures):
    """One day."""

    day: date


class Part(Figures):
    """One channel, team or agent; an empty id is nobody."""

    id: str
    name: str


class Delay(BaseModel):
    """Seconds until a channel's platform had taken an answer."""

    name: str
    median: float
    p90: float


class Report(BaseModel):
    """The figures of a period; `open` and `waiting` are of now, `behind` is how many entries are still to be counted."""

    since: date
    until: date
    zone: str
    business_hours: bool
    behind: int
    total: Figures
    days: list[Day]
    channels: list[Part]
    teams: list[Part]
    agents: list[Part]
    open: int
    waiting: int
    delays: list[Delay]


class Behind(BaseModel):
    """The conversations behind a number, the latest first."""

    items: list[Row]
    next: str | None
