"""What is known of a conversation's customer, as the variables of replies and links have it."""

from __future__ import annotations

from typing import Any

from hub.profile import attributes_of
from hub.runtime import Hub
from hub.store.console import Opened
from widget.access import Asker


def facts_of(found: Opened, who: Asker) -> dict[str, str]:
    """What the variables of replies and links stand for."""
    address = next((address for channel, address in found.identities if channel == found.row.channel), "")
    told = {name: str(found.profile.get(name) or "") for name in ("name", "email", "phone")}
    return {
        **told,
        "name": told["name"] or found.row.customer_name,
        "agent": who.agent.name,
        "team": found.row.team,
        "channel": found.row.channel,
        "address": address,
        "customer": found.row.customer_id,
        "conversation": found.row.id,
        "locale": found.locale,
        **{f"attributes.{name}": value for name, value in attributes_of(found.profile).items()},
    }


def links_of(hub: Hub, found: Opened, who: Asker) -> list[dict[str, Any]]:
    """Pages of one's own about this customer, those of which everything is known."""
    facts = facts_of(found, who)
    return [{"title": link.title, "url": url} for link in hub.workbench.links if (url := link.filled(facts))]
