"""What agents look for: words in everything that was said, customers, replies that are ready, what admins laid ready."""

from __future__ import annotations

from dataclasses import asdict

import structlog
from starlette.requests import Request
from starlette.responses import Response

from hub.canned import fill
from hub.limits import Rule
from hub.metrics import SEARCH_SECONDS
from hub.saved import ready
from hub.workbench import LEVELS
from widget.access import Asker, hub_of, id_of, unknown
from widget.answers import Refusal, answer
from widget.console_facts import facts_of
from widget.console_view import limit_of, number

log = structlog.get_logger()
SEARCHES = Rule(60, 60)
"""How often one agent may search in a minute."""
CANNED = 50


def _words(request: Request) -> str:
    words = request.query_params.get("q", "").strip()
    if len(words) > 100 or "\0" in words:
        raise Refusal(422, "malformed", "q may have at most 100 characters.")
    return words


async def search(request: Request, who: Asker) -> Response:
    """GET /console/api/search?q=&cursor=&limit=: entries that hold every word, the newest first."""
    hub = hub_of(request)
    words = _words(request)
    if not words:
        raise Refusal(422, "malformed", "q must hold at least one word.")
    if not await hub.limits.hit(f"search:{who.agent.id}", SEARCHES):
        raise Refusal(429, "slow_down", "Too many searches at once. Wait a moment.", retry_after=5)
    with SEARCH_SECONDS.labels("messages").time():
        found = await hub.store.searching.said(words, before=number(request, "cursor"), most=limit_of(request, 20))
    log.info("search", agent=who.agent.id, letters=len(words), hits=len(found.hits))
    items = [
        {
            "id": hit.id,
            "conversation": hit.conversation_id,
            "customer": {"id": hit.customer_id, "name": hit.customer_name},
            "channel": hit.channel,
            "n": hit.seq,
            "k": hit.kind,
            "by": {"kind": hit.author_kind, "name": hit.author_name},
            "at": hit.at.isoformat(),
            "snippet": hit.snippet,
        }
        for hit in found.hits
    ]
    return answer({"items": items, "next": str(found.further) if found.further is not None else None})


async def customers(request: Request, who: Asker) -> Response:
    """GET /console/api/customers?q=&limit=: by name, address or id, those who wrote last first."""
    words = _words(request)
    with SEARCH_SECONDS.labels("customers").time():
        found = await hub_of(request).store.persons.find(words, limit_of(request, 20)) if words else []
    return answer({"items": [asdict(one) for one in found]})


async def canned(request: Request, who: Asker) -> Response:
    """GET /console/api/conversations/{id}/canned?q=: replies that are ready, filled for this customer, in their language."""
    hub = hub_of(request)
    found = await hub.store.console.opened(id_of(request.path_params), who.agent.id)
    if found is None:
        raise unknown()
    facts = facts_of(found, who)
    items = [
        {"name": one.name, "title": one.title or one.name, "text": fill(one.within(found.locale), facts)}
        for one in (await ready(hub.store, hub.canned)).search(_words(request), min(limit_of(request, 20), CANNED))
    ]
    return answer({"items": items})


async def workbench(request: Request, who: Asker) -> Response:
    """GET /console/api/workbench: teams, channels, tags, macros, how busy everybody is, for how long a reply can be undone."""
    hub = hub_of(request)
    colours = {str(name): colour for name, colour in hub.workbench.tags.items()}
    used = await hub.store.console.tags_in_use()
    staff = await hub.store.staff.all()
    return answer(
        {
            "teams": list(hub.routing.teams),
            "channels": [str(name) for name in hub.connectors],
            "tags": [{"name": tag, "colour": colours.get(tag, "grey")} for tag in [*colours, *sorted(used - set(colours))]],
            "macros": [
                {"name": one.name, "title": one.title, "acts": [step.kind for step in one.do]} for one in hub.workbench.macros
            ],
            "levels": list(LEVELS),
            "undo": hub.workbench.undo,
            "capacity": hub.routing.capacity,
            "busy": [{"agent": one.id, "open": one.load, "most": one.capacity or hub.routing.capacity} for one in staff],
        }
    )
