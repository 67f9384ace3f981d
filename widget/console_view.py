"""What the console shows over HTTP: lists, one conversation, its entries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from hub.acts import UNTIL_WRITTEN, URGENT
from hub.model import ChannelName
from hub.ports import Connector
from hub.profile import attributes_of, without_attributes
from hub.routing import Reason, route
from hub.runtime import Hub
from hub.staffing import facts_of_waiting, who_are_there
from hub.store.console import Fate, Opened
from hub.store.listing import Listed, Only, View
from hub.store.windows import Meter
from widget.access import Asker, hub_of, id_of, unknown
from widget.answers import Refusal, answer
from widget.console_facts import links_of
from widget.console_merge import beside_json
from widget.console_own import draft_json
from widget.frames import console_event

MOST = 100
VIEWS = get_args(View)


def number(request: Request, name: str, default: int | None = None, most: int = 2**53) -> int | None:
    """A whole number in the query. Raises `Refusal`."""
    given = request.query_params.get(name, "")
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 16:
        raise Refusal(422, "malformed", f"{name} must be a whole number.")
    return min(int(given), most)


def limit_of(request: Request, default: int) -> int:
    """How many items are asked for, at most `MOST`."""
    return max(1, number(request, "limit", default, MOST) or default)


async def conversations(request: Request, who: Asker) -> Response:
    """GET /console/api/conversations?view=&cursor=&limit=&q=&channel=&team=&tag=&priority="""
    view = request.query_params.get("view", "all")
    words = request.query_params.get("q", "").strip()
    if view not in VIEWS:
        raise Refusal(422, "malformed", f"view must be one of {', '.join(VIEWS)}.")
    if len(words) > 100 or "\0" in words:
        raise Refusal(422, "malformed", "q may have at most 100 characters.")
    store, most, me = hub_of(request).store.console, limit_of(request, 30), who.agent.id
    before, only = number(request, "cursor"), _only(request)
    rows = await store.conversations(me, cast(View, view), before=before, words=words, most=most + 1, only=only)
    counts = await store.counts(me)
    return answer(
        {
            "items": [row_json(row) for row in rows[:most]],
            "next": str(rows[most - 1].last_s) if len(rows) > most else None,
            "counts": {"mine": counts.mine, "unassigned": counts.unassigned, "all": counts.all, "snoozed": counts.snoozed},
        }
    )


def _only(request: Request) -> Only:
    """What the list is narrowed to. Raises `Refusal`."""
    channel, team, tag = (request.query_params.get(name, "") for name in ("channel", "team", "tag"))
    if max(len(channel), len(team), len(tag)) > 64 or "\0" in channel + team + tag:
        raise Refusal(422, "malformed", "channel, team and tag may have at most 64 characters.")
    return Only(channel, team, tag, number(request, "priority", most=URGENT))


async def conversation(request: Request, who: Asker) -> Response:
    """GET /console/api/conversations/{id}"""
    hub = hub_of(request)
    found = await hub.store.console.opened(id_of(request.path_params), who.agent.id)
    if found is None:
        raise unknown()
    has, read = await hub.store.console.reached(found.identity_id, found.row.id)
    return answer(
        {
            **row_json(found.row),
            "customer_has_n": has,
            "customer_read_n": read,
            "attributes": attributes_of(found.profile),
            "profile": {**without_attributes(found.profile), "locale": found.profile.get("locale") or found.locale},
            "identities": [{"channel": channel, "address": address} for channel, address in found.identities],
            "history": [row_json(other) for other in found.others],
            "deliveries": fates_json(found.fates),
            "window": await _window(hub, found),
            "rating": await _rating(hub, found.row.id),
            "waits_for": await _waits_for(hub, found),
            "draft": draft_json(await hub.store.own.draft(who.agent.id, found.row.id)),
            "links": links_of(hub, found, who),
            "translated": hub.translates.on_for(found.row.channel, found.translate) if hub.translates else None,
            **beside_json(*await hub.store.merging.beside(found.row.id)),
        }
    )


async def entries(request: Request, who: Asker) -> Response:
    """GET /console/api/conversations/{id}/entries?before=&limit="""
    hub = hub_of(request)
    place = await hub.store.console.place(id_of(request.path_params))
    if place is None:
        raise unknown()
    found, fates = await hub.store.console.entries(place, before=number(request, "before"), most=limit_of(request, 50))
    shown = await hub.store.merging.shown(found)
    fates += await hub.store.console.fates_elsewhere(shown)
    return answer(
        {
            "items": [console_event(entry, hub.files) for entry in shown],
            "next": found[0].seq if found and found[0].seq > 1 else None,
            "deliveries": fates_json(fates),
        }
    )


def row_json(row: Listed) -> dict[str, Any]:
    """A conversation as lists show it."""
    return {
        "id": row.id,
        "channel": row.channel,
        "customer": {"id": row.customer_id, "name": row.customer_name, "avatar": row.avatar},
        "status": row.status,
        "agent": {"id": row.agent_id, "name": row.agent_name} if row.agent_id else None,
        "team": row.team,
        "preview": row.preview,
        "preview_by": row.preview_by,
        "waiting_since": _time(row.waiting_since),
        "last_at": _time(row.last_at),
        "last_n": row.head,
        "read_n": row.read,
        "unread": row.unread,
        "created_at": _time(row.at),
        "snoozed": row.snooze_ms > 0,
        "snoozed_until": _time(datetime.fromtimestamp(row.snooze_ms / 1000, UTC)) if 0 < row.snooze_ms < UNTIL_WRITTEN else None,
        "priority": row.priority,
        "tags": row.tags,
        "blocked": row.blocked,
        "due": {"kind": row.due_kind, "at": _time(datetime.fromtimestamp(row.due_ms / 1000, UTC))} if row.due_ms else None,
        "score": row.score or None,
    }


def fates_json(fates: list[Fate]) -> dict[str, dict[str, str]]:
    """What became of entries, by entry."""
    return {fate.entry_id: {"state": fate.state, "reason": fate.reason, "delivery": fate.delivery} for fate in fates}


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


async def _rating(hub: Hub, conversation_id: str) -> dict[str, Any] | None:
    """What the customer thought; None when they were not asked."""
    found = await hub.store.ratings.of(conversation_id)
    if found is None:
        return None
    answered = {"score": found.score or None, "comment": found.comment, "answered_at": _time(found.answered_at)}
    return {**answered, "asked_at": _time(found.asked_at)}


async def _waits_for(hub: Hub, found: Opened) -> Reason | None:
    """Why nobody has a conversation that waits; None where somebody has it, or routing is about to give it to somebody."""
    row = found.row
    if row.agent_id or row.status != "open" or row.snooze_ms:
        return None
    facts = facts_of_waiting(hub, row.channel, found.locale, row.team)
    there = who_are_there(await hub.store.staff.all(), {})
    routed = route(facts, there, hub.routing, hub.now(), row.id)
    return None if routed.agent else routed.reason


async def _window(hub: Hub, found: Opened) -> dict[str, Any] | None:
    """Until when and how often the channel lets agents answer; None where it does not count."""
    connector: Connector | None = hub.connectors.get(ChannelName(found.row.channel))
    window = connector.capabilities.window_for(found.address) if connector is not None else None
    if window is None:
        return None
    meter = await hub.store.windows.of(found.row.id) or Meter(None, 0, window.quota, "")
    return {"until": _time(meter.until), "open": meter.open(hub.now()), "calls_left": meter.calls_left, "quota": meter.quota}
