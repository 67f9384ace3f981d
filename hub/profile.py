"""What is known of a customer: what a channel tells, and what somebody vouches for."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Profile(BaseModel):
    """What a channel tells about a customer; everything optional, nothing verified."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    username: str = ""
    email: str = ""
    phone: str = ""
    avatar: str = ""
    page: str = ""
    agreed: str = ""
    """When the customer agreed to what must be agreed to before anything is kept (ISO 8601)."""


class Proved(BaseModel):
    """Claims of a backend that signs them, or of a platform: an address, a number with its country, a person's id over several
    apps of one owner. Identities with the same become one customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str = ""
    phone: str = ""
    unionid: str = ""
