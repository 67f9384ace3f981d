"""What an agent keeps for themself: drafts that follow them to every browser, views of the list, how many they take."""

from __future__ import annotations

from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from hub.acts import URGENT
from hub.errors import Malformed
from hub.limits import Rule
from hub.store.listing import View
from hub.store.own import EVERYBODY, Draft
from widget.access import Asker, hub_of
from widget.answers import Refusal, answer, json_of, whole, word
from widget.console_acts import TEXT, place_of
from widget.console_session import person_json

DRAFTS = Rule(240, 60)
"""How often one agent's browsers may keep drafts in a minute."""
VIEWS = 30
MOST_TAKEN = 1_000


async def draft(request: Request, who: Asker) -> Response:
    """GET /console/api/conversations/{id}/draft"""
    place = await place_of(request)
    return answer(draft_json(await hub_of(request).store.own.draft(who.agent.id, place.id)))


async def keep_draft(request: Request, who: Asker) -> Response:
    """PUT /console/api/conversations/{id}/draft {text, kind?, by?}: one's other browsers are told; `by` names this one."""
    hub = hub_of(request)
    place = await place_of(request)
    body = await json_of(request)
    kind, text, by = word(body, "kind", 8, "reply"), word(body, "text", TEXT), word(body, "by", 64)
    if kind not in ("reply", "note"):
        raise Malformed("kind must be reply or note")
    if not await hub.limits.hit(f"draft:{who.agent.id}", DRAFTS):
        raise Refusal(429, "slow_down", "That was a lot at once. Wait a moment.", retry_after=5)
    kept = await hub.store.own.keep_draft(who.agent.id, place.id, kind, text)
    fact = {"t": "eph", "k": "draft", "c": place.id, "rev": kept.rev, "tab": by, "console": True, "only": who.agent.id}
    await hub.live.poke(ephemeral=[{**fact, "by": {"kind": "agent", "name": who.agent.name, "id": who.agent.id}}])
    return answer(draft_json(kept))


def draft_json(found: Draft) -> dict[str, Any]:
    """A draft as the page keeps it."""
    return {"kind": found.kind, "text": found.text, "rev": found.rev}


async def drafts(request: Request, who: Asker) -> Response:
    """GET /console/api/me/drafts: conversations in which one has begun to write."""
    return answer({"items": await hub_of(request).store.own.drafted(who.agent.id)})


async def views(request: Request, who: Asker) -> Response:
    """GET /console/api/me/views"""
    return answer({"items": await hub_of(request).store.own.views(who.agent.id)})


async def keep_views(request: Request, who: Asker) -> Response:
    """PUT /console/api/me/views {items}: all of them, in their order."""
    return answer({"items": await _keep(request, who.agent.id)})


async def shared_views(request: Request, who: Asker) -> Response:
    """GET /console/api/views: those that everybody has."""
    return answer({"items": await hub_of(request).store.own.views(EVERYBODY)})


async def share_views(request: Request, who: Asker) -> Response:
    """PUT /console/api/views {items}: all of everybody's, in their order; open consoles are told."""
    hub = hub_of(request)
    kept = await _keep(request, EVERYBODY)
    await hub.store.agents.record(who.agent.id, "views.shared", "", ", ".join(one["name"] for one in kept))
    by = {"kind": "agent", "name": who.agent.name, "id": who.agent.id}
    await hub.live.poke(ephemeral=[{"t": "eph", "k": "views", "console": True, "by": by}])
    return answer({"items": kept})


async def _keep(request: Request, owner: str) -> list[dict[str, Any]]:
    body = await json_of(request)
    given = body.get("items")
    if not isinstance(given, list) or len(given) > VIEWS or not all(isinstance(one, dict) for one in given):
        raise Malformed(f"items must be a list of at most {VIEWS} views")
    kept = [_view(one) for one in given]
    await hub_of(request).store.own.keep_views(owner, kept)
    return kept


def _view(given: dict[str, Any]) -> dict[str, Any]:
    name = word(given, "name", 40).strip()
    view = word(given, "view", 16, "all")
    if not name:
        raise Malformed("a view needs a name")
    if view not in get_args(View):
        raise Malformed(f"view must be one of {', '.join(get_args(View))}")
    priority = whole(given, "priority") if given.get("priority") is not None else None
    if priority is not None and priority > URGENT:
        raise Malformed(f"priority must be 0 to {URGENT}")
    texts = {key: word(given, key, 64) for key in ("channel", "team", "tag")}
    return {"name": name, "view": cast(View, view), "q": word(given, "q", 100), "priority": priority, **texts}


async def capacity(request: Request, who: Asker) -> Response:
    """PUT /console/api/me/capacity {most}: open conversations that one is given at most; 0: as many as the rules say."""
    hub = hub_of(request)
    body = await json_of(request)
    most = whole(body, "most") if "most" in body else MOST_TAKEN + 1
    if most > MOST_TAKEN:
        raise Malformed(f"most must be a whole number of at most {MOST_TAKEN}")
    await hub.store.own.capacity(who.agent.id, most)
    return answer(person_json(who.agent))
