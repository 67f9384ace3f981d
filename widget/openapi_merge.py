"""What the calls take that make two conversations one matter, and part them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from widget.openapi_shapes import Absent, Id, OwnId, Place


class Merged(BaseModel):
    """A conversation that was merged into this one: `merged_n` is the place in it from which on agents see it here."""

    id: Id
    channel: str
    preview: str
    merged_n: Place
    last_at: datetime


class Beside(BaseModel):
    """What a conversation was merged into, and what was merged into it."""

    merged_into: Id | None
    merged: list[Merged]


class MergeAsked(BaseModel):
    """The conversation that agents shall see in this one."""

    id: OwnId
    other: Id
    reason: str = Field("", max_length=500)


class ApartAsked(BaseModel):
    """Which goes on apart: `other`, or the only one that was merged into this one, or this one itself."""

    id: OwnId
    other: Id | Absent = None
    reason: str = Field("", max_length=500)
