"""Consent before anything is kept: what a customer must agree to first, and whether this one did."""

from __future__ import annotations

from collections.abc import Sequence

from config.settings import WebSettings
from hub.model import Form, Part
from hub.runtime import Hub
from widget.visitors import Visitor

FIELD = "consent"


def says_yes(parts: Sequence[Part]) -> bool:
    """Whether a message is the form in which the customer agrees."""
    return any(
        isinstance(part, Form) and any(field.name == FIELD and (field.value or "").strip() for field in part.fields)
        for part in parts
    )


async def has_agreed(hub: Hub, settings: WebSettings, visitor: Visitor) -> bool:
    """Whether nothing must be agreed to, or this customer did: it stands in their profile, or still on its way to it."""
    if settings.before is None or not settings.before.consent:
        return True
    return await hub.store.logs.agreed(visitor.channel, visitor.id)
