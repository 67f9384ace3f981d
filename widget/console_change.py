"""What agents change about a conversation unsaid: snooze, priority, tags, blocking; and taking a reply back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.acts import URGENT
from hub.errors import Malformed
from hub.model import ExternalId
from hub.workbench import TAG, TAGS
from widget.access import Asker, hub_of, id_of
from widget.answers import Refusal, answer, json_of, whole, word
from widget.console_acts import CLIENT_ID, Act, client_id, place_of, put

REASON = 500


async def snooze(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/snooze {id, until}: a time, null until the customer writes; a past time wakes it."""
    body = await json_of(request)
    until = body.get("until")
    if until is not None:
        until = _time(until)
    return await _changed(request, who, body, "snooze", {"until": until})


async def priority(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/priority {id, level}: 0 none to 3 urgent."""
    body = await json_of(request)
    level = whole(body, "level", -1) if "level" in body else -1
    if not 0 <= level <= URGENT:
        raise Malformed(f"level must be 0 to {URGENT}")
    return await _changed(request, who, body, "priority", {"level": level})


async def tags(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/tags {id, add?, remove?}"""
    body = await json_of(request)
    return await _changed(request, who, body, "tags", {"add": _tags(body, "add"), "remove": _tags(body, "remove")})


async def block(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/block {id, reason?}: what this customer writes is kept, and nobody is called."""
    body = await json_of(request)
    return await _changed(request, who, body, "block", {"reason": word(body, "reason", REASON)})


async def unblock(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/unblock {id, reason?}"""
    body = await json_of(request)
    return await _changed(request, who, body, "unblock", {"reason": word(body, "reason", REASON)})


async def undo(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/undo {id, of}: take back one's own reply if nothing has left yet."""
    body = await json_of(request)
    own, of = client_id(body), word(body, "of", 64)
    if not CLIENT_ID.fullmatch(of):
        raise Malformed("of must be the id of one's own reply")
    place = await place_of(request)
    return await put(hub_of(request), who, own, "undo", place.id, edit_of=ExternalId(f"{who.agent.id}.{of}"))


async def translate(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/translate {id, on?, entry?}: the conversation from now on or not, or one line."""
    body = await json_of(request)
    on, entry = body.get("on"), id_of(body, "entry") if body.get("entry") else ""
    if (on is None) == (not entry) or not isinstance(on, bool | None):
        raise Malformed("give either on, true or false, or the entry that shall be translated")
    if hub_of(request).translator is None:
        raise Refusal(409, "not_offered", "Nothing is translated here: an admin names the service in config/translation.yaml.")
    return await _changed(request, who, body, "translate", {"entry": entry} if entry else {"on": on})


async def mark_read(request: Request, who: Asker) -> Response:
    """POST /console/api/conversations/{id}/read {n}"""
    hub = hub_of(request)
    place = await place_of(request)
    body = await json_of(request)
    if "n" not in body:
        raise Malformed("n must be a whole number")
    n = min(whole(body, "n"), place.head)
    await hub.store.agents.has_read(who.agent.id, place.id, n)
    seen = await hub.store.console.public_place(place.id, n)
    by = {"kind": "agent", "name": who.agent.name}
    fact = {"t": "eph", "k": "read", "c": place.id, "s": seen}
    colleagues = {**fact, "by": {**by, "id": who.agent.id}, "n": n, "console": True}
    await hub.live.poke(ephemeral=[{**fact, "by": by, "to": place.identity_id}, colleagues] if seen else [colleagues])
    return answer({"n": n})


async def _changed(request: Request, who: Asker, body: dict[str, Any], act: Act, data: dict[str, Any]) -> Response:
    own = client_id(body)
    place = await place_of(request)
    return await put(hub_of(request), who, own, act, place.id, data=data)


def _time(given: Any) -> str:
    """A time with its zone, as ISO 8601. Raises `Malformed`."""
    try:
        found = datetime.fromisoformat(given)
        if found.tzinfo is None or found.year > 9000:
            raise ValueError
        found.timestamp()
    except (TypeError, ValueError, OverflowError):
        raise Malformed("until must be null or a time with its zone, like 2030-01-31T09:00:00+08:00") from None
    return found.isoformat()


def _tags(body: dict[str, Any], name: str) -> list[str]:
    given = body.get(name) or []
    if not isinstance(given, list) or len(given) > TAGS:
        raise Malformed(f"{name} must be a list of at most {TAGS} tags")
    if any(not isinstance(tag, str) or len(tag) > TAG or tag.split() != [tag] for tag in given):
        raise Malformed(f"a tag is one word of at most {TAG} characters")
    return list(given)
