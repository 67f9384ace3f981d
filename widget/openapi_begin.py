"""What goes in and comes out of the calls by which agents write to a customer first, as pydantic models for /openapi.json."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from widget.openapi_shapes import Absent, Id, OwnId


class ReachQuery(BaseModel):
    """A channel, and words in name or address."""

    channel: str = Field(max_length=64)
    q: str = Field("", max_length=100)


class Reachable(BaseModel):
    """Somebody on a channel; `refused` is empty where they can be written to now, else a code, with `why` in words."""

    identity: Id
    name: str
    address: str
    refused: Literal["", "never", "unreachable", "blocked", "window"]
    why: str


class Reach(BaseModel):
    """`begins`: to whom this channel lets us write first."""

    begins: Literal["never", "known", "anybody"]
    items: list[Reachable]


class Begin(BaseModel):
    """The first line to a customer: one of `identity` and `address` says to whom."""

    id: OwnId
    channel: str = Field(min_length=1, max_length=64)
    identity: Id | Absent = None
    address: str = Field("", max_length=191)
    text: str = Field(min_length=1, max_length=10_000)
    team: str = Field("", max_length=64)
