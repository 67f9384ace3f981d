"""A customer over all channels: who they are as a whole, two of them made one by hand, and that undone."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.store.persons import Whole
from widget.access import Asker, hub_of, id_of, unknown
from widget.answers import answer, json_of, word
from widget.console_view import row_json

REASON = 500


async def customer(request: Request, who: Asker) -> Response:
    """GET /console/api/customers/{id}: identities with what is proved of each, conversations on all channels, links."""
    found = await hub_of(request).store.persons.whole(id_of(request.path_params), who.agent.id)
    if found is None:
        raise unknown()
    return answer(_json(found))


async def link(request: Request, who: Asker) -> Response:
    """POST /console/api/customers/{id}/link {other, reason?}: everything of `other` belongs to this customer from now on."""
    hub = hub_of(request)
    into = id_of(request.path_params)
    body = await json_of(request)
    other = id_of(body, "other")
    for one in (into, other):
        if not await hub.store.persons.there(customer_id=one):
            raise unknown()
    made = await hub.store.links.link(into, other, who.agent.id, word(body, "reason", REASON))
    return answer({"link": made, "customer": into}, 201)


async def undo(request: Request, who: Asker) -> Response:
    """POST /console/api/links/{id}/undo {reason?}: they are two again, and what is proved of both links them no more."""
    hub = hub_of(request)
    made = id_of(request.path_params)
    body = await json_of(request)
    if not await hub.store.persons.there(link_id=made):
        raise unknown()
    into, other = await hub.store.links.undo(made, who.agent.id, word(body, "reason", REASON))
    return answer({"customers": [into, other]})


def _json(found: Whole) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "email": found.email,
        "phone": found.phone,
        "identities": [
            {
                "id": one.id,
                "channel": one.channel,
                "address": one.address,
                "proved": [{"kind": kind, "value": value} for kind, value in one.proved],
            }
            for one in found.identities
        ],
        "conversations": [row_json(row) for row in found.conversations],
        "links": [
            {
                "id": one.id,
                "into": one.into,
                "other": one.other,
                "kind": one.kind,
                "by": one.actor,
                "reason": one.reason,
                "identities": one.identities,
                "at": one.at.isoformat(),
                "undone_at": one.undone_at.isoformat() if one.undone_at else None,
            }
            for one in found.links
        ],
    }
