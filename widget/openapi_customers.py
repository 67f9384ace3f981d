"""What goes in and comes out of the console's calls about customers over all channels, as pydantic models for /openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from widget.openapi_console import Row
from widget.openapi_shapes import Id


class Proof(BaseModel):
    """What a backend or a platform vouches for."""

    kind: Literal["email", "phone", "unionid"]
    value: str


class KnownAs(BaseModel):
    """A customer's id on one channel."""

    id: Id
    channel: str
    address: str
    proved: list[Proof]


class LinkMade(BaseModel):
    """Which identities went from one customer (`other`) to another (`into`), by whom: `hand`, `named` by a signed identity, or
    what is proved of both."""

    id: Id
    into: Id
    other: Id
    kind: Literal["hand", "named", "email", "phone", "unionid"]
    by: str
    reason: str
    identities: list[Id]
    at: datetime
    undone_at: datetime | None


class Customer(BaseModel):
    """A customer over all channels. One who went to another has links and nothing else."""

    id: Id
    name: str
    email: str
    phone: str
    identities: list[KnownAs]
    conversations: list[Row]
    links: list[LinkMade]


class LinkAsked(BaseModel):
    """The customer who is the same person."""

    other: Id
    reason: str = Field("", max_length=500)


class Linked(BaseModel):
    """The link, by which it is undone, and the customer whom both are now."""

    link: Id
    customer: Id


class PartAsked(BaseModel):
    """Why."""

    reason: str = Field("", max_length=500)


class Parted(BaseModel):
    """The two customers."""

    customers: list[Id]
