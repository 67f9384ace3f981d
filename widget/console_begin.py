"""How agents write to a customer first, over HTTP: whom a channel lets them write to, and the first line itself."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.beginning import MOST, WHY, barrier, channels_of
from hub.model import Text
from widget.access import Asker, hub_of, id_of, unknown
from widget.answers import Refusal, answer, json_of, word
from widget.console_acts import TEXT, client_id, put


async def reach(request: Request, who: Asker) -> Response:
    """GET /console/api/reach?channel=&q=: customers of a channel, each with why they can't be written to, where they can't."""
    hub = hub_of(request)
    channel, words = request.query_params.get("channel", "")[:64], request.query_params.get("q", "").strip()[:100]
    channels = channels_of(hub)
    if channel not in channels:
        raise unknown()
    found = await hub.store.reach.like(channel, words, MOST)
    items = []
    for one in found:
        stop = barrier(channels, channel, one)
        items.append(
            {"identity": one.id, "name": one.name, "address": one.address, "refused": stop, "why": WHY["en"].get(stop, "")}
        )
    return answer({"begins": channels[channel].begins, "items": items})


async def begin(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations {id, channel, identity | address, text, team?}: a conversation that is open goes on.
    409 says in words why a channel does not let us write to them."""
    hub = hub_of(request)
    body = await json_of(request)
    channel, address, text = word(body, "channel", 64), word(body, "address", 191).strip(), word(body, "text", TEXT)
    team = word(body, "team", 64)
    if team and team not in hub.routing.teams:
        raise unknown()
    if not text.strip():
        raise Refusal(400, "malformed", "There is nothing to send: give text.")
    to = {"identity": id_of(body, "identity")} if body.get("identity") else {"channel": channel, "address": address}
    known = await hub.store.reach.named(to)
    if (known is None and "identity" in to) or (known is not None and known.channel != channel):
        raise unknown()
    own = client_id(body)
    stop = barrier(channels_of(hub), channel, known) if known or address else "never_wrote"
    if stop:
        raise Refusal(409, "barred", WHY["en"][stop])
    data = {"channel": channel, "address": known.address if known else address}
    return await put(hub, who, own, "begin", None, parts=(Text(text=text),), team=team, data=data)
