"""What is known of a customer: what a channel tells, and what somebody vouches for."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

_OWN = "attribute."
"""In a stored profile: the beginning of the names of attributes, which sites and apps choose themselves."""


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
    attributes: dict[str, str] = {}
    """What a site or an app says of its own: a plan, an order. An empty text takes one away."""

    def told(self) -> dict[str, str]:
        """What is said here, as a stored profile has it."""
        own = {_OWN + name: value for name, value in self.attributes.items()}
        return {name: value for name, value in self.model_dump(exclude={"attributes"}).items() if value} | own


def attributes_of(stored: Mapping[str, str]) -> dict[str, str]:
    """The attributes in a stored profile, in the order of their names."""
    return {name.removeprefix(_OWN): value for name, value in sorted(stored.items()) if name.startswith(_OWN) and value}


def without_attributes(stored: Mapping[str, str]) -> dict[str, str]:
    """A stored profile without them."""
    return {name: value for name, value in stored.items() if not name.startswith(_OWN)}


class Proved(BaseModel):
    """Claims of a backend that signs them, or of a platform: an address, a number with its country, a person's id over several
    apps of one owner. Identities with the same become one customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str = ""
    phone: str = ""
    unionid: str = ""
