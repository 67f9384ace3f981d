"""Two conversations of one customer made one matter over HTTP, and parted again; where that can't be, the answer says why."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.merging import WHY, barrier
from hub.runtime import Hub
from hub.store.merging import Merged
from widget.access import Asker, hub_of, id_of, unknown
from widget.answers import Refusal, json_of, word
from widget.console_acts import CONSOLE, client_id, place_of, put

REASON = 500


async def merge(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/merge {id, other, reason?}: agents see `other` in this conversation from now on."""
    hub, place, body = hub_of(request), await place_of(request), await json_of(request)
    own, other, reason = client_id(body), id_of(body, "other"), word(body, "reason", REASON)
    found = await hub.store.merging.pair([place.id, other])
    if other not in found:
        raise unknown()
    stop = barrier(found[place.id], found[other])
    if stop and not await _asked_before(hub, who, own):
        raise Refusal(409, "barred", WHY[stop])
    return await put(hub, who, own, "merge", place.id, data=_data(other, reason))


async def part(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/part {id, other?, reason?}: `other`, or the only one that was merged into this one, or
    this one itself goes on apart."""
    hub, place, body = hub_of(request), await place_of(request), await json_of(request)
    own, reason = client_id(body), word(body, "reason", REASON)
    other = id_of(body, "other") if body.get("other") else ""
    into, merged = await hub.store.merging.beside(place.id)
    there = [one.id for one in merged]
    stop = "" if into or other in there or (not other and len(there) == 1) else "which" if there and not other else "not_merged"
    if stop and not await _asked_before(hub, who, own):
        raise Refusal(409, "barred", WHY["which" if stop == "which" else "not_merged"])
    return await put(hub, who, own, "part", place.id, data=_data(other, reason))


async def _asked_before(hub: Hub, who: Asker, own: str) -> bool:
    """Whether this is a retry of what was kept already."""
    return await hub.store.console.kept(CONSOLE, f"{who.agent.id}.{own}")


def _data(other: str, reason: str) -> dict[str, str]:
    return {name: value for name, value in (("other", other), ("reason", reason)) if value}


def beside_json(into: str | None, merged: list[Merged]) -> dict[str, Any]:
    """What a conversation is one matter with."""
    items = [
        {
            "id": one.id,
            "channel": one.channel,
            "preview": one.preview,
            "merged_n": one.merged_n,
            "last_at": one.last_at.isoformat(),
        }
        for one in merged
    ]
    return {"merged_into": into, "merged": items}
